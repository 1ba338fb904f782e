//! The commands that read the ledger, and the one that writes what the operator says of a case.

pub(super) mod cases;
pub(super) mod explain;
mod filters;
pub(super) mod format;
mod hours;
mod list;
pub(super) mod mark;
pub(super) mod miners;
mod output;
pub(super) mod pools;
pub(super) mod source;
mod story;
mod table;
mod when;

use super::usage;

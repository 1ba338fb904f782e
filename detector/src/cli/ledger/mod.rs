//! The commands that read the ledger, and the one that writes what the operator says of a case.

pub(super) mod cases;
pub(super) mod explain;
pub(super) mod format;
mod hours;
mod list;
pub(super) mod mark;
pub(super) mod miners;
pub(super) mod options;
pub(super) mod pools;
mod story;
mod table;
mod when;

use super::usage;

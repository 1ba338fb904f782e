//! Records as lines of JSON: [`eve`] gives them their shape, [`Writer`] puts them on disk or on
//! standard output without ever making the caller wait for a slow disk.

pub mod eve;
mod format;
mod identity;
mod outer;
mod rate;
mod signature;
mod spool;
mod writer;

pub use format::Format;
pub use identity::Identities;
pub use spool::{Archive, Entry};
pub use writer::{Counts, OutputError, Refused, Target, Writer};

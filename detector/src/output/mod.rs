//! Records on their way out: [`eve`] gives them their shape, [`format`] other shapes, and [`Outputs`] hands them to files,
//! sockets and servers without ever making the caller wait for a slow one.

mod config;
mod error;
pub mod eve;
mod filter;
mod format;
mod identity;
mod meter;
mod outer;
mod outputs;
mod rate;
mod signature;
mod sink;
mod spool;
#[cfg(test)]
pub(crate) mod tests;

pub use config::{
    Body, Config, Destination, Facility, Http, Journald, Limits, SocketKind, Syslog, Target, Transport, Unix,
    check,
};
pub use error::OutputError;
pub use filter::Filter;
pub use format::Format;
pub use identity::{Identities, Names, Salt};
pub use meter::{Counts, OutputCounts};
pub use outputs::{Outputs, Prepared, Refused};
pub(crate) use signature::alert_signature;
pub use signature::alert_signatures;
pub use spool::{Archive, Entry};

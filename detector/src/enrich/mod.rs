//! What files of the operator say about an address: place, network, owner, who leased it, and which pool it is.
//! No look-up leaves the machine, and no name is resolved.

mod as_names;
mod config;
mod database;
mod enricher;
mod field;
mod file;
mod leases;
mod network;
mod pools;
mod prefixes;
mod problems;
mod reload;
mod table;
mod user_type;
mod value;

pub use config::Config;
pub use enricher::{Age, Enricher, FileKind};
pub(crate) use field::{canonical, host_of};
pub use network::{Lease, Network, NetworkType, Origin, PoolOrigin, TypeSource};
pub use problems::Problems;
pub use reload::Reloader;

#[cfg(test)]
mod tests;

//! What files of the operator say about an address: place, network, owner, who leased it, and which pool it is.

mod network;

pub use network::{Lease, Network, NetworkType, Origin, PoolOrigin, TypeSource};

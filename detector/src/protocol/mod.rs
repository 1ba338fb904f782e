//! What the two sides of a conversation say, in the words of the mining protocols.
//!
//! Only a whole line that is one JSON object, or a batch of them, counts as said; a line that merely
//! contains such an object quotes it. Each family of dialects has its own file.

mod account;
mod bitcoin;
mod coin;
mod cryptonote;
mod dialogue;
pub(crate) mod discv4;
mod eth_proxy;
mod finding;
mod frames;
mod levin;
mod message;
mod outstanding;
mod p2pool;
mod sealed;
mod shape;
mod stratum;
mod stratum_v2;
mod zmq;

pub use account::coin_of;
pub(crate) use account::is_address;
pub use coin::CoinReason;
pub use dialogue::{Dialogue, Heard};
pub use finding::{Fact, Finding, Kind};
pub(crate) use message::is_said;

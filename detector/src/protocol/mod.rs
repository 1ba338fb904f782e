//! What the two sides of a conversation say, in the words of the mining protocols.
//!
//! Only a whole line that is one JSON object, or a batch of them, counts as said; a line that merely
//! contains such an object quotes it. Each family of dialects has its own file.

mod account;
mod block;
mod coin;
mod coinhive;
mod cryptonote;
mod dero;
mod dialogue;
mod eth_proxy;
mod eth_websocket;
mod finding;
mod message;
mod nimiq;
mod outstanding;
mod pools;
mod shape;
mod socket_io;
mod stratum;
mod tunnel;
mod webminerpool;
mod xelis_getwork;

pub use account::coin_of;
pub(crate) use account::is_address;
pub use coin::CoinReason;
pub use dialogue::{Dialogue, Heard};
pub use finding::{Fact, Finding, Kind};
pub(crate) use message::is_said;

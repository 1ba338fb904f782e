//! What the two sides of a conversation say, in the words of the mining protocols.
//!
//! Only a whole line that is one JSON object, or a batch of them, counts as said; a line that merely
//! contains such an object quotes it. Duino-Coin alone has messages of bare text. Each family of dialects has its own
//! file.

mod account;
mod beam;
mod bitcoin;
mod block;
mod ckb;
mod coin;
mod coinhive;
mod cryptonote;
mod dero;
mod dialogue;
pub(crate) mod discv4;
mod duino;
mod eth_proxy;
mod eth_websocket;
mod finding;
mod frames;
mod grin;
mod http;
mod ironfish;
mod lenient;
mod levin;
mod merge_mining;
mod message;
mod nimiq;
mod outstanding;
mod p2pool;
mod pools;
mod qubic;
mod sealed;
mod shape;
mod socket_io;
mod stratum;
mod stratum_v2;
mod tunnel;
mod webminerpool;
mod xelis_getwork;
mod zkrush;
mod zmq;

pub use account::coin_of;
pub(crate) use account::{is_address, secret_at};
pub use coin::CoinReason;
pub use dialogue::{Dialogue, Heard, Met};
pub(crate) use duino::{is_message as is_text_message, shown as shown_of_text};
pub use finding::{Fact, Finding, Kind};
pub use http::Habit;
pub(crate) use message::{is_said, is_spoken, methods};

//! The agent in the long run: nothing grows, nothing is left behind, every miner is reported.
//!
//! [`live`] runs the agent in the laboratory, [`capture`] pipes a made-up capture of any length into `firedamp replay`,
//! [`crash`] kills it again and again.

pub mod capture;
pub mod crash;
pub mod live;
mod stream;
mod table;

pub use table::{Check, Checks};

//! The agent in the long run: nothing grows, nothing is left behind, every miner is reported.
//!
//! [`capture`] pipes a made-up capture of any length into `firedamp replay`.

pub mod capture;
mod process;
mod stream;
mod table;

pub use table::{Check, Checks};

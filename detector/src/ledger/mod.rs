//! Cases: who mines at which pool, whatever the number of connections and messages.
//!
//! A case is a miner's address, a pool's address and port, and a protocol. It yields a [`Record`]
//! when it opens, when its verdict or stage rises, when it falls quiet or returns, in between at
//! an interval, and at the end. Time comes only from the caller, so a replay follows the capture.

mod book;
mod case;
mod frequency;
#[cfg(test)]
mod hash_rate_tests;
mod id;
mod record;
#[cfg(test)]
mod tests;

pub use book::{Ledger, Observation, Settings};
pub use id::CaseId;
pub use record::{Reason, Record};

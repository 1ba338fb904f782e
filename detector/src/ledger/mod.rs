//! Cases: who mines at which pool, whatever the number of connections and messages.
//!
//! A case is a miner's address, a pool's address and port, and a protocol. It yields a [`Record`]
//! when it opens, when its verdict or stage rises, when it falls quiet or returns, in between at
//! an interval, and at the end. Time comes only from the caller, so a replay follows the capture.

mod activity;
mod book;
mod case;
#[cfg(test)]
mod hash_rate_tests;
mod id;
#[cfg(test)]
mod kept_tests;
mod parties;
mod record;
mod state;
#[cfg(test)]
mod tests;

pub use activity::Day;
pub(crate) use activity::connections_per_hour;
pub use book::{Ledger, Observation, Settings};
pub use id::CaseId;
pub(crate) use id::octets;
pub use record::{Life, Reason, Record};
pub use state::State;

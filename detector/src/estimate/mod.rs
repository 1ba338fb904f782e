//! How fast a miner computes, and what power that takes: from the difficulty of its shares over the time in which they
//! were seen.
//!
//! Shares are found at random, so the hash rate comes with an interval, which is wide while they are few. Nothing is
//! estimated where it is not known what a share is worth.

mod algorithm;
mod difficulty;
mod hash_rate;
mod interval;
mod spans;
mod work;

pub use algorithm::{algorithm_name, hardware_assumption};
pub use difficulty::{Difficulty, Unit};
pub use hash_rate::{Estimate, Power, RateUnit, estimate};
pub use interval::Interval;
pub(crate) use spans::Spans;
pub(crate) use work::Meter;
pub use work::{Effort, Work};

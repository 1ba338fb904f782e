//! How fast a miner computes, from the difficulty of its shares.

mod difficulty;

pub use difficulty::{Difficulty, Unit};

//! The conversation a packet belongs to, and what is remembered of it.

mod key;

pub use key::{Direction, End, FlowKey};

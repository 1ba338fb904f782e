//! Which packets are not let through. Nothing is, unless the operator asks for it: then this stands before the recogniser.
//!
//! What is unreadable passes, what is allowed passes, what was blocked until a time that is over passes, and if more would
//! be dropped than the operator takes for possible, the rest passes.

mod control;
mod gate;
mod guard;
mod key;
#[cfg(test)]
mod tests;

pub use control::{Control, DRY_RUN, ENFORCE, Kinds};
pub use gate::{Block, Blocks, Gate, Verdict, Work};
pub use guard::FEW;
use guard::Guard;
pub use key::{BlockKey, Network};

//! What the operator does not want reported: each rule names miners, pools or what is found, and says why. A case that a
//! rule hides is kept and counted like any other, but not written to outputs.

mod index;
mod mistake;
mod pool;
mod rule;
mod rules;
mod signature;
#[cfg(test)]
mod tests;
mod warning;
mod window;

pub use pool::PoolMatch;
pub use rule::{Pair, Rule};
pub use rules::{Complaint, Exclusions, Subject};
pub use signature::SignatureMatch;
pub use window::{Day, Hours, Moment, Zone};

//! From what was said to a verdict: how sure we are that a flow is mining, and why.

mod assessment;
mod conversation;
mod hypothesis;
#[cfg(test)]
mod tests;
mod weight;

pub use assessment::{Assessment, Evidence, Facts, Protocol, Shares, Side, Stage, Verdict};
pub use conversation::{Conversation, Losses};

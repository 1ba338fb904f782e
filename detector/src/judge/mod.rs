//! From what was said to a verdict: how sure we are that a flow is mining, and why.

mod assessment;
mod conversation;
mod hypothesis;
mod weight;

pub use assessment::{Assessment, Evidence, Facts, Protocol, Shares, Side, Stage, Verdict};
pub use conversation::{Conversation, Losses};

//! From what was said to a verdict: how sure we are that a flow is mining, and why.

mod assessment;
mod conversation;
mod copies;
mod heard;
mod hypothesis;
mod marks;
mod protocol;
mod speech;
mod tally;
#[cfg(test)]
mod tests;
mod weighing;

pub use assessment::{Assessment, Carrier, Evidence, Facts, Shares, Side, Stage, Verdict};
pub use conversation::{Conversation, Losses, datagram};
pub use protocol::Protocol;

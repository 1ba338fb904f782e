//! From what was said to a verdict: how sure we are that a flow is mining, and why.

mod assessment;
mod conversation;
mod copies;
mod counterfactual;
mod escape;
mod evidence;
mod excerpt;
mod heard;
mod hypothesis;
mod marks;
mod mask;
mod protocol;
mod rule;
mod scrub;
mod source;
mod speech;
mod tally;
#[cfg(test)]
mod tests;
mod weighing;

pub use assessment::{Assessment, Carrier, Facts, Shares, Side, Stage, Verdict};
pub use conversation::{Conversation, Losses, datagram};
pub use counterfactual::{Alternative, Counterfactuals, Judged, Need, Way, counterfactuals};
pub use escape::escape;
pub use evidence::{Brief, Evidence, brief};
pub use excerpt::{EXCERPT_BYTES, Excerpt};
pub use protocol::Protocol;
pub use rule::PRIOR;
pub(crate) use source::Source;

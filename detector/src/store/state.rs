use jiff::Timestamp;

/// The word for a case that the operator called fixed.
const FIXED: &str = "fixed";

/// What the operator said of a case last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorState {
    /// The state: notified, blocked, fixed, ...
    pub name: String,
    /// When it was said.
    pub at: Timestamp,
}

impl OperatorState {
    /// Whether the case was called fixed, and the miner was active after that.
    #[must_use]
    pub fn is_refuted(&self, last_seen: Timestamp) -> bool {
        self.name == FIXED && last_seen > self.at
    }
}

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::estimate::{Effort, Spans};

/// What a case holds beside what its record tells, so that it can go on after the agent was started anew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub(super) submitted: Effort,
    pub(super) accepted: Effort,
    pub(super) observed: Spans,
    /// When there was news last, in milliseconds since the epoch.
    pub(super) active: i64,
    /// When the last record was written, likewise.
    pub(super) recorded: i64,
}

impl State {
    /// Nothing in it is later than `now`: the clock may have been wrong.
    #[must_use]
    pub fn until(self, now: Timestamp) -> Self {
        let now = milliseconds(now);
        Self { active: self.active.min(now), recorded: self.recorded.min(now), ..self }
    }
}

pub(super) fn milliseconds(time: Timestamp) -> i64 {
    time.as_millisecond()
}

pub(super) fn timestamp(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

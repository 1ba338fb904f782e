use jiff::Timestamp;
use serde::Serialize;

use super::eve_time;
use crate::block::{Incident, Notice};

/// What concerns the agent itself and nobody's mining, as EVE's `engine`: that blocking does other than the configuration wants.
#[derive(Clone, Debug, Serialize)]
pub struct Engine<'a> {
    #[serde(serialize_with = "eve_time")]
    timestamp: Timestamp,
    log_level: &'static str,
    event_type: &'static str,
    #[serde(rename = "engine")]
    notice: &'a Notice,
}

impl<'a> Engine<'a> {
    /// A notice as a record.
    #[must_use]
    pub const fn new(notice: &'a Notice) -> Self {
        let log_level = match notice.event {
            Incident::Alarm | Incident::Full => "Error",
            Incident::Panic => "Warning",
            Incident::Resume => "Notice",
        };
        Self { timestamp: notice.time, log_level, event_type: "engine", notice }
    }
}

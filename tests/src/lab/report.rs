//! What the agent said.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Instant;

use detector::losses::LOSSES;
use serde_json::Value;

/// The counters of what was missed on the way from a packet to its record. Gaps in streams are not
/// among them: a segment may be lost before the agent's interface.
pub fn losses() -> impl Iterator<Item = &'static str> {
    LOSSES.iter().map(|(name, _)| *name).chain(["watch_spent"])
}

/// One line of the agent's output.
#[derive(Clone, Debug)]
pub struct Record {
    /// When it was read from the pipe.
    pub arrived: Instant,
    /// The line as it came.
    pub text: String,
    /// The JSON object in it.
    pub value: Value,
}

impl Record {
    /// Whether the field of this name in `mining` is the text.
    #[must_use]
    pub fn says(&self, field: &str, text: &str) -> bool {
        self.value.get("mining").and_then(|mining| mining.get(field)).is_some_and(|value| value == text)
    }
}

/// Everything one run of the agent said.
#[derive(Debug)]
pub struct Report {
    /// All records, in order.
    pub records: Vec<Record>,
    /// The counters of the closing `stats` record.
    pub stats: Option<Value>,
    /// Its log.
    pub log: Vec<String>,
    /// How it ended.
    pub status: ExitStatus,
}

impl Report {
    pub(super) fn new(records: Vec<Record>, log: Vec<String>, status: ExitStatus) -> Self {
        let closing = records.iter().rev().find(|record| kind(record) == Some("stats"));
        let counters = closing.and_then(|record| record.value.get("stats").cloned());
        Self { records, stats: counters, log, status }
    }

    /// The records about miners, in order.
    pub fn alerts(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| kind(record) == Some("alert"))
    }

    /// A counter of the last stats.
    #[must_use]
    pub fn counter(&self, name: &str) -> Option<u64> {
        self.stats.as_ref()?.get(name)?.as_u64()
    }

    /// How much was lost on the way from the packet to the record, in all; `None` without stats.
    #[must_use]
    pub fn lost(&self) -> Option<u64> {
        losses().map(|name| self.counter(name)).sum()
    }

    /// Whether it ended by itself with exit code 0.
    #[must_use]
    pub fn clean(&self) -> bool {
        self.status.success() && self.status.signal().is_none()
    }
}

fn kind(record: &Record) -> Option<&str> {
    record.value.get("event_type").and_then(Value::as_str)
}

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Command, Ingested, Readings};

/// What was measured.
#[derive(Clone, Debug)]
pub struct Report {
    /// Writing.
    pub ingested: Ingested,
    /// Reading.
    pub readings: Readings,
}

impl Report {
    /// The longest time that a report took.
    #[must_use]
    pub fn report(&self) -> Duration {
        self.readings.reports.iter().map(Command::longest).max().unwrap_or_default()
    }

    /// The longest time that a list of miners with a filter took.
    #[must_use]
    pub fn filter(&self) -> Duration {
        self.readings.filters.iter().map(Command::longest).max().unwrap_or_default()
    }

    /// The figures for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "updates_per_second": self.ingested.rate(),
            "database_bytes": self.ingested.bytes,
            "report_seconds": self.report().as_secs_f64(),
            "filter_ms": self.filter().as_secs_f64() * 1e3,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Readings { reports, filters, exports } = &self.readings;
        writeln!(f, "{}", self.ingested)?;
        writeln!(f, "\n{:>8} {:>8} {:>12}  firedamp ...", "ms", "at most", "bytes")?;
        for command in reports.iter().chain(filters).chain(exports) {
            writeln!(f, "{command}")?;
        }
        writeln!(f, "\nreport: {:.2} s at most", self.report().as_secs_f64())?;
        write!(f, "miners with filters, 50 lines: {:.0} ms at most", self.filter().as_secs_f64() * 1e3)
    }
}

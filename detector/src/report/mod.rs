//! The report of a day: who mined, where, on what networks, at which pools, and what it took.
//!
//! [`Report::read`] takes the figures from the ledger; [`text`], [`html`] and [`csv`] put them into words, and as JSON they
//! are written as they are.

mod calendar;
mod charts;
mod coast;
pub mod csv;
mod figures;
mod format;
pub mod html;
mod map;
mod rows;
mod tally;
pub mod text;
mod words;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::Connection;

pub use figures::{
    Apart, Dimension, Energy, Group, HashRate, Hour, Miner, Place, Pool, Reason, Report, State, Totals,
    TrendDay, Work,
};

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The ledger cannot be read.
    #[error("cannot read the ledger: {0}")]
    Ledger(#[from] rusqlite::Error),
    /// The day is beyond the calendar.
    #[error("the report cannot reach back thirty days from that day: {0}")]
    Day(#[from] jiff::Error),
}

impl Report {
    /// Reads the figures of a calendar day of a time zone from the ledger; `made` is the time now.
    ///
    /// # Errors
    /// If the ledger cannot be read, or the day is at an end of the calendar.
    pub fn read(
        connection: &mut Connection,
        day: Date,
        zone: &TimeZone,
        made: Timestamp,
    ) -> Result<Self, ReportError> {
        // All of it is of one moment, although the agent may be writing.
        let transaction = connection.transaction()?;
        tally::count(&transaction, day, zone, made)
    }
}

//! The ledger on disk: one `SQLite` file, written by the agent and read by the commands that list and explain.
//!
//! What is committed survives the death of the process; a power cut may take the last seconds with it, and leaves the rest
//! in order.

mod adopt;
pub(crate) mod days;
mod details;
mod digest;
mod error;
mod evidence;
#[cfg(test)]
mod lasting_tests;
mod open;
mod outbox;
pub mod read;
mod restore;
mod retain;
pub(crate) mod row;
pub mod schema;
mod state;
#[cfg(test)]
pub(crate) mod tests;
mod writer;
mod written;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

pub use days::{DayWriter, Rated};
pub use details::Details;
pub use error::StoreError;
pub use retain::Removed;
pub use state::OperatorState;
pub use writer::Entry;

use crate::ledger::{CaseId, Record};
use crate::output::{Archive, Identities};
use adopt::Adopted;
use outbox::Outbox;
use row::{count, counted, id};
use written::Written;

/// Where a ledger is, and how much of it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The file.
    pub file: PathBuf,
    /// How much of it is kept.
    pub limits: Limits,
    /// In which form records hold names.
    pub identities: Identities,
}

/// How much of a ledger is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Days after which a case that was not seen again is removed, and what is told of a single day.
    pub days: u32,
    /// Size in bytes above which the oldest is removed before that; the last two days stay in any case.
    pub bytes: u64,
    /// Bytes of records kept for outputs that do not take them; above it the oldest are lost, and counted.
    pub outbox: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { days: 400, bytes: 8 << 30, outbox: 512 << 20 }
    }
}

impl Settings {
    /// A ledger with the limits that hold unless others are given.
    #[must_use]
    pub fn new(file: PathBuf) -> Self {
        Self { file, limits: Limits::default(), identities: Identities::default() }
    }
}

/// The ledger, open to write. Only one agent at a time has it.
pub struct Store {
    settings: Settings,
    connection: Connection,
    written: Written,
    adopted: Adopted,
    outbox: Arc<Outbox>,
    /// The number of the latest record on its way to outputs.
    sequence: u64,
    /// Bytes of records that wait for outputs.
    waiting: u64,
    /// Records that were removed although an output had not got them.
    dropped: u64,
    /// How far each output was when that was kept last.
    acknowledged: Vec<(String, u64)>,
    /// Retention has begun, and has more to do.
    retaining: bool,
    _lock: File,
}

impl Store {
    /// Opens a ledger, and makes one if there is none.
    ///
    /// # Errors
    /// It cannot be opened, another agent has it, it is no ledger, or one of a later version.
    pub fn open(settings: Settings) -> Result<Self, StoreError> {
        let lock = open::lock(&settings.file)?;
        let connection = open::open(&settings.file)?;
        let sqlite = |cause| StoreError::Sqlite { path: settings.file.clone(), cause };
        // An output may have had counters of the agent after the latest record, which have numbers too.
        let latest = "SELECT max(sequence) FROM (SELECT sequence FROM progress UNION ALL SELECT sequence FROM outputs)";
        let sequence = connection.query_row(latest, (), |row| row.get(0)).map_err(sqlite)?;
        let waiting = connection
            .query_row("SELECT coalesce(sum(octet_length(line)), 0) FROM outbox", (), |row| row.get(0))
            .map_err(sqlite)?;
        Ok(Self {
            outbox: Arc::new(Outbox::new(settings.file.clone())),
            connection,
            written: Written::default(),
            adopted: Adopted::default(),
            sequence: counted(sequence),
            waiting: counted(waiting),
            dropped: 0,
            acknowledged: Vec::new(),
            retaining: false,
            _lock: lock,
            settings,
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.settings.file
    }

    /// Keeps more or less from now on.
    pub const fn set_limits(&mut self, limits: Limits) {
        self.settings.limits = limits;
    }

    /// The cases that go on, the `most` that were seen last, those seen longest ago first, with names in the form in which
    /// they are kept now. The others are over from now on.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn restore(&self, most: usize) -> Result<Vec<Record>, StoreError> {
        if let Err(cause) = restore::close_others(&self.connection, most) {
            tracing::warn!("{}; cases that are not followed stay open in it", self.error(cause));
        }
        let cases = restore::restore(&self.connection, self.settings.identities, most, Timestamp::now());
        cases.map_err(|cause| self.error(cause))
    }

    /// Makes a record of a case that is opened anew go on from the latest that is known of it: `waiting`, which is not
    /// written yet, or what the file holds.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn adopt(&mut self, record: &mut Record, waiting: Option<&Record>) -> Result<(), StoreError> {
        let adopted = self.adopted.adopt(&self.connection, self.settings.identities, record, waiting);
        adopted.map_err(|cause| self.error(cause))
    }

    /// The number for the next record on its way to outputs.
    pub const fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// Writes entries, all of them or none. What was written once may be written again.
    ///
    /// # Errors
    /// The file cannot be written, for example because the disk is full.
    pub fn write(&mut self, entries: &[Entry<'_>]) -> Result<(), StoreError> {
        let identities = self.settings.identities;
        let done = writer::write(&mut self.connection, &mut self.written, identities, entries);
        if let Err(cause) = &done {
            // What it noted as written was taken back.
            self.written.clear();
            if cause.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) {
                // The log may have pages over and over that the file has room for.
                let _ = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
            }
        }
        done.map_err(|cause| self.error(cause))?;
        let lines = entries.iter().filter_map(|entry| entry.line);
        self.waiting += lines.map(|(_, line)| line.len() as u64).sum::<u64>();
        Ok(())
    }

    /// Where outputs that are behind read.
    #[must_use]
    pub fn archive(&self) -> Arc<dyn Archive> {
        Arc::clone(&self.outbox) as _
    }

    /// How far each of these outputs had come. One that is new begins with the next record. That is kept at once, unless
    /// the disk is full, so that it gets all from there on even if the agent is killed before this is kept again.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn begin<'a>(
        &mut self,
        outputs: impl IntoIterator<Item = &'a str>,
    ) -> Result<HashMap<String, u64>, StoreError> {
        let known = self.cursors().map_err(|cause| self.error(cause))?;
        let cursor = |name: &str| known.get(name).copied().unwrap_or(self.sequence);
        let cursors: HashMap<String, u64> =
            outputs.into_iter().map(|name| (name.to_owned(), cursor(name))).collect();
        let mut sorted: Vec<(String, u64)> = cursors.clone().into_iter().collect();
        sorted.sort_unstable();
        if cursors != known
            && let Err(error) = self.acknowledge(&sorted)
        {
            tracing::warn!("{error}; where new outputs begin is kept later");
        }
        Ok(cursors)
    }

    /// How far each output had come.
    fn cursors(&self) -> rusqlite::Result<HashMap<String, u64>> {
        let mut select = self.connection.prepare_cached("SELECT name, sequence FROM outputs")?;
        let rows = select.query_map((), |row| Ok((row.get(0)?, counted(row.get(1)?))))?;
        rows.collect()
    }

    /// Keeps how far each output has come, and forgets what all of them have, or what is too much. Outputs that are not
    /// named are forgotten.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn acknowledge(&mut self, cursors: &[(String, u64)]) -> Result<(), StoreError> {
        if cursors == self.acknowledged && self.waiting <= self.settings.limits.outbox {
            return Ok(());
        }
        let done = self.settle(cursors);
        done.map_err(|cause| self.error(cause))?;
        cursors.clone_into(&mut self.acknowledged);
        Ok(())
    }

    fn settle(&mut self, cursors: &[(String, u64)]) -> rusqlite::Result<()> {
        let known = self.cursors()?;
        let transaction = self.connection.transaction()?;
        let mut dropped = 0;
        for (name, sequence) in known {
            if cursors.iter().all(|(named, _)| *named != name) {
                let missed: u64 = transaction.query_row(
                    "SELECT count(*) FROM outbox WHERE sequence > ?",
                    [count(sequence)],
                    |row| row.get(0).map(counted),
                )?;
                if missed > 0 {
                    tracing::warn!(
                        "no output is called {name} any more: {missed} records that it had not got are given up"
                    );
                }
                dropped += missed;
            }
        }
        transaction.execute("DELETE FROM outputs", ())?;
        for (name, sequence) in cursors {
            let mut insert =
                transaction.prepare_cached("INSERT INTO outputs (name, sequence) VALUES (?, ?)")?;
            insert.execute(params![name, count(*sequence)])?;
        }
        let reached = cursors.iter().map(|(_, sequence)| *sequence).min().unwrap_or(self.sequence);
        let bytes = |until: u64| {
            let mut sum = transaction.prepare_cached(
                "SELECT coalesce(sum(octet_length(line)), 0) FROM outbox WHERE sequence <= ?",
            )?;
            sum.query_row([count(until)], |row| row.get(0)).map(counted)
        };
        let mut gone = bytes(reached)?;
        let mut until = reached;
        if self.waiting - gone.min(self.waiting) > self.settings.limits.outbox {
            // The oldest half, so that this is seldom done.
            let middle: i64 = transaction.query_row(
                "SELECT coalesce(cast(avg(sequence) AS INTEGER), 0) FROM outbox WHERE sequence > ?",
                [count(reached)],
                |row| row.get(0),
            )?;
            until = counted(middle).max(reached);
            gone = bytes(until)?;
            dropped += transaction.query_row(
                "SELECT count(*) FROM outbox WHERE sequence > ? AND sequence <= ?",
                [count(reached), count(until)],
                |row| row.get(0).map(counted),
            )?;
        }
        transaction.execute("DELETE FROM outbox WHERE sequence <= ?", [count(until)])?;
        transaction.commit()?;
        self.waiting = self.waiting.saturating_sub(gone);
        self.dropped += dropped;
        Ok(())
    }

    /// Records that were removed although an output had not got them, since the start.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Cases that are not over and that an exclusion hides.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn hidden(&self) -> Result<HashSet<CaseId>, StoreError> {
        let hidden = || {
            let of = "SELECT id FROM cases WHERE hidden IS NOT NULL AND life <> 'closed'";
            let mut select = self.connection.prepare(of)?;
            let rows = select.query_map((), |row| row.get(0).map(row::case))?;
            rows.collect::<rusqlite::Result<_>>()
        };
        hidden().map_err(|cause| self.error(cause))
    }

    /// What the operator said of a case last.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn operator_state(&self, case: CaseId) -> Result<Option<OperatorState>, StoreError> {
        let state = || {
            let mut select = self.connection.prepare_cached(
                r#"SELECT state, at FROM remarks WHERE "case" = ? ORDER BY id DESC LIMIT 1"#,
            )?;
            let state = |row: &Row<'_>| Ok(OperatorState { name: row.get(0)?, at: row::time(row.get(1)?) });
            select.query_row([id(case)], state).optional()
        };
        state().map_err(|cause| self.error(cause))
    }

    /// Removes what is too old or too much, some of it at a time.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn retain(&mut self, now: Timestamp) -> Result<Removed, StoreError> {
        let removed = retain::retain(&mut self.connection, self.settings.limits, now, !self.retaining);
        self.retaining = removed.as_ref().is_ok_and(|removed| removed.more);
        // Also if it fails, something may have been removed before that.
        if !matches!(removed, Ok(Removed { aged: 0, crowded: 0, .. })) {
            self.written.clear();
        }
        removed.map_err(|cause| self.error(cause))
    }

    /// Bytes of the file that hold something.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn bytes(&self) -> Result<u64, StoreError> {
        retain::used(&self.connection).map_err(|cause| self.error(cause))
    }

    fn error(&self, cause: rusqlite::Error) -> StoreError {
        StoreError::Sqlite { path: self.settings.file.clone(), cause }
    }
}

impl Drop for Store {
    /// Takes the log over into the file. `SQLite` leaves it beside the file if an output still has the file open.
    fn drop(&mut self) {
        if let Err(error) = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::debug!(
                "{}: the log is taken over at the next start: {error}",
                self.settings.file.display()
            );
        }
    }
}

use std::collections::HashMap;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};
use serde::Serialize;

use super::find::{FindError, find};
use super::names::{STATES, rank};
use super::row::{Columns, rfc3339};
use super::{ReadError, Reader, nearest, open};
use crate::ledger::CaseId;

/// A note is not longer, in bytes.
const NOTE: usize = 4096;
/// Nor a name.
const AUTHOR: usize = 128;

/// What somebody said of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// When.
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    /// Who.
    pub author: String,
    /// Which state the case has since then.
    pub state: String,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Reader {
    /// The state of every case of which something was said: its place in [`STATES`].
    pub(super) fn states(&self) -> Result<HashMap<i64, u8>, ReadError> {
        let mut statement = self.connection.prepare("SELECT \"case\", state FROM remarks ORDER BY id")?;
        let mut rows = statement.query([])?;
        let mut states = HashMap::new();
        while let Some(row) = rows.next()? {
            states.insert(row.get(0)?, rank(row.get_ref(1)?.as_str().unwrap_or(""), &STATES));
        }
        Ok(states)
    }

    /// When each case was marked as fixed that still is, in milliseconds since the epoch.
    pub(super) fn fixed(&self) -> Result<HashMap<i64, i64>, ReadError> {
        let mut statement = self.connection.prepare("SELECT \"case\", at, state FROM remarks ORDER BY id")?;
        let mut rows = statement.query([])?;
        let mut fixed = HashMap::new();
        while let Some(row) = rows.next()? {
            let case: i64 = row.get(0)?;
            if row.get_ref(2)?.as_str() == Ok("fixed") {
                fixed.insert(case, row.get(1)?);
            } else {
                fixed.remove(&case);
            }
        }
        Ok(fixed)
    }

    /// The state of one case: its place in [`STATES`].
    pub(super) fn state(&self, case: i64) -> Result<u8, ReadError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT state FROM remarks WHERE \"case\" = ? ORDER BY id DESC LIMIT 1")?;
        let mut rows = statement.query([case])?;
        let Some(row) = rows.next()? else { return Ok(0) };
        Ok(rank(row.get_ref(0)?.as_str().unwrap_or(""), &STATES))
    }

    /// All that was said of a case, the earliest first.
    pub(super) fn remarks(&self, case: i64) -> Result<Vec<Remark>, ReadError> {
        let mut statement = self
            .connection
            .prepare("SELECT at, author, state, note FROM remarks WHERE \"case\" = ? ORDER BY id")?;
        let remarks = statement.query_map([case], |row| {
            let mut columns = Columns::of(row);
            Ok(Remark {
                at: columns.time()?,
                author: columns.get()?,
                state: columns.get()?,
                note: columns.get()?,
            })
        })?;
        Ok(remarks.collect::<rusqlite::Result<_>>()?)
    }
}

/// Why cases cannot be marked. None is marked then.
#[derive(Debug, thiserror::Error)]
pub enum MarkError {
    /// There is no such state.
    #[error("there is no state {given:?}{}; there are {}", hint(given), STATES.join(", "))]
    State {
        /// What was given.
        given: String,
    },
    /// Too long.
    #[error("the {what} has {length} bytes, and {most} is the most")]
    TooLong {
        /// Note or author.
        what: &'static str,
        /// Its length.
        length: usize,
        /// How long it may be.
        most: usize,
    },
    /// Nobody's.
    #[error("a remark needs an author: --author NAME")]
    Nobody,
    /// A case is not found.
    #[error(transparent)]
    Find(#[from] FindError),
    /// The ledger cannot be opened or read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The ledger cannot be written.
    #[error(
        "cannot write to the ledger: {0}; the user needs the right to write to the file and its directory"
    )]
    Write(#[from] rusqlite::Error),
}

fn hint(given: &str) -> String {
    nearest(given, STATES).map(|known| format!(", {known:?} perhaps")).unwrap_or_default()
}

/// What was marked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Marked {
    /// The case.
    pub case_id: CaseId,
    /// The state that it had.
    pub before: String,
    /// The state that it has.
    pub state: String,
}

/// Writes what the operator says of cases. Nothing else in a ledger is ever changed by it.
#[derive(Debug)]
pub struct Marker {
    connection: Connection,
}

impl Marker {
    /// Opens a ledger, also while the agent writes it.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.execute_batch("PRAGMA synchronous = FULL")?;
        Ok(Self { connection })
    }

    /// Appends a remark to each case, all or none. A case that is named twice gets one.
    ///
    /// # Errors
    /// If the state is none, a text is too long, a case is not found, or the ledger cannot be written.
    pub fn mark(&mut self, cases: &[String], remark: &Remark) -> Result<Vec<Marked>, MarkError> {
        let Remark { at, author, state, note } = remark;
        if !STATES.contains(&state.as_str()) {
            return Err(MarkError::State { given: state.clone() });
        }
        if author.trim().is_empty() {
            return Err(MarkError::Nobody);
        }
        let lengths =
            [("note", note.as_ref().map_or(0, String::len), NOTE), ("author", author.len(), AUTHOR)];
        for (what, length, most) in lengths {
            if length > most {
                return Err(MarkError::TooLong { what, length, most });
            }
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut marked: Vec<Marked> = Vec::new();
        for name in cases {
            let case_id = find(&transaction, name)?;
            if marked.iter().any(|done| done.case_id == case_id) {
                continue;
            }
            let id = case_id.0.cast_signed();
            let latest = "SELECT state FROM remarks WHERE \"case\" = ? ORDER BY id DESC LIMIT 1";
            let before = transaction.prepare_cached(latest)?.query_map([id], |row| row.get(0))?.next();
            let before = before.transpose()?.unwrap_or_else(|| "new".to_owned());
            transaction
                .prepare_cached(
                    "INSERT INTO remarks (\"case\", at, author, state, note) VALUES (?, ?, ?, ?, ?)",
                )?
                .execute(params![id, at.as_millisecond(), author, state, note])?;
            marked.push(Marked { case_id, before, state: state.clone() });
        }
        transaction.commit()?;
        Ok(marked)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

    fn remark(state: &str) -> Remark {
        Remark {
            at: Timestamp::from_millisecond(7_001).unwrap(),
            author: "noc".to_owned(),
            state: state.to_owned(),
            note: Some("told the owner".to_owned()),
        }
    }

    #[test]
    fn a_remark_is_appended_and_the_latest_counts() {
        let fixture = Fixture::new();
        let id = fixture.case("10.0.0.1", "192.0.2.1:1");
        let other = fixture.case("10.0.0.2", "192.0.2.1:1");
        let mut writer = Marker::open(&fixture.path()).unwrap();
        let both = [id.to_string(), other.to_string()[..8].to_owned(), id.to_string()];
        let marked = writer.mark(&both, &remark("notified")).unwrap();
        assert_eq!(marked.iter().map(|marked| marked.case_id).collect::<Vec<_>>(), [id, other]);
        let again = writer.mark(&["10.0.0.1".to_owned()], &remark("fixed")).unwrap();
        assert_eq!((again[0].before.as_str(), again[0].state.as_str()), ("notified", "fixed"));
        let said = fixture.reader().remarks(id.0.cast_signed()).unwrap();
        assert_eq!(said, [remark("notified"), remark("fixed")]);
        assert_eq!(fixture.reader().state(other.0.cast_signed()).unwrap(), rank("notified", &STATES));
    }

    #[test]
    fn all_are_marked_or_none() {
        let fixture = Fixture::new();
        let id = fixture.case("10.0.0.1", "192.0.2.1:1");
        let mut marker = Marker::open(&fixture.path()).unwrap();
        let cases = [id.to_string(), "10.9.9.9".to_owned()];
        assert!(marker.mark(&cases, &remark("fixed")).unwrap_err().to_string().contains("10.9.9.9"));
        assert!(fixture.reader().states().unwrap().is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let fixture = Fixture::new();
        let id = [fixture.case("10.0.0.1", "192.0.2.1:1").to_string()];
        let mut marker = Marker::open(&fixture.path()).unwrap();
        let mut refused = |remark: &Remark| marker.mark(&id, remark).unwrap_err().to_string();
        assert!(refused(&remark("fixd")).contains("\"fixd\", \"fixed\" perhaps; there are new, notified"));
        assert!(refused(&Remark { note: Some("x".repeat(4097)), ..remark("fixed") }).contains("4097 bytes"));
        assert!(refused(&Remark { author: " ".to_owned(), ..remark("fixed") }).contains("--author"));
        assert!(refused(&Remark { author: "x".repeat(129), ..remark("fixed") }).contains("author has 129"));
    }
}

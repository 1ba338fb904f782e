use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rusqlite::Connection;
use serde_json::Value;

/// A case, and the number of a record of it.
pub type Key = (u64, u64);

/// Which record an EVE object is; counters are none.
pub(super) fn key(record: &Value) -> Option<Key> {
    let mining = record.get("mining")?;
    let case = u64::from_str_radix(mining.get("case_id")?.as_str()?, 16).ok()?;
    Some((case, mining.get("record")?.as_u64()?))
}

/// What the ledger says of a record: why it was written, verdict and stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Why.
    pub reason: String,
    verdict: String,
    stage: String,
}

/// What a ledger holds.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Each record that was acknowledged.
    pub records: BTreeMap<Key, Entry>,
    /// What is wrong with it.
    pub complaints: Vec<String>,
}

impl Ledger {
    /// Reads a ledger as whoever opens it next will find it: a copy, with its log.
    ///
    /// # Errors
    /// The copy cannot be made, or is no ledger.
    pub fn read(file: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let copy = folder.path().join("ledger.db");
        if !file.exists() {
            return Ok(Self::default());
        }
        fs::copy(file, &copy)?;
        let log = |path: &Path| -> PathBuf {
            let mut name = path.as_os_str().to_owned();
            name.push("-wal");
            name.into()
        };
        if log(file).exists() {
            fs::copy(log(file), log(&copy))?;
        }
        Self::of(&Connection::open(&copy)?).with_context(|| format!("cannot read {}", file.display()))
    }

    fn of(connection: &Connection) -> Result<Self> {
        let mut this = Self::default();
        let integrity: String = connection.query_row("PRAGMA integrity_check", (), |row| row.get(0))?;
        if integrity != "ok" {
            this.complaints.push(integrity);
        }
        let count = |sql: &str| connection.query_row(sql, (), |row| row.get::<_, i64>(0));
        // Killed before it was made.
        if count("SELECT count(*) FROM sqlite_schema")? == 0 {
            return Ok(this);
        }
        for (sql, what) in [
            ("SELECT count(*) FROM pragma_foreign_key_check", "rows refer to nothing"),
            (
                r#"SELECT count(*) FROM history LEFT JOIN cases ON id = "case" WHERE records IS NULL OR records < number"#,
                "records are not counted in their case",
            ),
        ] {
            let found = count(sql)?;
            if found > 0 {
                this.complaints.push(format!("{found} {what}"));
            }
        }
        let mut select =
            connection.prepare(r#"SELECT "case", number, reason, verdict, stage FROM history"#)?;
        let rows = select.query_map((), |row| {
            let key = (row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, i64>(1)?.cast_unsigned());
            Ok((key, Entry { reason: row.get(2)?, verdict: row.get(3)?, stage: row.get(4)? }))
        })?;
        this.records = rows.collect::<rusqlite::Result<_>>()?;
        Ok(this)
    }

    /// Records that were there `before` and are not now, or differ.
    pub(super) fn lost(&self, before: &Self) -> Vec<String> {
        let lost = before.records.iter().filter(|(key, entry)| self.records.get(*key) != Some(*entry));
        lost.map(|(key, entry)| format!("{}: {entry:?}", name(key))).collect()
    }

    /// Records that no case should have: a second beginning, a gap, or an alert that says nothing new.
    pub(super) fn repetitions(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        let mut before: Option<(&Key, &Entry)> = None;
        for (key, entry) in &self.records {
            let previous = before.filter(|(other, _)| other.0 == key.0);
            let expected = previous.map_or(1, |(other, _)| other.1 + 1);
            let same = |part: fn(&Entry) -> &str| previous.is_some_and(|(_, old)| part(old) == part(entry));
            let wrong = match entry.reason.as_str() {
                "opened" => key.1 != 1,
                "verdict" => same(|entry| &entry.verdict),
                "stage" => same(|entry| &entry.stage),
                _ => false,
            };
            if wrong || key.1 != expected {
                complaints.push(format!("{}: {entry:?} after {previous:?}", name(key)));
            }
            before = Some((key, entry));
        }
        complaints
    }
}

pub(super) fn name(key: &Key) -> String {
    format!("{:016x}-{}", key.0, key.1)
}

/// Names of those that are not known.
pub(super) fn missing<'a>(
    these: impl IntoIterator<Item = &'a Key>,
    is_known: impl Fn(&Key) -> bool,
) -> Vec<String> {
    these.into_iter().filter(|key| !is_known(key)).map(name).collect()
}

/// What an output file holds, read as it grows.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    read: u64,
    /// How long it was whenever the agent was killed.
    cuts: BTreeSet<u64>,
    /// Each record in it.
    pub records: BTreeSet<Key>,
    /// Lines in which the agent was killed.
    pub torn: u64,
    /// What should not be in it.
    pub complaints: Vec<String>,
}

impl Lines {
    /// Of a file that need not be there yet.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self {
            path,
            read: 0,
            cuts: BTreeSet::new(),
            records: BTreeSet::new(),
            torn: 0,
            complaints: Vec::new(),
        }
    }

    /// Reads the whole lines that came.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn follow(&mut self) -> Result<()> {
        let Ok(mut file) = File::open(&self.path) else { return Ok(()) };
        file.seek(SeekFrom::Start(self.read))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(text) = line.strip_suffix(b"\n") else { break };
            self.read += line.len() as u64;
            self.take(text);
        }
        Ok(())
    }

    fn take(&mut self, line: &[u8]) {
        match serde_json::from_slice::<Value>(line) {
            Ok(record) => {
                if let Some(key) = key(&record)
                    && !self.records.insert(key)
                {
                    self.complaints.push(format!("{} a second time", name(&key)));
                }
            }
            // The line feed was added at the next start.
            Err(_) if self.cuts.contains(&(self.read - 1)) => self.torn += 1,
            Err(error) => {
                self.complaints.push(format!("{error} before byte {}: {}", self.read, line.escape_ascii()));
            }
        }
    }

    /// The agent was killed.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn cut(&mut self) -> Result<()> {
        self.follow()?;
        if let Ok(metadata) = fs::metadata(&self.path) {
            self.cuts.insert(metadata.len());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_be_torn_where_the_agent_was_killed_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eve.json");
        let line = |number| format!(r#"{{"mining":{{"case_id":"0a","record":{number}}}}}"#);
        let mut lines = Lines::new(path.clone());
        lines.follow().unwrap();
        fs::write(&path, format!("{}\n{}", line(1), &line(2)[..9])).unwrap();
        lines.cut().unwrap();
        assert_eq!((lines.records.len(), lines.torn), (1, 0));
        let more = fs::read_to_string(&path).unwrap() + &format!("\n{}\n{}\nx\n", line(2), line(1));
        fs::write(&path, more).unwrap();
        lines.follow().unwrap();
        assert_eq!((lines.records.len(), lines.torn, lines.complaints.len()), (2, 1, 2));
    }

    #[test]
    fn a_case_begins_once_and_says_nothing_twice() {
        let entry = |reason: &str, verdict: &str, stage: &str| Entry {
            reason: reason.to_owned(),
            verdict: verdict.to_owned(),
            stage: stage.to_owned(),
        };
        let ledger = |entries: &[(u64, Entry)]| Ledger {
            records: entries.iter().map(|(number, entry)| ((1, *number), entry.clone())).collect(),
            complaints: Vec::new(),
        };
        let first = (1, entry("opened", "probable", "login"));
        let second = (2, entry("verdict", "confirmed", "login"));
        let good = ledger(&[first.clone(), second.clone(), (3, entry("stage", "confirmed", "submitting"))]);
        assert!(good.repetitions().is_empty());
        for bad in [
            (2, entry("opened", "probable", "login")),
            (2, entry("verdict", "probable", "login")),
            (3, second.1.clone()),
        ] {
            assert_eq!(ledger(&[first.clone(), bad]).repetitions().len(), 1);
        }
        assert_eq!(ledger(&[first]).lost(&good).len(), 2);
    }
}

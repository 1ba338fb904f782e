use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags, params};

use super::row::{count, counted};
use crate::output::{Archive, Entry};

/// Reads records on their way to outputs, for those that are behind.
pub(super) struct Outbox {
    path: PathBuf,
    /// `None` until somebody is behind.
    connection: Mutex<Option<Connection>>,
}

impl Outbox {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path, connection: Mutex::new(None) }
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(&self.path, flags)
    }
}

impl Archive for Outbox {
    fn read(&self, after: u64, most: usize) -> io::Result<Vec<Entry>> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = match &mut *connection {
            Some(connection) => connection,
            none => none.insert(self.open().map_err(io::Error::other)?),
        };
        entries(connection, after, most).map_err(io::Error::other)
    }
}

fn entries(connection: &Connection, after: u64, most: usize) -> rusqlite::Result<Vec<Entry>> {
    let mut select = connection
        .prepare_cached("SELECT sequence, line FROM outbox WHERE sequence > ? ORDER BY sequence LIMIT ?")?;
    let rows = select.query_map(params![count(after), count(most as u64)], |row| {
        let line: String = row.get(1)?;
        Ok(Entry { sequence: counted(row.get(0)?), line: Arc::from(line), durable: true })
    })?;
    rows.collect()
}

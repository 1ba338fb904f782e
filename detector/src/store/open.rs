use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::StoreError;
use super::schema::{self, APPLICATION_ID, VERSION};

/// Pages of 4 KiB in the log before it is taken over into the file.
const CHECKPOINT_PAGES: u32 = 16_384;

/// How long to wait for another who writes, such as an operator who marks cases.
const BUSY: Duration = Duration::from_secs(1);

/// Locks the ledger for this agent, so that no other writes to it. It is given back when the process ends, however it does.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let failed = |cause| StoreError::Open { path: path.to_owned(), cause };
    let mut options = OpenOptions::new();
    let file =
        options.write(true).create(true).truncate(false).mode(0o640).open(beside(path)).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Busy { path: path.to_owned() }),
        Err(TryLockError::Error(cause)) => Err(failed(cause)),
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".lock");
    name.into()
}

/// Opens a ledger to write, and makes one if there is none, with mode 0640.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    let made = OpenOptions::new().write(true).create(true).truncate(false).mode(0o640).open(path);
    made.map_err(|cause| StoreError::Open { path: path.to_owned(), cause })?;
    let sqlite = |cause| StoreError::Sqlite { path: path.to_owned(), cause };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite)?;
    set_up(&connection, path)?;
    Ok(connection)
}

fn set_up(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let sqlite = |cause: rusqlite::Error| match cause.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => StoreError::Foreign { path: path.to_owned() },
        _ => StoreError::Sqlite { path: path.to_owned(), cause },
    };
    connection.busy_timeout(BUSY).map_err(sqlite)?;
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0)).map_err(sqlite);
    let (application, version) = (number("application_id")?, number("user_version")?);
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0)).map_err(sqlite)?;
    let fresh = application == 0 && version == 0 && tables == 0;
    if !fresh && application != APPLICATION_ID {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    if version > VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), found: version, known: VERSION });
    }
    if fresh {
        // Only possible before there are tables.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL").map_err(sqlite)?;
    }
    connection.pragma_update(None, "journal_mode", "WAL").map_err(sqlite)?;
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(sqlite)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES).map_err(sqlite)?;
    connection
        .pragma_update(None, "journal_size_limit", i64::from(CHECKPOINT_PAGES) * 4_096)
        .map_err(sqlite)?;
    connection.pragma_update(None, "cache_size", -131_072).map_err(sqlite)?;
    connection.pragma_update(None, "temp_store", "MEMORY").map_err(sqlite)?;
    // A statement keeps its plan whatever it is given: without this, some are prepared anew each time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(sqlite)?;
    connection.set_prepared_statement_cache_capacity(64);
    schema::migrate(connection, version).map_err(sqlite)
}

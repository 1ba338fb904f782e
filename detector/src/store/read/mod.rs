//! Reading the ledger, also while the agent writes it: `SQLite`'s write-ahead log gives every statement one state of it.

mod activity;
mod cases;
mod filter;
mod find;
#[cfg(test)]
mod fixture;
mod miners;
mod names;
mod pools;
mod ranges;
mod remarks;
mod row;
mod select;
mod sort;
mod story;
mod totals;

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

pub use activity::{Activity, Day, Window};
pub use cases::{Case, CaseKey};
pub use filter::{Filter, Hidden, PoolTerm};
pub use find::{FindError, Known};
pub use miners::{Miner, MinerKey};
pub use names::{LIVES, NETWORK_TYPES, STATES, VERDICTS};
pub use pools::{Pool, PoolKey};
pub use remarks::{MarkError, Marked, Marker, Remark};
pub use select::Listing;
pub use sort::Sort;
pub use story::{Entry, Relative, Story};
pub use totals::{HashRate, Power, Rates, Totals};

use super::schema::{APPLICATION_ID, VERSION};
pub use crate::problem::nearest;

/// How long to wait for somebody else who has the file for himself, which is short.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a ledger cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such file.
    #[error("{}: there is no ledger; `firedamp run --ledger FILE` makes one, and --ledger FILE names it here", .0.display())]
    Missing(PathBuf),
    /// The user may not read it.
    #[error(
        "{}: this user may not read the ledger, or not write the -shm and -wal that SQLite puts beside it; do it as root, or \
         as a user who may read the file and both of those, and, while no agent runs, write to the directory",
        .0.display()
    )]
    NotPermitted(PathBuf),
    /// It is another kind of file.
    #[error("{}: this is no ledger of Firedamp: {what}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// It comes from a later version of the program.
    #[error(
        "{}: the ledger was written by a newer Firedamp: its schema has version {found}, and this one knows {VERSION}; \
         use the firedamp that writes it",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its schema.
        found: i32,
    },
    /// It comes from an earlier version of the program.
    #[error(
        "{}: the schema of the ledger has version {found}, and this Firedamp reads {VERSION}; start its `firedamp run` \
         once, which brings it up to date",
        path.display()
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// The version of its schema.
        found: i32,
    },
    /// Anything else when it is opened.
    #[error("{}: cannot open the ledger: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// Anything else when it is read.
    #[error("cannot read the ledger: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The details of a case are not what the agent writes.
    #[error("the details of case {case} are damaged: {source}")]
    Details {
        /// The case.
        case: crate::ledger::CaseId,
        /// What is wrong with them.
        source: serde_json::Error,
    },
}

/// Reads a ledger and changes nothing.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    path: PathBuf,
}

impl Reader {
    /// Opens a ledger.
    ///
    /// # Errors
    /// If there is none, if it is another kind of file, of another version, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        // Nothing is mapped: reading once from the first page to the last is faster with plain reads.
        connection.execute_batch("PRAGMA query_only = 1; PRAGMA mmap_size = 0; PRAGMA temp_store = 2")?;
        Ok(Self { connection, path: path.to_owned() })
    }

    /// What it reads through.
    pub const fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

/// Opens a file that is a ledger of this version.
fn open(path: &Path, access: OpenFlags) -> Result<Connection, ReadError> {
    let whole = path.to_owned();
    match File::open(path).and_then(|file| file.metadata()) {
        Ok(file) if !file.is_file() => return Err(ReadError::Foreign { path: whole, what: "not a file" }),
        Ok(file) if file.len() == 0 => return Err(ReadError::Foreign { path: whole, what: "it is empty" }),
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(ReadError::Missing(whole)),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return Err(ReadError::NotPermitted(whole));
        }
        Ok(_) | Err(_) => {}
    }
    // Only one thread uses the connection.
    let opened = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX);
    let checked = opened.and_then(|connection| {
        connection.busy_timeout(PATIENCE)?;
        let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        let numbers = (number("application_id")?, number("user_version")?);
        Ok((connection, numbers))
    });
    let path = whole;
    match checked {
        Ok((_, (other, _))) if other != APPLICATION_ID => {
            Err(ReadError::Foreign { path, what: "it is a database of something else" })
        }
        Ok((_, (_, found))) if found > VERSION => Err(ReadError::Newer { path, found }),
        Ok((_, (_, found))) if found < VERSION => Err(ReadError::Older { path, found }),
        Ok((connection, _)) => Ok(connection),
        Err(error) => Err(match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => {
                ReadError::Foreign { path, what: "it is not a database" }
            }
            Some(rusqlite::ErrorCode::CannotOpen | rusqlite::ErrorCode::ReadOnly) => {
                ReadError::NotPermitted(path)
            }
            _ => ReadError::Open { path, source: error },
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::fixture::Fixture;
    use super::*;
    use crate::store::schema::create;

    fn refused(path: &Path) -> String {
        Reader::open(path).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_ledger_is_told_from_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        assert!(
            refused(&path("none")).contains("there is no ledger; `firedamp run --ledger FILE` makes one")
        );
        assert!(refused(folder.path()).contains("not a file"));
        fs::write(path("empty"), "").unwrap();
        assert!(refused(&path("empty")).contains("it is empty"));
        fs::write(path("text"), "what is this?\n".repeat(100)).unwrap();
        assert!(refused(&path("text")).contains("it is not a database"));
        Connection::open(path("other")).unwrap().execute_batch("CREATE TABLE a (b)").unwrap();
        assert!(refused(&path("other")).contains("a database of something else"));
        for (version, words) in [(VERSION + 1, "a newer Firedamp"), (VERSION - 1, "brings it up to date")] {
            let connection = Connection::open(path(words)).unwrap();
            create(&connection).unwrap();
            connection.pragma_update(None, "user_version", version).unwrap();
            assert!(refused(&path(words)).contains(words));
        }
    }

    #[test]
    fn it_is_read_while_it_is_written_and_never_changed() {
        let fixture = Fixture::new();
        let reader = fixture.reader();
        let count = |reader: &Reader| {
            reader.connection.query_row("SELECT count(*) FROM cases", [], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!(count(&reader), 0);
        fixture.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        fixture.case("10.0.0.1", "192.0.2.1:3333");
        assert_eq!(count(&reader), 0, "not yet committed");
        fixture.connection.execute_batch("COMMIT").unwrap();
        assert_eq!(count(&reader), 1);
        reader.connection.execute_batch("DELETE FROM cases").unwrap_err();
    }
}

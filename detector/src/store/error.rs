use std::io;
use std::path::PathBuf;

/// Why a ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Its directory does not exist, or the file cannot be made or locked.
    #[error("cannot open the ledger {}: {cause}{}", path.display(), remedy(cause))]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Another agent writes to it.
    #[error("another firedamp writes to the ledger {}: give each agent a file of its own (--ledger FILE)", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// It is a file of another kind.
    #[error("{} is no ledger of firedamp: name another file, or move this one away", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A later version wrote it.
    #[error(
        "the ledger {} has version {found}, and this firedamp knows versions up to {known}: use the firedamp that wrote it, \
         or another file",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i32,
        /// The version of this program.
        known: i32,
    },
    /// `SQLite` says so.
    #[error("the ledger {}: {cause}{}", path.display(), sqlite_remedy(cause))]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What it says.
        cause: rusqlite::Error,
    },
}

fn remedy(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::NotFound => "; make its directory first",
        io::ErrorKind::PermissionDenied => "; run as a user who may write there, or name another file",
        _ => "",
    }
}

fn sqlite_remedy(cause: &rusqlite::Error) -> &'static str {
    match cause.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
            "; move it away (with the files that begin with its name) and begin a new one, or restore a copy"
        }
        Some(rusqlite::ErrorCode::DiskFull) => "; make room on the disk, or keep fewer days",
        _ => "",
    }
}

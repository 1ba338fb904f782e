use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use super::Target;

/// What was done, or was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// The agent started, in this mode.
    Start,
    /// The mode changed.
    Mode,
    /// Something is blocked from now on.
    Block,
    /// It is blocked for longer.
    Extend,
    /// It was to be blocked and is not.
    Refuse,
    /// It is not blocked any more because somebody said so.
    Remove,
    /// It is not blocked any more because its time is over.
    Expire,
    /// Nothing is dropped any more because somebody said so.
    Panic,
    /// Nothing is dropped any more because it was too much.
    Alarm,
    /// Blocks hold again.
    Resume,
    /// The agent ends, and with it all blocks.
    Stop,
}

/// A line of the log.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Line<'a> {
    pub(super) timestamp: Timestamp,
    pub(super) action: Action,
    /// Who: a user, or `firedamp`.
    pub(super) by: &'a str,
    pub(super) mode: super::Mode,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<Target>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) case_id: Option<crate::ledger::CaseId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<Timestamp>,
    /// Packets that were kept back, or would have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hits: Option<u64>,
}

/// The log cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to the audit log {}: {cause}; give the agent a file that it may write to as `audit` in [block]", path.display())]
pub struct AuditError {
    path: PathBuf,
    cause: io::Error,
}

/// The log of all actions: JSON lines, added to a file and never changed.
#[derive(Debug)]
pub struct Audit {
    path: PathBuf,
    file: File,
}

impl Audit {
    /// Opens the log, and makes it if there is none: it is for its owner and group.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        let file = OpenOptions::new().append(true).create(true).mode(0o640).open(path);
        let file = file.map_err(|cause| AuditError { path: path.to_owned(), cause })?;
        Ok(Self { path: path.to_owned(), file })
    }

    pub(super) fn write(&mut self, line: &Line<'_>) -> Result<(), AuditError> {
        let failed = |cause| AuditError { path: self.path.clone(), cause };
        let mut text = serde_json::to_vec(line).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        self.file.write_all(&text).map_err(failed)
    }
}

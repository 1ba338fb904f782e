use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Target;

/// What was done, or was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// The agent started, in this mode.
    Start,
    /// The mode changed.
    Mode,
    /// Something is blocked from now on.
    Block,
    /// An earlier agent has blocked it, and it goes on. All others that it had blocked ended with the start before this line.
    Adopt,
    /// It is blocked for longer, or somebody wants it who did not before.
    Extend,
    /// It is blocked for less long, because somebody said so.
    Shorten,
    /// It was to be blocked and is not.
    Refuse,
    /// It is not blocked any more because somebody said so.
    Remove,
    /// It is not blocked any more because the configuration says so.
    Lift,
    /// It is not blocked any more because its time is over.
    Expire,
    /// It was to be done, and the kernel refuses.
    Fail,
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
    /// Whether what was found decided, and no operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) automatic: Option<bool>,
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
    /// Whether the file ends in the middle of a line: of an agent that was killed, or when the disk was full.
    torn: bool,
}

impl Audit {
    /// Opens the log, and makes it if there is none: it is for its owner and group.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        let options = OpenOptions::new().append(true).create(true).mode(0o640).clone();
        let readable = options.clone().read(true).open(path);
        // Who may only write does not see how it ends.
        let file = readable.or_else(|_| options.open(path));
        let file = file.map_err(|cause| AuditError { path: path.to_owned(), cause })?;
        let mut last = [b'\n'];
        if let Some(at) = file.metadata().ok().and_then(|about| about.len().checked_sub(1)) {
            // As if it were whole: no line is lost by that.
            let _ = file.read_exact_at(&mut last, at);
        }
        Ok(Self { path: path.to_owned(), file, torn: last != [b'\n'] })
    }

    pub(super) fn write(&mut self, line: &Line<'_>) -> Result<(), AuditError> {
        let failed = |cause| AuditError { path: self.path.clone(), cause };
        let mut text = if self.torn { vec![b'\n'] } else { Vec::new() };
        serde_json::to_writer(&mut text, line).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        let mut rest: &[u8] = &text;
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    // A first byte that ended a torn line has mended it.
                    let written = text.get(..text.len() - rest.len()).unwrap_or_default();
                    self.torn = written.last().map_or(self.torn, |last| *last != b'\n');
                    return Err(failed(error));
                }
            }
        }
        self.torn = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{Journal, Mode};
    use super::*;

    #[test]
    fn a_torn_line_harms_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        fs::write(&path, "{\"action\":\"blo").unwrap();
        let mut audit = Audit::open(&path).unwrap();
        let line = Journal::line(Action::Start, "noc", Mode::Enforce);
        audit.write(&line).unwrap();
        audit.write(&line).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert_eq!(lines[0], "{\"action\":\"blo");
        assert!(
            lines[1..].iter().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()),
            "{text}"
        );
    }

    #[test]
    fn a_disk_that_is_full_is_told_and_the_next_line_is_whole() {
        let mut audit = Audit::open(Path::new("/dev/full")).unwrap();
        let line = Journal::line(Action::Start, "noc", Mode::Enforce);
        let error = audit.write(&line).unwrap_err().to_string();
        assert!(error.contains("/dev/full") && error.contains("give the agent a file"), "{error}");
        assert!(!audit.torn, "nothing of it was written");
    }
}

use std::collections::HashMap;
use std::path::Path;

use jiff::Timestamp;

use super::audit::{Action, Line};
use super::clocks::Clocks;
use super::{Audit, AuditError, Config, Entry, History, Mode, Refusal, Target, Wish};
use crate::ledger::CaseId;

/// Of so many cases is remembered why they are not blocked.
const REFUSED: usize = 65_536;

/// Says in the audit log what is done. What cannot be written there is told in the agent's own log, once until it can.
#[derive(Debug)]
pub(super) struct Journal {
    audit: Audit,
    failed: bool,
    /// Why a case is not blocked, as it was told: a miner that goes on is decided on again and again.
    refused: HashMap<CaseId, Refusal>,
}

impl Journal {
    pub(super) fn open(config: &Config) -> Result<Self, AuditError> {
        Ok(Self { audit: Audit::open(path(config))?, failed: false, refused: HashMap::new() })
    }

    /// Opens the file anew: it has another name, or was put aside. The old one stays in use if that fails.
    pub(super) fn reopen(&mut self, config: &Config) {
        match Audit::open(path(config)) {
            Ok(audit) => self.audit = audit,
            Err(error) => tracing::error!("blocking: {error}; the audit log that was open stays in use"),
        }
        self.refused.clear();
    }

    /// What earlier agents have said in the log.
    pub(super) fn history(config: &Config) -> History {
        History::read(path(config))
    }

    /// A line that says nothing but this.
    pub(super) fn line(action: Action, by: &str, mode: Mode) -> Line<'_> {
        Line {
            timestamp: Timestamp::now(),
            action,
            by,
            mode,
            id: None,
            target: None,
            case_id: None,
            automatic: None,
            reason: None,
            until: None,
            hits: None,
        }
    }

    /// A line about a block, for the reason for which it was made.
    pub(super) fn about<'a>(line: Line<'a>, entry: &'a Entry, clocks: &Clocks) -> Line<'a> {
        Line {
            id: Some(entry.id),
            target: Some(entry.target),
            case_id: entry.case,
            automatic: Some(entry.automatic),
            reason: Some(&entry.reason),
            until: Some(clocks.time_of(entry.expires)),
            ..line
        }
    }

    /// Adds a line.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn begin(&mut self, line: &Line<'_>) -> Result<(), AuditError> {
        self.audit.write(line)
    }

    /// Adds a line.
    pub(super) fn write(&mut self, line: &Line<'_>) {
        match self.audit.write(line) {
            Ok(()) => self.failed = false,
            Err(error) if !self.failed => {
                self.failed = true;
                tracing::error!("blocking: {error}");
            }
            Err(_) => {}
        }
    }

    /// Says why a wish is not met; of a case only if that was not said before.
    pub(super) fn refuse(&mut self, wish: Wish, refusal: &Refusal, mode: Mode) {
        let Wish { target, reason, by, case, .. } = wish;
        if let Some(case) = case {
            if self.refused.get(&case) == Some(refusal) {
                return;
            }
            if self.refused.len() >= REFUSED {
                self.refused.clear();
            }
            self.refused.insert(case, refusal.clone());
        }
        tracing::warn!("{target} is not blocked: {refusal}");
        let text = format!("{refusal}; wanted for: {reason}");
        let line = Self::line(Action::Refuse, &by, mode);
        self.write(&Line { target: Some(target), case_id: case, reason: Some(&text), ..line });
    }

    /// A case is blocked now: if it cannot be later, that is news.
    pub(super) fn blocked(&mut self, case: Option<CaseId>) {
        if let Some(case) = case {
            self.refused.remove(&case);
        }
    }

    /// Says that the kernel does not do what somebody wants.
    pub(super) fn fail(&mut self, by: &str, mode: Mode, target: Option<Target>, why: &str) {
        let line = Self::line(Action::Fail, by, mode);
        self.write(&Line { target, reason: Some(why), ..line });
    }
}

fn path(config: &Config) -> &Path {
    config.audit.as_deref().unwrap_or(Path::new("/dev/null"))
}

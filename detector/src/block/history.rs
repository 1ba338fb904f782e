use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;

use super::{Action, Target};
use crate::kernel::Place;
use crate::ledger::CaseId;

/// What the audit log tells of earlier agents.
#[derive(Debug, Default)]
pub(super) struct History {
    origins: HashMap<Place, Origin>,
    /// Those of agents before the last one.
    before: HashMap<Place, Origin>,
    /// What operators lifted, and until when it would have been blocked.
    released: Vec<(Target, Option<CaseId>, Timestamp)>,
    /// The highest number of a block.
    last: u64,
    /// What was said last about all blocks: panic, alarm or resume; and by whom.
    said: Option<(Action, String)>,
}

/// Why something is blocked.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) id: u64,
    pub(super) by: String,
    pub(super) reason: String,
    pub(super) case: Option<CaseId>,
    /// Whether what was found decided, and no operator.
    pub(super) automatic: bool,
    pub(super) since: Timestamp,
}

/// What is read of a line.
#[derive(Deserialize)]
struct Line {
    timestamp: Timestamp,
    action: Action,
    by: String,
    #[serde(default)]
    id: u64,
    target: Option<Target>,
    case_id: Option<CaseId>,
    #[serde(default)]
    automatic: bool,
    reason: Option<String>,
    until: Option<Timestamp>,
}

impl History {
    /// Reads the log. What cannot be read is not known: the log may have been put aside, or be for writing only.
    pub(super) fn read(path: &Path) -> Self {
        let mut history = Self::default();
        // A pipe, say, would never end.
        if !path.is_file() {
            return history;
        }
        let lines = File::open(path).map(BufReader::new).into_iter().flat_map(|log| log.split(b'\n'));
        for line in lines.map_while(Result::ok) {
            if let Ok(line) = serde_json::from_slice(&line) {
                history.take(line);
            }
        }
        history
    }

    fn take(&mut self, line: Line) {
        let Line { timestamp, action, by, id, target, case_id, automatic, reason, until } = line;
        self.last = self.last.max(id);
        match (action, target) {
            (Action::Panic | Action::Alarm | Action::Resume, _) => self.said = Some((action, by)),
            // What goes on is said again after it.
            (Action::Start, _) => {
                self.said = None;
                // An agent that was killed at once has adopted nothing.
                if !self.origins.is_empty() {
                    self.before = std::mem::take(&mut self.origins);
                }
            }
            (Action::Block | Action::Adopt | Action::Extend | Action::Shorten, Some(target)) => {
                let known = self.origins.get(&target.place()).or_else(|| self.before.get(&target.place()));
                let since = match known {
                    Some(known) if action != Action::Block => known.since,
                    _ => timestamp,
                };
                let reason = reason.unwrap_or_default();
                let origin = Origin { id, by, reason, case: case_id, automatic, since };
                self.origins.insert(target.place(), origin);
            }
            (Action::Remove | Action::Lift | Action::Expire, Some(target)) => {
                self.origins.remove(&target.place());
                if action == Action::Remove {
                    self.released.extend(until.map(|until| (target, case_id, until)));
                }
            }
            _ => {}
        }
    }

    /// Why something is blocked.
    pub(super) fn origin(&self, target: &Target) -> Option<&Origin> {
        self.origins.get(&target.place()).or_else(|| self.before.get(&target.place()))
    }

    /// What operators lifted, and until when it would have been blocked.
    pub(super) fn released(&self) -> &[(Target, Option<CaseId>, Timestamp)] {
        &self.released
    }

    /// The highest number that a block had.
    pub(super) const fn last(&self) -> u64 {
        self.last
    }

    /// Who said panic, if nobody has said resume after it.
    pub(super) fn panicked(&self) -> Option<&str> {
        self.said.as_ref().filter(|(action, _)| *action == Action::Panic).map(|(_, by)| by.as_str())
    }

    /// Whether there was an alarm after which nobody has said resume.
    pub(super) fn alarmed(&self) -> bool {
        self.said.as_ref().is_some_and(|(action, _)| *action == Action::Alarm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(log: &str) -> History {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), log).unwrap();
        History::read(file.path())
    }

    fn line(second: u8, action: &str, by: &str, target: &str) -> String {
        format!(
            r#"{{"timestamp":"2026-01-01T00:00:{second:02}Z","action":"{action}","by":"{by}","mode":"enforce","id":1,"target":"{target}","reason":"r{second}"}}"#
        ) + "\n"
    }

    const FLOW: &str = "10.0.0.2:40000-192.0.2.1:3333";
    const BACK: &str = "192.0.2.1:3333-10.0.0.2:40000";

    #[test]
    fn what_was_said_last_of_a_place_counts() {
        let history =
            read(&(line(1, "block", "firedamp", FLOW) + "torn {\n" + &line(2, "extend", "noc", FLOW)));
        let origin = history.origin(&BACK.parse().unwrap()).unwrap();
        assert_eq!((origin.by.as_str(), origin.reason.as_str()), ("noc", "r2"));
        assert_eq!(origin.since, "2026-01-01T00:00:01Z".parse().unwrap());
        let over = read(&(line(1, "block", "firedamp", FLOW) + &line(2, "expire", "firedamp", FLOW)));
        assert!(over.origin(&FLOW.parse().unwrap()).is_none());
        assert!(History::read(Path::new("/no/such/log")).origin(&FLOW.parse().unwrap()).is_none());
    }

    #[test]
    fn a_panic_and_an_alarm_hold_until_somebody_says_resume() {
        let all = |action: &str| {
            format!(
                r#"{{"timestamp":"2026-01-01T00:00:00Z","action":"{action}","by":"noc","mode":"enforce"}}"#
            ) + "\n"
        };
        assert_eq!(
            read(&(all("start") + &all("alarm") + &all("panic") + &all("stop"))).panicked(),
            Some("noc")
        );
        assert_eq!(
            read(&(all("panic") + &all("start"))).panicked(),
            None,
            "the next agent did not go on with it"
        );
        let alarm = read(&(all("panic") + &all("alarm") + &all("stop")));
        assert!(alarm.alarmed() && alarm.panicked().is_none());
        let resumed = read(&(all("alarm") + &all("resume")));
        assert!(!resumed.alarmed() && resumed.panicked().is_none());
    }
}

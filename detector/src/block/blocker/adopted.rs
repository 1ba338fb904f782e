//! What an earlier agent has left.

use super::super::audit::{Action, Line};
use super::super::barrier::Barrier;
use super::super::{Entry, History, Journal, Mode, Target, Wish};
use super::{Blocker, SELF};

/// Who decided if nobody knows.
const UNKNOWN: &str = "somebody";

#[expect(private_bounds, reason = "there are the backend and one for tests")]
impl<B: Barrier> Blocker<B> {
    /// Goes on with the blocks that an earlier agent has left, but for those that must not be there any more, and with what
    /// somebody said of all.
    pub(super) fn adopt(&mut self, history: &History) -> Result<(), String> {
        let (control, left, now) = (self.barrier.control()?, self.barrier.left()?, self.barrier.now());
        if self.config.keeps() && control.until == u64::MAX {
            match Mode::of(control.mode) {
                // Nothing else than a panic leaves that.
                Mode::Observe => {
                    let by = history.panicked().unwrap_or(UNKNOWN);
                    self.panicked = Some(format!("{by}, to an earlier agent,"));
                    self.journal.write(&Journal::line(Action::Panic, by, Mode::Observe));
                }
                Mode::DryRun if history.alarmed() => {
                    self.alarmed = true;
                    self.journal.write(&Journal::line(Action::Alarm, SELF, Mode::DryRun));
                }
                _ => {}
            }
        }
        let clocks = self.clocks();
        self.book.count_from(history.last());
        for (target, case, until) in history.released() {
            let until = clocks.since_start(*until);
            if until > now {
                self.book.let_pass(target, *case, until);
            }
        }
        for target in left {
            let expires = self.barrier.hits(&target)?.map_or(0, |block| block.expires);
            let (wish, origin) = (wish(target, history), history.origin(&target));
            let refusal = match self.book.plan(wish, &self.config, &self.protected, now) {
                Ok(_) if expires <= now => "its time is over".to_owned(),
                Ok(entry) => {
                    let since = origin.map_or(now, |origin| clocks.since_start(origin.since));
                    // Of what nobody knows anything, what is found decides.
                    let automatic = origin.is_none_or(|origin| origin.automatic);
                    let case = origin.and_then(|origin| origin.case);
                    let id =
                        origin.map(|origin| origin.id).filter(|id| *id > 0 && self.book.get(*id).is_err());
                    let id = id.unwrap_or(entry.id);
                    let entry = Entry { id, case, automatic, since, expires, ..entry };
                    self.book.put(entry.clone());
                    self.note(Action::Adopt, &entry.by, &entry, None, None);
                    continue;
                }
                Err(refusal) => refusal.to_string(),
            };
            self.barrier.unblock(&target)?;
            tracing::info!("{target} is not blocked any more: {refusal}");
            let line = Journal::line(Action::Lift, SELF, self.mode());
            self.journal.write(&Line { target: Some(target), reason: Some(&refusal), ..line });
        }
        if !self.book.is_empty() {
            tracing::info!("blocks of an earlier agent go on: {}", self.book.len());
        }
        if let Some(by) = &self.panicked {
            tracing::warn!("{by} said panic: nothing is dropped until somebody says `firedamp block resume`");
        } else if self.alarmed {
            tracing::warn!(
                "an alarm to an earlier agent holds: nothing is dropped until somebody says `firedamp block resume`"
            );
        }
        Ok(())
    }
}

/// What was once wanted about a target.
fn wish(target: Target, history: &History) -> Wish {
    let (by, reason) = history.origin(&target).map_or_else(
        || (UNKNOWN.to_owned(), "left by an earlier agent, and the audit log does not tell why".to_owned()),
        |origin| (origin.by.clone(), origin.reason.clone()),
    );
    Wish { target, reason, by, minutes: None, case: None }
}

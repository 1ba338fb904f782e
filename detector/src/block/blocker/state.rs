//! What is wanted, and what is done.

use detector_common::block::{Block, Control};

use super::super::barrier::Barrier;
use super::super::clocks::Clocks;
use super::super::listed::{Effective, Listed, State, done};
use super::super::{Entry, Mode};
use super::Blocker;

#[expect(private_bounds, reason = "there are the backend and one for tests")]
impl<B: Barrier> Blocker<B> {
    /// What is wanted now.
    pub fn mode(&self) -> Mode {
        if self.panicked.is_some() {
            Mode::Observe
        } else if self.alarmed || self.unprotected.is_some() {
            self.config.mode.min(Mode::DryRun)
        } else {
            self.config.mode
        }
    }

    /// What is wanted, and what the kernel does.
    pub fn state(&self) -> State {
        let done = self.barrier.control().map(|control| done(&control, self.barrier.now()));
        let because = match (&done, &self.panicked, self.alarmed, &self.unprotected) {
            (Err(error), ..) => Some(format!("the kernel does not tell what it does: {error}")),
            (Ok(mode), ..) if *mode != self.mode() => Some(match &self.failure {
                Some(error) => format!("the kernel refuses: {error}"),
                None if self.barrier.is_pending() => "it is about to be told".to_owned(),
                None => {
                    format!("it goes on for {} seconds only without the agent's word", self.barrier.lapses())
                }
            }),
            (_, Some(by), ..) => Some(format!("{by} said panic; `firedamp block resume` ends that")),
            (.., true, _) => Some(format!(
                "more than {} of 1,000 packets would have been dropped; look at `firedamp block list`, then say `firedamp \
                 block resume`",
                self.config.share
            )),
            (.., Some(error)) => {
                Some(format!("the kernel does not take the list of what is never blocked: {error}"))
            }
            _ => None,
        };
        let reasons: Vec<String> = because.into_iter().chain(self.barrier.trouble()).collect();
        State {
            requested: self.config.mode,
            backend: self.config.backend,
            effective: done.unwrap_or_else(|_| self.mode()),
            because: Some(reasons.join("; ")).filter(|reasons| !reasons.is_empty()),
            entries: self.book.len(),
        }
    }

    /// Whether less is blocked than the configuration wants.
    pub fn is_suspended(&self) -> bool {
        let State { requested, effective, .. } = self.state();
        effective < requested || !self.barrier.is_reached()
    }

    /// All blocks, as they are wanted and as they are.
    pub fn list(&self) -> Vec<Listed> {
        let (clocks, control) = (self.clocks(), self.barrier.control().ok());
        self.book.entries().map(|entry| self.listed(entry, &clocks, control.as_ref())).collect()
    }

    pub(super) fn listed(&self, entry: &Entry, clocks: &Clocks, control: Option<&Control>) -> Listed {
        let found = self.barrier.hits(&entry.target);
        let now = self.barrier.now();
        let effective = match (&found, control) {
            (Err(_), _) | (Ok(Some(_)), None) => Effective::Unknown,
            (Ok(None), _) if self.barrier.is_pending() => Effective::Pending,
            (Ok(None), _) => Effective::Missing,
            (Ok(Some(block)), _) if now >= block.expires => Effective::Passing,
            (Ok(Some(_)), Some(control)) if !control.kinds.have(entry.target.kind()) => Effective::Passing,
            (Ok(Some(_)), Some(control)) => match done(control, now) {
                Mode::Enforce | Mode::DryRun if !self.barrier.is_reached() => Effective::Bypassed,
                Mode::Enforce => Effective::Dropping,
                Mode::DryRun => Effective::Counting,
                Mode::Observe => Effective::Passing,
            },
        };
        let block = found.ok().flatten();
        let Block { hits, bytes, latest, expires } =
            block.unwrap_or(Block { expires: entry.expires, ..Block::default() });
        Listed {
            entry: entry.clone(),
            since: clocks.time_of(entry.since),
            until: clocks.time_of(expires),
            effective,
            hits,
            bytes,
            last_hit: (hits > 0).then(|| clocks.time_of(latest)),
        }
    }
}

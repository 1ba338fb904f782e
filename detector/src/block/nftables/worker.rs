use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::nft::{NftError, nft};
use super::ruleset::{Table, covered};
use super::seen::Seen;
use super::{Hits, Report, Shared, Wanted};
use crate::block::barrier::since_start;
use crate::block::{Mode, Target};

/// How often the table is read, unless that takes long.
const READ: Duration = Duration::from_secs(2);

/// So many times as long as reading took last is not read again.
const REST: u32 = 20;

/// So much longer than the agent the kernel goes on: the agent ends a block in time and notes what it met, the kernel ends it
/// if the agent does not.
const GRACE: Duration = Duration::from_secs(5);

/// How long after a failure it is tried again: this at first, and then twice as long each time.
const RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(30);

/// Brings the table to what is wanted.
pub(super) struct Worker {
    table: Table,
    shared: Arc<Shared>,
    /// What the table was told last.
    applied: Wanted,
    covered: HashMap<Target, Target>,
    /// Whether the table is, as a whole, what it was told.
    is_intact: bool,
    hits: HashMap<Target, Hits>,
    /// The totals when they were read last.
    totals: (u64, u64),
    /// What failed in a row.
    failed: u32,
    /// How many of the changes were tried.
    tried: u64,
    is_reached: bool,
    rest: Duration,
}

impl Worker {
    /// Makes the table.
    pub(super) fn start(table: Table, shared: Arc<Shared>) -> Result<Self, NftError> {
        let mut this = Self {
            table,
            shared,
            applied: Wanted::default(),
            covered: HashMap::new(),
            is_intact: false,
            hits: HashMap::new(),
            totals: (0, 0),
            failed: 0,
            tried: 0,
            is_reached: false,
            rest: READ,
        };
        this.bring(&Wanted::default())?;
        this.read()?;
        this.report(None);
        Ok(this)
    }

    /// Works until the agent ends.
    pub(super) fn run(mut self) {
        loop {
            let wanted = self.wait();
            if wanted.ended {
                let done = self.remove();
                self.shared.report().trouble = done.err().map(|error| error.to_string());
                return;
            }
            self.tried = wanted.changes;
            let done = self.open(&wanted).and_then(|()| self.bring(&wanted)).and_then(|()| self.read());
            match done {
                Ok(()) => {
                    self.failed = 0;
                    self.report(None);
                }
                Err(error) => {
                    self.is_intact = false;
                    self.failed += 1;
                    self.shared.failures.fetch_add(1, Ordering::Relaxed);
                    self.report(Some(error.to_string()));
                }
            }
        }
    }

    /// Waits until something is to be done, and gives what is wanted then.
    fn wait(&self) -> Wanted {
        let retry = RETRY.saturating_mul(1 << self.failed.saturating_sub(1).min(5)).min(LONGEST_RETRY);
        let pause = if self.failed > 0 { retry } else { self.rest };
        let due = Instant::now() + pause;
        let mut wanted = self.shared.wanted();
        loop {
            let left = due.saturating_duration_since(Instant::now());
            // After a failure nothing is tried before its time, but for the end and for what may be a panic.
            let is_new =
                wanted.changes > self.tried && (self.failed == 0 || wanted.mode != self.applied.mode);
            if is_new || wanted.ended || left.is_zero() {
                return wanted.clone();
            }
            let changed = self.shared.changed.wait_timeout(wanted, left);
            wanted = changed.unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
    }

    /// Lets everything pass if that is wanted, whatever else may fail.
    fn open(&mut self, wanted: &Wanted) -> Result<(), NftError> {
        if wanted.mode != Mode::Observe || self.applied.mode == Mode::Observe {
            return Ok(());
        }
        match nft(&["-f", "-"], &self.table.rules(Mode::Observe)) {
            Ok(_) | Err(NftError::Gone) => {
                self.applied.mode = Mode::Observe;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Makes of the table what is wanted, in one transaction.
    fn bring(&mut self, wanted: &Wanted) -> Result<(), NftError> {
        let covered = covered(wanted.blocks.keys());
        let text = self.changes(wanted, &covered, since_start());
        if !text.is_empty() {
            nft(&["-f", "-"], &text)?;
        }
        if !self.is_intact {
            self.totals = (0, 0);
        }
        self.is_intact = true;
        self.applied = wanted.clone();
        self.covered = covered;
        Ok(())
    }

    /// What nft is told to make of the table what is wanted.
    pub(super) fn changes(&self, wanted: &Wanted, covered: &HashMap<Target, Target>, now: u64) -> String {
        let mut text = String::new();
        let nothing = HashMap::new();
        let (before, inside) = if self.is_intact {
            if wanted.allowed != self.applied.allowed {
                text += &self.table.allow_only(&wanted.allowed);
            }
            if wanted.mode != self.applied.mode {
                text += &self.table.rules(wanted.mode);
            }
            (&self.applied.blocks, &self.covered)
        } else {
            text += &self.table.whole(wanted.mode, &wanted.allowed);
            (&nothing, &self.covered)
        };
        let stood = |target: &Target| before.get(target).filter(|_| !inside.contains_key(target));
        let stands = |target: &Target| wanted.blocks.contains_key(target) && !covered.contains_key(target);
        // What is wide goes before what is in it comes, and in the same order each time.
        let order = |target: &Target| target.to_string();
        let gone = before.keys().filter(|target| stood(target).is_some() && !stands(target));
        let gone: BTreeSet<_> = gone.map(|target| (order(target), self.table.take(target))).collect();
        let put = wanted.blocks.iter().filter_map(|(target, expires)| {
            let left = expires.checked_sub(now).filter(|left| *left > 0)?;
            if !stands(target) || stood(target) == Some(expires) {
                return None;
            }
            let count = self.hits.get(target).map(|hits| hits.count).unwrap_or_default();
            Some((order(target), self.table.put(target, Duration::from_nanos(left) + GRACE, count)))
        });
        let put: BTreeSet<_> = put.collect();
        text.extend(gone.into_iter().chain(put).filter_map(|(_, line)| line));
        text
    }

    /// Looks what is there. A table that somebody changed or removed is made anew at the next turn.
    fn read(&mut self) -> Result<(), NftError> {
        let started = Instant::now();
        let said = nft(&["-j", "list", "table", "inet", &self.table.name], "");
        let seen = match said {
            Err(NftError::Gone) => {
                tracing::warn!("the table {} was removed: making it anew", self.table.address());
                self.is_intact = false;
                self.is_reached = false;
                return self.bring(&self.applied.clone());
            }
            said => Seen::read(&said?)?,
        };
        self.rest = (started.elapsed() * REST).max(READ);
        if seen.rules != Table::rule_count(self.applied.mode) {
            tracing::warn!("the chain in the table {} was changed: making it anew", self.table.address());
            self.is_intact = false;
            return self.bring(&self.applied.clone());
        }
        let now = since_start();
        let hits = seen.blocks.iter().map(|(target, &count)| {
            let before = self.hits.get(target).copied().unwrap_or_default();
            let has_grown = count.packets > before.count.packets;
            (*target, Hits { count, latest: if has_grown { now } else { before.latest } })
        });
        self.hits = hits.collect();
        let (dropped, counted) = self.totals;
        self.shared.dropped.fetch_add(seen.dropped.saturating_sub(dropped), Ordering::Relaxed);
        self.shared.counted.fetch_add(seen.counted.saturating_sub(counted), Ordering::Relaxed);
        self.totals = (seen.dropped, seen.counted);
        self.is_reached = seen.is_reached;
        Ok(())
    }

    fn report(&self, trouble: Option<String>) {
        let changes = if trouble.is_none() { self.applied.changes } else { self.shared.report().changes };
        *self.shared.report() = Report {
            blocks: self.hits.clone(),
            covered: self.covered.clone(),
            changes,
            is_reached: self.is_reached,
            trouble,
        };
    }

    /// Removes what Firedamp made. What rules of others lead to stays, with nothing in it.
    fn remove(&self) -> Result<(), NftError> {
        let said = match nft(&["-j", "list", "table", "inet", &self.table.name], "") {
            Err(NftError::Gone) => return Ok(()),
            said => said?,
        };
        let is_shared = Seen::read(&said)?.is_shared;
        let text = if is_shared { self.table.emptied() } else { self.table.nothing() };
        nft(&["-f", "-"], &text).map(drop)
    }

    #[cfg(test)]
    pub(super) fn told(table: Table, applied: Wanted, hits: HashMap<Target, Hits>) -> Self {
        let covered = covered(applied.blocks.keys());
        Self {
            table,
            shared: Arc::new(Shared::default()),
            applied,
            covered,
            is_intact: true,
            hits,
            totals: (0, 0),
            failed: 0,
            tried: 0,
            is_reached: false,
            rest: READ,
        }
    }

    #[cfg(test)]
    pub(super) const fn loses(&mut self) {
        self.is_intact = false;
    }
}

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::nft::{NftError, nft};
use super::ruleset::{Count, LEASE, Table, apart, covered};
use super::seen::Seen;
use super::{Hits, Report, Shared, Wanted};
use crate::block::barrier::since_start;
use crate::block::{Mode, Target};

/// How often the table is read, unless that takes long.
const READ: Duration = Duration::from_secs(2);

/// So many times as long as reading took last is not read again, but not for longer than this.
const REST: u32 = 20;
const LONGEST_REST: Duration = Duration::from_secs(10);

/// How old the word of the agent may be that is handed on.
const HEARD: Duration = Duration::from_secs(10);

/// So much longer than the agent the kernel goes on: the agent ends a block in time and notes what it met, the kernel ends it
/// if the agent does not.
const GRACE: Duration = Duration::from_secs(5);

/// How long after a failure it is tried again: this at first, and then twice as long each time.
const RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(15);

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
    /// When the table was told that the agent is alive, in nanoseconds since the machine started.
    renewed: u64,
    is_reached: bool,
    rest: Duration,
}

impl Worker {
    /// Makes the table, and gives what goes on of an earlier agent.
    pub(super) fn start(table: Table, shared: Arc<Shared>) -> Result<(Self, Option<Wanted>), NftError> {
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
            renewed: 0,
            is_reached: false,
            rest: READ,
        };
        let left = if this.table.keeps { this.find()? } else { None };
        let wanted = left.clone().unwrap_or_default();
        *this.shared.wanted() = wanted.clone();
        this.bring(&wanted)?;
        this.read()?;
        this.report(None);
        Ok((this, left))
    }

    /// What an earlier agent has left.
    fn find(&mut self) -> Result<Option<Wanted>, NftError> {
        let seen = match list(&self.table) {
            Err(NftError::Gone) => return Ok(None),
            seen => seen?,
        };
        let now = since_start();
        let until = |left: u64| now.saturating_add(left.saturating_sub(GRACE.as_secs()) * 1_000_000_000);
        let blocks = seen.blocks.iter().map(|(target, (_, left))| (*target, until(*left))).collect();
        let hits = |&count: &Count| Hits { count, latest: now };
        self.hits = seen.blocks.iter().map(|(target, (count, _))| (*target, hits(count))).collect();
        let mode = match (seen.rules, seen.drops) {
            (0, _) => Mode::Observe,
            (_, false) => Mode::DryRun,
            (_, true) => Mode::Enforce,
        };
        // Who declares the chain before the first agent starts has left nothing.
        let any = seen.rules > 0 || !self.hits.is_empty();
        Ok(any.then(|| Wanted { mode, blocks, ..Wanted::default() }))
    }

    /// Works until the agent ends.
    pub(super) fn run(mut self) {
        loop {
            let wanted = self.wait();
            if wanted.ended {
                let done = if self.table.keeps { self.bring(&wanted) } else { remove(&self.table).map(drop) };
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
                self.shared.report().mode = Mode::Observe;
                self.shared.reported.notify_all();
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Makes of the table what is wanted, in one transaction.
    fn bring(&mut self, wanted: &Wanted) -> Result<(), NftError> {
        let (covered, now) = (covered(wanted.blocks.keys()), since_start());
        let mut text = self.changes(wanted, &covered, now);
        let is_old = |then: u64, limit: Duration| Duration::from_nanos(now.saturating_sub(then)) > limit;
        let is_due = !self.table.keeps && is_old(self.renewed, LEASE / 3);
        let renews = is_due && !is_old(self.shared.heard.load(Ordering::Relaxed), HEARD);
        if renews && self.is_intact {
            text += &self.table.renew();
        }
        if !text.is_empty() {
            nft(&["-f", "-"], &text)?;
        }
        if renews || !self.is_intact {
            self.renewed = now;
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
        let seen = match list(&self.table) {
            Err(NftError::Gone) => {
                tracing::warn!("the table {} was removed: making it anew", self.table.address());
                self.is_intact = false;
                self.is_reached = false;
                return self.bring(&self.applied.clone());
            }
            seen => seen?,
        };
        self.rest = (started.elapsed() * REST).clamp(READ, LONGEST_REST);
        let now = since_start();
        if let Some(what) = self.differs(&seen, now) {
            tracing::warn!("somebody changed {what} in the table {}: making it anew", self.table.address());
            self.is_intact = false;
            return self.bring(&self.applied.clone());
        }
        let hits = seen.blocks.iter().map(|(target, &(count, _))| {
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

    /// What is not as it was told.
    fn differs(&self, seen: &Seen, now: u64) -> Option<&'static str> {
        let Wanted { mode, allowed, blocks, .. } = &self.applied;
        let is_lost = |(target, expires): (&Target, &u64)| {
            *expires > now && !self.covered.contains_key(target) && !seen.blocks.contains_key(target)
        };
        if seen.rules != self.table.rule_count(*mode) {
            Some("the chain")
        } else if self.table.hook.parts().is_some() && !seen.is_reached {
            Some("the hooked chain")
        } else if seen.allowed != apart(allowed).len() {
            Some("what is never blocked")
        } else {
            blocks.iter().any(is_lost).then_some("what is blocked")
        }
    }

    fn report(&self, trouble: Option<String>) {
        let changes = if trouble.is_none() { self.applied.changes } else { self.shared.report().changes };
        *self.shared.report() = Report {
            mode: self.applied.mode,
            blocks: self.hits.clone(),
            covered: self.covered.clone(),
            changes,
            tried: self.tried,
            is_reached: self.is_reached,
            trouble,
        };
        self.shared.reported.notify_all();
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
            renewed: 0,
            is_reached: false,
            rest: READ,
        }
    }

    #[cfg(test)]
    pub(super) const fn loses(&mut self) {
        self.is_intact = false;
    }
}

/// Looks what is in the table.
fn list(table: &Table) -> Result<Seen, NftError> {
    let said = nft(&["-j", "list", "table", "inet", &table.name], "")?;
    Ok(Seen::read(&said)?)
}

/// Removes what Firedamp made. What rules of others lead to stays, with nothing in it. Tells whether there was anything.
pub(super) fn remove(table: &Table) -> Result<bool, NftError> {
    let seen = match list(table) {
        Err(NftError::Gone) => return Ok(false),
        seen => seen?,
    };
    let text = if seen.is_shared { table.emptied(&seen) } else { table.nothing() };
    nft(&["-f", "-"], &text).map(|_| true)
}

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

/// How old the word of the agent may be that is handed on: together with the lease half a minute.
pub(super) const HEARD: Duration = Duration::from_secs(3);

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
    /// The elements, and until when each is to stand.
    standing: HashMap<Target, u64>,
    /// Whether the table is, as a whole, what it was told.
    is_intact: bool,
    hits: HashMap<Target, Hits>,
    /// The totals when they were read last.
    totals: (u64, u64),
    /// What failed in a row.
    failed: u32,
    /// How many of the changes were tried, and what was to be done with what is blocked.
    tried: u64,
    tried_mode: Mode,
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
            standing: HashMap::new(),
            is_intact: false,
            hits: HashMap::new(),
            totals: (0, 0),
            failed: 0,
            tried: 0,
            tried_mode: Mode::Observe,
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
            Err(NftError::Gone(_)) => return Ok(None),
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
        let any = seen.rules > 0 || seen.allowances > 0 || !self.hits.is_empty();
        Ok(any.then(|| Wanted { mode, blocks, allowed: seen.allowed.clone(), ..Wanted::default() }))
    }

    /// Works until the agent ends.
    pub(super) fn run(mut self) {
        loop {
            let wanted = self.wait();
            if let Some(keeps) = wanted.ended {
                let done = if keeps { self.bring(&wanted) } else { remove(&self.table).map(drop) };
                self.shared.report().trouble = done.err().map(|error| error.to_string());
                return;
            }
            (self.tried, self.tried_mode) = (wanted.changes, wanted.mode);
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
            let is_new = wanted.changes > self.tried && (self.failed == 0 || wanted.mode != self.tried_mode);
            if is_new || wanted.ended.is_some() || left.is_zero() {
                return wanted.clone();
            }
            let changed = self.shared.changed.wait_timeout(wanted, left);
            wanted = changed.unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
    }

    /// Lets everything pass if that is wanted, whatever else may fail.
    fn open(&mut self, wanted: &Wanted) -> Result<(), NftError> {
        // After a failure nobody knows what nft has done.
        if wanted.mode != Mode::Observe || (self.applied.mode == Mode::Observe && self.is_intact) {
            return Ok(());
        }
        match nft(&["-f", "-"], &self.table.rules(Mode::Observe)) {
            Ok(_) | Err(NftError::Gone(_)) => {
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
        let stands = |(target, expires): &(&Target, &u64)| **expires > now && !covered.contains_key(*target);
        let desired =
            wanted.blocks.iter().filter(stands).map(|(target, expires)| (*target, *expires)).collect();
        let is_old = |then: u64, limit: Duration| Duration::from_nanos(now.saturating_sub(then)) > limit;
        let is_due = !self.is_intact || is_old(self.renewed, LEASE / 3);
        let is_heard = !is_old(self.shared.heard.load(Ordering::Relaxed), HEARD);
        let renews = !self.table.keeps && is_due && is_heard;
        let text = self.changes(wanted, &desired, now, renews);
        if !text.is_empty() {
            nft(&["-f", "-"], &text)?;
        }
        if renews {
            self.renewed = now;
        }
        if !self.is_intact {
            self.totals = (0, 0);
        }
        self.is_intact = true;
        self.applied = wanted.clone();
        (self.covered, self.standing) = (covered, desired);
        Ok(())
    }

    /// What nft is told to make of the table what is wanted, with the elements that are desired.
    pub(super) fn changes(
        &self,
        wanted: &Wanted,
        desired: &HashMap<Target, u64>,
        now: u64,
        renews: bool,
    ) -> String {
        let mut text = String::new();
        let nothing = HashMap::new();
        let standing = if self.is_intact {
            if wanted.allowed != self.applied.allowed {
                text += &self.table.allow_only(&wanted.allowed);
            }
            if wanted.mode != self.applied.mode {
                text += &self.table.rules(wanted.mode);
            }
            if renews {
                text += &self.table.renew();
            }
            &self.standing
        } else {
            text += &self.table.whole(wanted.mode, &wanted.allowed, renews);
            &nothing
        };
        // All that goes does so before anything comes, for networks must not overlap; and in the same order each time.
        let order = |target: &Target| target.to_string();
        let gone = standing.iter().filter(|(target, expires)| desired.get(*target) != Some(*expires));
        let gone: BTreeSet<_> = gone.map(|(target, _)| (order(target), self.table.take(target))).collect();
        let come = desired.iter().filter(|(target, expires)| standing.get(*target) != Some(*expires));
        let come: BTreeSet<_> = come
            .map(|(target, expires)| {
                let left = Duration::from_nanos(expires.saturating_sub(now)) + GRACE;
                let count = self.hits.get(target).map(|hits| hits.count).unwrap_or_default();
                (order(target), self.table.put(target, left, count))
            })
            .collect();
        text.extend(gone.into_iter().chain(come).filter_map(|(_, line)| line));
        text
    }

    /// Looks what is there. A table that somebody changed or removed is made anew at the next turn.
    fn read(&mut self) -> Result<(), NftError> {
        let started = Instant::now();
        let seen = match list(&self.table) {
            Err(NftError::Gone(_)) => {
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
        let Wanted { mode, allowed, .. } = &self.applied;
        let is_lost =
            |(target, expires): (&Target, &u64)| *expires > now && !seen.blocks.contains_key(target);
        if seen.rules != self.table.rule_count(*mode) {
            Some("the chain")
        } else if self.table.hook.parts().is_some() && !seen.is_reached {
            Some("the hooked chain")
        } else if seen.allowances != apart(allowed).len() {
            Some("what is never blocked")
        } else {
            self.standing.iter().any(is_lost).then_some("what is blocked")
        }
    }

    fn report(&self, trouble: Option<String>) {
        let lease = u64::try_from(LEASE.as_nanos()).unwrap_or(u64::MAX);
        let changes = if trouble.is_none() { self.applied.changes } else { self.shared.report().changes };
        *self.shared.report() = Report {
            mode: self.applied.mode,
            blocks: self.hits.clone(),
            covered: self.covered.clone(),
            changes,
            tried: self.tried,
            is_reached: self.is_reached,
            until: if self.table.keeps { u64::MAX } else { self.renewed.saturating_add(lease) },
            trouble,
        };
        self.shared.reported.notify_all();
    }

    #[cfg(test)]
    pub(super) fn told(table: Table, applied: Wanted, hits: HashMap<Target, Hits>) -> Self {
        let covered = covered(applied.blocks.keys());
        let stands = |(target, _): &(&Target, &u64)| !covered.contains_key(*target);
        let standing =
            applied.blocks.iter().filter(stands).map(|(target, expires)| (*target, *expires)).collect();
        Self {
            table,
            shared: Arc::new(Shared::default()),
            applied,
            covered,
            standing,
            is_intact: true,
            hits,
            totals: (0, 0),
            failed: 0,
            tried: 0,
            tried_mode: Mode::Observe,
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
        Err(NftError::Gone(_)) => return Ok(false),
        seen => seen?,
    };
    let text = if seen.is_shared { table.emptied(&seen) } else { table.nothing() };
    nft(&["-f", "-"], &text).map(|_| true)
}

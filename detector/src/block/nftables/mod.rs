//! What is blocked, as sets of nftables: the packet is dropped where the operator's other rules drop packets.
//!
//! The agent says what is wanted and never waits. A thread of its own ([`Worker`]) brings the table to it, by one transaction
//! of `nft` each time, and reads back what is there. What fails is tried again from the beginning, with all of the table.

mod config;
mod nft;
mod ruleset;
mod seen;
#[cfg(test)]
mod tests;
mod worker;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ipnet::IpNet;

pub(super) use config::check_name;
pub use config::{Hook, Method};
pub use nft::NftError;
use ruleset::{Count, Table};
use worker::Worker;

use super::barrier::since_start;
use super::{Mode, Target};

/// How long the end of the agent may wait for the table to be removed.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long who orders something waits for it.
const SOON: Duration = Duration::from_secs(1);

/// What there is to be in the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Wanted {
    mode: Mode,
    allowed: Vec<IpNet>,
    /// Until when, in nanoseconds since the machine started. The book bounds how many they are.
    blocks: HashMap<Target, u64>,
    /// Nothing any more, for the agent ends; and whether blocks are kept then.
    ended: Option<bool>,
    /// Changes so far.
    changes: u64,
}

/// What a block met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Hits {
    count: Count,
    /// When it was last seen to grow, in nanoseconds since the machine started.
    latest: u64,
}

/// What there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Report {
    mode: Mode,
    blocks: HashMap<Target, Hits>,
    /// Networks within others that stand for them.
    covered: HashMap<Target, Target>,
    /// How many of the changes were made, and how many were tried.
    changes: u64,
    tried: u64,
    /// Whether a rule leads to the chain.
    is_reached: bool,
    /// Until when the rules hold without a further word of the agent, in nanoseconds since the machine started.
    until: u64,
    /// Why it is not as it is wanted.
    trouble: Option<String>,
}

/// What both sides share.
#[derive(Debug, Default)]
struct Shared {
    wanted: Mutex<Wanted>,
    changed: Condvar,
    report: Mutex<Report>,
    reported: Condvar,
    /// When the agent last said anything, in nanoseconds since the machine started.
    heard: AtomicU64,
    dropped: AtomicU64,
    counted: AtomicU64,
    failures: AtomicU64,
}

impl Shared {
    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        // Nothing is left half done under this lock.
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Packets that the rules met, and failures of nft, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Packets that were dropped.
    pub dropped: u64,
    /// Packets that would have been dropped.
    pub counted: u64,
    /// Transactions and readings that failed.
    pub failures: u64,
}

/// The agent's say over the table. Dropping it removes what Firedamp made, unless that is to be kept.
#[derive(Debug)]
pub struct Nftables {
    shared: Arc<Shared>,
    table: Table,
    done: Receiver<()>,
    /// What an earlier agent has left; `None` if nothing was there.
    left: Option<Vec<Target>>,
}

impl Nftables {
    /// How many seconds after the last word of the agent nothing is dropped any more, unless blocks are kept.
    pub(super) const LAPSES: u64 = worker::HEARD.as_secs() + ruleset::LEASE.as_secs();

    /// Makes the table. What an earlier agent has left in it goes on if blocks are kept; otherwise nothing is blocked.
    ///
    /// # Errors
    /// There is no nft, or it may not or cannot make the table.
    pub fn start(name: &str, hook: Hook, keeps: bool) -> Result<Self, NftError> {
        let table = Table { name: name.to_owned(), hook, keeps };
        let shared = Arc::new(Shared::default());
        let (worker, left) = Worker::start(table.clone(), Arc::clone(&shared))?;
        let (done, ended) = channel();
        let thread = std::thread::Builder::new().name("nftables".to_owned());
        let run = move || {
            worker.run();
            // Nobody may wait for it.
            let _ = done.send(());
        };
        thread.spawn(run).map_err(NftError::Run)?;
        let left = left.map(|left| left.blocks.into_keys().collect());
        Ok(Self { shared, table, done: ended, left })
    }

    fn change(&self, change: impl FnOnce(&mut Wanted)) {
        let mut wanted = self.shared.wanted();
        change(&mut wanted);
        wanted.changes += 1;
        self.shared.changed.notify_all();
    }

    /// Says what is done with what is blocked.
    pub(super) fn set_mode(&self, mode: Mode) {
        self.shared.heard.store(since_start(), Ordering::Relaxed);
        if self.shared.wanted().mode != mode {
            self.change(|wanted| wanted.mode = mode);
        }
    }

    /// What is done with what is blocked.
    pub(super) fn mode(&self) -> Mode {
        self.shared.report().mode
    }

    /// Until when that is done without a further word, in nanoseconds since the machine started.
    pub(super) fn until(&self) -> u64 {
        self.shared.report().until
    }

    /// Waits until what was said last is done, or was tried, but not long. Tells whether it is done.
    pub(super) fn settle(&self) -> bool {
        let (mode, changes) = {
            let wanted = self.shared.wanted();
            (wanted.mode, wanted.changes)
        };
        let waits = |report: &mut Report| report.mode != mode && report.tried < changes;
        let waited = self.shared.reported.wait_timeout_while(self.shared.report(), SOON, waits);
        // Nothing is left half done under this lock.
        waited.unwrap_or_else(PoisonError::into_inner).0.mode == mode
    }

    /// The blocks that an earlier agent has left; `None` if there was no table of one, or it is not to go on.
    pub(super) fn left(&self) -> Option<&[Target]> {
        self.left.as_deref()
    }

    /// Until when something is to be blocked.
    pub(super) fn expires(&self, target: &Target) -> Option<u64> {
        self.shared.wanted().blocks.get(target).copied()
    }

    /// Blocks until a time, in nanoseconds since the machine started.
    pub(super) fn block(&self, target: &Target, expires: u64) -> Result<(), String> {
        if !ruleset::can_stand(target) {
            return Err(format!("one end of {target} has an address of IPv4, the other one of IPv6"));
        }
        self.change(|wanted| _ = wanted.blocks.insert(*target, expires));
        Ok(())
    }

    pub(super) fn unblock(&self, target: &Target) {
        self.change(|wanted| _ = wanted.blocks.remove(target));
    }

    pub(super) fn allow_only(&self, allowed: Vec<IpNet>) {
        self.change(|wanted| wanted.allowed = allowed);
    }

    /// What a block met as far as was read, with the time since the machine started; `None` if it is not there.
    pub(super) fn hits(&self, target: &Target) -> Option<(u64, u64, u64)> {
        let report = self.shared.report();
        let found = report.blocks.get(target).copied();
        let cover = || report.covered.get(target).filter(|cover| report.blocks.contains_key(*cover));
        let Hits { count, latest } = found.or_else(|| cover().map(|_| Hits::default()))?;
        Some((count.packets, count.bytes, latest))
    }

    /// Whether the latest changes are still to be made.
    pub(super) fn is_pending(&self) -> bool {
        let changes = self.shared.wanted().changes;
        self.shared.report().changes < changes
    }

    /// Whether packets come to the rules at all.
    pub(super) fn is_reached(&self) -> bool {
        self.shared.report().is_reached
    }

    /// Why the table is not as it is wanted, or does nothing.
    pub(super) fn trouble(&self) -> Option<String> {
        let (report, table) = (self.shared.report(), self.table.address());
        let unreached = || {
            if self.table.hook != Hook::None {
                return format!("somebody changed the table {table}, which is being made anew");
            }
            format!(
                "no rule leads to the chain {0} of the table {table}, so nothing is dropped there: let one of your rules say \
                 `jump {0}`, or write nftables-hook = \"forward\" in [block]",
                ruleset::OWN
            )
        };
        let failed = |error: &String| format!("the table {table} is not as it is wanted: {error}");
        report.trouble.as_ref().map(failed).or_else(|| (!report.is_reached).then(unreached))
    }

    /// What failed last, until it is in order again.
    pub(super) fn failure(&self) -> Result<(), String> {
        self.shared.report().trouble.clone().map_or(Ok(()), Err)
    }

    /// Packets and failures.
    pub(super) fn totals(&self) -> Totals {
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Shared { dropped, counted, failures, .. } = &*self.shared;
        Totals { dropped: get(dropped), counted: get(counted), failures: get(failures) }
    }

    /// Brings the table to what was said last if blocks are kept, otherwise removes what Firedamp made; and waits a little for
    /// that.
    pub(super) fn finish(&self, keeps: bool) -> Result<(), String> {
        if self.shared.wanted().ended.is_some() {
            return Ok(());
        }
        self.change(|wanted| wanted.ended = Some(keeps));
        let table = self.table.address();
        let by_hand = format!("remove what is left by `nft delete table {table}`");
        if self.done.recv_timeout(PATIENCE).is_err() {
            return Err(format!("`nft` takes too long with the table {table}; {by_hand}"));
        }
        self.failure().map_err(|error| format!("{error}; {by_hand}"))
    }
}

/// Removes what an agent has left in a table, as it would have done itself at its end. Tells whether there was anything.
///
/// # Errors
/// There is no nft, or it may not or cannot do it.
pub fn remove(name: &str) -> Result<bool, NftError> {
    worker::remove(&Table { name: name.to_owned(), hook: Hook::None, keeps: false })
}

/// What `nft` says that it is.
///
/// # Errors
/// There is none, or it does not say.
pub fn version() -> Result<String, NftError> {
    let said = nft::nft(&["--version"], "")?;
    Ok(String::from_utf8_lossy(&said).trim().to_owned())
}

impl Drop for Nftables {
    fn drop(&mut self) {
        // Who did not come so far as to end it in order leaves what an earlier agent has left.
        if let Err(error) = self.finish(self.table.keeps) {
            tracing::error!("blocking: {error}");
        }
    }
}

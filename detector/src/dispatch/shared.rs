use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::desk::Ready;
use super::rules::Rules;
use crate::enrich::{Age, NetworkType};
use crate::ledger::{CaseId, Reason};
use crate::metrics::Detection;
use crate::store::Removed;

/// What the desk counted, for the agent's counters and for metrics.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Records that did not fit into the queue before the desk, or were still in it at the end.
    pub shed: u64,
    /// Records that have no form as JSON.
    pub unwritable: u64,
    /// Records of cases that are excluded, which were not written to outputs.
    pub hidden: u64,
    /// Records and updates that the ledger on disk did not get.
    pub unkept: u64,
    /// Times that the ledger could not be read or written.
    pub store_errors: u64,
    /// Batches written to the ledger.
    pub store_batches: u64,
    /// Records and updates written to the ledger.
    pub store_entries: u64,
    /// Time that took, all together.
    pub store_time: Duration,
    /// The files about addresses could not be read anew; the old ones are in use.
    pub files_refused: bool,
    /// Bytes of the ledger that hold something.
    pub store_bytes: u64,
    /// Records that were removed from the ledger although an output had not got them.
    pub outbox_dropped: u64,
    /// Cases that were removed from the ledger for their age.
    pub cases_aged: u64,
    /// Cases that were removed from the ledger for want of room, before their age.
    pub cases_crowded: u64,
    /// Verdicts that cases reached, by kind.
    pub detections: BTreeMap<Detection, u64>,
    /// Cases in which something happens now, by kind of network, without those of nodes.
    pub open: BTreeMap<NetworkType, u64>,
    /// The operator's files.
    pub ages: Vec<Age>,
}

/// What the desk and those who send to it share.
#[derive(Default)]
pub(super) struct Shared {
    shed: AtomicU64,
    sent: AtomicU64,
    done: AtomicU64,
    waiting: AtomicUsize,
    closed: AtomicBool,
    deadline: Mutex<Option<Instant>>,
    /// What is to be done with records, until the desk takes it.
    rules: Mutex<Option<Box<Rules>>>,
    counts: Mutex<(Counts, HashMap<CaseId, NetworkType>)>,
}

impl Shared {
    pub(super) fn counts(&self) -> Counts {
        Counts { shed: self.shed.load(Ordering::Relaxed), ..self.lock().0.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, (Counts, HashMap<CaseId, NetworkType>)> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn shed(&self, messages: u64) {
        self.shed.fetch_add(messages, Ordering::Relaxed);
    }

    /// A message waits for the desk.
    pub(super) fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// The desk is done with so many messages.
    pub(super) fn done(&self, messages: u64) {
        self.done.fetch_add(messages, Ordering::Relaxed);
    }

    /// So many records and updates wait to be written to the ledger.
    pub(super) fn waits(&self, entries: usize) {
        self.waiting.store(entries, Ordering::Relaxed);
    }

    /// The desk did not come to its end: counts what goes with this process.
    pub(super) fn abandon(&self) {
        self.shed(self.sent.load(Ordering::Relaxed).saturating_sub(self.done.load(Ordering::Relaxed)));
        self.gave_up(self.waiting.load(Ordering::Relaxed));
    }

    /// Nobody reads the records any more.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Puts other rules where the desk finds them.
    pub(super) fn exchange(&self, rules: Rules) {
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(rules));
    }

    /// Other rules, if there are any.
    pub(super) fn rules(&self) -> Option<Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).take().map(|rules| *rules)
    }

    /// Until when outputs are waited for, at the end.
    pub(super) fn set_deadline(&self, deadline: Instant) {
        *self.deadline.lock().unwrap_or_else(PoisonError::into_inner) = Some(deadline);
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        *self.deadline.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a record.
    pub(super) fn note(&self, ready: &Ready) {
        let record = &ready.dossier.record;
        let network = ready.dossier.origin.network.kind;
        let (counts, open) = &mut *self.lock();
        if record.reason != Reason::Update && ready.hidden.is_some() {
            counts.hidden += 1;
        }
        if ready.hidden.is_none() && matches!(record.reason, Reason::Opened | Reason::Verdict) {
            let kind = Detection::new(record.protocol, record.facts.coin, record.verdict, network);
            *counts.detections.entry(kind).or_default() += 1;
        }
        let before = if record.is_open() {
            *counts.open.entry(network).or_default() += 1;
            open.insert(record.case, network)
        } else {
            open.remove(&record.case)
        };
        if let Some(count) = before.and_then(|network| counts.open.get_mut(&network)) {
            *count -= 1;
        }
    }

    /// Counts cases that were open before this process began.
    pub(super) fn resume(&self, cases: Vec<(CaseId, NetworkType)>) {
        let (counts, open) = &mut *self.lock();
        for (case, network) in cases {
            open.entry(case).or_insert_with(|| {
                *counts.open.entry(network).or_default() += 1;
                network
            });
        }
    }

    pub(super) fn files_refused(&self, refused: bool) {
        self.lock().0.files_refused = refused;
    }

    pub(super) fn unwritable(&self) {
        self.lock().0.unwritable += 1;
    }

    pub(super) fn failed(&self) {
        self.lock().0.store_errors += 1;
    }

    pub(super) fn gave_up(&self, entries: usize) {
        self.lock().0.unkept += entries as u64;
    }

    pub(super) fn wrote(&self, time: Duration, entries: usize) {
        let counts = &mut self.lock().0;
        counts.store_batches += 1;
        counts.store_entries += entries as u64;
        counts.store_time += time;
    }

    pub(super) fn store(&self, bytes: u64, dropped: u64) {
        let counts = &mut self.lock().0;
        counts.store_bytes = bytes;
        counts.outbox_dropped = dropped;
    }

    pub(super) fn retained(&self, removed: Removed) {
        let counts = &mut self.lock().0;
        counts.cases_aged += removed.aged;
        counts.cases_crowded += removed.crowded;
    }

    pub(super) fn aged(&self, ages: Vec<Age>) {
        self.lock().0.ages = ages;
    }
}

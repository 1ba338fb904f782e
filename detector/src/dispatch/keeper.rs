use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::desk::Ready;
use super::shared::Shared;
use crate::ledger::{CaseId, Reason, Record};
use crate::output::Outputs;
use crate::store::{Entry, Limits, OperatorState, Store, StoreError};

/// How long updates may wait to be written together.
const PATIENCE: Duration = Duration::from_secs(1);

/// Updates that are written together.
const TOGETHER: usize = 16_384;

/// Records and updates kept in memory while the ledger cannot be written.
const BACKLOG: usize = 262_144;

/// How often what is too old is looked for.
const RETENTION: Duration = Duration::from_hours(1);

/// Keeps records in the ledger on disk, if there is one.
pub(super) struct Keeper {
    store: Option<Store>,
    /// The number of the latest record, without a store.
    sequence: u64,
    waiting: VecDeque<Ready>,
    /// Since when something waits.
    since: Option<Instant>,
    /// When to try again after the ledger could not be written.
    retry: Option<Instant>,
    retention: Instant,
}

impl Keeper {
    pub(super) fn new(store: Option<Store>) -> Self {
        Self {
            store,
            sequence: 0,
            waiting: VecDeque::new(),
            since: None,
            retry: None,
            retention: Instant::now() + Duration::from_mins(1),
        }
    }

    /// Keeps more or less from now on.
    pub(super) const fn set_limits(&mut self, limits: Limits) {
        if let Some(store) = &mut self.store {
            store.set_limits(limits);
        }
    }

    /// The number for the next record.
    pub(super) const fn next_sequence(&mut self) -> u64 {
        if let Some(store) = &mut self.store {
            store.next_sequence()
        } else {
            self.sequence += 1;
            self.sequence
        }
    }

    /// Makes a record of a case that is opened anew go on from what the ledger holds of it.
    pub(super) fn adopt(&mut self, record: &mut Record, shared: &Shared) {
        let Some(store) = &mut self.store else { return };
        if let Err(error) = store.adopt(record) {
            shared.failed();
            tracing::error!("{error}");
        }
    }

    /// What the operator says of a case.
    pub(super) fn operator_state(&self, case: CaseId) -> Option<OperatorState> {
        self.store.as_ref()?.operator_state(case).ok().flatten()
    }

    /// Takes a record to be written.
    pub(super) fn add(&mut self, ready: Ready) {
        if self.store.is_some() {
            self.waiting.push_back(ready);
            self.since.get_or_insert_with(Instant::now);
        }
    }

    /// Writes what waits, if it is urgent or has waited for long enough. True if nothing waits to be written.
    pub(super) fn keep(&mut self, urgent: bool, shared: &Shared) -> bool {
        let Some(store) = &mut self.store else { return false };
        if self.waiting.is_empty() {
            return true;
        }
        let due =
            self.since.is_some_and(|since| since.elapsed() >= PATIENCE) || self.waiting.len() >= TOGETHER;
        let again = self.retry.is_none_or(|retry| Instant::now() >= retry);
        if !(urgent || due) || !again {
            self.give_up(shared);
            return false;
        }
        let start = Instant::now();
        match write(store, self.waiting.make_contiguous()) {
            Ok(()) => {
                shared.wrote(start.elapsed(), self.waiting.len());
                self.waiting.clear();
                self.since = None;
                if self.retry.take().is_some() {
                    tracing::info!("the ledger {} is written again", store.path().display());
                }
                true
            }
            Err(error) => {
                shared.failed();
                if self.retry.is_none() {
                    tracing::error!(
                        "{error}; records go out all the same, and up to {BACKLOG} are kept in memory for the ledger, \
                         which is tried each second"
                    );
                }
                self.retry = Some(Instant::now() + PATIENCE);
                self.give_up(shared);
                false
            }
        }
    }

    /// Gives up what is too much: updates first, since later ones hold what they say.
    fn give_up(&mut self, shared: &Shared) {
        if self.waiting.len() <= BACKLOG {
            return;
        }
        let before = self.waiting.len();
        self.waiting.retain(|ready| ready.dossier.record.reason != Reason::Update);
        let excess = self.waiting.len().saturating_sub(BACKLOG);
        self.waiting.drain(..excess);
        shared.gave_up(before - self.waiting.len());
    }

    /// Keeps how far the outputs are, and removes what is too old.
    pub(super) fn tick(&mut self, outputs: &Outputs, shared: &Shared, now: Timestamp) {
        let Some(store) = &mut self.store else { return };
        let mut work = || {
            acknowledge(store, outputs)?;
            if Instant::now() >= self.retention {
                let removed = store.retain(now)?;
                shared.retained(removed);
                if removed.exceeded && !removed.more {
                    tracing::warn!(
                        "the ledger {} exceeds keep-mib with what is not older than two days",
                        store.path().display()
                    );
                }
                self.retention = if removed.more { Instant::now() } else { Instant::now() + RETENTION };
            }
            shared.store(store.bytes()?, store.dropped());
            Ok::<(), StoreError>(())
        };
        if let Err(error) = work() {
            shared.failed();
            tracing::debug!("{error}");
        }
    }

    /// Writes what waits a last time.
    pub(super) fn finish(&mut self, shared: &Shared) {
        self.retry = None;
        self.keep(true, shared);
        shared.gave_up(self.waiting.len());
    }

    /// Keeps how far the outputs came.
    pub(super) fn acknowledge(&mut self, cursors: HashMap<String, u64>) {
        let cursors: Vec<(String, u64)> = cursors.into_iter().collect();
        if let Some(store) = &mut self.store
            && let Err(error) = store.acknowledge(&cursors)
        {
            tracing::error!("{error}");
        }
    }
}

fn acknowledge(store: &mut Store, outputs: &Outputs) -> Result<(), StoreError> {
    let mut cursors: Vec<(String, u64)> = outputs.acknowledged().into_iter().collect();
    cursors.sort_unstable();
    store.acknowledge(&cursors)
}

fn write(store: &mut Store, waiting: &[Ready]) -> Result<(), StoreError> {
    let entries: Vec<Entry<'_>> = waiting
        .iter()
        .map(|ready| Entry {
            dossier: &ready.dossier,
            hidden: ready.hidden.as_deref(),
            line: ready.line.as_ref().map(|(sequence, line)| (*sequence, &**line)),
        })
        .collect();
    store.write(&entries)
}

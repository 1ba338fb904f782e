use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::desk::{Pace, Ready};
use super::shared::Shared;
use super::waiting::Waiting;
use crate::ledger::{CaseId, Record};
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

/// When it is looked for after the start, and after it could not be removed.
const AGAIN: Duration = Duration::from_mins(1);

/// Keeps records in the ledger on disk, if there is one.
pub(super) struct Keeper {
    store: Option<Store>,
    /// The number of the latest record, without a store.
    sequence: u64,
    waiting: Waiting,
    /// Since when something waits.
    since: Option<Instant>,
    /// When to try again after the ledger could not be written.
    retry: Option<Instant>,
    retention: Instant,
    /// In a replay, what is kept for live use in the same ledger stays as it is: nothing is too old, and outputs have
    /// nothing to do with those of the agent.
    pace: Pace,
    /// Looking after the ledger failed when it was tried last.
    neglected: bool,
}

impl Keeper {
    pub(super) fn new(store: Option<Store>, pace: Pace) -> Self {
        Self {
            store,
            sequence: 0,
            waiting: Waiting::new(),
            since: None,
            retry: None,
            retention: Instant::now() + AGAIN,
            pace,
            neglected: false,
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

    /// Makes a record of a case that is opened anew go on from what waits or what the ledger holds of it.
    pub(super) fn adopt(&mut self, record: &mut Record, shared: &Shared) {
        let Some(store) = &mut self.store else { return };
        let waiting = self.waiting.latest(record.case);
        if let Err(error) = store.adopt(record, waiting) {
            shared.failed();
            tracing::error!("{error}");
        }
    }

    /// Cases that go on and are excluded.
    pub(super) fn hidden(&self, shared: &Shared) -> HashSet<CaseId> {
        let hidden = self.store.as_ref().map(Store::hidden).transpose();
        let failed = |error| {
            shared.failed();
            tracing::error!("{error}");
            HashSet::new()
        };
        hidden.map_or_else(failed, Option::unwrap_or_default)
    }

    /// What the operator says of a case.
    pub(super) fn operator_state(&self, case: CaseId) -> Option<OperatorState> {
        self.store.as_ref()?.operator_state(case).ok().flatten()
    }

    /// Takes a record to be written.
    pub(super) fn add(&mut self, mut ready: Ready) {
        if self.store.is_some() {
            if self.pace == Pace::Replay {
                ready.line = None;
            }
            self.waiting.push(ready, self.retry.is_some());
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
        while !self.waiting.is_empty() {
            let start = Instant::now();
            let count = self.waiting.len().min(TOGETHER);
            if let Err(error) = write(store, self.waiting.front(count)) {
                shared.failed();
                if self.retry.is_none() {
                    tracing::error!(
                        "{error}; records go out all the same, and up to {BACKLOG} are kept in memory for the ledger, \
                         which is tried each second"
                    );
                }
                self.retry = Some(Instant::now() + PATIENCE);
                self.give_up(shared);
                return false;
            }
            shared.wrote(start.elapsed(), count);
            self.waiting.written(count);
        }
        self.since = None;
        if self.retry.take().is_some() {
            tracing::info!("the ledger {} is written again", store.path().display());
        }
        true
    }

    /// Gives up what is too much.
    fn give_up(&mut self, shared: &Shared) {
        shared.gave_up(self.waiting.give_up(BACKLOG));
    }

    /// Says how much waits.
    pub(super) fn tell(&self, shared: &Shared) {
        shared.waits(self.waiting.len());
    }

    /// Keeps how far the outputs are, and removes what is too old. What fails holds up nothing else.
    pub(super) fn tick(&mut self, outputs: &Outputs, shared: &Shared, now: Timestamp) {
        let (Some(store), Pace::Live) = (&mut self.store, self.pace) else { return };
        let acknowledged = acknowledge(store, outputs);
        let mut retained = Ok(());
        if Instant::now() >= self.retention {
            let removed = store.retain(now);
            let pause = match &removed {
                Ok(removed) if removed.more => Duration::ZERO,
                Ok(_) => RETENTION,
                Err(_) => AGAIN,
            };
            self.retention = Instant::now() + pause;
            retained = removed.map(|removed| {
                shared.retained(removed);
                if removed.exceeded && !removed.more {
                    tracing::warn!(
                        "the ledger {} exceeds keep-mib with what is not older than two days",
                        store.path().display()
                    );
                }
            });
        }
        let measured = store.bytes().map(|bytes| shared.store(bytes, store.dropped()));
        let before = std::mem::take(&mut self.neglected);
        for error in [acknowledged, retained, measured].into_iter().filter_map(Result::err) {
            shared.failed();
            if !before && !self.neglected {
                tracing::error!("{error}");
            }
            self.neglected = true;
        }
    }

    /// Writes what waits a last time.
    pub(super) fn finish(&mut self, shared: &Shared) {
        self.retry = None;
        self.keep(true, shared);
        shared.gave_up(self.waiting.len());
        shared.waits(0);
    }

    /// Keeps how far the outputs came.
    pub(super) fn acknowledge(&mut self, cursors: HashMap<String, u64>) {
        let cursors: Vec<(String, u64)> = cursors.into_iter().collect();
        if let (Some(store), Pace::Live) = (&mut self.store, self.pace)
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

fn write<'a>(store: &mut Store, waiting: impl Iterator<Item = &'a Ready>) -> Result<(), StoreError> {
    let entries: Vec<Entry<'_>> = waiting
        .map(|ready| Entry {
            dossier: &ready.dossier,
            hidden: ready.hidden.as_deref(),
            line: ready.line.as_ref().map(|(sequence, line)| (*sequence, &**line)),
        })
        .collect();
    store.write(&entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Settings;
    use crate::store::tests::{at, ledger, observe};

    fn ready(host: u16, sequence: u64) -> Ready {
        let miner = format!("10.0.{}.{}:4000", host >> 8, host & 255);
        let record = observe(&mut ledger(), &miner, 3, 0).remove(0);
        Ready { dossier: record.into(), hidden: None, line: Some((sequence, "{}".into())) }
    }

    fn count(settings: &Settings, table: &str) -> i64 {
        let file = rusqlite::Connection::open(&settings.file).unwrap();
        file.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_replay_removes_nothing_and_leaves_outputs_alone() {
        let directory = tempfile::tempdir().unwrap();
        let limits = Limits { days: 1, ..Limits::default() };
        let settings = Settings { limits, ..Settings::new(directory.path().join("ledger.db")) };
        let mut store = Store::open(settings.clone()).unwrap();
        store.begin(["siem"]).unwrap();
        let (shared, outputs) =
            (Shared::default(), Outputs::start(Vec::new(), None, &HashMap::new()).unwrap());
        for (pace, cases, lines, names) in [(Pace::Replay, 2, 0, 1), (Pace::Live, 0, 0, 0)] {
            let mut keeper = Keeper::new(Some(store), pace);
            if pace == Pace::Replay {
                (1..=2).for_each(|host| keeper.add(ready(host, host.into())));
            }
            assert!(keeper.keep(true, &shared));
            keeper.retention = Instant::now();
            keeper.tick(&outputs, &shared, at(9 * 86_400));
            keeper.acknowledge(HashMap::new());
            let found = ["cases", "outbox", "outputs"].map(|table| count(&settings, table));
            assert_eq!(found, [cases, lines, names], "{pace:?}");
            store = keeper.store.take().unwrap();
        }
    }

    #[test]
    fn much_that_waits_is_written_in_parts() {
        let directory = tempfile::tempdir().unwrap();
        let settings = Settings::new(directory.path().join("ledger.db"));
        let mut keeper = Keeper::new(Some(Store::open(settings.clone()).unwrap()), Pace::Live);
        let shared = Shared::default();
        let one = ready(1, 1);
        let (dossier, number) = (one.dossier, TOGETHER as u64 + 10);
        for number in 1..=number {
            let mut dossier = dossier.clone();
            dossier.record.number = number;
            keeper.add(Ready { dossier, hidden: None, line: None });
        }
        assert!(keeper.keep(true, &shared));
        let counts = shared.counts();
        assert_eq!((counts.store_batches, counts.store_entries), (2, number));
        assert_eq!(count(&settings, "history").unsigned_abs(), number);
    }
}

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::Timestamp;

use super::filter::Wanted;

mod reader;

pub(super) use reader::{Next, Reader};

/// A record on its way to the outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the order of all records; rises, with gaps if need be.
    pub sequence: u64,
    /// EVE JSON, without a line feed.
    pub line: Arc<str>,
    /// Whether the archive has it. Counters of the agent are not kept there.
    pub durable: bool,
}

/// Keeps records for outputs that are further behind than memory reaches.
pub trait Archive: Send + Sync {
    /// Entries with a sequence number above `after`, in order, `most` of them at most.
    ///
    /// # Errors
    /// They cannot be read now. The output tries again.
    fn read(&self, after: u64, most: usize) -> io::Result<Vec<Entry>>;
}

/// How much memory holds. The oldest entry leaves it first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) entries: usize,
    pub(super) bytes: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { entries: 65_536, bytes: 64 << 20 }
    }
}

/// Whether a publisher waits while memory is full of what a healthy reader has not read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wait {
    Never,
    Until(Instant),
    Always,
}

/// An entry, and when it was published.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) entry: Entry,
    pub(super) at: Timestamp,
}

/// Where a reader stands.
struct Place {
    id: u64,
    /// All up to this is read; `None` until the first entry of this process is published.
    after: Option<u64>,
    /// All up to this is delivered or given up. What comes after it is kept for a reader that takes the place over.
    done: Option<u64>,
    /// The reader whose place it takes, until that one has ended.
    heir_of: Option<u64>,
    /// What it would deliver.
    wanted: Wanted,
    /// Up to where it reads; `None` without end.
    until: Option<u64>,
    /// The archive has nothing more, as long as memory is empty.
    searched: bool,
    /// A publisher may wait for it.
    healthy: bool,
    /// Entries that it would deliver, that left memory before it read them, and that no archive has.
    shed: u64,
    /// Those of them that the reader whose place it takes may yet get done.
    perhaps_shed: Vec<u64>,
    woken: bool,
}

impl Place {
    /// Whether it is to read an entry yet.
    fn awaits(&self, sequence: u64) -> bool {
        self.heir_of.is_none()
            && self.after.is_none_or(|after| after < sequence)
            && self.until.is_none_or(|until| sequence <= until)
    }

    /// Goes on after what the reader before it was done with.
    fn begin(&mut self, done: Option<u64>) {
        self.heir_of = None;
        self.after = self.after.max(done);
        self.done = self.after;
        let shed = std::mem::take(&mut self.perhaps_shed);
        self.shed += shed.into_iter().filter(|&number| self.after < Some(number)).count() as u64;
    }
}

#[derive(Default)]
struct State {
    slots: VecDeque<Slot>,
    bytes: usize,
    first: Option<u64>,
    last: Option<u64>,
    places: Vec<Place>,
    /// No more will come. True within: the end is waited for, however long it takes.
    ended: Option<bool>,
}

impl State {
    fn place(&mut self, id: u64) -> Option<&mut Place> {
        self.places.iter_mut().find(|place| place.id == id)
    }

    fn front(&self) -> Option<u64> {
        self.slots.front().map(|slot| slot.entry.sequence)
    }

    /// Lets go of what every reader is done with. True if that was anything.
    fn forget(&mut self) -> bool {
        let least =
            self.places.iter().filter(|place| place.until.is_none_or(|until| place.done < Some(until)));
        let Some(least) = least.map(|place| place.done).min().flatten() else { return false };
        let read = self.slots.partition_point(|slot| slot.entry.sequence <= least);
        self.bytes -= self.slots.drain(..read).map(|slot| slot.entry.line.len()).sum::<usize>();
        read > 0
    }
}

/// The latest entries, in memory, for readers that each go at their own pace.
pub(super) struct Spool {
    state: Mutex<State>,
    news: Condvar,
    room: Condvar,
    size: Room,
    archive: Option<Arc<dyn Archive>>,
}

impl Spool {
    pub(super) fn new(size: Room, archive: Option<Arc<dyn Archive>>) -> Self {
        Self { state: Mutex::default(), news: Condvar::new(), room: Condvar::new(), size, archive }
    }

    pub(super) const fn has_archive(&self) -> bool {
        self.archive.is_some()
    }

    pub(super) const fn size(&self) -> Room {
        self.size
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new reader of what comes after `after`; `None`: of what is published from now on.
    pub(super) fn reader(self: &Arc<Self>, id: u64, after: Option<u64>, wanted: Wanted) -> Reader {
        let mut state = self.state();
        let after = if self.has_archive() { after.or(state.last) } else { after.max(state.last) };
        self.settle_in(&mut state, id, after, None, wanted)
    }

    /// A new reader in the place of another, which ends at once. It goes on with what the other is not done with when it
    /// has ended. `None` if the other has ended already.
    pub(super) fn heir(self: &Arc<Self>, id: u64, of: u64, wanted: Wanted) -> Option<Reader> {
        let mut state = self.state();
        let before = state.place(of)?;
        (before.until, before.healthy, before.woken) = (Some(0), false, true);
        let done = before.done;
        let reader = self.settle_in(&mut state, id, done, Some(of), wanted);
        drop(state);
        self.news.notify_all();
        self.room.notify_all();
        Some(reader)
    }

    fn settle_in(
        self: &Arc<Self>,
        state: &mut State,
        id: u64,
        after: Option<u64>,
        heir_of: Option<u64>,
        wanted: Wanted,
    ) -> Reader {
        state.places.push(Place {
            id,
            after,
            done: after,
            heir_of,
            wanted,
            until: None,
            searched: !self.has_archive(),
            healthy: true,
            shed: 0,
            perhaps_shed: Vec::new(),
            woken: false,
        });
        Reader::new(Arc::clone(self), id)
    }

    /// Adds entries whose numbers the caller gives.
    pub(super) fn publish(&self, entries: impl IntoIterator<Item = Entry>, wait: Wait) {
        let mut state = self.state();
        for entry in entries {
            state = self.push(state, entry, wait);
        }
        drop(state);
        self.news.notify_all();
    }

    fn push<'a>(&'a self, state: MutexGuard<'a, State>, entry: Entry, wait: Wait) -> MutexGuard<'a, State> {
        let mut state = self.make_room(state, entry.line.len(), wait);
        if state.last.is_none_or(|last| last < entry.sequence) {
            Self::put(&mut state, entry);
        } else {
            tracing::error!("record {} came out of order and was left out of the outputs", entry.sequence);
        }
        state
    }

    fn put(state: &mut State, entry: Entry) {
        state.first.get_or_insert(entry.sequence);
        state.last = Some(entry.sequence);
        for place in state.places.iter_mut().filter(|place| place.after.is_none()) {
            place.after = Some(entry.sequence.saturating_sub(1));
            place.done = place.after;
        }
        state.bytes += entry.line.len();
        state.slots.push_back(Slot { entry, at: Timestamp::now() });
    }

    /// Waits for room as long as it is asked to, then takes it from the oldest.
    fn make_room<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        bytes: usize,
        wait: Wait,
    ) -> MutexGuard<'a, State> {
        while state.slots.len() >= self.size.entries || state.bytes + bytes > self.size.bytes {
            let Some(front) = state.front() else { break };
            let held = state.places.iter().any(|place| place.healthy && place.awaits(front));
            let patience = match wait {
                Wait::Always => Some(None),
                Wait::Until(deadline) => {
                    deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()).map(Some)
                }
                Wait::Never => None,
            };
            let Some(patience) = patience.filter(|_| held) else {
                self.evict(&mut state);
                continue;
            };
            // What was added of the same batch is not told yet.
            self.news.notify_all();
            state = wait_on(&self.room, state, patience);
        }
        state
    }

    fn evict(&self, state: &mut State) {
        let Some(Slot { entry, .. }) = state.slots.pop_front() else { return };
        state.bytes -= entry.line.len();
        if self.has_archive() && entry.durable {
            return;
        }
        for place in &mut state.places {
            if place.heir_of.is_some() && place.wanted.has(&entry.line) {
                place.perhaps_shed.push(entry.sequence);
            } else if place.awaits(entry.sequence) {
                place.shed += u64::from(place.wanted.has(&entry.line));
            }
        }
    }

    /// No more will come. `patient`: readers may take as long as they like to come to the end.
    pub(super) fn end(&self, patient: bool) {
        self.state().ended = Some(patient);
        self.news.notify_all();
    }

    /// The number of the latest entry.
    pub(super) fn last(&self) -> Option<u64> {
        self.state().last
    }

    /// Whether an entry was published by this process, and not by an earlier one.
    pub(super) fn is_new(&self, sequence: u64) -> bool {
        self.state().first.is_some_and(|first| first <= sequence)
    }

    /// Lets the reader that takes the place of another go on after what that one was done with.
    fn hand_over(state: &mut State, of: u64, done: Option<u64>) {
        for heir in state.places.iter_mut().filter(|place| place.heir_of == Some(of)) {
            heir.begin(done);
        }
    }

    /// Calls a reader back from waiting.
    pub(super) fn wake(&self, id: u64) {
        if let Some(place) = self.state().place(id) {
            place.woken = true;
        }
        self.news.notify_all();
    }

    /// Lets a reader end with what is there now.
    pub(super) fn retire(&self, id: u64) {
        let mut state = self.state();
        let until = state.last.unwrap_or(0);
        if let Some(place) = state.place(id) {
            place.until = Some(until);
            place.healthy = false;
            place.woken = true;
        }
        drop(state);
        self.news.notify_all();
        self.room.notify_all();
    }

    /// How far behind a reader is.
    pub(super) fn behind(&self, id: u64) -> Option<Behind> {
        let mut state = self.state();
        let (last, held) = (state.last, state.slots.len() as u64);
        let archived = self.has_archive();
        let place = state.place(id)?;
        let end = place.until.map_or(last, |until| last.min(Some(until)));
        let unread = match (end, place.after) {
            (Some(end), Some(after)) => end.saturating_sub(after),
            (Some(_), None) => held,
            (None, _) => 0,
        };
        let (after, missed) = (place.after, place.shed);
        let newer = |slot: &&Slot| after.is_none_or(|after| slot.entry.sequence > after);
        let bytes = state.slots.iter().rev().take_while(newer).map(|slot| slot.entry.line.len() as u64).sum();
        Some(Behind { unread: if archived { unread } else { unread.min(held) }, bytes, missed })
    }

    /// How many entries in memory a reader has not read and would deliver.
    pub(super) fn unread(&self, id: u64) -> u64 {
        let mut state = self.state();
        let Some(place) = state.place(id) else { return 0 };
        let (after, until, wanted) = (place.after, place.until, place.wanted.clone());
        let slots = state.slots.iter().map(|slot| &slot.entry);
        let unread = slots.filter(|entry| {
            Some(entry.sequence) > after && until.is_none_or(|until| entry.sequence <= until)
        });
        let lines: Vec<Arc<str>> = unread.map(|entry| Arc::clone(&entry.line)).collect();
        drop(state);
        lines.iter().filter(|line| wanted.has(line)).count() as u64
    }
}

/// How far behind a reader is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Behind {
    /// Entries that it has not taken yet.
    pub(super) unread: u64,
    /// Bytes of those of them that are in memory.
    pub(super) bytes: u64,
    /// Entries that it has missed.
    pub(super) missed: u64,
}

fn wait_on<'a>(
    condition: &Condvar,
    state: MutexGuard<'a, State>,
    patience: Option<std::time::Duration>,
) -> MutexGuard<'a, State> {
    match patience {
        None => condition.wait(state).unwrap_or_else(PoisonError::into_inner),
        Some(patience) => condition.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner).0,
    }
}

#[cfg(test)]
mod tests;

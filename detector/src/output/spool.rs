use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Bytes that a reader takes at once, if as many are there.
const BATCH: usize = 256 * 1024;

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
    pub(super) at: Instant,
}

/// Where a reader stands.
struct Place {
    id: u64,
    /// All up to this is read; `None` until the first entry of this process is published.
    after: Option<u64>,
    /// Up to where it reads; `None` without end.
    until: Option<u64>,
    /// The archive has nothing more, as long as memory is empty.
    searched: bool,
    /// A publisher may wait for it.
    healthy: bool,
    /// Entries that left memory before it read them, and that no archive has.
    shed: u64,
    woken: bool,
}

impl Place {
    fn wants(&self, sequence: u64) -> bool {
        self.after.is_none_or(|after| after < sequence) && self.until.is_none_or(|until| sequence <= until)
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

    /// Lets go of what every reader has read.
    fn forget(&mut self) {
        let least =
            self.places.iter().filter(|place| place.until.is_none_or(|until| place.after < Some(until)));
        let Some(least) = least.map(|place| place.after).min().flatten() else { return };
        let read = self.slots.partition_point(|slot| slot.entry.sequence <= least);
        self.bytes -= self.slots.drain(..read).map(|slot| slot.entry.line.len()).sum::<usize>();
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
    pub(super) fn reader(self: &Arc<Self>, id: u64, after: Option<u64>) -> Reader {
        let mut state = self.state();
        let after = if self.has_archive() { after.or(state.last) } else { after.max(state.last) };
        state.places.push(Place {
            id,
            after,
            until: None,
            searched: !self.has_archive(),
            healthy: true,
            shed: 0,
            woken: false,
        });
        Reader { spool: Arc::clone(self), id }
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

    /// Adds a line under the next number.
    pub(super) fn append(&self, line: Arc<str>, wait: Wait) {
        let mut state = self.make_room(self.state(), line.len(), wait);
        let sequence = state.last.map_or(1, |last| last + 1);
        Self::put(&mut state, Entry { sequence, line, durable: false });
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
        }
        state.bytes += entry.line.len();
        state.slots.push_back(Slot { entry, at: Instant::now() });
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
            let held = state.places.iter().any(|place| place.healthy && place.wants(front));
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
        for place in state.places.iter_mut().filter(|place| place.wants(entry.sequence)) {
            place.shed += 1;
        }
    }

    /// No more will come. `patient`: readers may take as long as they like to come to the end.
    pub(super) fn end(&self, patient: bool) {
        self.state().ended = Some(patient);
        self.news.notify_all();
    }

    /// Whether an entry was published by this process, and not by an earlier one.
    pub(super) fn is_new(&self, sequence: u64) -> bool {
        self.state().first.is_some_and(|first| first <= sequence)
    }

    /// Calls a reader back from waiting.
    pub(super) fn wake(&self, id: u64) {
        if let Some(place) = self.state().place(id) {
            place.woken = true;
        }
        self.news.notify_all();
    }

    /// Lets a reader end: with what is there now, or at once.
    pub(super) fn retire(&self, id: u64, at_once: bool) {
        let mut state = self.state();
        let until = if at_once { 0 } else { state.last.unwrap_or(0) };
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

/// What there is for a reader.
pub(super) enum Next {
    Entries(Vec<Slot>),
    /// The time has passed, or it was woken.
    Nothing,
    /// No more will come.
    End,
}

/// One that reads a spool. It is forgotten when it is dropped.
pub(super) struct Reader {
    spool: Arc<Spool>,
    id: u64,
}

enum Source {
    Memory,
    /// The archive, for what comes after the first, up to the second.
    Archive(u64, Option<u64>),
}

impl Reader {
    /// The next entries, `most` at most, waiting for them until `deadline`.
    ///
    /// # Errors
    /// The archive cannot be read.
    pub(super) fn next(&self, most: usize, deadline: Option<Instant>) -> io::Result<Next> {
        let mut state = self.spool.state();
        loop {
            let (front, last, ended) = (state.front(), state.last, state.ended.is_some());
            let archived = self.spool.has_archive();
            let Some(place) = state.place(self.id) else { return Ok(Next::End) };
            if std::mem::take(&mut place.woken) {
                return Ok(Next::Nothing);
            }
            let (after, until) = (place.after, place.until);
            if until.is_some_and(|until| after.is_none_or(|after| after >= until)) {
                return Ok(Next::End);
            }
            match source(place, front, archived) {
                Some(Source::Archive(after, before)) => {
                    drop(state);
                    let entries = self.archived(after, before, most)?;
                    if !entries.is_empty() {
                        return Ok(Next::Entries(entries));
                    }
                    state = self.spool.state();
                    continue;
                }
                Some(Source::Memory) if last > after => {
                    let slots = take(&mut state, self.id, most);
                    self.spool.room.notify_all();
                    return Ok(if slots.is_empty() { Next::End } else { Next::Entries(slots) });
                }
                _ if ended || until.is_some() => return Ok(Next::End),
                _ => {}
            }
            let patience = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if patience.is_some_and(|patience| patience.is_zero()) {
                return Ok(Next::Nothing);
            }
            state = wait_on(&self.spool.news, state, patience);
        }
    }

    /// Reads from the archive, and takes note of how far.
    fn archived(&self, after: u64, before: Option<u64>, most: usize) -> io::Result<Vec<Slot>> {
        let Some(archive) = &self.spool.archive else { return Ok(Vec::new()) };
        let mut entries = archive.read(after, most)?;
        entries.retain(|entry| entry.sequence > after && before.is_none_or(|before| entry.sequence < before));
        let mut state = self.spool.state();
        let Some(place) = state.place(self.id) else { return Ok(Vec::new()) };
        entries.retain(|entry| place.until.is_none_or(|until| entry.sequence <= until));
        match (entries.last(), before) {
            (Some(last), _) => place.after = Some(last.sequence),
            (None, Some(before)) => place.after = Some(before.saturating_sub(1)),
            (None, None) => place.searched = true,
        }
        drop(state);
        Ok(entries.into_iter().map(|entry| Slot { entry, at: Instant::now() }).collect())
    }

    /// Waits until `deadline`, until it is woken, or, unless that is known, until no more will come.
    pub(super) fn pause(&self, deadline: Instant, end_is_known: bool) {
        let mut state = self.spool.state();
        loop {
            let ended = state.ended.is_some();
            let Some(place) = state.place(self.id) else { return };
            if std::mem::take(&mut place.woken) || ((ended || place.until.is_some()) && !end_is_known) {
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = wait_on(&self.spool.news, state, Some(left));
        }
    }

    /// Whether it comes to an end; true within: that may take as long as it likes.
    pub(super) fn ending(&self) -> Option<bool> {
        let mut state = self.spool.state();
        let ended = state.ended;
        state.place(self.id).and_then(|place| place.until).map_or(ended, |_| Some(false))
    }

    /// Whether a publisher may wait for it.
    pub(super) fn set_healthy(&self, healthy: bool) {
        if let Some(place) = self.spool.state().place(self.id) {
            place.healthy = healthy && place.until.is_none();
        }
        self.spool.room.notify_all();
    }

    /// Up to where it has read.
    pub(super) fn after(&self) -> Option<u64> {
        self.spool.state().place(self.id).and_then(|place| place.after)
    }

    /// Goes on after what another has acknowledged.
    pub(super) fn skip_to(&self, after: u64) {
        if let Some(place) = self.spool.state().place(self.id) {
            place.after = place.after.max(Some(after));
        }
    }

    pub(super) const fn spool(&self) -> &Arc<Spool> {
        &self.spool
    }

    pub(super) const fn id(&self) -> u64 {
        self.id
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let id = self.id;
        self.spool.state().places.retain(|place| place.id != id);
        self.spool.room.notify_all();
    }
}

fn source(place: &Place, front: Option<u64>, archived: bool) -> Option<Source> {
    match (place.after, front) {
        (Some(after), Some(front)) if archived && after + 1 < front => {
            Some(Source::Archive(after, Some(front)))
        }
        (Some(after), None) if archived && !place.searched => Some(Source::Archive(after, None)),
        (_, Some(_)) => Some(Source::Memory),
        (_, None) => None,
    }
}

fn take(state: &mut State, id: u64, most: usize) -> Vec<Slot> {
    let Some(place) = state.place(id) else { return Vec::new() };
    let (after, until) = (place.after, place.until);
    let from = state.slots.partition_point(|slot| Some(slot.entry.sequence) <= after);
    let mut bytes = 0;
    let wanted = |slot: &&Slot| {
        let fits = bytes < BATCH && until.is_none_or(|until| slot.entry.sequence <= until);
        bytes += slot.entry.line.len();
        fits
    };
    let slots: Vec<Slot> = state.slots.range(from..).take(most).take_while(wanted).cloned().collect();
    if let (Some(last), Some(place)) = (slots.last(), state.place(id)) {
        place.after = Some(last.entry.sequence);
    }
    state.forget();
    slots
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

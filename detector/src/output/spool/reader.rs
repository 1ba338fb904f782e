use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Deserialize;

use super::{Place, Slot, Spool, State, wait_on};

/// Bytes that a reader takes at once, if as many are there.
const BATCH: usize = 256 * 1024;

/// What there is for a reader.
pub(in crate::output) enum Next {
    Entries(Vec<Slot>),
    /// The time has passed, or it was woken.
    Nothing,
    /// No more will come.
    End,
}

/// One that reads a spool. It is forgotten when it is dropped.
pub(in crate::output) struct Reader {
    spool: Arc<Spool>,
    id: u64,
}

enum Source {
    Memory,
    /// The archive, for what comes after the first, up to the second.
    Archive(u64, Option<u64>),
}

impl Reader {
    pub(super) const fn new(spool: Arc<Spool>, id: u64) -> Self {
        Self { spool, id }
    }

    /// Waits until the reader whose place this one takes has ended, but not longer than `patience`.
    pub(in crate::output) fn wait_for_place(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut state = self.spool.state();
        while let Some(of) = state.place(self.id).and_then(|place| place.heir_of) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let done = state.place(of).and_then(|before| before.done);
                Spool::hand_over(&mut state, of, done);
                break;
            }
            state = wait_on(&self.spool.news, state, Some(left));
        }
    }

    /// The next entries, `most` at most, waiting for them until `deadline`.
    ///
    /// # Errors
    /// The archive cannot be read.
    pub(in crate::output) fn next(&self, most: usize, deadline: Option<Instant>) -> io::Result<Next> {
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
        Ok(entries.into_iter().map(|entry| Slot { at: made(&entry.line), entry }).collect())
    }

    /// Waits until `deadline`, until it is woken, or, unless that is known, until no more will come.
    pub(in crate::output) fn pause(&self, deadline: Instant, end_is_known: bool) {
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
    pub(in crate::output) fn ending(&self) -> Option<bool> {
        let mut state = self.spool.state();
        let ended = state.ended;
        state.place(self.id).and_then(|place| place.until).map_or(ended, |_| Some(false))
    }

    /// Whether a publisher may wait for it.
    pub(in crate::output) fn set_healthy(&self, healthy: bool) {
        if let Some(place) = self.spool.state().place(self.id) {
            place.healthy = healthy && place.until.is_none();
        }
        self.spool.room.notify_all();
    }

    /// Up to where it has read.
    pub(in crate::output) fn after(&self) -> Option<u64> {
        self.spool.state().place(self.id).and_then(|place| place.after)
    }

    /// Takes note of up to where all is delivered or given up, so that it leaves memory.
    pub(in crate::output) fn settle(&self, done: Option<u64>) {
        let mut state = self.spool.state();
        if let Some(place) = state.place(self.id) {
            place.done = place.done.max(done);
        }
        if state.forget() {
            drop(state);
            self.spool.room.notify_all();
        }
    }

    pub(in crate::output) const fn spool(&self) -> &Arc<Spool> {
        &self.spool
    }

    pub(in crate::output) const fn id(&self) -> u64 {
        self.id
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let id = self.id;
        let mut state = self.spool.state();
        let done = state.place(id).and_then(|place| place.done);
        Spool::hand_over(&mut state, id, done);
        state.places.retain(|place| place.id != id);
        drop(state);
        self.spool.news.notify_all();
        self.spool.room.notify_all();
    }
}

/// When a record of the archive was made, which is when it was published.
fn made(line: &str) -> Timestamp {
    #[derive(Deserialize)]
    struct Made<'a> {
        timestamp: &'a str,
    }
    let made = serde_json::from_str(line).ok().and_then(|Made { timestamp }| timestamp.parse().ok());
    made.unwrap_or_else(Timestamp::now)
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
    slots
}

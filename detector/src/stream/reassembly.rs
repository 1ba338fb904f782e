use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

use super::Limits;
use super::overlap::Recent;

/// A sequence number further than this from what is expected belongs to another connection.
pub(crate) const FAR: u32 = 1024 * 1024;

/// The largest window of a receiver without scaling (RFC 9293): an end further away than that is none it would heed.
const WINDOW: u64 = 64 * 1024;

/// What the reassembler hands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// The bytes that follow what was handed on before.
    Next(&'a [u8]),
    /// The bytes that end where the stream was first seen: it began earlier than it seemed.
    Before(&'a [u8]),
    /// From here on nothing comes `Before` any more.
    Settled,
    /// Bytes are missing between what was handed on before and what follows.
    Gap,
}

/// Whether a segment belongs to the stream that it was given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// It belongs there and was taken.
    Same,
    /// It is of another connection between the same ends, for its sequence number is more than 1 MiB away. Nothing was
    /// made of it.
    Another,
}

/// Puts the segments of one direction in order by TCP sequence number.
///
/// The first copy of a byte wins; [`Reassembler::overlap`] tells of later ones. The stream may be joined at any place.
#[derive(Debug)]
pub struct Reassembler {
    limits: Limits,
    /// What was handed on: positions whose low 32 bits are the sequence number.
    pub(super) done: Option<Span>,
    /// Pieces outside `done`, by position, that do not overlap.
    pub(super) held: BTreeMap<u64, Bytes>,
    held_bytes: usize,
    /// What was handed on last, up to the end of `done`.
    pub(super) recent: Recent,
    /// Since when bytes before the lowest held piece are awaited.
    gap: Option<Patience>,
    /// Since when the stream is read, until it is settled.
    pub(super) youth: Option<Patience>,
    /// Where the last segment that waits begins, if it came from far ahead.
    far: Option<u64>,
    gaps: u64,
    taken: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: u64,
    pub(super) end: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    since: Timestamp,
    segments: u32,
}

impl Patience {
    const fn new(since: Timestamp) -> Self {
        Self { since, segments: 0 }
    }

    fn spent(self, now: Timestamp, limits: &Limits) -> bool {
        self.segments >= limits.patience_segments || now.duration_since(self.since) >= limits.patience_time
    }
}

impl Reassembler {
    /// Nothing is known yet: the first segment given begins the stream.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            done: None,
            held: BTreeMap::new(),
            held_bytes: 0,
            recent: Recent::new(),
            gap: None,
            youth: None,
            far: None,
            gaps: 0,
            taken: 0,
        }
    }

    /// Takes a segment and hands on what has become readable, unless it is of another connection.
    pub fn segment(
        &mut self,
        sequence: u32,
        payload: &[u8],
        time: Timestamp,
        out: &mut impl FnMut(Piece<'_>),
    ) -> Connection {
        if payload.is_empty() {
            return Connection::Same;
        }
        let Some(position) = self.position(sequence, time) else { return Connection::Another };
        self.hold(position, payload);
        for patience in [&mut self.gap, &mut self.youth].into_iter().flatten() {
            patience.segments = patience.segments.saturating_add(1);
        }
        self.hand_on(out);
        self.time(time, out);
        Connection::Same
    }

    /// Gives up gaps that are too old at `now`.
    pub fn time(&mut self, now: Timestamp, out: &mut impl FnMut(Piece<'_>)) {
        if self.youth.is_some_and(|youth| youth.spent(now, &self.limits)) {
            self.settle(out);
        }
        self.note_far();
        if self.waiting()
            && !self.lonely()
            && self.gap.get_or_insert(Patience::new(now)).spent(now, &self.limits)
        {
            self.skip(out);
            self.gap = None;
        }
        while self.held_bytes > self.limits.reorder_bytes || self.held.len() > self.limits.reorder_pieces {
            if self.waiting() {
                self.skip(out);
            } else {
                self.settle(out);
            }
        }
        self.note_far();
        let awaits = self.waiting() && !self.lonely();
        self.gap = awaits.then(|| self.gap.unwrap_or(Patience::new(now)));
    }

    /// The sender has ended (FIN or RST at `sequence`): hands on all that is held.
    pub fn close(&mut self, sequence: u32, out: &mut impl FnMut(Piece<'_>)) {
        self.finish(out);
        let Some(done) = &mut self.done else { return };
        let end = nearest(done.end, sequence);
        if end > done.end && end - done.end <= u64::from(FAR) {
            done.end = end;
            self.recent.clear();
            self.gaps += 1;
            out(Piece::Gap);
        }
    }

    /// Nothing more will come: hands on all that is held.
    pub fn finish(&mut self, out: &mut impl FnMut(Piece<'_>)) {
        self.settle(out);
        while self.waiting() {
            self.skip(out);
        }
        self.gap = None;
    }

    /// Whether `sequence` is of this stream and not of another connection.
    #[must_use]
    pub fn continues(&self, sequence: u32) -> bool {
        self.done.is_none_or(|done| nearest(done.end, sequence).abs_diff(done.end) <= u64::from(FAR))
    }

    /// The sequence number that comes next, if any came.
    #[must_use]
    pub fn next(&self) -> Option<u32> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the low half of a position is its sequence number"
        )]
        self.done.map(|done| done.end as u32)
    }

    /// Whether a FIN or RST at `sequence` may be the end of this stream, and not one that somebody made up.
    #[must_use]
    pub fn may_end(&self, sequence: u32) -> bool {
        let held = self.held.last_key_value().map_or(0, |(at, piece)| at + piece.len() as u64);
        self.done.is_none_or(|done| {
            let window = done.end.saturating_sub(WINDOW)..=done.end.max(held) + WINDOW;
            window.contains(&nearest(done.end, sequence))
        })
    }

    /// Whether a segment was given.
    #[must_use]
    pub const fn has_begun(&self) -> bool {
        self.done.is_some()
    }

    /// Whether pieces are held for bytes that may never come.
    #[must_use]
    pub fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Whether time bears on what is handed on: bytes from before the first ones may still come, or pieces are held that
    /// are given up after a while.
    #[must_use]
    pub fn awaits_time(&self) -> bool {
        self.youth.is_some() || (self.holds() && !self.lonely())
    }

    /// Memory for what is held out of order, in bytes: small pieces cost more than they contain.
    #[must_use]
    pub const fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Places at which bytes never came.
    #[must_use]
    pub const fn gaps(&self) -> u64 {
        self.gaps
    }

    /// Bytes taken in, each once however often it came.
    #[must_use]
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// `None` if it belongs to another connection.
    fn position(&mut self, sequence: u32, time: Timestamp) -> Option<u64> {
        if let Some(done) = self.done {
            return self.continues(sequence).then(|| nearest(done.end, sequence));
        }
        // High enough for bytes from before it.
        let position = (1 << 40) | u64::from(sequence);
        self.done = Some(Span { start: position, end: position });
        self.youth = Some(Patience::new(time));
        Some(position)
    }

    /// Keeps those of `bytes` that are new.
    fn hold(&mut self, mut position: u64, mut bytes: &[u8]) {
        let Some(done) = self.done else { return };
        while !bytes.is_empty() {
            let known = self.known_until(done, position);
            let stop = if known > position { known } else { self.known_after(done, position) };
            let length = usize::try_from(stop - position).unwrap_or(usize::MAX).min(bytes.len());
            let (piece, rest) = bytes.split_at(length);
            let wanted = position >= done.end || self.youth.is_some();
            if known <= position && wanted {
                self.held.insert(position, Bytes::copy_from_slice(piece));
                self.held_bytes += cost(piece);
                self.taken += piece.len() as u64;
            }
            position += length as u64;
            bytes = rest;
        }
    }

    /// The end of the known stretch that contains `position`; `position` or less if there is none.
    fn known_until(&self, done: Span, position: u64) -> u64 {
        if (done.start..done.end).contains(&position) {
            return done.end;
        }
        self.held.range(..=position).next_back().map_or(0, |(at, piece)| at + piece.len() as u64)
    }

    /// The start of the first known stretch after `position`.
    fn known_after(&self, done: Span, position: u64) -> u64 {
        let held = self.held.range(position..).next().map_or(u64::MAX, |(at, _)| *at);
        if done.start > position && done.start < done.end { held.min(done.start) } else { held }
    }

    fn hand_on(&mut self, out: &mut impl FnMut(Piece<'_>)) {
        let Some(mut done) = self.done else { return };
        while let Some(piece) = self.held.remove(&done.end) {
            self.held_bytes -= cost(&piece);
            done.end += piece.len() as u64;
            self.recent.push(&piece);
            out(Piece::Next(&piece));
        }
        while let Some((&at, piece)) = self.held.range(..done.start).next_back()
            && at + piece.len() as u64 == done.start
            && let Some(piece) = self.held.remove(&at)
        {
            self.held_bytes -= cost(&piece);
            done.start = at;
            out(Piece::Before(&piece));
        }
        self.done = Some(done);
    }

    /// Whether a later piece waits for bytes before it.
    fn waiting(&self) -> bool {
        self.done.is_some_and(|done| self.held.range(done.end..).next().is_some())
    }

    /// Whether nothing but a single segment waits, which came so far ahead that no receiver without scaling would heed it.
    /// It may be forged: the stream goes on without it, until another one says that it is elsewhere.
    fn lonely(&self) -> bool {
        let first = self.done.and_then(|done| self.held.range(done.end..).next());
        self.far.is_some() && first.map(|(at, _)| *at) == self.far
    }

    fn note_far(&mut self) {
        let Some(done) = self.done else { return };
        let last = self.held.range(done.end..).next_back().map(|(at, _)| *at);
        self.far = last.filter(|at| at - done.end > WINDOW || self.far == Some(*at));
    }

    fn skip(&mut self, out: &mut impl FnMut(Piece<'_>)) {
        let Some(done) = &mut self.done else { return };
        let Some((&at, _)) = self.held.range(done.end..).next() else { return };
        done.end = at;
        self.recent.clear();
        self.gaps += 1;
        out(Piece::Gap);
        self.hand_on(out);
    }

    fn settle(&mut self, out: &mut impl FnMut(Piece<'_>)) {
        let Some(done) = self.done else { return };
        if self.youth.take().is_none() {
            return;
        }
        let later = self.held.split_off(&done.end);
        self.gaps += u64::from(!self.held.is_empty());
        self.held = later;
        self.held_bytes = self.held.values().map(|piece| cost(piece)).sum();
        out(Piece::Settled);
    }
}

/// Bytes of memory that a held piece takes, with its place in the map.
const fn cost(piece: &[u8]) -> usize {
    piece.len() + 64
}

/// The position nearest to `around` that has this sequence number.
pub(super) fn nearest(around: u64, sequence: u32) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "the low half of a position is its sequence number")]
    let ahead = sequence.wrapping_sub(around as u32).cast_signed();
    around.saturating_add_signed(i64::from(ahead))
}

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::whole::{Contents, Origin, Whole};

/// The most bytes in an IP packet.
pub(super) const LARGEST: u32 = u16::MAX as u32;

/// Copies of fragments that contradict the first ones, and ends that are told, of one packet. More
/// are not kept.
const COPIES: usize = 16;
const ENDS: usize = 4;

/// How many ways to put a packet together are tried when a fragment comes, and how many are given
/// of a packet.
const TRIES: u32 = 32;
const GIVEN: u32 = 4;

/// How many bytes are put together for each that came, at most, and what each fragment counts for
/// beside its own.
const WORK: usize = 64;
const EACH: usize = 128;

/// A packet of which fragments are missing, or may come once more.
#[derive(Debug)]
pub(super) struct Partial {
    pub(super) since: Timestamp,
    /// What came first in each place, by place; pieces neither overlap nor touch.
    pieces: BTreeMap<u32, Vec<u8>>,
    /// Memory of the pieces.
    memory: usize,
    /// The protocol that the first fragment told, of those that begin the packet.
    protocol: Option<u8>,
    /// Fragments that contradict what came first.
    copies: Vec<Copy>,
    /// Where it ends, as fragments without others behind them tell, and whether all before that is
    /// there.
    ends: Vec<(u32, bool)>,
    /// Bytes that may still be put together.
    work: usize,
    given: u32,
}

/// A fragment that says something else than an earlier one.
#[derive(Debug, PartialEq, Eq)]
struct Copy {
    place: u32,
    bytes: Box<[u8]>,
    protocol: u8,
}

/// What a fragment brings.
pub(super) struct Part<'a> {
    pub(super) place: u32,
    pub(super) bytes: &'a [u8],
    pub(super) protocol: u8,
    /// Where the packet ends, if no fragment comes behind this one.
    pub(super) end: Option<u32>,
}

/// What has become of a packet.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Segments with a right checksum: more than one if somebody made another up that has one, too.
    pub(super) found: Vec<Whole>,
    /// The fragment contradicts an earlier one: other bytes at the same place, or another end.
    pub(super) conflicts: bool,
    /// It can be put together for the first time, and what came first is not sound.
    pub(super) doubtful: bool,
}

impl Partial {
    pub(super) const fn new(since: Timestamp) -> Self {
        Self {
            since,
            pieces: BTreeMap::new(),
            memory: 0,
            protocol: None,
            copies: Vec::new(),
            ends: Vec::new(),
            work: 0,
            given: 0,
        }
    }

    /// Bytes of memory.
    pub(super) fn cost(&self) -> usize {
        let copies: usize = self.copies.iter().map(|copy| copy.bytes.len() + 64).sum();
        256 + self.memory + copies
    }

    /// Whether a segment was given of it.
    pub(super) const fn is_done(&self) -> bool {
        self.given > 0
    }

    /// Takes a fragment.
    pub(super) fn add(&mut self, part: &Part<'_>, origin: &Origin) -> Progress {
        let mut progress = Progress::default();
        let was_whole = self.is_whole();
        self.work += (part.bytes.len() + EACH) * WORK;
        let copies = self.copies.len();
        let agrees = self.end(part);
        progress.conflicts = !self.hold(part) || !agrees;
        let new_copy = (self.copies.len() > copies).then_some(copies);
        for index in 0..self.ends.len() {
            let Some((end, covered)) = self.ends.get_mut(index) else { break };
            let (end, before) = (*end, *covered);
            *covered |= self.pieces.get(&0).is_some_and(|piece| piece.len() >= end as usize);
            if *covered && !before {
                self.attempt(end, None, origin, &mut progress.found);
            } else if let Some(copy) = new_copy.filter(|_| before) {
                self.attempt(end, Some(copy), origin, &mut progress.found);
            }
        }
        progress.doubtful = !was_whole && self.is_whole() && !self.is_done();
        progress
    }

    /// Whether it can be put together.
    fn is_whole(&self) -> bool {
        self.ends.iter().any(|(_, covered)| *covered)
    }

    /// What came first, if that is all there is to be had.
    pub(super) fn first(&mut self, origin: &Origin) -> Option<Contents> {
        let (end, _) = *self.ends.iter().find(|(_, covered)| *covered)?;
        self.given += 1;
        let (protocol, payload) = self.variant(end, &[])?;
        Some(origin.read(protocol, payload))
    }

    /// Keeps where it ends. False if that contradicts what came before.
    fn end(&mut self, part: &Part<'_>) -> bool {
        let until = part.place.saturating_add(length(part.bytes));
        let within = self.ends.first().is_none_or(|(end, _)| until <= *end) && until <= LARGEST;
        let Some(told) = part.end else { return within };
        if self.ends.iter().any(|(end, _)| *end == told) {
            return within && self.ends.first().is_some_and(|(end, _)| *end == told);
        }
        let furthest = self.pieces.last_key_value().map_or(0, |(at, piece)| at + length(piece));
        let agrees = within && self.ends.is_empty() && furthest <= told;
        if self.ends.len() < ENDS {
            self.ends.push((told, false));
        }
        agrees
    }

    /// Keeps what is new of a fragment; all of it, if it contradicts what came before. False if it
    /// is the first to say so.
    fn hold(&mut self, part: &Part<'_>) -> bool {
        let room = LARGEST.saturating_sub(part.place) as usize;
        let mut bytes = part.bytes.get(..room).unwrap_or(part.bytes);
        if bytes.is_empty() {
            return true;
        }
        let mut agrees = part.place != 0 || *self.protocol.get_or_insert(part.protocol) == part.protocol;
        let all = bytes;
        let mut place = part.place;
        while !bytes.is_empty() {
            let known = self.known(place);
            let stop = match known {
                Some(known) => known.len(),
                None => self.pieces.range(place..).next().map_or(usize::MAX, |(at, _)| (at - place) as usize),
            };
            let (piece, rest) = bytes.split_at(stop.min(bytes.len()));
            if let Some(known) = known {
                agrees &= known.starts_with(piece);
            } else {
                self.insert(place, piece);
            }
            place += length(piece);
            bytes = rest;
        }
        let copy = Copy { place: part.place, bytes: all.into(), protocol: part.protocol };
        if agrees || self.copies.contains(&copy) {
            return true;
        }
        if self.copies.len() < COPIES {
            self.copies.push(copy);
        }
        false
    }

    /// What is known from `place` on.
    fn known(&self, place: u32) -> Option<&[u8]> {
        let (at, piece) = self.pieces.range(..=place).next_back()?;
        piece.get((place - at) as usize..).filter(|known| !known.is_empty())
    }

    /// Puts a piece into a gap, and together with those that it touches.
    fn insert(&mut self, place: u32, bytes: &[u8]) {
        let after = self.pieces.remove(&(place + length(bytes)));
        self.memory -= after.as_ref().map_or(0, cost);
        let before = self.pieces.range_mut(..place).next_back();
        let touched = before.filter(|(at, piece)| **at + length(piece) == place);
        let (at, mut piece) = match touched {
            Some((&at, piece)) => {
                self.memory -= cost(piece);
                (at, std::mem::take(piece))
            }
            None => (place, Vec::with_capacity(bytes.len())),
        };
        piece.extend_from_slice(bytes);
        piece.extend_from_slice(&after.unwrap_or_default());
        self.memory += cost(&piece);
        self.pieces.insert(at, piece);
    }

    /// Puts a packet that ends at `end` together, in every way that is new: with this copy among
    /// the others, or in any way at all.
    fn attempt(&mut self, end: u32, newest: Option<usize>, origin: &Origin, found: &mut Vec<Whole>) {
        let mut chosen: Vec<usize> = newest.into_iter().collect();
        let mut below = newest.unwrap_or(self.copies.len());
        let kept = chosen.len();
        if !self.fit(&chosen, end) {
            return;
        }
        for _ in 0..TRIES {
            if self.work < end as usize || self.given >= GIVEN {
                return;
            }
            self.work -= end as usize;
            let contents =
                self.variant(end, &chosen).map(|(protocol, payload)| origin.read(protocol, payload));
            if let Some(Contents::Sound(whole)) = contents {
                self.given += 1;
                found.push(whole);
            }
            if !self.choose(&mut chosen, &mut below, kept, end) {
                return;
            }
        }
    }

    /// Goes on to the next choice of copies: first to one more, so that all together come early.
    /// The first `kept` stay.
    fn choose(&self, chosen: &mut Vec<usize>, below: &mut usize, kept: usize, end: u32) -> bool {
        loop {
            while *below > 0 {
                *below -= 1;
                chosen.push(*below);
                if self.fit(chosen, end) {
                    return true;
                }
                chosen.pop();
            }
            if chosen.len() <= kept {
                return false;
            }
            *below = chosen.pop().unwrap_or_default();
        }
    }

    /// Whether the copy that was chosen last may stand beside the others in a packet that ends at
    /// `end`: a sender does not contradict itself.
    fn fit(&self, chosen: &[usize], end: u32) -> bool {
        let mut copies = chosen.iter().rev().filter_map(|index| self.copies.get(*index));
        let Some(last) = copies.next() else { return true };
        last.place + length(&last.bytes) <= end && copies.all(|copy| copy.agrees(last))
    }

    /// The packet that ends at `end` with the chosen copies in their places, and its protocol.
    fn variant(&self, end: u32, chosen: &[usize]) -> Option<(u8, Vec<u8>)> {
        let mut all = self.pieces.get(&0)?.get(..end as usize)?.to_vec();
        let mut protocol = self.protocol?;
        for copy in chosen.iter().filter_map(|index| self.copies.get(*index)) {
            let place = copy.place as usize;
            all.get_mut(place..place + copy.bytes.len())?.copy_from_slice(&copy.bytes);
            if place == 0 {
                protocol = copy.protocol;
            }
        }
        Some((protocol, all))
    }

    /// What it costs and holds is what the accounts say.
    #[cfg(test)]
    pub(super) fn check(&self) {
        assert_eq!(self.memory, self.pieces.values().map(cost).sum::<usize>());
        let mut end = None;
        for (at, piece) in &self.pieces {
            assert!(end.is_none_or(|end| *at > end) && !piece.is_empty(), "pieces touch or are empty");
            end = Some(at + length(piece));
        }
        assert!(end.is_none_or(|end| end <= LARGEST));
        assert!(self.copies.len() <= COPIES && self.ends.len() <= ENDS && self.given <= GIVEN);
    }
}

impl Copy {
    /// Whether both say the same where they overlap.
    fn agrees(&self, other: &Self) -> bool {
        let (low, high) = if self.place <= other.place { (self, other) } else { (other, self) };
        let ahead = (high.place - low.place) as usize;
        let known = low.bytes.get(ahead..).unwrap_or_default();
        let shared = known.len().min(high.bytes.len());
        known.get(..shared) == high.bytes.get(..shared)
    }
}

/// Memory of a piece.
const fn cost(piece: &Vec<u8>) -> usize {
    piece.capacity() + 64
}

/// The length of a piece of a packet.
#[expect(clippy::cast_possible_truncation, reason = "at most 65,535")]
const fn length(piece: &[u8]) -> u32 {
    piece.len() as u32
}

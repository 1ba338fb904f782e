use std::collections::VecDeque;

use super::reassembly::{Reassembler, Span, nearest};

/// Bytes of a direction that later copies of them are compared with.
const REMEMBERED: usize = 1024;

/// Bytes before a segment, and behind it, that are looked for.
const MAX_NEIGHBOURS: usize = 8 * 1024;

/// What a segment says of bytes that came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// It repeats none, or says the same, as a retransmission does. A zero byte just before the end of what was sent says
    /// nothing: it is a keep-alive probe's.
    Agrees,
    /// It says something else: the receiver has got one of the two, and nobody else knows which.
    Differs,
    /// It lies before what is remembered, in a gap that was given up, or before the place at which the stream was joined.
    Forgotten,
}

/// The last bytes that were handed on.
#[derive(Debug, Default)]
pub(super) struct Recent {
    bytes: VecDeque<u8>,
}

impl Recent {
    /// Nothing was handed on.
    pub(super) const fn new() -> Self {
        Self { bytes: VecDeque::new() }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let last = bytes.get(bytes.len().saturating_sub(REMEMBERED)..).unwrap_or_default();
        let excess = (self.bytes.len() + last.len()).saturating_sub(REMEMBERED);
        self.bytes.drain(..excess);
        self.bytes.extend(last);
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// What it has from the offset `from` up to `to`.
    fn range(&self, from: u64, to: u64) -> impl Iterator<Item = &u8> {
        let [from, to] = [from, to].map(|at| usize::try_from(at).unwrap_or(usize::MAX).min(self.bytes.len()));
        self.bytes.range(from.min(to)..to)
    }
}

impl Reassembler {
    /// How a segment compares with what came before it. To be asked before the segment is given.
    #[must_use]
    pub fn overlap(&self, sequence: u32, payload: &[u8]) -> Overlap {
        let Some(done) = self.done.filter(|_| self.continues(sequence)) else { return Overlap::Agrees };
        let position = nearest(done.end, sequence);
        let end = position + payload.len() as u64;
        if payload == [0] && end == done.end {
            return Overlap::Agrees;
        }
        let mut differs = self.held.range(..end).any(|(&at, piece)| {
            let (from, to) = (position.max(at), end.min(at + piece.len() as u64));
            from < to && part(piece, at, from, to) != part(payload, position, from, to)
        });
        let remembered = self.remembered(done);
        let (from, to) = (position.max(remembered), end.min(done.end));
        if from < to {
            let known = self.recent.range(from - remembered, to - remembered);
            differs |= !known.eq(part(payload, position, from, to));
        }
        if differs {
            return Overlap::Differs;
        }
        let leads_here = self.youth.is_some() && end == done.start;
        if end <= remembered && !leads_here { Overlap::Forgotten } else { Overlap::Agrees }
    }

    /// Where a segment lies: a position, of which the low half is the sequence number. `None` before the first.
    #[must_use]
    pub fn place(&self, sequence: u32) -> Option<u64> {
        self.done.filter(|_| self.continues(sequence)).map(|done| nearest(done.end, sequence))
    }

    /// The end of what was handed on, as a position.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.done.map_or(0, |done| done.end)
    }

    /// The part of a line that leads to a position, by the first copies of its bytes, as far as they are known without a
    /// hole; at most 8 KiB.
    #[must_use]
    pub fn before(&self, position: u64) -> Vec<u8> {
        let (mut before, mut at) = (Vec::new(), position);
        while let Some((bytes, start)) = self.stretch(at.saturating_sub(1)) {
            let bytes = part(bytes, start, start, at);
            let line = bytes.iter().rev().take_while(|&&byte| byte != b'\n');
            let known = before.len();
            before.extend(line.take(MAX_NEIGHBOURS - known));
            if before.len() < known + bytes.len() || before.len() == MAX_NEIGHBOURS {
                break;
            }
            at = start;
        }
        before.reverse();
        before
    }

    /// What follows a position by the first copies of its bytes, as far as they are known without a hole; at most 8 KiB.
    #[must_use]
    pub fn after(&self, position: u64) -> Vec<u8> {
        let mut after = Vec::new();
        while let Some((bytes, start)) = self.stretch(position + after.len() as u64) {
            let bytes = part(bytes, start, position + after.len() as u64, start + bytes.len() as u64);
            after.extend(bytes.iter().take(MAX_NEIGHBOURS - after.len()));
            if after.len() == MAX_NEIGHBOURS {
                break;
            }
        }
        after
    }

    /// Bytes that are remembered to compare later copies with them.
    #[must_use]
    pub fn remembered_bytes(&self) -> usize {
        self.recent.len()
    }

    /// Known bytes with the one at a position among them, and where they begin.
    fn stretch(&self, at: u64) -> Option<(&[u8], u64)> {
        let done = self.done?;
        let (front, back) = self.recent.bytes.as_slices();
        let remembered = self.remembered(done);
        let middle = remembered + front.len() as u64;
        let held = self.held.range(..=at).next_back().map(|(&start, piece)| (&**piece, start));
        let known = [Some((front, remembered)), Some((back, middle)), held].into_iter().flatten();
        known.into_iter().find(|(bytes, start)| (*start..start + bytes.len() as u64).contains(&at))
    }

    /// Where what is remembered begins.
    fn remembered(&self, done: Span) -> u64 {
        done.end - self.recent.len() as u64
    }
}

/// What bytes at a position have between two others.
fn part(bytes: &[u8], position: u64, from: u64, to: u64) -> &[u8] {
    let [from, to] = [from, to].map(|at| usize::try_from(at - position).unwrap_or(usize::MAX));
    bytes.get(from..to).unwrap_or_default()
}

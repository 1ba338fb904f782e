use std::collections::VecDeque;

use super::reassembly::{Reassembler, nearest};

/// Bytes of a direction that later copies of them are compared with.
const REMEMBERED: usize = 1024;

/// What a segment says of bytes that came before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// It repeats none, or says the same, as a retransmission does. A zero byte just before the end of what was sent says
    /// nothing: it is a keep-alive probe's.
    Agrees,
    /// It says something else: the receiver has got one of the two, and nobody else knows which.
    Differs {
        /// The part of a line that leads to the segment.
        before: Vec<u8>,
        /// Lines that ended within the bytes that it denies.
        lines: u32,
    },
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
        let part = |from: u64, to: u64| {
            let [from, to] = [from, to].map(|at| usize::try_from(at - position).unwrap_or(usize::MAX));
            payload.get(from..to).unwrap_or_default()
        };
        let mut differs = self.held.range(..end).any(|(&at, piece)| {
            let (from, to) = (position.max(at), end.min(at + piece.len() as u64));
            let known = |from: u64, to: u64| {
                let [from, to] = [from, to].map(|place| usize::try_from(place - at).unwrap_or(usize::MAX));
                piece.get(from..to).unwrap_or_default()
            };
            from < to && known(from, to) != part(from, to)
        });
        let remembered = done.end - self.recent.len() as u64;
        let (from, to) = (position.max(remembered), end.min(done.end));
        let mut lines = 0;
        if from < to {
            let known = || self.recent.range(from - remembered, to - remembered);
            differs |= !known().eq(part(from, to));
            lines = known().map(|&byte| u32::from(byte == b'\n')).sum();
        }
        if differs {
            let mut before: Vec<u8> =
                self.recent.range(0, position.saturating_sub(remembered)).copied().collect();
            let line = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |feed| feed + 1);
            before.drain(..line);
            return Overlap::Differs { before, lines };
        }
        let leads_here = self.youth.is_some() && end == done.start;
        if end <= remembered && !leads_here { Overlap::Forgotten } else { Overlap::Agrees }
    }

    /// Bytes that are remembered to compare later copies with them.
    #[must_use]
    pub fn remembered_bytes(&self) -> usize {
        self.recent.len()
    }
}

use std::collections::VecDeque;

use super::heard::digest;
use super::{Excerpt, Source};

/// Lines of which it is remembered how they were counted.
const MAX_LATEST: usize = 64;

/// The end of a line by which it is known again: of a long one the beginning may be forgotten.
const TAIL: usize = 64;

/// How a line was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// As part of a mining conversation.
    Spoken,
    /// As one that has no place in it.
    Foreign,
}

/// How many lines of one direction speak for and against mining.
#[derive(Debug, Default)]
pub(super) struct Tally {
    spoken: u32,
    foreign: u32,
    latest: VecDeque<(u32, Counted)>,
    first_foreign: Option<Excerpt>,
}

impl Tally {
    pub(super) const fn spoken(&self) -> u32 {
        self.spoken
    }

    pub(super) const fn foreign(&self) -> u32 {
        self.foreign
    }

    /// The first foreign line, while there is one.
    pub(super) const fn first_foreign(&self) -> Option<&Excerpt> {
        self.first_foreign.as_ref()
    }

    /// Counts something foreign that was said.
    pub(super) fn count_foreign(&mut self, line: Option<&[u8]>, source: &Source<'_>) {
        if self.foreign == 0 {
            self.first_foreign = source.excerpt();
        }
        self.count(Counted::Foreign, line);
    }

    /// Counts something that was said. `line` is the text, if it is a line.
    pub(super) fn count(&mut self, counted: Counted, line: Option<&[u8]>) {
        let number = match counted {
            Counted::Spoken => &mut self.spoken,
            Counted::Foreign => &mut self.foreign,
        };
        *number = number.saturating_add(1);
        if let Some(line) = line {
            self.remember(counted, line);
        }
    }

    /// A line stands in the place of one that was counted so, and counts no more than that.
    pub(super) fn remember(&mut self, counted: Counted, line: &[u8]) {
        if self.latest.len() >= MAX_LATEST {
            self.latest.pop_front();
        }
        self.latest.push_back((digest(tail(line)), counted));
    }

    /// Nobody may have got this line. If it was foreign, it counts no more. Gives as what it was counted, once.
    pub(super) fn deny(&mut self, line: &[u8]) -> Option<Counted> {
        let digest = digest(tail(line));
        let place = self.latest.iter().rposition(|(known, _)| *known == digest)?;
        let (_, counted) = self.latest.remove(place)?;
        if counted == Counted::Foreign {
            self.unsay(1);
        }
        Some(counted)
    }

    /// So many foreign lines turned out to be none.
    pub(super) fn unsay(&mut self, lines: u32) {
        self.foreign = self.foreign.saturating_sub(lines);
        if self.foreign == 0 {
            self.first_foreign = None;
        }
    }
}

fn tail(line: &[u8]) -> &[u8] {
    line.get(line.len().saturating_sub(TAIL)..).unwrap_or(line)
}

use std::collections::VecDeque;

use bytes::Bytes;
use detector_common::flow::Direction;

use super::lines::{Lines, Origin};
use crate::protocol::is_said;
use crate::stream::Piece;

/// Lines that are kept of both sides, and their bytes.
const MAX_KEPT: usize = 32;
const MAX_KEPT_BYTES: usize = 32 * 1024;

/// Changes of the speaker after which two sides converse.
const TURNS: usize = 3;

/// Messages in a form that never holds text after which it is none.
const CERTAIN: usize = 2;

/// Listens to what stands inside of a message that is not complete, because it may never be.
#[derive(Debug)]
pub(super) struct Aside {
    limit: usize,
    lines: Lines,
    /// Since the last look at them.
    heard: Vec<Bytes>,
    /// How many of them stand in messages that are complete.
    complete: usize,
    ended: bool,
}

impl Aside {
    /// Lines of at most `limit` bytes are heard.
    pub(super) fn new(limit: usize) -> Self {
        let lines = Lines::new(limit, Origin::Line);
        Self { limit, lines, heard: Vec::new(), complete: 0, ended: false }
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.lines.held_bytes()
    }

    /// Bytes that may yet turn out to be a message.
    pub(super) fn unjudged_bytes(&self) -> usize {
        self.lines.unjudged_bytes()
    }

    /// These bytes are inside, and follow those before them.
    pub(super) fn inside(&mut self, bytes: &[u8]) {
        // Who writes a message at once may send no line feed.
        if bytes.len() > 1 && matches!(bytes.first(), Some(b'{' | b'[')) {
            self.part();
        }
        let heard = &mut self.heard;
        self.lines.take(Piece::Next(bytes), &mut |line| {
            if matches!(line.text.first(), Some(b'{' | b'[')) {
                heard.push(Bytes::copy_from_slice(line.text));
            }
        });
    }

    /// What comes next inside does not continue what was there before, unless a message is begun.
    pub(super) fn part(&mut self) {
        if self.lines.unjudged_bytes() == 0 {
            self.begin();
        }
    }

    /// What comes next inside does not continue what was there before.
    pub(super) fn begin(&mut self) {
        self.lines = Lines::new(self.limit, Origin::Line);
    }

    /// The message is complete, and was read as what it is.
    pub(super) fn end(&mut self) {
        self.begin();
        self.complete = self.heard.len();
        self.ended = true;
    }

    /// The message is complete, and is handed on: what stands in it is not to be said twice.
    pub(super) fn said(&mut self) {
        self.heard.truncate(self.complete);
        self.end();
    }

    /// The lines that were heard; `kept` says whether those of complete messages are among them. The second value says
    /// whether a message has become complete.
    fn take(&mut self, kept: bool) -> (Vec<Bytes>, bool) {
        let mut heard = std::mem::take(&mut self.heard);
        let complete = std::mem::take(&mut self.complete);
        if !kept {
            heard.drain(..complete);
        }
        (heard, std::mem::take(&mut self.ended))
    }
}

/// How a direction stands to what is heard aside in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inside {
    /// No message is begun.
    No,
    /// A message that may quote text is not complete.
    Text,
    /// What is read never holds text.
    Sealed,
}

/// What both sides say aside.
///
/// Text in a body may be quoted. But two sides do not take turns in bodies that go on while they do: a body is complete
/// before it is answered.
#[derive(Debug, Default)]
pub(super) struct Overheard {
    /// Who said it; the line, unless it is known already.
    lines: VecDeque<(Direction, Option<Bytes>)>,
    bytes: usize,
    /// It turned out that they converse.
    trusted: bool,
}

impl Overheard {
    pub(super) const fn held_bytes(&self) -> usize {
        self.bytes
    }

    /// A line that was said by `direction` for everyone to hear.
    pub(super) fn plain(&mut self, direction: Direction) {
        self.add(direction, None);
    }

    /// Takes what was heard aside in `direction`, which stands so to it, while the other one stands like `theirs`. True if
    /// it is meant as it stands there.
    pub(super) fn listen(
        &mut self,
        direction: Direction,
        aside: &mut Aside,
        mine: Inside,
        theirs: Inside,
    ) -> bool {
        let (heard, ended) = aside.take(theirs != Inside::No || self.trusted);
        if ended && theirs == Inside::No && !self.trusted {
            self.clear();
        }
        let mut news = false;
        for line in heard.into_iter().filter(|line| is_said(line)) {
            self.add(direction, Some(line));
            news = true;
        }
        let inside = mine != Inside::No || theirs != Inside::No;
        let certain = || mine == Inside::Sealed && self.by(direction) >= CERTAIN;
        self.trusted |= news && inside && (self.take_turns() || certain());
        news && self.trusted
    }

    /// Gives the lines that are not known, in their order.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (Direction, Bytes)> + use<> {
        self.bytes = 0;
        std::mem::take(&mut self.lines).into_iter().filter_map(|(direction, line)| Some((direction, line?)))
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    fn add(&mut self, direction: Direction, line: Option<Bytes>) {
        self.bytes += line.as_ref().map_or(0, Bytes::len);
        self.lines.push_back((direction, line));
        while self.lines.len() > MAX_KEPT || self.bytes > MAX_KEPT_BYTES {
            let Some((_, line)) = self.lines.pop_front() else { return };
            self.bytes -= line.map_or(0, |line| line.len());
        }
    }

    fn take_turns(&self) -> bool {
        let speakers = self.lines.iter().map(|(direction, _)| *direction);
        speakers.clone().zip(speakers.skip(1)).filter(|(before, after)| before != after).count() >= TURNS
    }

    fn by(&self, direction: Direction) -> usize {
        self.lines.iter().filter(|(by, line)| *by == direction && line.is_some()).count()
    }
}

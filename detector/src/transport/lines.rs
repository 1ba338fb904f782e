use bytes::{Bytes, BytesMut};
use serde::de::IgnoredAny;

use super::block::Block;
use super::nesting::{Nesting, Place, is_blank};
use super::work;
use crate::protocol::{is_spoken, is_text_message};
use crate::stream::Piece;

/// Bytes of memory that are kept from one line to the next.
pub(super) const KEPT_CAPACITY: usize = 4096;

/// Bytes of a message of bare text, with white space before it.
const MAX_TEXT: usize = 512;

/// A line as it was sent, without white space around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Never empty.
    pub text: &'a [u8],
    /// False if the stream was joined within the line, or part of it is missing.
    pub whole: bool,
}

/// Splits a stream into lines at line feeds.
///
/// A line that is complete JSON, or one of the few messages of bare text, counts as soon as the segment ends, for some
/// clients send no line feed. Several lines that are only together a message of JSON count as one.
#[derive(Debug)]
pub struct Lines {
    limit: usize,
    line: BytesMut,
    nesting: Nesting,
    /// The lines before it, if they may be one message with it.
    block: Block,
    origin: Origin,
    /// There is something in the line that is in no text.
    binary: bool,
    /// The rest of the line is dropped: it is too long.
    skipping: bool,
    /// The rest of a line within which the stream was joined, kept for a `Before`.
    head: Option<Bytes>,
    /// Bytes of the line within which the stream was joined, if it was text.
    rest: usize,
    overlong: u64,
}

/// Where the line that is being read began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// At the place where the stream was joined.
    Joined,
    /// After a gap.
    Gap,
    /// After another line.
    Line,
}

impl Lines {
    /// Lines of at most `limit` bytes of a stream that is read from `origin` on.
    #[must_use]
    pub fn new(limit: usize, origin: Origin) -> Self {
        Self {
            limit,
            line: BytesMut::new(),
            nesting: Nesting::NEW,
            block: Block::default(),
            origin,
            binary: false,
            skipping: false,
            head: None,
            rest: 0,
            overlong: 0,
        }
    }

    /// Whether a line is yet to begin.
    pub(super) fn is_new(&self) -> bool {
        self.line.is_empty() && !self.skipping
    }

    /// Takes what the reassembler handed on and gives the lines that it completes.
    pub fn take(&mut self, piece: Piece<'_>, out: &mut impl FnMut(Line<'_>)) {
        match piece {
            Piece::Next(bytes) => self.next(bytes, out),
            Piece::Before(bytes) => self.before(bytes, out),
            Piece::Settled => self.head = None,
            Piece::Gap => {
                self.block.give_up(out);
                self.begin(Origin::Gap);
            }
        }
    }

    /// Nothing more will come: gives the line that was not completed.
    pub fn finish(&mut self, out: &mut impl FnMut(Line<'_>)) {
        self.block.give_up(out);
        let text = trim(&self.line);
        if !text.is_empty() {
            out(Line { text, whole: false });
        }
        self.begin(Origin::Line);
        self.head = None;
    }

    /// Bytes held for a line that is not complete.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.line.len() + self.block.len() + self.head.as_ref().map_or(0, Bytes::len)
    }

    /// Bytes of a line that may yet turn out to be a message, and of the line within which the stream was joined, which
    /// may have been the rest of one.
    #[must_use]
    pub fn unjudged_bytes(&self) -> usize {
        let promising = match self.origin {
            Origin::Line => self.nesting.is_promising() || self.block.goes_on(),
            Origin::Joined | Origin::Gap => !self.binary,
        };
        self.rest + self.block.len() + if promising { self.line.len() } else { 0 }
    }

    /// Lines that were too long to be read.
    #[must_use]
    pub const fn overlong(&self) -> u64 {
        self.overlong
    }

    /// Whether the last lines may be the beginning of a message.
    pub(super) fn is_within_block(&self) -> bool {
        self.block.goes_on()
    }

    fn begin(&mut self, origin: Origin) {
        if self.line.capacity() > KEPT_CAPACITY {
            self.line = BytesMut::new();
        }
        self.line.clear();
        self.nesting = Nesting::NEW;
        self.binary = false;
        self.skipping = false;
        self.origin = origin;
    }

    fn next(&mut self, bytes: &[u8], out: &mut impl FnMut(Line<'_>)) {
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.append(part, out);
            if part.last() == Some(&b'\n') {
                self.end(out);
            }
        }
        if self.block.is_closed() || self.is_complete() {
            self.end(out);
        }
    }

    /// Whether the line is a message that needs no line feed and no beginning.
    fn is_complete(&mut self) -> bool {
        if self.block.goes_on() {
            return self.is_message();
        }
        self.is_json() || (self.line.len() <= MAX_TEXT && is_text_message(trim(&self.line)))
    }

    /// Whether the line is a message although it may be only a part of one.
    fn is_message(&mut self) -> bool {
        if !self.nesting.closed() {
            return false;
        }
        work::count(self.line.len());
        let message = is_spoken(trim(&self.line));
        if !message {
            self.nesting.place = Place::Text;
        }
        message
    }

    /// Whether the line is JSON from its first to its last byte.
    fn is_json(&mut self) -> bool {
        if !self.nesting.closed() {
            return false;
        }
        work::count(self.line.len());
        let mut values = serde_json::Deserializer::from_slice(trim(&self.line)).into_iter::<IgnoredAny>();
        let json = values.all(|value| value.is_ok());
        if !json {
            self.nesting.place = Place::Text;
        }
        json
    }

    fn append(&mut self, part: &[u8], out: &mut impl FnMut(Line<'_>)) {
        work::count(part.len());
        if self.skipping {
            return;
        }
        if self.block.len() + self.line.len() + part.len() > self.limit {
            self.block.give_up(out);
        }
        self.block.read(part);
        if self.line.len() + part.len() > self.limit {
            self.line = BytesMut::new();
            self.nesting = Nesting::NEW;
            self.skipping = true;
            self.overlong += 1;
            return;
        }
        self.nesting.read(part);
        // A zero byte may be a TCP keep-alive probe's.
        self.binary |= part.iter().any(|&byte| byte.is_ascii_control() && !matches!(byte, 0 | b'\t'..=b'\r'));
        self.line.extend_from_slice(part);
    }

    fn end(&mut self, out: &mut impl FnMut(Line<'_>)) {
        let whole = self.origin == Origin::Line || self.is_complete();
        if !self.block.take(&self.line, self.nesting, whole, out) {
            let text = trim(&self.line);
            if !text.is_empty() {
                out(Line { text, whole });
            }
        }
        if !whole && !self.skipping && self.origin == Origin::Joined {
            self.rest = if self.binary { 0 } else { self.line.len() };
            self.head = Some(Bytes::copy_from_slice(&self.line));
        }
        self.begin(Origin::Line);
    }

    /// The stream began earlier than it seemed: its first line is continued towards the front.
    fn before(&mut self, bytes: &[u8], out: &mut impl FnMut(Line<'_>)) {
        let within_first = self.origin == Origin::Joined && !self.skipping;
        let rest = if within_first {
            std::mem::take(&mut self.line).freeze()
        } else {
            self.head.take().unwrap_or_default()
        };
        let mut front = Self::new(self.limit, Origin::Joined);
        front.next(bytes, out);
        front.next(&rest, out);
        front.overlong += self.overlong;
        if within_first {
            *self = front;
        } else {
            front.block.give_up(out);
            self.head = front.head;
            self.rest = front.rest;
            self.overlong = front.overlong;
        }
    }
}

pub(super) fn trim(line: &[u8]) -> &[u8] {
    let text = trim_blank(line);
    trim_blank(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text))
}

/// Without white space, and what lenient readers take for it, at both ends. A TCP keep-alive probe may have brought a zero
/// byte where the stream was joined.
fn trim_blank(text: &[u8]) -> &[u8] {
    let blank = |byte: &u8| !is_blank(*byte);
    let start = text.iter().position(blank).unwrap_or(text.len());
    let end = text.iter().rposition(blank).map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_a_large_line_is_given_back() {
        let mut lines = Lines::new(65_536, Origin::Joined);
        lines.take(Piece::Next(b"{}\n"), &mut |_| {});
        for _ in 0..60 {
            lines.take(Piece::Next(&[b'x'; 1000]), &mut |_| {});
        }
        lines.take(Piece::Next(b"\n"), &mut |_| {});
        assert_eq!(lines.held_bytes(), 0);
        assert!(lines.line.capacity() <= KEPT_CAPACITY, "{}", lines.line.capacity());
    }
}

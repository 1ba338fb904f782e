use bytes::{Buf as _, BytesMut};

use super::lines::{KEPT_CAPACITY, Line, trim};
use super::nesting::{Nesting, Place};
use super::work;
use crate::protocol::{is_said, is_spoken};

/// Lines that may be one message of JSON together with those that follow.
///
/// They are held until the message is complete, or until something follows that cannot go on like this: then each of them
/// is a line like any other. A line among them that is a message by itself is given at once, because the line before it
/// may be the rest of one that was lost.
#[derive(Debug)]
pub(super) struct Block {
    text: BytesMut,
    nesting: Nesting,
    /// Its first line is whole.
    whole: bool,
    /// A line of it was given.
    given: bool,
}

impl Default for Block {
    fn default() -> Self {
        Self { text: BytesMut::new(), nesting: Nesting::NEW, whole: false, given: false }
    }
}

impl Block {
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether there are lines that may be the beginning of a message with all that was read.
    pub(super) fn goes_on(&self) -> bool {
        !self.text.is_empty() && self.nesting.is_open()
    }

    /// Whether the message is complete with what was read last.
    pub(super) fn is_closed(&self) -> bool {
        !self.text.is_empty() && self.nesting.closed()
    }

    /// Reads bytes of the line that follows.
    pub(super) fn read(&mut self, part: &[u8]) {
        if !self.text.is_empty() {
            work::count(part.len());
            self.nesting.read(part);
        }
    }

    /// Takes a line that has ended, after its bytes were read. False if it is a line like any other, for the caller to
    /// give.
    pub(super) fn take(
        &mut self,
        line: &[u8],
        nesting: Nesting,
        whole: bool,
        out: &mut impl FnMut(Line<'_>),
    ) -> bool {
        if self.nesting.place == Place::Text {
            self.give_up(out);
        }
        if self.text.is_empty() {
            if !nesting.is_open() {
                return false;
            }
            (self.nesting, self.whole) = (nesting, whole);
        } else {
            let text = trim(line);
            if is_spoken(text) {
                out(Line { text, whole: true });
                self.given = true;
            }
        }
        work::count(line.len());
        self.text.extend_from_slice(line);
        if !line.ends_with(b"\n") {
            self.text.extend_from_slice(b"\n");
            self.nesting.read(b"\n");
        }
        if self.nesting.closed() {
            self.give(self.text.len(), out);
        } else if self.nesting.top() > 0 {
            // Another one begins in the line in which the one before it ends.
            self.give(self.nesting.top(), out);
        }
        true
    }

    /// These lines are no message. Gives each that was not given.
    pub(super) fn give_up(&mut self, out: &mut impl FnMut(Line<'_>)) {
        give_lines(&self.text, self.whole, out);
        self.clear();
    }

    /// Gives so many bytes as one message, if they are one.
    fn give(&mut self, length: usize, out: &mut impl FnMut(Line<'_>)) {
        let text = self.text.get(..length).unwrap_or_default();
        work::count(text.len());
        let message = trim(text);
        // What a batch consists of was said already, as far as it stood in lines of its own.
        let is_said_in_parts = self.given && message.starts_with(b"[");
        if is_said(message) && !is_said_in_parts {
            out(Line { text: message, whole: true });
        } else {
            give_lines(text, self.whole, out);
        }
        if length < self.text.len() {
            self.text.advance(length);
            self.nesting.cut();
            (self.whole, self.given) = (true, false);
        } else {
            self.clear();
        }
    }

    fn clear(&mut self) {
        if self.text.capacity() > KEPT_CAPACITY {
            self.text = BytesMut::new();
        }
        self.text.clear();
        self.nesting = Nesting::NEW;
        self.given = false;
    }
}

fn give_lines(text: &[u8], whole: bool, out: &mut impl FnMut(Line<'_>)) {
    work::count(text.len());
    for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let text = trim(line);
        if !text.is_empty() && !is_spoken(text) {
            out(Line { text, whole: whole || number > 0 });
        }
    }
}

#[cfg(test)]
mod tests;

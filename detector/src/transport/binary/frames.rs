use bytes::{Buf as _, BytesMut};

use super::{Frame, Grammar, Header};
use crate::transport::aside::Aside;

/// Bytes of one message that are held; of a longer one only the header is read.
const LONGEST: u64 = 16 * 1024;

/// Reads the messages of one direction of a binary protocol.
#[derive(Debug)]
pub(in crate::transport) struct Frames {
    grammar: Grammar,
    /// How many messages were read.
    number: u64,
    held: BytesMut,
    /// Bytes that are still to come of a message that is not held.
    skipped: u64,
    /// Bytes of the message that is held which were heard aside.
    heard: usize,
    overlong: u64,
}

/// What becomes of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::transport) enum Step {
    /// It goes on.
    More,
    /// It broke the rules; this was not read.
    Broken(BytesMut),
}

impl Frames {
    pub(in crate::transport) fn new(grammar: Grammar) -> Self {
        Self { grammar, number: 0, held: BytesMut::new(), skipped: 0, heard: 0, overlong: 0 }
    }

    pub(in crate::transport) fn held_bytes(&self) -> usize {
        self.held.len()
    }

    pub(in crate::transport) const fn overlong(&self) -> u64 {
        self.overlong
    }

    /// Whether text may stand in the messages.
    pub(in crate::transport) fn may_quote(&self) -> bool {
        self.grammar == Grammar::Zmtp
    }

    /// Whether a message is begun.
    pub(in crate::transport) fn is_inside(&self) -> bool {
        self.skipped > 0 || !self.held.is_empty()
    }

    /// Takes bytes and gives the messages that they complete.
    pub(in crate::transport) fn next(
        &mut self,
        bytes: &[u8],
        aside: &mut Aside,
        out: &mut dyn FnMut(Frame<'_>),
    ) -> Step {
        let skipped = usize::try_from(self.skipped).unwrap_or(usize::MAX).min(bytes.len());
        let (inside, bytes) = bytes.split_at(skipped);
        aside.inside(inside);
        self.skipped -= skipped as u64;
        if skipped > 0 && self.skipped == 0 {
            self.completed(aside);
        }
        self.held.extend_from_slice(bytes);
        while !self.held.is_empty() {
            let (head, body) = match self.grammar.header(&self.held, self.number) {
                Header::Message { head, body } => (head, body),
                Header::Short => break,
                Header::Broken => return Step::Broken(std::mem::take(&mut self.held)),
                Header::Opaque => {
                    self.skipped = u64::MAX;
                    aside.inside(&self.held);
                    self.held.clear();
                    break;
                }
            };
            if body > LONGEST {
                self.skip(head, body, aside, out);
                continue;
            }
            let size = head.saturating_add(usize::try_from(body).unwrap_or(usize::MAX));
            let inside = self.held.get(self.heard.max(head)..self.held.len().min(size)).unwrap_or_default();
            aside.inside(inside);
            if self.held.len() < size {
                self.heard = self.held.len();
                break;
            }
            let message = self.held.split_to(size);
            let (head, body) = message.split_at_checked(head).unwrap_or_default();
            out(self.grammar.frame(head, Some(body)));
            self.completed(aside);
            self.number += 1;
        }
        if self.held.is_empty() {
            // Bulk must not leave its memory behind.
            self.held = BytesMut::new();
        }
        Step::More
    }

    /// Gives the header of a message that is too long, and leaves the rest of it out.
    fn skip(&mut self, head: usize, body: u64, aside: &mut Aside, out: &mut dyn FnMut(Frame<'_>)) {
        let header = self.held.split_to(head.min(self.held.len()));
        out(self.grammar.frame(&header, None));
        let here = self.held.len().min(usize::try_from(body).unwrap_or(usize::MAX));
        aside.inside(self.held.get(..here).unwrap_or_default());
        self.held.advance(here);
        self.skipped = body - here as u64;
        if self.skipped == 0 {
            self.completed(aside);
        }
        self.number += 1;
        self.overlong += 1;
    }

    /// What looks like text in several messages of which none may hold text is none, unless it goes on as one message.
    fn completed(&mut self, aside: &mut Aside) {
        self.heard = 0;
        if self.may_quote() { aside.end() } else { aside.part() }
    }
}

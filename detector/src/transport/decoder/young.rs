//! A stream that turns out to have begun earlier is read again.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use bytes::BytesMut;

use super::reader::Reader;
use super::{Decoder, hear};
use crate::stream::Piece;
use crate::transport::head::Start;
use crate::transport::start_line::is_http;
use crate::transport::{Asked, Utterance};

/// Bytes that are kept of a young stream, to read them again if it began earlier than it seemed.
const MAX_YOUNG: usize = 4 * 1024;

/// What was read of a stream so far, and what was said.
#[derive(Debug, Default)]
pub(super) struct Young {
    pub(super) bytes: BytesMut,
    pub(super) said: Vec<Said>,
}

/// What was said, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    hash: u64,
    line: bool,
}

impl Young {
    pub(super) fn has_room(&self, bytes: &[u8]) -> bool {
        self.bytes.len() + bytes.len() <= MAX_YOUNG
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.bytes.len() + self.said.len() * size_of::<Said>()
    }
}

impl Said {
    pub(super) fn of(said: Utterance<'_>) -> Self {
        let mut hasher = DefaultHasher::new();
        match said {
            Utterance::Line(text) => (0, text).hash(&mut hasher),
            Utterance::Message(text) => (1, text).hash(&mut hasher),
            Utterance::Frame(frame) => (2, frame).hash(&mut hasher),
            Utterance::Target(target) => (3, target).hash(&mut hasher),
            Utterance::Body(head, text) => (4, &head.start, text).hash(&mut hasher),
            Utterance::Head(head) => (5, &head.start).hash(&mut hasher),
            Utterance::Unreadable | Utterance::Overheard(..) => 6.hash(&mut hasher),
        }
        Self { hash: hasher.finish(), line: matches!(said, Utterance::Line(_)) }
    }
}

impl Decoder {
    /// The stream began earlier than it seemed. True if all that was said before was read anew.
    pub(super) fn before(
        &mut self,
        bytes: &[u8],
        exchange: &mut dyn FnMut(&Start) -> Option<Asked>,
        out: &mut dyn FnMut(Utterance<'_>),
    ) -> bool {
        let Some(mut young) = self.young.take() else {
            self.before_lines(bytes, out);
            return false;
        };
        // At first only to see what it is.
        let (mut front, mut text) = (Self::new(self.limit), true);
        front.next(bytes, &mut |_| None, &mut |said| text &= matches!(said, Utterance::Line(_)));
        let apart = self.continues(&front);
        let (line, rest) = first_line(&young.bytes);
        front.next(line, &mut |_| None, &mut |said| text &= matches!(said, Utterance::Line(_)));
        let message = matches!(&front.reader, Reader::Lines(lines) if lines.is_within_block());
        front.next(rest, &mut |_| None, &mut |said| text &= matches!(said, Utterance::Line(_)));
        let lines =
            text && !message && matches!((&self.reader, &front.reader), (Reader::Lines(_), Reader::Lines(_)));
        let mut known = young.said.clone();
        let mut note = |said: Utterance<'_>| {
            young.said.push(Said::of(said));
            out(said);
        };
        if lines {
            self.before_lines(bytes, &mut note);
        } else {
            front = Self::new(self.limit);
            front.next(bytes, exchange, &mut note);
            if !apart {
                front.next(&young.bytes, exchange, &mut |again| match known
                    .iter()
                    .position(|known| *known == Said::of(again))
                {
                    Some(at) => drop(known.swap_remove(at)),
                    None => note(again),
                });
                // What nobody said when it is read from its beginning was misread.
                for misread in known {
                    front.unsaid += u32::from(misread.line);
                    if let Some(at) = young.said.iter().position(|said| *said == misread) {
                        young.said.swap_remove(at);
                    }
                }
                front.unsaid += self.unsaid;
                front.overlong += self.overlong();
                *self = front;
            }
        }
        self.young = young.has_room(bytes).then(|| {
            let rest = std::mem::replace(&mut young.bytes, BytesMut::from(bytes));
            young.bytes.extend_from_slice(&rest);
            young
        });
        !lines && !apart
    }

    /// The line within which the stream was joined is continued towards the front.
    fn before_lines(&mut self, bytes: &[u8], out: &mut dyn FnMut(Utterance<'_>)) {
        if let Reader::Lines(lines) = &mut self.reader {
            lines.take(Piece::Before(bytes), &mut |line| {
                if !is_http(line.text) {
                    hear(line, out);
                }
            });
        }
    }

    /// Whether what was read goes on where `front` ends, as if it had begun there.
    fn continues(&self, front: &Self) -> bool {
        match (&front.reader, &self.reader) {
            (Reader::Http(front), Reader::Http(_)) => front.is_between(),
            (Reader::WebSocket(front), Reader::WebSocket(_)) => !front.is_inside() && front.held_bytes() == 0,
            (Reader::Binary(front), Reader::Binary(_)) => !front.is_inside(),
            _ => false,
        }
    }
}

/// The first line with its line feed, and what follows it.
fn first_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let length = bytes.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |feed| feed + 1);
    bytes.split_at(length)
}

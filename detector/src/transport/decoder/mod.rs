mod reader;
mod steps;
mod young;

use bytes::BytesMut;
use reader::Reader;
use young::{Said, Young};

use crate::stream::Piece;
use crate::transport::aside::{Aside, Inside};
use crate::transport::head::Start;
use crate::transport::lines::{Line, Lines, Origin};
use crate::transport::{Asked, Utterance};

/// How often a stream may open anew without a gap. Each time its bytes are looked at again.
const MAX_OPENINGS: u32 = 32;

/// Reads one direction, whatever it turns out to be.
#[derive(Debug)]
pub(super) struct Decoder {
    limit: usize,
    reader: Reader,
    /// A whole line was read.
    text: bool,
    /// The first line of HTTP/2 was heard.
    preface: bool,
    preambles: u32,
    openings: u32,
    /// What is said inside of a message that is not complete.
    aside: Aside,
    /// While the stream may turn out to have begun earlier.
    young: Option<Young>,
    /// Of readers that have ended.
    overlong: u64,
    /// Lines that turned out to be none when the stream was read anew.
    unsaid: u32,
}

impl Decoder {
    pub(super) fn new(limit: usize) -> Self {
        let reader = Reader::Opening(BytesMut::new(), Origin::Joined);
        Self {
            limit,
            reader,
            text: false,
            preface: false,
            preambles: 0,
            openings: 0,
            aside: Aside::new(limit),
            young: Some(Young::default()),
            overlong: 0,
            unsaid: 0,
        }
    }

    /// True if all that was said before was read anew.
    pub(super) fn take(
        &mut self,
        piece: Piece<'_>,
        exchange: &mut dyn FnMut(&Start) -> Option<Asked>,
        out: &mut dyn FnMut(Utterance<'_>),
    ) -> bool {
        match piece {
            Piece::Next(bytes) => match self.young.take().filter(|young| young.has_room(bytes)) {
                Some(mut young) => {
                    young.bytes.extend_from_slice(bytes);
                    self.next(bytes, exchange, &mut |said| {
                        young.said.push(Said::of(said));
                        out(said);
                    });
                    self.young = Some(young);
                }
                None => self.next(bytes, exchange, out),
            },
            Piece::Before(bytes) => return self.before(bytes, exchange, out),
            Piece::Settled => {
                self.young = None;
                if let Reader::Lines(lines) = &mut self.reader {
                    lines.take(piece, &mut |_| {});
                }
            }
            Piece::Gap => {
                self.young = None;
                self.aside.begin();
                match &mut self.reader {
                    Reader::Lines(lines) => lines.take(piece, &mut |line| hear(line, out)),
                    Reader::WebSocket(websocket) => websocket.lose(),
                    // What a page quotes behind the gap is not said by itself.
                    Reader::Http(http) => http.gap(),
                    Reader::Tls(_) | Reader::Mute => {}
                    Reader::Opening(..) | Reader::Binary(_) => {
                        self.become_reader(Reader::Opening(BytesMut::new(), Origin::Gap));
                    }
                }
            }
        }
        false
    }

    pub(super) fn finish(&mut self, out: &mut dyn FnMut(Utterance<'_>)) {
        let reader = std::mem::replace(&mut self.reader, Reader::Mute);
        let mut lines = match reader {
            Reader::Opening(held, origin) => {
                let mut lines = Lines::new(self.limit, origin);
                self.lines(&mut lines, &held, out);
                lines
            }
            Reader::Lines(lines) => lines,
            Reader::Http(mut http) => {
                http.finish(&mut self.aside, out);
                self.overlong += http.overlong();
                return;
            }
            reader @ (Reader::WebSocket(_) | Reader::Tls(_) | Reader::Binary(_) | Reader::Mute) => {
                self.overlong += reader.overlong();
                return;
            }
        };
        lines.finish(&mut |line| hear(line, out));
        self.overlong += lines.overlong();
    }

    /// Whether a message is begun and not complete.
    pub(super) fn is_interrupted(&self) -> bool {
        self.reader.is_interrupted()
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.reader.held_bytes() + self.aside.held_bytes() + self.young.as_ref().map_or(0, Young::held_bytes)
    }

    pub(super) fn unjudged_bytes(&self) -> usize {
        self.reader.unjudged_bytes().max(self.aside.unjudged_bytes())
    }

    pub(super) fn overlong(&self) -> u64 {
        self.overlong + self.reader.overlong()
    }

    /// Lines given since the last call that turned out to be none: the stream began earlier than it seemed.
    pub(super) const fn take_unsaid(&mut self) -> u32 {
        std::mem::replace(&mut self.unsaid, 0)
    }

    /// What is heard inside of a message that is not complete.
    pub(super) const fn aside(&mut self) -> &mut Aside {
        &mut self.aside
    }

    /// Whether a message is not complete.
    pub(super) fn inside(&self) -> Inside {
        self.reader.inside()
    }

    /// The stream opens anew.
    fn open(&mut self) {
        self.aside.begin();
        self.openings += 1;
        self.become_reader(if self.openings > MAX_OPENINGS {
            Reader::Lines(Lines::new(self.limit, Origin::Line))
        } else {
            Reader::Opening(BytesMut::new(), Origin::Line)
        });
    }

    fn become_reader(&mut self, reader: Reader) {
        self.overlong += self.reader.overlong();
        self.reader = reader;
    }
}

/// Hands on a line, unless part of it is missing.
fn hear(line: Line<'_>, out: &mut dyn FnMut(Utterance<'_>)) {
    if line.whole {
        out(Utterance::Line(line.text));
    }
}

use bytes::{Buf as _, BytesMut};

use super::binary::{self, Frames};
use super::head::Start;
use super::http::{Http, Step};
use super::lines::{Line, Lines, Origin};
use super::opening::{self, Opening};
use super::start_line::{HTTP_2, is_http};
use super::tls::Records;
use super::websocket::{self, WebSocket};
use super::{Asked, Utterance};
use crate::stream::Piece;

/// Reads one direction, whatever it turns out to be.
#[derive(Debug)]
pub(super) struct Decoder {
    limit: usize,
    reader: Reader,
    /// A whole line was read.
    text: bool,
    /// The first line of HTTP/2 was heard.
    preface: bool,
    /// Of readers that have ended.
    overlong: u64,
}

#[derive(Debug)]
enum Reader {
    /// The first bytes, while they do not tell what it is.
    Opening(BytesMut, Origin),
    Lines(Lines),
    Http(Box<Http>),
    WebSocket(WebSocket),
    Tls(Records),
    Binary(Box<Frames>),
    /// Nothing more is read.
    Mute,
}

impl Decoder {
    pub(super) fn new(limit: usize) -> Self {
        let reader = Reader::Opening(BytesMut::new(), Origin::Joined);
        Self { limit, reader, text: false, preface: false, overlong: 0 }
    }

    pub(super) fn take(
        &mut self,
        piece: Piece<'_>,
        exchange: &mut dyn FnMut(&Start) -> Option<Asked>,
        out: &mut dyn FnMut(Utterance<'_>),
    ) {
        match piece {
            Piece::Next(bytes) => self.next(bytes, exchange, out),
            Piece::Before(bytes) => self.before(bytes, out),
            Piece::Settled => {
                if let Reader::Lines(lines) = &mut self.reader {
                    lines.take(piece, &mut |_| {});
                }
            }
            Piece::Gap => match &mut self.reader {
                Reader::Lines(lines) => lines.take(piece, &mut |_| {}),
                Reader::WebSocket(websocket) => websocket.lose(),
                // What a page quotes behind the gap is not said by itself.
                Reader::Http(http) => http.lose(),
                Reader::Tls(_) | Reader::Mute => {}
                Reader::Opening(..) | Reader::Binary(_) => self.open(Origin::Gap),
            },
        }
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
                http.finish(out);
                self.overlong += http.overlong();
                return;
            }
            reader @ (Reader::WebSocket(_) | Reader::Tls(_) | Reader::Binary(_) | Reader::Mute) => {
                self.overlong += reader.overlong();
                return;
            }
        };
        lines.finish(&mut |_| {});
        self.overlong += lines.overlong();
    }

    pub(super) fn held_bytes(&self) -> usize {
        match &self.reader {
            Reader::Opening(held, _) => held.len(),
            Reader::Lines(lines) => lines.held_bytes(),
            Reader::Http(http) => http.held_bytes(),
            Reader::WebSocket(websocket) => websocket.held_bytes(),
            Reader::Binary(frames) => frames.held_bytes(),
            Reader::Tls(_) | Reader::Mute => 0,
        }
    }

    pub(super) fn unjudged_bytes(&self) -> usize {
        match &self.reader {
            Reader::Lines(lines) => lines.unjudged_bytes(),
            Reader::WebSocket(websocket) => websocket.unjudged_bytes(),
            Reader::Opening(..) | Reader::Http(_) | Reader::Binary(_) => self.held_bytes(),
            Reader::Tls(_) | Reader::Mute => 0,
        }
    }

    pub(super) fn overlong(&self) -> u64 {
        self.overlong + self.reader.overlong()
    }

    fn next(
        &mut self,
        bytes: &[u8],
        exchange: &mut dyn FnMut(&Start) -> Option<Asked>,
        out: &mut dyn FnMut(Utterance<'_>),
    ) {
        // A binary protocol that was joined within a message, or lost in a gap, is found again where a segment begins.
        if let (Reader::Lines(_), Some(grammar)) = (&self.reader, binary::resume(bytes)) {
            self.become_reader(Reader::Binary(Box::new(Frames::new(grammar))));
        }
        let mut rest = self.step(bytes, exchange, out);
        while let Some(bytes) = rest.filter(|bytes| !bytes.is_empty()) {
            rest = self.step(&bytes, exchange, out);
        }
    }

    /// Gives bytes to the reader. What it left, because the stream turned out to be something else, is given back, for the
    /// reader that has taken its place.
    fn step(
        &mut self,
        bytes: &[u8],
        exchange: &mut dyn FnMut(&Start) -> Option<Asked>,
        out: &mut dyn FnMut(Utterance<'_>),
    ) -> Option<BytesMut> {
        match &mut self.reader {
            Reader::Opening(held, origin) => {
                held.extend_from_slice(bytes);
                let opening = opening::judge(held);
                if opening == Opening::Undecided {
                    return None;
                }
                let mut first = std::mem::take(held);
                match opening {
                    Opening::Undecided => {}
                    Opening::Preamble(length, target) => {
                        *origin = Origin::Line;
                        first.advance(length);
                        if let Some(target) = target {
                            out(Utterance::Target(&target));
                        }
                    }
                    Opening::Text => self.reader = Reader::Lines(Lines::new(self.limit, *origin)),
                    Opening::WebSocket => self.reader = Reader::WebSocket(WebSocket::new(self.limit)),
                    Opening::Tls => {
                        self.reader = Reader::Tls(Records::default());
                        out(Utterance::Unreadable);
                    }
                    Opening::Binary(grammar, at) => {
                        first.advance(at.min(first.len()));
                        self.reader = Reader::Binary(Box::new(Frames::new(grammar)));
                    }
                }
                Some(first)
            }
            Reader::Lines(_) if !self.text && websocket::is_frame(bytes) => {
                self.become_reader(Reader::WebSocket(WebSocket::new(self.limit)));
                Some(BytesMut::from(bytes))
            }
            Reader::Lines(_) => {
                let Reader::Lines(mut lines) = std::mem::replace(&mut self.reader, Reader::Mute) else {
                    return None;
                };
                let Some((reader, rest)) = self.lines(&mut lines, bytes, out) else {
                    self.reader = Reader::Lines(lines);
                    return None;
                };
                self.overlong += lines.overlong();
                self.reader = reader;
                Some(rest)
            }
            Reader::Http(http) => {
                let step = http.next(bytes, exchange, out);
                if step == Step::More {
                    return None;
                }
                let rest = http.rest();
                match step {
                    Step::WebSocket => self.become_reader(Reader::WebSocket(WebSocket::new(self.limit))),
                    Step::More | Step::Reopen => self.open(Origin::Line),
                }
                Some(rest)
            }
            Reader::WebSocket(websocket) => {
                let rest = websocket.next(bytes, out)?;
                self.open(Origin::Line);
                Some(rest)
            }
            Reader::Tls(records) => {
                let rest = records.next(bytes)?;
                self.open(Origin::Line);
                Some(rest)
            }
            Reader::Binary(frames) => {
                let binary::Step::Broken(rest) =
                    frames.next(bytes, &mut |frame| out(Utterance::Frame(frame)))
                else {
                    return None;
                };
                self.become_reader(Reader::Lines(Lines::new(self.limit, Origin::Gap)));
                Some(rest)
            }
            Reader::Mute => None,
        }
    }

    /// Line by line, because one may be the first of an HTTP message: then the reader for that one and what follows is
    /// given back.
    fn lines(
        &mut self,
        lines: &mut Lines,
        bytes: &[u8],
        out: &mut dyn FnMut(Utterance<'_>),
    ) -> Option<(Reader, BytesMut)> {
        let mut taken = 0;
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            taken += part.len();
            let (mut http, mut binary) = (None, false);
            lines.take(Piece::Next(part), &mut |line| {
                if line.text == HTTP_2 {
                    self.preface = true;
                } else if self.preface && line.text == b"SM" {
                    binary = true;
                } else if !is_http(line.text) {
                    self.text |= line.whole;
                    hear(line, out);
                } else if part.ends_with(b"\n") {
                    http = Some(BytesMut::from(line.text));
                }
            });
            if binary {
                out(Utterance::Unreadable);
                return Some((Reader::Mute, BytesMut::new()));
            }
            if let Some(mut message) = http {
                message.extend_from_slice(b"\r\n");
                message.extend_from_slice(bytes.get(taken..).unwrap_or_default());
                return Some((Reader::Http(Box::new(Http::new(self.limit))), message));
            }
        }
        None
    }

    /// The stream began earlier than it seemed.
    fn before(&mut self, bytes: &[u8], out: &mut dyn FnMut(Utterance<'_>)) {
        match &mut self.reader {
            Reader::Opening(held, _) => {
                let rest = std::mem::replace(held, BytesMut::from(bytes));
                held.extend_from_slice(&rest);
            }
            Reader::Lines(lines) => {
                lines.take(Piece::Before(bytes), &mut |line| {
                    if !is_http(line.text) {
                        hear(line, out);
                    }
                });
            }
            Reader::Http(_) | Reader::WebSocket(_) | Reader::Tls(_) | Reader::Binary(_) | Reader::Mute => {}
        }
    }

    fn open(&mut self, origin: Origin) {
        self.become_reader(Reader::Opening(BytesMut::new(), origin));
    }

    fn become_reader(&mut self, reader: Reader) {
        self.overlong += self.reader.overlong();
        self.reader = reader;
    }
}

impl Reader {
    fn overlong(&self) -> u64 {
        match self {
            Self::Lines(lines) => lines.overlong(),
            Self::Http(http) => http.overlong(),
            Self::WebSocket(websocket) => websocket.overlong(),
            Self::Binary(frames) => frames.overlong(),
            Self::Opening(..) | Self::Tls(_) | Self::Mute => 0,
        }
    }
}

/// Hands on a line, unless part of it is missing.
fn hear(line: Line<'_>, out: &mut dyn FnMut(Utterance<'_>)) {
    if line.whole {
        out(Utterance::Line(line.text));
    }
}

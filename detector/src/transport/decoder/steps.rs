//! The readers of a direction follow one another.

use bytes::{Buf as _, BytesMut};

use super::reader::Reader;
use super::{Decoder, hear};
use crate::stream::Piece;
use crate::transport::binary::{self, Frames};
use crate::transport::head::Start;
use crate::transport::http::{Http, Step};
use crate::transport::lines::{Lines, Origin};
use crate::transport::opening::{self, Opening};
use crate::transport::start_line::{HTTP_2, is_http};
use crate::transport::tls::Records;
use crate::transport::websocket::{self, WebSocket};
use crate::transport::{Asked, Utterance, work};

/// Messages of proxies at the beginning of a stream.
const MAX_PREAMBLES: u32 = 8;

impl Decoder {
    pub(super) fn next(
        &mut self,
        bytes: &[u8],
        exchange: &mut dyn FnMut(&Start) -> Option<Asked>,
        out: &mut dyn FnMut(Utterance<'_>),
    ) {
        // A binary protocol that was joined within a message, or lost in a gap, is found again where a segment begins.
        if let (Reader::Lines(_), Some(grammar)) = (&self.reader, binary::resume(bytes)) {
            self.become_reader(Reader::Binary(Box::new(Frames::new(grammar))));
        }
        self.steps(bytes, exchange, out);
    }

    /// Lets readers follow one another. What one gives back is for the next, before what it did not take.
    fn steps(
        &mut self,
        mut input: &[u8],
        exchange: &mut dyn FnMut(&Start) -> Option<Asked>,
        out: &mut dyn FnMut(Utterance<'_>),
    ) {
        while !input.is_empty() {
            let before = input.len();
            let Some(back) = self.step(&mut input, exchange, out) else { return work::count(before) };
            work::count(before - input.len());
            self.steps(&back, exchange, out);
        }
    }

    /// Gives bytes to the reader, which takes all of them, or the first ones if the stream turned out to be something else.
    /// Of these it gives back what is for the reader that has taken its place.
    fn step(
        &mut self,
        input: &mut &[u8],
        exchange: &mut dyn FnMut(&Start) -> Option<Asked>,
        out: &mut dyn FnMut(Utterance<'_>),
    ) -> Option<BytesMut> {
        match &mut self.reader {
            Reader::Opening(held, origin) => {
                held.extend_from_slice(std::mem::take(input));
                let opening = opening::judge(held);
                if opening == Opening::Undecided {
                    return None;
                }
                let mut first = std::mem::take(held);
                match opening {
                    Opening::Preamble(length, target) if self.preambles < MAX_PREAMBLES => {
                        self.preambles += 1;
                        *origin = Origin::Line;
                        first.advance(length);
                        if let Some(target) = target {
                            out(Utterance::Target(&target));
                        }
                    }
                    Opening::Undecided | Opening::Preamble(..) | Opening::Text => {
                        self.reader = Reader::Lines(Lines::new(self.limit, *origin));
                    }
                    Opening::WebSocket => {
                        self.reader = Reader::WebSocket(Box::new(WebSocket::new(self.limit)));
                    }
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
            Reader::Lines(lines) if websocket::is_frame(input) && (!self.text || lines.is_new()) => {
                self.become_reader(Reader::WebSocket(Box::new(WebSocket::new(self.limit))));
                Some(BytesMut::new())
            }
            Reader::Lines(_) => {
                let Reader::Lines(mut lines) = std::mem::replace(&mut self.reader, Reader::Mute) else {
                    return None;
                };
                let Some((reader, taken)) = self.lines(&mut lines, input, out) else {
                    self.reader = Reader::Lines(lines);
                    return None;
                };
                self.overlong += lines.overlong();
                self.reader = reader;
                *input = input.get(taken..).unwrap_or_default();
                Some(BytesMut::new())
            }
            Reader::Http(http) => {
                let step = http.next(input, &mut self.aside, exchange, out);
                if step == Step::More {
                    return None;
                }
                let rest = http.rest();
                match step {
                    Step::WebSocket => {
                        self.become_reader(Reader::WebSocket(Box::new(WebSocket::new(self.limit))));
                    }
                    Step::More | Step::Reopen => self.open(),
                }
                Some(rest)
            }
            Reader::WebSocket(websocket) => {
                let rest = websocket.next(input, &mut self.aside, out)?;
                self.open();
                Some(rest)
            }
            Reader::Tls(records) => {
                let rest = records.next(input, &mut self.aside)?;
                self.open();
                Some(rest)
            }
            Reader::Binary(frames) => {
                let bytes = std::mem::take(input);
                let step = frames.next(bytes, &mut self.aside, &mut |frame| out(Utterance::Frame(frame)));
                let binary::Step::Broken(rest) = step else { return None };
                self.become_reader(Reader::Lines(Lines::new(self.limit, Origin::Gap)));
                Some(rest)
            }
            Reader::Mute => {
                self.aside.inside(std::mem::take(input));
                None
            }
        }
    }

    /// Line by line, because one may be the first of an HTTP message: then the reader for what follows is given back, and
    /// how many bytes were read.
    pub(super) fn lines(
        &mut self,
        lines: &mut Lines,
        bytes: &[u8],
        out: &mut dyn FnMut(Utterance<'_>),
    ) -> Option<(Reader, usize)> {
        let (limit, mut taken) = (self.limit, 0);
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
                    http = Some(Box::new(Http::begun(limit, line.text)));
                }
            });
            if binary {
                out(Utterance::Unreadable);
                return Some((Reader::Mute, taken));
            }
            if let Some(http) = http {
                return Some((Reader::Http(http), taken));
            }
        }
        None
    }
}

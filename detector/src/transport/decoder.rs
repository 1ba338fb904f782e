use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use bytes::{Buf as _, BytesMut};

use super::aside::{Aside, Inside};
use super::binary::{self, Frames};
use super::head::Start;
use super::http::{Http, Step};
use super::lines::{Line, Lines, Origin};
use super::opening::{self, Opening};
use super::start_line::{HTTP_2, is_http};
use super::tls::Records;
use super::websocket::{self, WebSocket};
use super::{Asked, Utterance, work};
use crate::stream::Piece;

/// Bytes that are kept of a young stream, to read them again if it began earlier than it seemed.
const MAX_YOUNG: usize = 4 * 1024;

/// Messages of proxies at the beginning of a stream.
const MAX_PREAMBLES: u32 = 8;

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

/// What was read of a stream so far, and what was said.
#[derive(Debug, Default)]
struct Young {
    bytes: BytesMut,
    said: Vec<Said>,
}

/// What was said, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Said {
    hash: u64,
    line: bool,
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
                    Reader::Lines(lines) => lines.take(piece, &mut |_| {}),
                    Reader::WebSocket(websocket) => websocket.lose(),
                    // What a page quotes behind the gap is not said by itself.
                    Reader::Http(http) => http.lose(),
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
        lines.finish(&mut |_| {});
        self.overlong += lines.overlong();
    }

    pub(super) fn held_bytes(&self) -> usize {
        let reader = match &self.reader {
            Reader::Opening(held, _) => held.len(),
            Reader::Lines(lines) => lines.held_bytes(),
            Reader::Http(http) => http.held_bytes(),
            Reader::WebSocket(websocket) => websocket.held_bytes(),
            Reader::Binary(frames) => frames.held_bytes(),
            Reader::Tls(_) | Reader::Mute => 0,
        };
        reader + self.aside.held_bytes() + self.young.as_ref().map_or(0, Young::held_bytes)
    }

    pub(super) fn unjudged_bytes(&self) -> usize {
        let reader = match &self.reader {
            Reader::Opening(held, _) => held.len(),
            Reader::Lines(lines) => lines.unjudged_bytes(),
            Reader::WebSocket(websocket) => websocket.unjudged_bytes(),
            Reader::Http(http) => http.held_bytes(),
            Reader::Binary(frames) => frames.held_bytes(),
            Reader::Tls(_) | Reader::Mute => 0,
        };
        reader.max(self.aside.unjudged_bytes())
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
        let (begun, may_quote) = match &self.reader {
            Reader::Opening(..) | Reader::Lines(_) => (false, true),
            Reader::Http(http) => (http.is_inside(), true),
            Reader::WebSocket(websocket) => (websocket.is_inside(), true),
            Reader::Binary(frames) => (frames.is_inside(), frames.may_quote()),
            Reader::Tls(_) => (true, false),
            Reader::Mute => (true, true),
        };
        match (begun, may_quote) {
            (false, _) => Inside::No,
            (true, true) => Inside::Text,
            (true, false) => Inside::Sealed,
        }
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
            Reader::Lines(lines) if websocket::is_frame(input) && (!self.text || lines.is_new()) => {
                self.become_reader(Reader::WebSocket(WebSocket::new(self.limit)));
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
                    Step::WebSocket => self.become_reader(Reader::WebSocket(WebSocket::new(self.limit))),
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
    fn lines(
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

    /// The stream began earlier than it seemed. True if all that was said before was read anew.
    fn before(
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
        front.next(&young.bytes, &mut |_| None, &mut |said| text &= matches!(said, Utterance::Line(_)));
        let lines = text && matches!((&self.reader, &front.reader), (Reader::Lines(_), Reader::Lines(_)));
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

impl Young {
    fn has_room(&self, bytes: &[u8]) -> bool {
        self.bytes.len() + bytes.len() <= MAX_YOUNG
    }

    fn held_bytes(&self) -> usize {
        self.bytes.len() + self.said.len() * size_of::<Said>()
    }
}

impl Said {
    fn of(said: Utterance<'_>) -> Self {
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

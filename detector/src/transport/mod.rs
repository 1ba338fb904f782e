//! From the ordered bytes of both directions to what is said in them, whatever carries it: lines of text, HTTP,
//! WebSocket, the messages of proxies, binary protocols.
//!
//! Each direction has a reader of its own, because only one of them may be visible. What a stream is, its first bytes
//! tell ([`opening`]), also inside a tunnel and after a gap.

mod aside;
mod asking;
mod binary;
mod block;
mod body;
mod decoder;
mod head;
mod http;
mod lines;
mod margin;
mod nesting;
mod opening;
mod proxy;
mod scan;
mod socks;
mod start_line;
#[cfg(test)]
mod tests;
mod tls;
mod websocket;
mod work;

use detector_common::flow::Direction;

use crate::judge::Carrier;
use crate::stream::Piece;
use aside::{Inside, Overheard};
use asking::Asking;
use binary::{Datum, Turns};
pub use binary::{DatumStep, Frame, NoiseStep, Secrecy};
use decoder::Decoder;
pub use head::{Head, Start};
pub use lines::{Line, Lines, Origin};

/// What one side says, without what carried it.
#[derive(Clone, Copy, Debug)]
pub enum Utterance<'a> {
    /// A whole line of text, without white space around it.
    Line(&'a [u8]),
    /// The head of an HTTP request or response; its body follows, if it has one.
    Head(&'a Head),
    /// The body of an HTTP request or response, whole.
    Body(&'a Head, &'a [u8]),
    /// A message over WebSocket, unmasked and whole.
    Message(&'a [u8]),
    /// The name or address, with its port, to which a proxy is asked to connect.
    Target(&'a str),
    /// A message of a binary protocol.
    Frame(Frame<'a>),
    /// Something that cannot be read: compressed, encrypted, or without an end.
    Unreadable,
    /// A whole line that was said in this direction some time ago, within what was taken for a message until now.
    Overheard(Direction, &'a [u8]),
}

impl Utterance<'_> {
    /// How much of it can be read; `None` if it only tells of what follows.
    #[must_use]
    pub const fn secrecy(&self) -> Option<Secrecy> {
        match self {
            Self::Frame(frame) => Some(frame.secrecy()),
            Self::Unreadable => Some(Secrecy::Sizes),
            Self::Target(_) => None,
            Self::Line(_) | Self::Overheard(..) | Self::Head(_) | Self::Body(..) | Self::Message(_) => {
                Some(Secrecy::Clear)
            }
        }
    }

    /// What carries it.
    #[must_use]
    pub const fn carrier(&self) -> Carrier {
        match self {
            Self::Line(_) | Self::Overheard(..) | Self::Target(_) | Self::Frame(_) | Self::Unreadable => {
                Carrier::Tcp
            }
            Self::Head(_) | Self::Body(..) => Carrier::Http,
            Self::Message(_) => Carrier::WebSocket,
        }
    }
}

/// What a segment holds that is just one frame of WebSocket.
#[must_use]
pub fn frame_text(segment: &[u8]) -> Option<Vec<u8>> {
    websocket::frame_text(segment)
}

/// An HTTP request, as far as it decides how the response is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    what: What,
    /// Unlike that of any other request of the connection.
    number: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The response has no body.
    Head,
    /// The response opens a tunnel.
    Tunnel,
    Other,
}

/// Bytes that are hardly text by chance.
const SURELY_TEXT: usize = 16;

/// Both directions of a connection.
#[derive(Debug)]
pub struct Transport {
    ways: [Decoder; 2],
    /// By the direction of the requests.
    asked: [Asking; 2],
    turns: Turns,
    /// The direction of a gateway of DATUM, and what follows its hello.
    datum: Option<(Direction, Datum)>,
    /// What is said in messages that are not complete.
    overheard: Overheard,
    requests: u32,
}

impl Transport {
    /// Nothing was said yet. Lines, heads and messages of more than `limit` bytes are skipped and counted.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            ways: [Decoder::new(limit), Decoder::new(limit)],
            asked: [Asking::default(), Asking::default()],
            turns: Turns::default(),
            datum: None,
            overheard: Overheard::default(),
            requests: 0,
        }
    }

    /// Takes what the reassembler of `direction` handed on and gives what it completes.
    pub fn take(&mut self, direction: Direction, piece: Piece<'_>, out: &mut dyn FnMut(Utterance<'_>)) {
        let segment = match piece {
            Piece::Next(bytes) => Some(bytes),
            // Nor is a stream followed by its sizes that began earlier than it seemed.
            Piece::Gap | Piece::Before(_) => None,
            Piece::Settled => Some(&[][..]),
        };
        self.turns.take(direction, segment, &mut |by, step| out(Utterance::Frame(Frame::Noise { by, step })));
        // Who speaks text did not mean the hello, however well it fitted.
        if segment.is_some_and(|bytes| bytes.len() >= SURELY_TEXT && binary::is_text(bytes)) {
            self.datum = None;
        }
        if let Some((gateway, datum)) = &mut self.datum
            && let Some(step) = datum.take(*gateway == direction, segment)
        {
            out(Utterance::Frame(Frame::Datum(step)));
        }
        let [up, down] = &mut self.ways;
        let (way, other) = match direction {
            Direction::Up => (up, down),
            Direction::Down => (down, up),
        };
        if self.datum.is_some() {
            way.aside().inside(segment.unwrap_or_default());
            if self.overheard.listen(direction, way.aside(), Inside::Sealed, Inside::Sealed) {
                self.retell(out);
            }
            return;
        }
        let [up_asked, down_asked] = &mut self.asked;
        let (mine, theirs) = match direction {
            Direction::Up => (up_asked, down_asked),
            Direction::Down => (down_asked, up_asked),
        };
        if matches!(piece, Piece::Gap) {
            // Nobody knows which of them were answered in it.
            *theirs = Asking::default();
        }
        let later = matches!(piece, Piece::Before(_)).then(|| std::mem::take(mine));
        let (requests, datum, overheard) = (&mut self.requests, &mut self.datum, &mut self.overheard);
        let inside = other.inside() != Inside::No;
        let anew = way.take(piece, &mut |start| exchange(start, requests, mine, theirs), &mut |said| {
            match said {
                Utterance::Frame(Frame::Datum(_)) => *datum = Some((direction, Datum::default())),
                Utterance::Line(_) | Utterance::Message(_) if inside => overheard.plain(direction),
                _ => {}
            }
            out(said);
        });
        if let Some(later) = later.filter(|_| !anew) {
            mine.append(later);
        }
        let (here, there) = (way.inside(), other.inside());
        if overheard.listen(direction, way.aside(), here, there) {
            self.retell(out);
        }
    }

    /// Gives what was overheard: it was meant for the other side.
    fn retell(&mut self, out: &mut dyn FnMut(Utterance<'_>)) {
        for (by, line) in self.overheard.drain() {
            out(Utterance::Overheard(by, &line));
        }
    }

    /// Lines of `direction` given since the last call that turned out to be none: the stream began earlier than it seemed.
    pub fn take_unsaid(&mut self, direction: Direction) -> u32 {
        self.ways.get_mut(direction as usize).map_or(0, Decoder::take_unsaid)
    }

    /// Nothing more will come of `direction`: gives what was not completed.
    pub fn finish(&mut self, direction: Direction, out: &mut dyn FnMut(Utterance<'_>)) {
        if let Some(way) = self.ways.get_mut(direction as usize) {
            way.finish(out);
        }
    }

    /// Whether one side has begun a message that is not complete.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.ways.iter().any(Decoder::is_interrupted)
    }

    /// Bytes held for what is not complete.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.ways.iter().map(Decoder::held_bytes).sum::<usize>() + self.overheard.held_bytes()
    }

    /// Bytes of what may yet turn out to be a message.
    #[must_use]
    pub fn unjudged_bytes(&self) -> usize {
        self.ways.iter().map(Decoder::unjudged_bytes).sum()
    }

    /// Lines, heads and messages that were too long to be read.
    #[must_use]
    pub fn overlong(&self) -> u64 {
        self.ways.iter().map(Decoder::overlong).sum()
    }
}

/// Numbers and remembers a request, or gives the one that a response answers.
fn exchange(start: &Start, requests: &mut u32, mine: &mut Asking, theirs: &mut Asking) -> Option<Asked> {
    match start {
        Start::Request { method, .. } => {
            let what = match method.as_str() {
                "HEAD" => What::Head,
                "CONNECT" => What::Tunnel,
                _ => What::Other,
            };
            *requests = requests.wrapping_add(1);
            let asked = Asked { what, number: *requests };
            mine.add(asked);
            Some(asked)
        }
        // 100 Continue and its like precede the response.
        Start::Response { status: 100 | 102..=199, .. } => theirs.first(),
        Start::Response { .. } => theirs.answered(),
    }
}

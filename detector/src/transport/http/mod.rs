mod heads;

use bytes::BytesMut;

use crate::transport::aside::Aside;
use crate::transport::body::Body;
use crate::transport::head::Start;
use crate::transport::margin::Margin;
use crate::transport::scan::Scan;
use crate::transport::start_line::http_start;
use crate::transport::{Asked, Utterance, work};

/// Bytes of the head of one message, and of a line between its chunks.
const MAX_HEAD: usize = 16 * 1024;

/// What becomes of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// HTTP goes on; all bytes were taken.
    More,
    /// HTTP has ended, and what follows is to be looked at anew.
    Reopen,
    /// The connection is now a WebSocket's.
    WebSocket,
}

/// Reads the HTTP/1 messages of one direction (RFC 9112).
#[derive(Debug)]
pub(super) struct Http {
    limit: usize,
    /// A head or a line that is not complete.
    held: BytesMut,
    scan: Scan,
    state: State,
    body: Body,
    /// What stands between the chunks, and behind them.
    margin: Margin,
    overlong: u64,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Head,
    /// So many bytes of the body are to come.
    Sized(u64),
    ChunkLine,
    Chunk(u64),
    ChunkEnd,
    Trailer,
    /// The body ends with the connection.
    Endless,
    /// Bytes are missing, or nobody knows where the body ends: what follows is skipped up to the next first line.
    Lost,
}

impl Http {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            held: BytesMut::new(),
            scan: Scan::default(),
            state: State::Head,
            body: Body::new(limit),
            margin: Margin::new(limit),
            overlong: 0,
        }
    }

    /// A first line was read already.
    pub(super) fn begun(limit: usize, line: &[u8]) -> Self {
        let mut http = Self::new(limit);
        for part in [line, b"\r\n"] {
            http.held.extend_from_slice(part);
            let (_, _) = http.scan.read(part);
        }
        http
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.held.len() + self.body.held_bytes() + self.margin.held_bytes()
    }

    pub(super) const fn overlong(&self) -> u64 {
        self.overlong + self.body.overlong()
    }

    /// Whether a body is begun, or nobody knows where one ends.
    pub(super) const fn is_inside(&self) -> bool {
        !matches!(self.state, State::Head)
    }

    /// Whether the end of the connection is that of the message.
    pub(super) const fn ends_with_connection(&self) -> bool {
        matches!(self.state, State::Endless)
    }

    /// Whether what comes next is a new message.
    pub(super) fn is_between(&self) -> bool {
        !self.is_inside() && self.held.is_empty()
    }

    /// What was taken and not read, once HTTP has ended.
    pub(super) fn rest(&mut self) -> BytesMut {
        std::mem::take(&mut self.held)
    }

    /// Takes bytes of `input` and gives what they complete. `exchange` is told of every first line and gives what the
    /// message asks or answers.
    pub(super) fn next(
        &mut self,
        input: &mut &[u8],
        aside: &mut Aside,
        exchange: &mut dyn FnMut(&Start) -> Option<Asked>,
        out: &mut dyn FnMut(Utterance<'_>),
    ) -> Step {
        loop {
            match self.state {
                State::Head => match self.head(input, exchange, out) {
                    Some(Step::More) => {}
                    Some(step) => return step,
                    None => return Step::More,
                },
                State::Sized(left) => {
                    let left = left - self.collect(left, input, aside);
                    self.state = State::Sized(left);
                    if left > 0 {
                        return Step::More;
                    }
                    self.complete(aside, out);
                }
                State::Chunk(left) => {
                    let left = left - self.collect(left, input, aside);
                    self.state = if left > 0 { State::Chunk(left) } else { State::ChunkEnd };
                    if left > 0 {
                        return Step::More;
                    }
                }
                State::Endless => {
                    self.collect(u64::MAX, input, aside);
                    return Step::More;
                }
                State::Lost => {
                    let (ended, taken) = self.line(input);
                    aside.inside(taken);
                    if !ended {
                        return Step::More;
                    }
                    self.look(aside);
                }
                State::ChunkLine | State::ChunkEnd | State::Trailer => {
                    let (ended, taken) = self.line(input);
                    self.margin.take(taken, out);
                    if !ended {
                        return Step::More;
                    }
                    self.framing(aside, out);
                }
            }
        }
    }

    /// Nothing more will come: gives the body that ends with the connection.
    pub(super) fn finish(&mut self, aside: &mut Aside, out: &mut dyn FnMut(Utterance<'_>)) {
        if matches!(self.state, State::Endless) {
            self.complete(aside, out);
        }
    }

    /// Bytes are missing: what stands before them does not go on behind them.
    pub(super) fn gap(&mut self) {
        self.held.clear();
        self.lose();
    }

    /// Forgets the message that is being read: the rest of it cannot be told from what follows.
    fn lose(&mut self) {
        self.state = State::Lost;
        self.body.lose();
        self.margin = Margin::new(self.limit);
    }

    /// Moves bytes up to a line feed, and gives them. True if the line is complete, or too long.
    fn line<'a>(&mut self, input: &mut &'a [u8]) -> (bool, &'a [u8]) {
        let end = input.iter().position(|&byte| byte == b'\n').map_or(input.len(), |at| at + 1);
        let (part, rest) = input.split_at(end.min((MAX_HEAD + 1).saturating_sub(self.held.len())));
        *input = rest;
        self.held.extend_from_slice(part);
        (part.ends_with(b"\n") || self.held.len() > MAX_HEAD, part)
    }

    /// Looks for the first line of a message in a line that was heard aside, and skips what is before it.
    fn look(&mut self, aside: &mut Aside) {
        let line = std::mem::take(&mut self.held);
        work::count(line.len());
        let start = line.ends_with(b"\n").then(|| http_start(line.trim_ascii_end())).flatten();
        if let Some(first) = start.and_then(|start| line.get(start..)) {
            aside.end();
            self.state = State::Head;
            self.scan = Scan::default();
            self.held = BytesMut::from(first);
            let (_, _) = self.scan.read(first);
        }
    }

    /// Reads a line between the chunks, or after the last. One that does not end is taken for the last.
    fn framing(&mut self, aside: &mut Aside, out: &mut dyn FnMut(Utterance<'_>)) {
        match self.state {
            State::ChunkLine => match httparse::parse_chunk_size(&self.held) {
                Ok(httparse::Status::Complete((_, size))) => {
                    self.state = if size == 0 { State::Trailer } else { State::Chunk(size) };
                }
                Ok(httparse::Status::Partial) | Err(_) => {
                    self.lose();
                    self.look(aside);
                    return;
                }
            },
            State::Trailer => {
                if self.held.trim_ascii_end().is_empty() || !self.held.ends_with(b"\n") {
                    self.complete(aside, out);
                }
            }
            _ => self.state = State::ChunkLine,
        }
        self.held.clear();
    }

    /// Moves up to `left` bytes to the body; says how many there were.
    fn collect(&mut self, left: u64, input: &mut &[u8], aside: &mut Aside) -> u64 {
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        let (part, rest) = input.split_at(count);
        *input = rest;
        aside.inside(part);
        self.body.append(part);
        count as u64
    }

    fn complete(&mut self, aside: &mut Aside, out: &mut dyn FnMut(Utterance<'_>)) {
        aside.end();
        self.body.complete(out);
        self.state = State::Head;
    }
}

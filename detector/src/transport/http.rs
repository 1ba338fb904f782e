use bytes::{Buf as _, BytesMut};

use super::head::{Head, Length, Start};
use super::start_line::http_start;
use super::{Asked, Utterance, What};

/// Bytes of the head of one message.
const MAX_HEAD: usize = 16 * 1024;

/// Bytes of the line that tells the size of a chunk.
const MAX_CHUNK_LINE: usize = 1024;

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
    held: BytesMut,
    state: State,
    /// The message whose body is read.
    head: Option<Head>,
    body: BytesMut,
    /// The body is too long, or cannot be read.
    skipped: bool,
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
            state: State::Head,
            head: None,
            body: BytesMut::new(),
            skipped: false,
            overlong: 0,
        }
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.held.len() + self.body.len()
    }

    pub(super) const fn overlong(&self) -> u64 {
        self.overlong
    }

    /// What was given and not read, once HTTP has ended.
    pub(super) fn rest(&mut self) -> BytesMut {
        std::mem::take(&mut self.held)
    }

    /// Takes bytes and gives what they complete. `exchange` is told of every first line and gives what the message asks
    /// or answers.
    pub(super) fn next(
        &mut self,
        bytes: &[u8],
        exchange: &mut dyn FnMut(&Start) -> Option<Asked>,
        out: &mut dyn FnMut(Utterance<'_>),
    ) -> Step {
        self.held.extend_from_slice(bytes);
        loop {
            match self.state {
                State::Head => match self.head(exchange, out) {
                    Some(Step::More) => {}
                    Some(step) => return step,
                    None => return Step::More,
                },
                State::Sized(left) => {
                    let left = left - self.collect(left);
                    self.state = State::Sized(left);
                    if left > 0 {
                        return Step::More;
                    }
                    self.complete(out);
                }
                State::ChunkLine => match self.chunk_line() {
                    Some(Ok(0)) => self.state = State::Trailer,
                    Some(Ok(size)) => self.state = State::Chunk(size),
                    Some(Err(())) => self.lose(),
                    None => return Step::More,
                },
                State::Chunk(left) => {
                    let left = left - self.collect(left);
                    self.state = if left > 0 { State::Chunk(left) } else { State::ChunkEnd };
                    if left > 0 {
                        return Step::More;
                    }
                }
                State::Endless => {
                    self.collect(u64::MAX);
                    return Step::More;
                }
                State::Lost => {
                    if !self.found() {
                        return Step::More;
                    }
                    self.state = State::Head;
                }
                State::ChunkEnd | State::Trailer => {
                    let Some(line) = self.line() else { return Step::More };
                    match self.state {
                        State::Trailer if line.is_empty() => self.complete(out),
                        State::Trailer => {}
                        _ => self.state = State::ChunkLine,
                    }
                }
            }
        }
    }

    /// Nothing more will come: gives the body that ends with the connection.
    pub(super) fn finish(&mut self, out: &mut dyn FnMut(Utterance<'_>)) {
        if matches!(self.state, State::Endless) {
            self.complete(out);
        }
    }

    /// Forgets the message that is being read: the rest of it cannot be told from what follows.
    pub(super) fn lose(&mut self) {
        self.state = State::Lost;
        self.head = None;
        self.body = BytesMut::new();
        self.skipped = false;
    }

    /// Looks for the first line of a message, and skips what is before it.
    fn found(&mut self) -> bool {
        while let Some(end) = self.held.iter().position(|&byte| byte == b'\n') {
            let line = self.held.get(..end).unwrap_or_default().trim_ascii_end();
            if let Some(start) = http_start(line) {
                self.held.advance(start);
                return true;
            }
            self.held.advance(end + 1);
        }
        if self.held.len() > MAX_HEAD {
            self.held.clear();
        }
        false
    }

    /// `None` if the head is not complete.
    fn head(
        &mut self,
        exchange: &mut dyn FnMut(&Start) -> Option<Asked>,
        out: &mut dyn FnMut(Utterance<'_>),
    ) -> Option<Step> {
        let blank = self.held.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.held.advance(blank);
        let first = *self.held.first()?;
        // What is no HTTP any more must not be held until it looks like the end of a head.
        if !first.is_ascii_uppercase() {
            return Some(Step::Reopen);
        }
        let end = end_of_head(&self.held);
        if end.is_none() && !Head::may_follow(&self.held) {
            return Some(self.give_up_line());
        }
        if end.unwrap_or(self.held.len()) > MAX_HEAD {
            self.overlong += 1;
            self.held.advance(end.unwrap_or(self.held.len()));
            self.lose();
            return Some(Step::More);
        }
        let end = end?;
        let Some(mut head) = self.held.get(..end).and_then(Head::parse) else {
            return Some(self.give_up_line());
        };
        self.held.advance(end);
        let asked = exchange(&head.start);
        head.exchange = asked.map(|asked| asked.number);
        out(Utterance::Head(&head));
        Some(self.begin_body(head, asked, out))
    }

    /// The first line only looked like one, and must not look so again.
    fn give_up_line(&mut self) -> Step {
        let line = self.held.iter().position(|&byte| byte == b'\n').map_or(self.held.len(), |at| at + 1);
        self.held.advance(line);
        Step::Reopen
    }

    /// How the body is delimited (RFC 9112, section 6.3).
    fn begin_body(&mut self, head: Head, asked: Option<Asked>, out: &mut dyn FnMut(Utterance<'_>)) -> Step {
        let upgrade = head.lists("upgrade", "websocket");
        let length = head.length();
        let asked = asked.map(|asked| asked.what);
        self.state = match (&head.start, asked) {
            (Start::Request { method, target }, _) if method == "CONNECT" => {
                out(Utterance::Target(target));
                return Step::Reopen;
            }
            (Start::Request { .. }, _) if upgrade && length == Length::Unsaid => return Step::WebSocket,
            (Start::Response { status: 101, .. }, _) if upgrade => return Step::WebSocket,
            (Start::Response { status: 200..=299, .. }, Some(What::Tunnel)) => return Step::Reopen,
            (Start::Response { status: 100..=199 | 204 | 304, .. }, _) | (_, Some(What::Head)) => {
                return Step::More;
            }
            (start, asked) => match (start, length) {
                (_, Length::Known(length)) => State::Sized(length),
                (_, Length::Chunked) => State::ChunkLine,
                (Start::Request { .. }, Length::Unsaid) => return Step::More,
                // A tunnel whose request was not seen.
                (Start::Response { .. }, Length::Unsaid)
                    if asked.is_none() && head.header("content-type").is_none() =>
                {
                    return Step::Reopen;
                }
                (Start::Response { .. }, Length::Unsaid | Length::Unclear) => State::Endless,
                (Start::Request { .. }, Length::Unclear) => {
                    out(Utterance::Unreadable);
                    self.lose();
                    return Step::More;
                }
            },
        };
        self.skipped = head.compressed();
        if self.skipped {
            out(Utterance::Unreadable);
        }
        self.head = Some(head);
        Step::More
    }

    /// Moves up to `left` bytes to the body; says how many there were.
    fn collect(&mut self, left: u64) -> u64 {
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(self.held.len());
        let part = self.held.split_to(count);
        if !self.skipped && self.body.len() + count > self.limit {
            self.skipped = true;
            self.overlong += 1;
            self.body = BytesMut::new();
        }
        if !self.skipped {
            self.body.extend_from_slice(&part);
        }
        count as u64
    }

    fn complete(&mut self, out: &mut dyn FnMut(Utterance<'_>)) {
        let body = std::mem::take(&mut self.body);
        if let Some(head) = self.head.take().filter(|_| !self.skipped) {
            out(Utterance::Body(&head, &body));
        }
        self.skipped = false;
        self.state = State::Head;
    }

    fn chunk_line(&mut self) -> Option<Result<u64, ()>> {
        match httparse::parse_chunk_size(&self.held) {
            Ok(httparse::Status::Complete((length, size))) => {
                self.held.advance(length.min(self.held.len()));
                Some(Ok(size))
            }
            Ok(httparse::Status::Partial) if self.held.len() <= MAX_CHUNK_LINE => None,
            Ok(httparse::Status::Partial) | Err(_) => Some(Err(())),
        }
    }

    /// A line of the trailer, without its end. One that does not end is taken for the last.
    fn line(&mut self) -> Option<BytesMut> {
        let Some(end) = self.held.iter().position(|&byte| byte == b'\n') else {
            if self.held.len() > MAX_CHUNK_LINE {
                self.held.clear();
                return Some(BytesMut::new());
            }
            return None;
        };
        let mut line = self.held.split_to(end + 1);
        line.truncate(line.trim_ascii_end().len());
        Some(line)
    }
}

/// Where the empty line that ends a head ends.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let mut line_ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    line_ends.find_map(|start| match bytes.get(start..)? {
        [b'\n', ..] => Some(start + 1),
        [b'\r', b'\n', ..] => Some(start + 2),
        _ => None,
    })
}

//! WebSocket frames (RFC 6455), read by one who only listens.
//!
//! The crates for WebSocket take part in a connection: they want a handshake and to write. Of tungstenite only the
//! parser of a frame's header would fit, a twentieth of this file; what makes up the rest (joining within a stream,
//! skipping what cannot be read, bounds) is foreign to it.

mod header;
#[cfg(test)]
mod tests;

use bytes::BytesMut;

use super::Utterance;
use super::aside::Aside;
use super::margin::Margin;
use super::opening::Guess;
use header::{Header, Kind, header, opens_text, unmasked};
pub(super) use header::{frame_text, is_frame, opens};

/// Reads the frames of one direction.
#[derive(Debug)]
pub(super) struct WebSocket {
    limit: usize,
    /// Of a header that is not complete.
    held: BytesMut,
    state: State,
    /// What becomes of the message whose frames are read.
    message: Option<Fate>,
    /// What the frames hold that are no part of a message.
    control: Margin,
    /// What frames hold that say that they are masked, and are not.
    bare: Margin,
    overlong: u64,
}

#[derive(Debug)]
enum State {
    Header,
    /// Bytes of the frame, of which some are to come.
    Payload(Header, u64),
    /// It is not known where a frame begins.
    Lost,
}

#[derive(Debug)]
enum Fate {
    Read(BytesMut),
    Skip,
    /// Compressed, or changed by another extension, it says. JSON shows by its first byte.
    Doubtful,
    Unreadable,
}

impl WebSocket {
    pub(super) fn new(limit: usize) -> Self {
        let [control, bare] = [Margin::new(limit), Margin::new(limit)];
        Self { limit, held: BytesMut::new(), state: State::Header, message: None, control, bare, overlong: 0 }
    }

    pub(super) fn held_bytes(&self) -> usize {
        let margins = self.control.held_bytes() + self.bare.held_bytes();
        self.held.len() + margins + self.partial().map_or(0, BytesMut::len)
    }

    /// Bytes of a message that may be JSON.
    pub(super) fn unjudged_bytes(&self) -> usize {
        self.partial()
            .filter(|text| text.first().is_some_and(|&byte| opens_text(byte)))
            .map_or(0, BytesMut::len)
    }

    pub(super) const fn overlong(&self) -> u64 {
        self.overlong
    }

    /// Bytes are missing: the next frame is looked for where a segment begins.
    pub(super) fn lose(&mut self) {
        self.held.clear();
        self.message = None;
        [self.control, self.bare] = [Margin::new(self.limit), Margin::new(self.limit)];
        self.state = State::Lost;
    }

    /// Whether a message is begun.
    pub(super) const fn is_inside(&self) -> bool {
        !matches!(self.state, State::Header) || self.message.is_some()
    }

    /// Takes bytes of `input` and gives what they complete. What is no frame is given back, before what was not taken.
    pub(super) fn next(
        &mut self,
        input: &mut &[u8],
        aside: &mut Aside,
        out: &mut dyn FnMut(Utterance<'_>),
    ) -> Option<BytesMut> {
        if matches!(self.state, State::Lost) {
            if opens(input) != Guess::Yes(()) {
                aside.inside(std::mem::take(input));
                return None;
            }
            self.state = State::Header;
            aside.end();
        }
        loop {
            match self.state {
                State::Header => {
                    let (&byte, rest) = input.split_first()?;
                    self.held.extend_from_slice(&[byte]);
                    *input = rest;
                    match header(&self.held) {
                        Guess::Yes((header, _)) => {
                            self.held.clear();
                            self.begin(header);
                            self.state = State::Payload(header, 0);
                        }
                        Guess::More => {}
                        Guess::No => return Some(std::mem::take(&mut self.held)),
                    }
                }
                State::Payload(header, read) => {
                    let read = read + self.collect(header, read, input, aside, out);
                    self.state = State::Payload(header, read);
                    if read < header.length {
                        return None;
                    }
                    self.end(header, aside, out);
                    self.state = State::Header;
                }
                State::Lost => return None,
            }
        }
    }

    fn partial(&self) -> Option<&BytesMut> {
        match &self.message {
            Some(Fate::Read(text)) => Some(text),
            _ => None,
        }
    }

    fn begin(&mut self, header: Header) {
        self.bare.part();
        if header.kind == Kind::Message {
            let fate = if header.extended { Fate::Doubtful } else { Fate::Read(BytesMut::new()) };
            self.message = Some(fate);
        }
    }

    /// Moves what there is of the frame to its message; says how many bytes there were.
    fn collect(
        &mut self,
        header: Header,
        read: u64,
        input: &mut &[u8],
        aside: &mut Aside,
        out: &mut dyn FnMut(Utterance<'_>),
    ) -> u64 {
        let count = usize::try_from(header.length - read).unwrap_or(usize::MAX).min(input.len());
        let (part, rest) = input.split_at(count);
        *input = rest;
        if part.is_empty() {
            return 0;
        }
        if header.mask.is_some_and(|mask| mask != [0; 4]) {
            self.bare.take(part, out);
        }
        let text: BytesMut = unmasked(part, header.mask, read).collect();
        if header.kind == Kind::Control {
            self.control.take(&text, out);
            return count as u64;
        }
        aside.inside(&text);
        if let (Some(Fate::Doubtful), Some(first)) =
            (&self.message, text.iter().find(|byte| !byte.is_ascii_whitespace()))
        {
            let json = matches!(first, b'{' | b'[');
            self.message = Some(if json { Fate::Read(BytesMut::new()) } else { Fate::Unreadable });
        }
        if let Some(Fate::Read(message)) = &mut self.message {
            if message.len() + count > self.limit {
                self.message = Some(Fate::Skip);
                self.overlong += 1;
            } else {
                message.extend_from_slice(&text);
            }
        }
        count as u64
    }

    fn end(&mut self, header: Header, aside: &mut Aside, out: &mut dyn FnMut(Utterance<'_>)) {
        if header.kind == Kind::Control || !header.last {
            return;
        }
        let message = self.message.take();
        if let Some(Fate::Read(text)) = &message
            && let Ok(text) = std::str::from_utf8(text)
        {
            aside.said();
            if !text.trim().is_empty() {
                out(Utterance::Message(text.trim().as_bytes()));
            }
            return;
        }
        aside.end();
        match message {
            Some(Fate::Read(_) | Fate::Doubtful | Fate::Unreadable) => out(Utterance::Unreadable),
            Some(Fate::Skip) | None => {}
        }
    }
}

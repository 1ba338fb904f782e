//! WebSocket frames (RFC 6455), read by one who only listens.
//!
//! The crates for WebSocket take part in a connection: they want a handshake and to write. Of tungstenite only the
//! parser of a frame's header would fit, a twentieth of this file; what makes up the rest (joining within a stream,
//! skipping what cannot be read, bounds) is foreign to it.

use bytes::BytesMut;

use super::Utterance;
use super::aside::Aside;
use super::margin::Margin;
use super::opening::Guess;

/// Bytes of a frame beyond which what looks like its header is none.
const MAX_FRAME: u64 = 1 << 30;

/// Bytes of the first frame of a stream that is joined.
const MAX_FIRST: u64 = 1 << 20;

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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    last: bool,
    extended: bool,
    kind: Kind,
    mask: Option<[u8; 4]>,
    length: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Text or binary.
    Message,
    Continuation,
    /// Close, ping or pong, also within a message.
    Control,
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
        aside.end();
        match self.message.take() {
            Some(Fate::Read(text)) => match std::str::from_utf8(&text).map(str::trim) {
                Ok("") => {}
                Ok(text) => out(Utterance::Message(text.as_bytes())),
                Err(_) => out(Utterance::Unreadable),
            },
            Some(Fate::Doubtful | Fate::Unreadable) => out(Utterance::Unreadable),
            Some(Fate::Skip) | None => {}
        }
    }
}

/// The bytes as they were before they were masked, of which `before` came earlier in the frame.
fn unmasked(bytes: &[u8], mask: Option<[u8; 4]>, before: u64) -> impl Iterator<Item = u8> {
    let mask = mask.unwrap_or_default();
    let turn = usize::try_from(before % 4).unwrap_or_default();
    bytes.iter().zip(mask.into_iter().cycle().skip(turn)).map(|(byte, key)| byte ^ key)
}

/// Reads a frame's header (RFC 6455, section 5.2) and gives its length.
fn header(bytes: &[u8]) -> Guess<(Header, usize)> {
    let &[first, second, ..] = bytes else { return Guess::More };
    let kind = match first & 0x0f {
        0 => Kind::Continuation,
        1 | 2 => Kind::Message,
        8..=10 => Kind::Control,
        _ => return Guess::No,
    };
    let (last, size) = (first & 0x80 != 0, second & 0x7f);
    if kind == Kind::Control && (!last || size > 125) {
        return Guess::No;
    }
    let rest = bytes.get(2..).unwrap_or_default();
    let (length, taken) = match size {
        126 => (rest.first_chunk().map(|size| u64::from(u16::from_be_bytes(*size))), 4),
        127 => (rest.first_chunk().map(|size| u64::from_be_bytes(*size)), 10),
        _ => (Some(u64::from(size)), 2),
    };
    let Some(length) = length else { return Guess::More };
    if length > MAX_FRAME {
        return Guess::No;
    }
    let (mask, taken) = if second & 0x80 == 0 {
        (None, taken)
    } else {
        let Some(mask) = bytes.get(taken..).and_then(<[u8]>::first_chunk) else { return Guess::More };
        (Some(*mask), taken + 4)
    };
    Guess::Yes((Header { last, extended: first & 0x70 != 0, kind, mask, length }, taken))
}

/// Whether bytes are the first of a frame that holds a message, which is text as mining software writes it.
pub(super) fn opens(first: &[u8]) -> Guess<()> {
    if !first.first().is_some_and(|byte| matches!(byte, 0x81 | 0x82)) {
        return Guess::No;
    }
    match header(first) {
        Guess::Yes((header, taken)) if shortest(&header, taken) && header.length <= MAX_FIRST => {
            let mut text = unmasked(first.get(taken..).unwrap_or_default(), header.mask, 0);
            match (text.next(), text.next()) {
                (None, _) => Guess::More,
                // Unmasked bytes are less surely those of a frame; this is an event of Socket.IO.
                (Some(b'4'), None) if header.mask.is_none() => Guess::More,
                (Some(b'{' | b'['), _) | (Some(b'4'), Some(b'2')) => Guess::Yes(()),
                (Some(byte), _) if header.mask.is_some() && opens_text(byte) => Guess::Yes(()),
                (Some(_), _) => Guess::No,
            }
        }
        Guess::More => Guess::More,
        Guess::Yes(_) | Guess::No => Guess::No,
    }
}

/// Whether a segment is just one such frame, whole.
pub(super) fn is_frame(segment: &[u8]) -> bool {
    let whole = match header(segment) {
        Guess::Yes((header, taken)) => header.length + taken as u64 == segment.len() as u64,
        Guess::No | Guess::More => false,
    };
    whole && opens(segment) == Guess::Yes(())
}

/// The length is told in as few bytes as it takes, and there is one.
fn shortest(header: &Header, taken: usize) -> bool {
    match taken - if header.mask.is_some() { 4 } else { 0 } {
        2 => header.length > 0,
        4 => header.length > 125,
        _ => header.length > u64::from(u16::MAX),
    }
}

/// JSON begins like this, also in the frames of Socket.IO, and so do the lines of Duino-Coin.
fn opens_text(byte: u8) -> bool {
    matches!(byte, b'{' | b'[' | b'"' | b' ' | b'\t'..=b'\r') || byte.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A frame as a sender makes it.
    fn frame(first: u8, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
        let flag = if mask.is_some() { 0x80 } else { 0 };
        let mut bytes = vec![first];
        match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
            (Ok(size @ 0..=125), _) => bytes.push(flag | size),
            (_, Ok(size)) => {
                bytes.push(flag | 0x7e);
                bytes.extend(size.to_be_bytes());
            }
            _ => {
                bytes.push(flag | 0x7f);
                bytes.extend((payload.len() as u64).to_be_bytes());
            }
        }
        bytes.extend(mask.unwrap_or_default().iter().take(if mask.is_some() { 4 } else { 0 }));
        let key = mask.unwrap_or_default();
        bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        bytes
    }

    /// What is given back, with what was not taken.
    fn next(
        websocket: &mut WebSocket,
        mut bytes: &[u8],
        out: &mut dyn FnMut(Utterance<'_>),
    ) -> Option<BytesMut> {
        let mut rest = websocket.next(&mut bytes, &mut Aside::new(1000), out)?;
        rest.extend_from_slice(bytes);
        Some(rest)
    }

    struct Heard {
        said: Vec<String>,
        rest: Option<BytesMut>,
        overlong: u64,
    }

    fn heard(pieces: &[&[u8]]) -> Heard {
        let mut websocket = WebSocket::new(100_000);
        let (mut said, mut rest) = (Vec::new(), None);
        for piece in pieces {
            rest = next(&mut websocket, piece, &mut |utterance| {
                said.push(match utterance {
                    Utterance::Message(text) => String::from_utf8(text.to_vec()).unwrap(),
                    other => format!("{other:?}"),
                });
            });
        }
        Heard { said, rest, overlong: websocket.overlong() }
    }

    proptest! {
        #[test]
        fn messages_are_heard_however_masked_fragmented_and_cut(
            messages in prop::collection::vec(("\\{[a-zä]{0,300}", any::<Option<[u8; 4]>>(), 1..400_usize), 1..6),
            cut in 1..50_usize,
        ) {
            let mut bytes = Vec::new();
            for (text, mask, part) in &messages {
                let parts: Vec<_> = text.as_bytes().chunks(*part).collect();
                for (number, part) in parts.iter().enumerate() {
                    let last = if number + 1 == parts.len() { 0x80 } else { 0 };
                    bytes.extend(frame(last | u8::from(number == 0), *mask, part));
                    bytes.extend(frame(0x89, *mask, b"ping"));
                }
            }
            let pieces: Vec<_> = bytes.chunks(cut).collect();
            let expected: Vec<_> = messages.into_iter().map(|(text, ..)| text).collect();
            prop_assert_eq!(heard(&pieces).said, expected);
        }

        #[test]
        fn no_bytes_are_misread_without_bounds(bytes in prop::collection::vec(any::<u8>(), 0..2000), cut in 1..700_usize) {
            let mut websocket = WebSocket::new(100);
            for piece in bytes.chunks(cut) {
                drop(next(&mut websocket, piece, &mut |_| {}));
                prop_assert!(websocket.held_bytes() <= 314);
            }
        }
    }

    #[test]
    fn lengths_of_all_three_forms() {
        for size in [1, 125, 126, 65_535, 65_536] {
            let text = "{".repeat(size);
            assert_eq!(heard(&[&frame(0x82, Some([1, 2, 3, 4]), text.as_bytes())]).said, [text]);
        }
    }

    #[test]
    fn what_is_compressed_is_told_and_what_is_too_long_counted() {
        let compressed = frame(0xc1, None, b"\xaa\x56\x2a");
        assert_eq!(heard(&[&compressed]).said, ["Unreadable"]);
        let begun = [frame(0x41, None, b"a"), frame(0x80, None, b"b"), frame(0x81, None, b"{}")].concat();
        assert_eq!(heard(&[&begun]).said, ["Unreadable", "{}"]);
        let long = [frame(0x81, None, &b"{".repeat(100_001)), frame(0x81, None, b"{}")].concat();
        let heard = heard(&[&long]);
        assert_eq!((heard.said, heard.overlong), (vec!["{}".to_owned()], 1));
    }

    #[test]
    fn what_is_no_frame_is_given_back() {
        let heard = heard(&[&[&frame(0x81, None, b"{}")[..], b"{\"id\":1}\n"].concat()]);
        assert_eq!((heard.said, heard.rest.as_deref()), (vec!["{}".to_owned()], Some(&b"{\"id\":1}\n"[..])));
    }

    #[test]
    fn after_a_loss_the_next_frame_with_json_is_found() {
        let mut websocket = WebSocket::new(1000);
        let mut said = Vec::new();
        let mut out = |utterance: Utterance<'_>| said.push(format!("{utterance:?}"));
        let long = frame(0x81, None, &[b'{'; 300]);
        next(&mut websocket, &long[..100], &mut out);
        websocket.lose();
        next(&mut websocket, &long[200..], &mut out);
        next(&mut websocket, &frame(0x81, Some([9, 8, 7, 6]), b"{}"), &mut out);
        assert_eq!(said.len(), 1);
    }

    #[test]
    fn a_frame_with_json_opens_a_stream_that_is_joined() {
        let masked = frame(0x81, Some([0xff, 2, 3, 4]), b"{\"id\":1}");
        assert_eq!(opens(&masked), Guess::Yes(()));
        assert_eq!(opens(&masked[..6]), Guess::More);
        assert!(is_frame(&masked) && !is_frame(&masked[..9]));
        for json in [&b"{}"[..], b"[]", b"42[\"job\"]"] {
            assert_eq!(opens(&frame(0x81, None, json)), Guess::Yes(()));
        }
        for other in
            [frame(0x81, None, b"a"), frame(0x81, Some([0; 4]), b"\xfe"), b"{}".to_vec(), vec![0x81, 0]]
        {
            assert_eq!(opens(&other), Guess::No, "{other:x?}");
        }
    }
}

//! The header of a frame (RFC 6455, section 5.2), and what tells that a stream begins with one.

use crate::transport::opening::Guess;

/// Bytes of a frame beyond which what looks like its header is none.
const MAX_FRAME: u64 = 1 << 30;

/// Bytes of the first frame of a stream that is joined.
const MAX_FIRST: u64 = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) last: bool,
    pub(super) extended: bool,
    pub(super) kind: Kind,
    pub(super) mask: Option<[u8; 4]>,
    pub(super) length: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text or binary.
    Message,
    Continuation,
    /// Close, ping or pong, also within a message.
    Control,
}

/// The bytes as they were before they were masked, of which `before` came earlier in the frame.
pub(super) fn unmasked(bytes: &[u8], mask: Option<[u8; 4]>, before: u64) -> impl Iterator<Item = u8> {
    let mask = mask.unwrap_or_default();
    let turn = usize::try_from(before % 4).unwrap_or_default();
    bytes.iter().zip(mask.into_iter().cycle().skip(turn)).map(|(byte, key)| byte ^ key)
}

/// Reads a frame's header (RFC 6455, section 5.2) and gives its length.
pub(super) fn header(bytes: &[u8]) -> Guess<(Header, usize)> {
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
pub(in crate::transport) fn opens(first: &[u8]) -> Guess<()> {
    if !first.first().is_some_and(|byte| matches!(byte, 0x81 | 0x82 | 0x89 | 0x8a | 0xc1 | 0xc2)) {
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
                (Some(byte), _) if is_usual(&header) && header.mask.is_some() && opens_text(byte) => {
                    Guess::Yes(())
                }
                (Some(_), _) => Guess::No,
            }
        }
        Guess::More => Guess::More,
        Guess::Yes(_) | Guess::No => Guess::No,
    }
}

/// Whether a segment is just one such frame, whole.
pub(in crate::transport) fn is_frame(segment: &[u8]) -> bool {
    let whole = match header(segment) {
        Guess::Yes((header, taken)) => header.length + taken as u64 == segment.len() as u64,
        Guess::No | Guess::More => false,
    };
    whole && opens(segment) == Guess::Yes(())
}

/// What is compressed or keeps a connection alive has JSON in it only to hide it.
fn is_usual(header: &Header) -> bool {
    header.kind == Kind::Message && !header.extended
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
pub(super) fn opens_text(byte: u8) -> bool {
    matches!(byte, b'{' | b'[' | b'"' | b' ' | b'\t'..=b'\r') || byte.is_ascii_alphanumeric()
}

/// What a whole frame holds that is a segment of its own.
pub(in crate::transport) fn frame_text(segment: &[u8]) -> Option<Vec<u8>> {
    let Guess::Yes((header, taken)) = header(segment) else { return None };
    let payload = segment.get(taken..).filter(|_| is_frame(segment))?;
    Some(unmasked(payload, header.mask, 0).collect())
}

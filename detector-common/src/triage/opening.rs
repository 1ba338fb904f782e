use super::scan::Window;
use crate::packet::{Packet, Segment};

/// What the first payload bytes of a direction give away. A number, not an enumeration, because it
/// goes by way of memory that [`forget`](super::scratch::forget) makes opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opening(u16);

impl Opening {
    /// Nothing.
    pub(super) const NOTHING: Self = Self(0);
    /// The header of a TLS record.
    pub(super) const TLS: Self = Self(1);
    /// The first byte of a line of JSON, perhaps.
    const JSON: Self = Self(2);
    /// The first message of a protocol in which no token can be found.
    const BINARY: Self = Self(4);
    /// Text that is no JSON, nor a header of a proxy.
    const TEXT: Self = Self(8);
    /// A line that is only the beginning of JSON.
    const BEGUN: Self = Self(16);

    /// Reads the opening segment of a direction: of its `length` bytes, at least the first
    /// [`HEAD`](Self::HEAD) stand in the window, if there are so many.
    #[inline(always)]
    pub(super) fn read(window: &Window, length: u32) -> Self {
        let Some(head) = window.first_chunk() else { return Self::NOTHING };
        if is_tls(head, length) {
            return Self::TLS;
        }
        let begun = if breaks_off(head, length) { Self::BEGUN.0 } else { 0 };
        let json = if opens_json(head) { Self::JSON.0 | begun } else { 0 };
        let binary = if is_binary(head, length) { Self::BINARY.0 } else { 0 };
        let text = if binary == 0 && opens_text(head, length) { Self::TEXT.0 } else { 0 };
        Self(json | binary | text)
    }

    /// How many bytes are looked at.
    pub(super) const HEAD: u32 = 64;

    /// Whether it may be a line of JSON.
    pub(super) const fn is_json(self) -> bool {
        self.0 & Self::JSON.0 != 0
    }

    /// Whether it is JSON that goes on behind a line feed.
    pub(super) const fn is_begun(self) -> bool {
        self.0 & Self::BEGUN.0 != 0
    }

    /// 1 if it is text of something else than mining, 0 if not. A number, for a branch costs the
    /// verifier much.
    pub(super) const fn text(self) -> u16 {
        (self.0 / Self::TEXT.0) & 1
    }

    /// Whether only the agent can tell what it is.
    pub(super) const fn is_binary(self) -> bool {
        self.0 & Self::BINARY.0 != 0
    }
}

/// The first bytes of a segment; what lies past its length is left from another.
type Head = [u8; Opening::HEAD as usize];

/// The header of a TLS record (RFC 8446, section 5.1): type, version 3.x, length.
#[inline(always)]
const fn is_tls(head: &Head, length: u32) -> bool {
    match *head {
        [0x14..=0x17, 3, 0..=4, high, low, ..] => {
            length >= 5 && matches!(u16::from_be_bytes([high, low]), 1..=0x4800)
        }
        _ => false,
    }
}

/// Whether the stream opens as a line of JSON might: a bracket, white space or a byte order mark.
#[inline(always)]
const fn opens_json(head: &Head) -> bool {
    let [first, ..] = *head;
    matches!(first, b'{' | b'[' | b' ' | b'\t' | b'\r' | b'\n' | 0xef)
}

/// Whether a short segment ends with a line feed, and not with a bracket before it.
#[inline(always)]
fn breaks_off(head: &Head, length: u32) -> bool {
    let last = |back: u32| {
        // Before a shorter segment this is some other byte: a doubt more or less, of what says nothing yet.
        let at = core::hint::black_box(length.wrapping_sub(back)) as usize & (head.len() - 1);
        head.get(at).copied().unwrap_or_default()
    };
    let ends = |byte: u8| u8::from(matches!(byte, b'}' | b']'));
    let [feed, before, return_before] = [last(1), last(2), last(3)];
    let closed = ends(before) | (u8::from(before == b'\r') & ends(return_before));
    (2..=Opening::HEAD).contains(&length) && feed == b'\n' && core::hint::black_box(closed) == 0
}

/// Whether a stream that begins with this segment opens as text of another protocol than mining.
#[must_use]
pub fn opens_as_text(first: &[u8]) -> bool {
    let mut head = [0; Opening::HEAD as usize];
    head.iter_mut().zip(first).for_each(|(place, byte)| *place = *byte);
    let length = u32::try_from(first.len()).unwrap_or(u32::MAX);
    !is_tls(&head, length) && !is_binary(&head, length) && opens_text(&head, length)
}

/// Whether the stream opens as text of another protocol does: markup, a command or a sentence, a
/// number as the codes of replies are. A stream that is joined within a line of JSON goes on with
/// digits, quotes, or the end of a word.
#[inline(always)]
fn opens_text(head: &Head, length: u32) -> bool {
    match head {
        // NATS has a command of the same name, with an object.
        [b'C', b'O', b'N', b'N', b'E', b'C', b'T', b' ', next, ..] if length > 8 => *next == b'{',
        // "Connection established" are the usual words of a proxy, and of nobody else.
        [b'P', b'R', b'O', b'X', b'Y', b' ', ..]
        | [b'H', b'T', b'T', b'P', b'/', b'1', b'.', _, b' ', b'2', b'0', b'0', b' ', b'C' | b'c', ..]
            if length > 14 =>
        {
            false
        }
        [b'A'..=b'Z' | b'<' | b'+' | b'*' | b'#' | b'-' | b'=' | b';' | b'/', ..] => true,
        // Duino-Coin's server opens with a short number.
        [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b' ' | b'-', ..] => length > 7,
        [b'a'..=b'z', ..] => length < 8 || is_word(head),
        _ => false,
    }
}

/// Whether it begins with small letters that are neither the digits of a job nor the end of a JSON
/// string.
#[inline(always)]
fn is_word(head: &Head) -> bool {
    let Some(bytes) = head.first_chunk().map(|first| u64::from_le_bytes(*first)) else { return false };
    let marks = within(bytes, b'-', b'/') | within(bytes, b' ', b' ') | within(bytes, b'_', b'_');
    let letters = within(bytes, b'a', b'z') | within(bytes, b':', b':') | marks;
    let quotes = within(bytes, b'"', b'"');
    letters & 0x8080_8080 == 0x8080_8080 && quotes & 0x8080_8080_8080 == 0 && within(bytes, b'g', b'z') != 0
}

/// The highest bit of each byte that is one of these characters of ASCII. All bytes at once, because the verifier would
/// follow each comparison.
#[inline(always)]
const fn within(bytes: u64, first: u8, last: u8) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * EACH;
    let low = bytes & !HIGH;
    let from = low + (0x80 - first as u64) * EACH;
    let past = low + (0x7f - last as u64) * EACH;
    from & !past & !bytes & HIGH
}

#[inline(always)]
fn is_binary(head: &Head, length: u32) -> bool {
    is_masked_frame(head, length)
        || is_frame_of_json(head, length)
        || is_datum(head, length)
        || is_duino(head, length)
        || is_p2pool(head, length)
        || is_rlpx(head, length)
        || is_stratum_v2(head, length)
        || is_zmtp(head, length)
}

/// A whole frame of a WebSocket client, joined after its upgrade (RFC 6455, section 5.2): final,
/// text or binary, masked. Its JSON cannot be read through the mask.
#[inline(always)]
const fn is_masked_frame(head: &Head, length: u32) -> bool {
    match *head {
        [0x81..=0x82, 0xfe, high, low, ..] => length == 8 + u16::from_be_bytes([high, low]) as u32,
        [0x81..=0x82, size @ 0x80..=0xfd, ..] => length == 6 + (size & 0x7f) as u32,
        _ => false,
    }
}

/// A whole text frame of a WebSocket server, which does not mask, with JSON in it.
#[inline(always)]
const fn is_frame_of_json(head: &Head, length: u32) -> bool {
    match *head {
        [0x81, 0x7e, high, low, b'{' | b'[', ..] => length == 4 + u16::from_be_bytes([high, low]) as u32,
        [0x81, size @ 1..=0x7d, b'{' | b'[', ..] => length == 2 + size as u32,
        _ => false,
    }
}

/// The hello of a gateway to OCEAN's DATUM pool (`datum_protocol.h`): its header is masked with a
/// constant, names command 1, signed and sealed, and the length of what follows.
#[inline(always)]
const fn is_datum(head: &Head, length: u32) -> bool {
    let [a, b, c, d, ..] = *head;
    let header = u32::from_le_bytes([a, b, c, d]) ^ 0xdc87_1829;
    length > 4 && header & 0xffc0_0000 == 0x0b00_0000 && header & 0x003f_ffff == length - 4
}

/// The first request of a Duino-Coin miner (`PC_Miner.py`; `JOBXX` asks for `XXHash`).
#[inline(always)]
const fn is_duino(head: &Head, length: u32) -> bool {
    match head {
        [b'J', b'O', b'B', b',', ..] => length > 4,
        [b'J', b'O', b'B', b'X', b'X', b',', ..] => length > 6,
        _ => false,
    }
}

/// The handshake between nodes of Monero's `P2Pool` (`p2p_server.h`): a challenge of 17 bytes, which
/// may come with the solution of 41 and the port of 5.
#[inline(always)]
const fn is_p2pool(head: &Head, length: u32) -> bool {
    const CHALLENGE: usize = 17;
    const SOLUTION: usize = CHALLENGE + 41;
    if head[0] != 0 {
        return false;
    }
    match length {
        17 => true,
        58 => head[CHALLENGE] == 1,
        63.. => head[CHALLENGE] == 1 && head[SOLUTION] == 2,
        _ => false,
    }
}

/// The first message of either side of `RLPx`, between nodes of Ethereum (EIP-8): its size, then a
/// public key, which begins with 4.
#[inline(always)]
const fn is_rlpx(head: &Head, length: u32) -> bool {
    let [high, low, kind, ..] = *head;
    kind == 4 && 200 <= length && length <= 1300 && u16::from_be_bytes([high, low]) as u32 == length - 2
}

/// The key with which the Noise handshake of Stratum V2 opens: 64 bytes that look random. Nothing
/// tells them from the opening of Bitcoin's BIP 324 but what follows.
#[inline(always)]
fn is_stratum_v2(head: &Head, length: u32) -> bool {
    if length != 64 {
        return false;
    }
    let (words, _) = head.as_chunks::<4>();
    let mut high = 0;
    for word in words.iter().take(8) {
        let word = u32::from_ne_bytes(*word);
        if word == 0 {
            return false;
        }
        high |= word & 0x8080_8080;
    }
    high != 0
}

/// The greeting of `ZeroMQ` (RFC 23, ZMTP 3): a Monero node publishes new blocks that way.
#[inline(always)]
const fn is_zmtp(head: &Head, length: u32) -> bool {
    length >= 10 && matches!(head, [0xff, 0, 0, 0, 0, 0, 0, 0, _, 0x7f, ..])
}

/// Whether a segment of what both sides opened as TLS begins a JSON message: then it is no TLS.
/// What is encrypted begins so once in 65,536 segments, and of these goes on in text once in 360.
#[inline(always)]
pub(super) fn is_clear<P: Packet>(packet: &P, segment: &Segment) -> bool {
    if segment.length < 2 || packet.header::<2>(segment.offset) != Some(*b"{\"") {
        return false;
    }
    // In a shorter segment there is too little to tell, and little to lose.
    let Some(begin) = packet.header::<8>(segment.offset) else { return true };
    // All bytes at once, because the verifier would follow each comparison.
    let begin = u64::from_ne_bytes(begin);
    let printable = (begin | begin.wrapping_sub(0x2020_2020_2020_2020)) & 0x8080_8080_8080_8080 == 0;
    printable || segment.length < 8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What [`is_word`] tells, byte after byte.
    fn is_word_by_bytes(first: [u8; 8]) -> bool {
        !first[..6].contains(&b'"')
            && first[..4]
                .iter()
                .all(|byte| matches!(byte, b'a'..=b'z' | b' ' | b'.' | b'/' | b'_' | b'-' | b':'))
            && first.iter().any(|byte| matches!(byte, b'g'..=b'z'))
    }

    #[test]
    fn every_byte_is_within_its_range() {
        for byte in 0..=u8::MAX {
            for (first, last) in [(b' ', b' '), (b'-', b'/'), (b'a', b'z'), (0, 0x7f)] {
                let bytes = u64::from_le_bytes([0xff, byte, 0, 0x7f, byte, 0x80, b'a' - 1, byte]);
                let flags = within(bytes, first, last).to_le_bytes();
                for (flag, byte) in flags.into_iter().zip(bytes.to_le_bytes()) {
                    let expected = if (first..=last).contains(&byte) { 0x80 } else { 0 };
                    assert_eq!(flag, expected, "{byte:#x} in {first:#x} to {last:#x}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn words_are_told_byte_by_byte(first in any::<[u8; 8]>(), text in "[a-z \"/:_`{.-]{8}") {
            let text = *text.as_bytes().first_chunk().unwrap();
            for first in [first, text] {
                let mut head = [0; Opening::HEAD as usize];
                head[..8].copy_from_slice(&first);
                prop_assert_eq!(is_word(&head), is_word_by_bytes(first));
            }
        }
    }
}

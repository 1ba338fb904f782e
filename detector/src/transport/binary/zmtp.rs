//! `ZeroMQ`'s transport, version 3 (RFC 23 and RFC 37 of `ZeroMQ`'s own): a greeting of 64 bytes, then frames.

use super::{Frame, Header};

/// Bytes of the greeting.
const GREETING: usize = 64;

/// The longest message that is believed: a block in JSON.
const LONGEST: u64 = 64 << 20;

/// Flags of a frame.
const LONG: u8 = 2;
const COMMAND: u8 = 4;

pub(super) fn header(bytes: &[u8], number: u64) -> Header {
    let Some(&first) = bytes.first() else { return Header::Short };
    if number == 0 {
        return if first == 0xff { greeting(bytes) } else { Header::Broken };
    }
    let (head, length) = match first {
        0..=7 if first & LONG == 0 => {
            let Some(&length) = bytes.get(1) else { return Header::Short };
            (2, u64::from(length))
        }
        0..=7 => {
            let Some(length) = bytes.get(1..).and_then(<[u8]>::first_chunk) else { return Header::Short };
            (9, u64::from_be_bytes(*length))
        }
        _ => return Header::Broken,
    };
    // Only the last frame of a message can be a command.
    let possible = length <= LONGEST && first & (COMMAND | 1) != COMMAND | 1;
    if possible { Header::Message { head, body: length } } else { Header::Broken }
}

/// Signature, version, a mechanism in capitals, and zeros.
fn greeting(bytes: &[u8]) -> Header {
    let Some(bytes) = bytes.get(..GREETING) else {
        let zeros = bytes.iter().skip(1).take(7).all(|&byte| byte == 0);
        let signed = bytes.get(9).is_none_or(|&byte| byte == 0x7f);
        return if zeros && signed { Header::Short } else { Header::Broken };
    };
    match bytes {
        [0xff, 0, 0, 0, 0, 0, 0, 0, _, 0x7f, 3, 0..=1, b'A'..=b'Z', ..] => {
            Header::Message { head: GREETING, body: 0 }
        }
        _ => Header::Broken,
    }
}

pub(super) fn frame<'a>(head: &[u8], body: &'a [u8]) -> Frame<'a> {
    let flags = head.first().copied().unwrap_or_default();
    Frame::Zmtp { command: flags == 0xff || flags & COMMAND != 0, body }
}

//! The handshake of `RLPx`, between nodes of Ethereum (EIP-8 and devp2p's `rlpx.md`): the size, then a sealed message that
//! begins with a public key.

use super::{Header, Variety};

/// Sizes of the sealed message, with the padding that EIP-8 asks for.
const SIZES: std::ops::RangeInclusive<u16> = 270..=1300;

/// The first byte of a public key that is not compressed, and the bytes after it.
const UNCOMPRESSED: u8 = 4;
const KEY: usize = 64;

pub(super) fn header(bytes: &[u8], number: u64) -> Header {
    if number > 0 {
        return Header::Opaque;
    }
    let (high, low) = match *bytes {
        [] => return Header::Short,
        [high] => (high, 0xff),
        [high, low, ..] => (high, low),
    };
    let size = u16::from_be_bytes([high, low]);
    let possible = if bytes.len() < 2 { (1..=5).contains(&high) } else { SIZES.contains(&size) };
    if !possible || bytes.get(2).is_some_and(|&kind| kind != UNCOMPRESSED) {
        return Header::Broken;
    }
    match bytes.get(3..3 + KEY) {
        None => Header::Short,
        Some(key) if Variety::of(key).is_random(KEY) => Header::Message { head: 2, body: size.into() },
        Some(_) => Header::Broken,
    }
}

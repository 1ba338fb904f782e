//! Levin, the peer-to-peer protocol of Monero and other `CryptoNote` coins (Monero's `levin_base.h`): signature, length,
//! whether an answer is wanted, command, return code, flags, version.

use super::{Header, u32_at};

/// Bytes of a header.
const HEAD: usize = 33;

/// The longest message of `LEVIN_DEFAULT_MAX_PACKET_SIZE`.
const LONGEST: u64 = 100_000_000;

const SIGNATURE: [u8; 8] = [0x01, 0x21, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01];

/// Flags of the parts of a message that is sent in several.
const FRAGMENT: u32 = 4 | 8;

pub(super) fn header(bytes: &[u8]) -> Header {
    let seen = bytes.len().min(SIGNATURE.len());
    if bytes.get(..seen) != SIGNATURE.get(..seen) {
        return Header::Broken;
    }
    if bytes.len() < HEAD {
        return Header::Short;
    }
    let length = bytes.get(8..).and_then(<[u8]>::first_chunk).copied().map_or(u64::MAX, u64::from_le_bytes);
    let (Some(&wants), Some(flags), Some(version)) = (bytes.get(16), u32_at(bytes, 25), u32_at(bytes, 29))
    else {
        return Header::Broken;
    };
    let known = matches!(command(bytes), 1001..=1010 | 2001..=2020) || flags & FRAGMENT != 0;
    let possible = length <= LONGEST && wants <= 1 && flags <= 0xf && version <= 1 && known;
    if possible { Header::Message { head: HEAD, body: length } } else { Header::Broken }
}

/// The number of the command in a header.
pub(super) fn command(head: &[u8]) -> u32 {
    u32_at(head, 17).unwrap_or_default()
}

//! Ethernet frames with TCP or UDP inside, byte by byte as they stand on the wire, and all that may be wrapped around them.

mod extension;
mod fragments;
mod frame;
mod layers;
mod tunnel;
mod wrapping;

pub use extension::Extension;
pub use fragments::{cut, fragmentable, fragments};
pub use frame::Frame;
pub use wrapping::{Outer, Wrapping};

/// TCP flag: the sender is done.
pub const FIN: u8 = 0x01;
/// TCP flag: a connection begins.
pub const SYN: u8 = 0x02;
/// TCP flag: the connection is cut.
pub const RST: u8 = 0x04;
/// TCP flag: hand it to the application.
pub const PSH: u8 = 0x08;
/// TCP flag: the acknowledgement number counts.
pub const ACK: u8 = 0x10;

/// Ethernet type of an 802.1Q tag.
pub const VLAN: u16 = 0x8100;
/// Ethernet type of the outer tag of 802.1ad ("`QinQ`").
pub const QINQ: u16 = 0x88a8;

/// Ethernet type of the outer of two tags in older switches.
pub const OLD_QINQ: u16 = 0x9100;

/// The shortest frame Ethernet carries, without its checksum; what is shorter is padded.
pub const SHORTEST: usize = 60;

/// The Internet checksum (RFC 1071).
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u64 = 0;
    for pair in bytes.chunks(2) {
        let word = match *pair {
            [high, low] => u16::from_be_bytes([high, low]),
            [high] => u16::from_be_bytes([high, 0]),
            _ => 0,
        };
        sum += u64::from(word);
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(0)
}

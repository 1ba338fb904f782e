//! A finished frame, taken apart so that something can be put between its layers.

use std::cmp::Ordering;

use super::{SHORTEST, checksum};

pub(super) const IPV4: u16 = 0x0800;
pub(super) const IPV6: u16 = 0x86dd;
/// Types behind which another type follows after two bytes.
const TAGS: [u16; 3] = [super::VLAN, super::QINQ, super::OLD_QINQ];

/// An Ethernet frame as its link layer and what that carries.
#[derive(Clone, Debug)]
pub(super) struct Layers {
    /// Both hardware addresses and all tags, up to the Ethernet type of the packet.
    pub(super) link: Vec<u8>,
    /// The Ethernet type.
    pub(super) kind: u16,
    /// The packet; padding is cut off if it is IP.
    pub(super) packet: Vec<u8>,
}

impl Layers {
    pub(super) fn of(frame: &[u8]) -> Self {
        let mut link = 12;
        let mut kind = number(frame, link);
        while TAGS.contains(&kind) {
            link += 4;
            kind = number(frame, link);
        }
        let packet = frame.get(link + 2..).unwrap_or_default();
        let length = match kind {
            IPV4 => usize::from(number(packet, 2)),
            IPV6 => 40 + usize::from(number(packet, 4)),
            _ => packet.len(),
        };
        Self {
            link: frame.get(..link).unwrap_or(frame).to_vec(),
            kind,
            packet: packet.get(..length).unwrap_or(packet).to_vec(),
        }
    }

    /// The frame, padded to [`SHORTEST`].
    pub(super) fn frame(&self) -> Vec<u8> {
        let mut frame = [&self.link, self.kind.to_be_bytes().as_slice(), &self.packet].concat();
        frame.resize(frame.len().max(SHORTEST), 0);
        frame
    }

    /// The same link layer around something else.
    pub(super) fn around(&self, kind: u16, packet: Vec<u8>) -> Vec<u8> {
        Self { link: self.link.clone(), kind, packet }.frame()
    }

    /// Whether the packet goes from the lower address to the higher one. What is no IP does.
    pub(super) fn goes_up(&self) -> bool {
        let (at, length) = if self.kind == IPV6 { (8, 16) } else { (12, 4) };
        let address = |at: usize| self.packet.get(at..at + length).unwrap_or_default();
        address(at).cmp(address(at + length)) != Ordering::Greater
    }
}

/// The number of two bytes at a place, 0 past the end.
pub(super) fn number(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u16::from_be_bytes(*bytes))
}

pub(super) fn low16(value: usize) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

/// An IPv4 header as it stands in a packet, with another part behind its first 20 bytes, other fragment fields, and the
/// lengths and the checksum that follow from it.
pub(super) fn ipv4(header: &[u8], options: &[u8], fragment: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let words = 5 + options.len() / 4;
    let head = |sum: u16| {
        let mut head = vec![0x40 | u8::try_from(words & 0x0f).unwrap_or(5), 0];
        head.extend(low16(words * 4 + payload.len()).to_be_bytes());
        head.extend(fragment);
        head.extend(header.get(8..10).unwrap_or_default());
        head.extend(sum.to_be_bytes());
        head.extend(header.get(12..20).unwrap_or_default());
        head.extend(options);
        head
    };
    [head(checksum(&head(0))).as_slice(), payload].concat()
}

/// An IPv6 header as it stands in a packet, with another next header and payload.
pub(super) fn ipv6(header: &[u8], next: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = header.get(..4).unwrap_or_default().to_vec();
    packet.extend(low16(payload.len()).to_be_bytes());
    packet.push(next);
    packet.extend(header.get(7..40).unwrap_or_default());
    packet.extend(payload);
    packet
}

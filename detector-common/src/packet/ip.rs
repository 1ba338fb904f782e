use super::{Packet, Unread};
use crate::flow::End;

/// RFC 8200: hop-by-hop options, routing, fragment, destination options; RFC 4302:
/// authentication; RFC 6275: mobility; RFC 7401: host identity; RFC 5533: shim6.
pub(super) const HOP_BY_HOP: u8 = 0;
pub(super) const ROUTING: u8 = 43;
pub(super) const FRAGMENT: u8 = 44;
pub(super) const AUTHENTICATION: u8 = 51;
pub(super) const DESTINATION: u8 = 60;
pub(super) const MOBILITY: u8 = 135;
pub(super) const HOST_IDENTITY: u8 = 139;
pub(super) const SHIM6: u8 = 140;

/// RFC 2003: IPv4 within IP; RFC 2473, RFC 4213: IPv6 within IP; RFC 2784: GRE; RFC 4023: MPLS
/// within IP.
pub(super) const IPV4: u8 = 4;
pub(super) const IPV6: u8 = 41;
pub(super) const GRE: u8 = 47;
pub(super) const MPLS: u8 = 137;

/// In the fragment field of IPv4: where the fragment belongs, in units of 8 bytes, and whether
/// others come after it.
pub(super) const PLACE: u16 = 0x1fff;
pub(super) const MORE: u16 = 0x2000;

/// The same of IPv6 (RFC 8200), where the units are in place.
pub(super) const PLACE6: u16 = 0xfff8;
pub(super) const MORE6: u16 = 0x0001;

/// How many extension headers are followed in a row.
pub(super) const EXTENSIONS: u8 = 8;

/// The addresses, and the part of the frame that belongs to TCP or UDP.
pub(super) struct Transport {
    pub(super) source: End,
    pub(super) destination: End,
    pub(super) protocol: u8,
    pub(super) offset: u32,
    pub(super) end: u32,
}

/// The fields of an IPv4 header; the ports of its ends are 0.
pub(super) struct V4 {
    pub(super) source: End,
    pub(super) destination: End,
    pub(super) protocol: u8,
    /// Length of the header with its options, in bytes.
    pub(super) length: u32,
    pub(super) total: u16,
    pub(super) identification: u16,
    pub(super) fragment: u16,
}

/// The same of an IPv6 header, whose length is 40 bytes.
pub(super) struct V6 {
    pub(super) source: End,
    pub(super) destination: End,
    pub(super) next: u8,
    pub(super) payload: u16,
}

/// Where `claimed` bytes from `start` end, but not past `limit`. A length of zero is written by
/// segmentation offload for packets that are too long for the field.
#[inline(always)]
pub(super) const fn end(limit: u32, start: u32, claimed: u16) -> u32 {
    let end = start + claimed as u32;
    if claimed == 0 || end > limit { limit } else { end }
}

/// Whether something that is read may lie behind such a header.
#[inline(always)]
pub(super) const fn is_followed(protocol: u8) -> bool {
    is_extension(protocol) || matches!(protocol, IPV4 | IPV6 | GRE | MPLS)
}

/// Whether it is a header between those of IP and of what IP carries.
#[inline(always)]
pub(super) const fn is_extension(protocol: u8) -> bool {
    matches!(
        protocol,
        HOP_BY_HOP | ROUTING | FRAGMENT | AUTHENTICATION | DESTINATION | MOBILITY | HOST_IDENTITY | SHIM6
    )
}

/// The length in bytes of such a header, other than a fragment's, by the second byte in it.
#[inline(always)]
pub(super) const fn extension_length(protocol: u8, units: u8) -> u32 {
    // RFC 4302: in units of four bytes, less two.
    if protocol == AUTHENTICATION { (units as u32 + 2) * 4 } else { (units as u32 + 1) * 8 }
}

/// What stands behind the extension headers at the start of an IP packet's payload: its protocol,
/// and where it begins. `protocol` is that of the first header. `None` if there are more than are
/// followed, one is cut off, or what is behind them is fragmented once more.
#[must_use]
pub fn behind_extensions(payload: &[u8], mut protocol: u8) -> Option<(u8, usize)> {
    let mut offset = 0;
    for _ in 0..=EXTENSIONS {
        if !is_extension(protocol) {
            return Some((protocol, offset));
        }
        let [next, units, f0, f1] = *payload.get(offset..)?.first_chunk()?;
        offset += if protocol != FRAGMENT {
            extension_length(protocol, units) as usize
        } else if u16::from_be_bytes([f0, f1]) & (PLACE6 | MORE6) == 0 {
            8
        } else {
            return None;
        };
        protocol = next;
    }
    None
}

#[inline(always)]
pub(super) const fn v4(header: [u8; 20]) -> Result<V4, Unread> {
    let [first, _, l0, l1, i0, i1, f0, f1, _, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] = header;
    let length = (first & 0x0f) as u32 * 4;
    let total = u16::from_be_bytes([l0, l1]);
    if first >> 4 != 4 || length < 20 || (total != 0 && (total as u32) < length) {
        return Err(Unread::Malformed);
    }
    Ok(V4 {
        source: End::v4([s0, s1, s2, s3], [0; 2]),
        destination: End::v4([d0, d1, d2, d3], [0; 2]),
        protocol,
        length,
        total,
        identification: u16::from_be_bytes([i0, i1]),
        fragment: u16::from_be_bytes([f0, f1]),
    })
}

#[inline(always)]
pub(super) fn v6<P: Packet>(packet: &P, offset: u32) -> Result<V6, Unread> {
    let [first, _, _, _, l0, l1, next, _] = packet.header::<8>(offset).ok_or(Unread::Truncated)?;
    if first >> 4 != 6 {
        return Err(Unread::Malformed);
    }
    let half = |at| packet.header::<8>(offset + at).ok_or(Unread::Truncated);
    Ok(V6 {
        source: End::v6(half(8)?, half(16)?, [0; 2]),
        destination: End::v6(half(24)?, half(32)?, [0; 2]),
        next,
        payload: u16::from_be_bytes([l0, l1]),
    })
}

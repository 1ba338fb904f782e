use super::{Packet, Unread};

const TCP: u8 = 6;
/// RFC 8200: hop-by-hop options, routing, fragment, destination options; RFC 4302:
/// authentication; RFC 6275: mobility; RFC 7401: host identity; RFC 5533: shim6.
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;
const MOBILITY: u8 = 135;
const HOST_IDENTITY: u8 = 139;
const SHIM6: u8 = 140;

/// How many IPv6 extension headers are followed.
const EXTENSIONS: usize = 8;

/// The addresses, and the part of the frame that belongs to TCP.
pub(super) struct Transport {
    pub(super) source: [u8; 16],
    pub(super) destination: [u8; 16],
    pub(super) offset: u32,
    pub(super) end: u32,
}

/// Where the IP packet ends: as far as its header says, but not past the frame. A length of
/// zero is written by segmentation offload for packets that are too long for the field.
#[inline(always)]
fn end<P: Packet>(packet: &P, offset: u32, claimed: u16) -> u32 {
    let frame = packet.length();
    let end = offset + u32::from(claimed);
    if claimed == 0 || end > frame { frame } else { end }
}

#[inline(always)]
fn mapped(address: [u8; 4]) -> [u8; 16] {
    let [a, b, c, d] = address;
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d]
}

#[inline(always)]
pub(super) fn v4<P: Packet>(packet: &P, offset: u32) -> Result<Transport, Unread> {
    let header = packet.header::<20>(offset).ok_or(Unread::Truncated)?;
    let [first, _, l0, l1, _, _, f0, f1, _, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] = header;
    let length = u32::from(first & 0x0f) * 4;
    let total = u16::from_be_bytes([l0, l1]);
    if first >> 4 != 4 || length < 20 || (total != 0 && u32::from(total) < length) {
        return Err(Unread::Malformed);
    }
    if u16::from_be_bytes([f0, f1]) & 0x1fff != 0 {
        return Err(Unread::Fragment);
    }
    if protocol != TCP {
        return Err(Unread::NotTcp);
    }
    Ok(Transport {
        source: mapped([s0, s1, s2, s3]),
        destination: mapped([d0, d1, d2, d3]),
        offset: offset + length,
        end: end(packet, offset, total),
    })
}

#[inline(always)]
pub(super) fn v6<P: Packet>(packet: &P, offset: u32) -> Result<Transport, Unread> {
    let [first, _, _, _, l0, l1, next, _] = packet.header::<8>(offset).ok_or(Unread::Truncated)?;
    if first >> 4 != 6 {
        return Err(Unread::Malformed);
    }
    let (mut next, mut at) = (next, offset + 40);
    for _ in 0..EXTENSIONS {
        let unit = match next {
            TCP => {
                return Ok(Transport {
                    source: packet.header(offset + 8).ok_or(Unread::Truncated)?,
                    destination: packet.header(offset + 24).ok_or(Unread::Truncated)?,
                    offset: at,
                    end: end(packet, offset + 40, u16::from_be_bytes([l0, l1])),
                });
            }
            HOP_BY_HOP | ROUTING | DESTINATION | MOBILITY | HOST_IDENTITY | SHIM6 | FRAGMENT => 8,
            AUTHENTICATION => 4,
            _ => return Err(Unread::NotTcp),
        };
        let [following, units, f0, f1] = packet.header::<4>(at).ok_or(Unread::Truncated)?;
        at += match next {
            FRAGMENT if u16::from_be_bytes([f0, f1]) & 0xfff8 != 0 => return Err(Unread::Fragment),
            FRAGMENT => 8,
            // RFC 4302: in units of four bytes, less two.
            AUTHENTICATION => (u32::from(units) + 2) * unit,
            _ => (u32::from(units) + 1) * unit,
        };
        next = following;
    }
    Err(Unread::ExtensionHeaders)
}

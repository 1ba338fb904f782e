use core::ops::ControlFlow;

use super::{Packet, Unread};
use crate::flow::{End, TCP, UDP};
use crate::repeat::{Round, repeat};

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
const EXTENSIONS: u32 = 8;

/// Source and destination, in network order.
enum Addresses {
    V4([u8; 4], [u8; 4]),
    V6([[u8; 8]; 2], [[u8; 8]; 2]),
}

/// The addresses, and the part of the frame that belongs to TCP or UDP.
pub(super) struct Transport {
    addresses: Addresses,
    pub(super) protocol: u8,
    pub(super) offset: u32,
    pub(super) end: u32,
}

impl Transport {
    /// Source and destination with their ports, which are in network order.
    #[inline(always)]
    pub(super) const fn ends(&self, source: [u8; 2], destination: [u8; 2]) -> (End, End) {
        match self.addresses {
            Addresses::V4(from, to) => (End::v4(from, source), End::v4(to, destination)),
            Addresses::V6([from_high, from_low], [to_high, to_low]) => {
                (End::v6(from_high, from_low, source), End::v6(to_high, to_low, destination))
            }
        }
    }
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
    if protocol != TCP && protocol != UDP {
        return Err(Unread::NotTcp);
    }
    Ok(Transport {
        protocol,
        addresses: Addresses::V4([s0, s1, s2, s3], [d0, d1, d2, d3]),
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
    let mut chain = Chain { packet, next, offset: offset + 40, ends: Ends::Unfinished };
    if next != TCP && next != UDP {
        repeat(EXTENSIONS, &mut chain);
        match chain.ends {
            Ends::Unfinished if matches!(chain.next, TCP | UDP) => {}
            Ends::Unfinished => return Err(Unread::ExtensionHeaders),
            Ends::Unread(reason) => return Err(reason),
        }
    }
    let half = |at| packet.header::<8>(offset + at).ok_or(Unread::Truncated);
    Ok(Transport {
        addresses: Addresses::V6([half(8)?, half(16)?], [half(24)?, half(32)?]),
        protocol: chain.next,
        offset: chain.offset,
        end: end(packet, offset + 40, u16::from_be_bytes([l0, l1])),
    })
}

/// The chain of extension headers, as far as it was followed.
struct Chain<'a, P> {
    packet: &'a P,
    next: u8,
    offset: u32,
    ends: Ends,
}

enum Ends {
    Unfinished,
    Unread(Unread),
}

impl<P: Packet> Round for Chain<'_, P> {
    #[inline(always)]
    fn round(&mut self, _index: u32) -> ControlFlow<()> {
        match self.next {
            TCP | UDP => return ControlFlow::Break(()),
            HOP_BY_HOP | ROUTING | FRAGMENT | AUTHENTICATION | DESTINATION | MOBILITY | HOST_IDENTITY
            | SHIM6 => {}
            _ => {
                self.ends = Ends::Unread(Unread::NotTcp);
                return ControlFlow::Break(());
            }
        }
        let Some([next, units, f0, f1]) = self.packet.header::<4>(self.offset) else {
            self.ends = Ends::Unread(Unread::Truncated);
            return ControlFlow::Break(());
        };
        self.offset += match self.next {
            FRAGMENT if u16::from_be_bytes([f0, f1]) & 0xfff8 != 0 => {
                self.ends = Ends::Unread(Unread::Fragment);
                return ControlFlow::Break(());
            }
            FRAGMENT => 8,
            // RFC 4302: in units of four bytes, less two.
            AUTHENTICATION => (u32::from(units) + 2) * 4,
            _ => (u32::from(units) + 1) * 8,
        };
        self.next = next;
        ControlFlow::Continue(())
    }
}

use super::ip::Transport;
use super::{Packet, Segment, Unread};
use crate::flow::UDP;

/// Length of the header (RFC 768).
pub(super) const HEADER: u32 = 8;

/// Ports to which tunnels send: VXLAN (RFC 7348), what Linux took for it before, Geneve (RFC 8926)
/// and GTP-U (3GPP TS 29.281).
pub(super) const VXLAN: u16 = 4789;
pub(super) const VXLAN_OLD: u16 = 8472;
pub(super) const GENEVE: u16 = 6081;
pub(super) const GTP: u16 = 2152;

/// Node discovery of Ethereum (discv4): hash and signature, 97 bytes, then the type and a list of
/// RLP, which holds at least the time at which the packet expires; no packet is longer than 1,280.
const SHORTEST: u32 = 104;
const LONGEST: u32 = 1280;

/// Whether a datagram goes to a port of tunnels.
#[inline(always)]
pub(super) fn is_tunnel<P: Packet>(packet: &P, offset: u32) -> bool {
    let [_, _, high, low] = packet.header::<4>(offset).unwrap_or_default();
    matches!(u16::from_be_bytes([high, low]), VXLAN | VXLAN_OLD | GENEVE | GTP)
}

/// Reads a datagram that looks like discv4, and no other: lengths come first, because they cost
/// least.
#[inline(always)]
pub(super) fn parse<P: Packet>(packet: &P, transport: &Transport) -> Result<Segment, Unread> {
    let offset = transport.offset + HEADER;
    if offset > transport.end {
        return Err(Unread::Truncated);
    }
    let room = transport.end - offset;
    if room < SHORTEST {
        return Err(Unread::Udp);
    }
    // The last byte of the signature, which tells one of two keys; ping, pong, find node,
    // neighbours, request and response of a record (EIP-868); a list of five bytes or more.
    let [0..=1, 1..=6, list @ 0xc5..=0xf9] = packet.header::<3>(offset + 96).unwrap_or_default() else {
        return Err(Unread::Udp);
    };
    let [s0, s1, d0, d1, l0, l1] = packet.header::<6>(transport.offset).ok_or(Unread::Truncated)?;
    let length = u32::from(u16::from_be_bytes([l0, l1])).wrapping_sub(HEADER);
    // A list of up to 55 bytes tells its length here, a longer one after this byte. Answers of DNS
    // would often do without this: class 1 and a pointer are 00 01 c0.
    let fits = list > 0xf7 || length == 99 + u32::from(list) - 0xc0;
    // What a fragment or the snap length cut off cannot be verified by the agent.
    if !fits || !(SHORTEST..=LONGEST).contains(&length) || length > room {
        return Err(Unread::Udp);
    }
    Ok(Segment {
        source: transport.source.at([s0, s1]),
        destination: transport.destination.at([d0, d1]),
        sequence: 0,
        flags: 0,
        protocol: UDP,
        offset,
        length,
    })
}

use super::ip::Transport;
use super::{Packet, Segment, Unread};
use crate::flow::TCP;

/// The sender has no more to say.
pub const FIN: u8 = 0x01;
/// The connection opens; the flag takes a sequence number of its own.
pub const SYN: u8 = 0x02;
/// The connection is gone.
pub const RST: u8 = 0x04;

#[inline(always)]
pub(super) fn parse<P: Packet>(packet: &P, transport: &Transport) -> Result<Segment, Unread> {
    if transport.offset + 20 > transport.end {
        return Err(Unread::Truncated);
    }
    let header = packet.header::<14>(transport.offset).ok_or(Unread::Truncated)?;
    let [s0, s1, d0, d1, n0, n1, n2, n3, _, _, _, _, length, flags] = header;
    let length = u32::from(length >> 4) * 4;
    if length < 20 {
        return Err(Unread::Malformed);
    }
    let offset = transport.offset + length;
    if offset > transport.end {
        return Err(Unread::Truncated);
    }
    let sequence = u32::from_be_bytes([n0, n1, n2, n3]);
    Ok(Segment {
        source: transport.source.at([s0, s1]),
        destination: transport.destination.at([d0, d1]),
        sequence: if flags & SYN == 0 { sequence } else { sequence.wrapping_add(1) },
        flags,
        protocol: TCP,
        offset,
        length: transport.end - offset,
    })
}

use super::ip::Transport;
use super::{Packet, Segment, Unread};
use crate::flow::TCP;

/// The sender has no more to say.
pub const FIN: u8 = 0x01;
/// The connection opens; the flag takes a sequence number of its own.
pub const SYN: u8 = 0x02;
/// The connection is gone.
pub const RST: u8 = 0x04;

/// What a TCP header says of the segment behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpHeader {
    /// The sender's port, in network order.
    pub source: [u8; 2],
    /// The receiver's port, in network order.
    pub destination: [u8; 2],
    /// Sequence number of the first payload byte.
    pub sequence: u32,
    /// [`FIN`], [`SYN`], [`RST`], ...
    pub flags: u8,
    /// Where the payload begins.
    pub payload: u32,
}

impl TcpHeader {
    /// Reads the header that begins at `offset` of a segment that ends at `end`.
    ///
    /// # Errors
    /// It is cut off, or shorter than a header can be.
    #[inline(always)]
    pub fn read<P: Packet>(packet: &P, offset: u32, end: u32) -> Result<Self, Unread> {
        if offset + 20 > end {
            return Err(Unread::Truncated);
        }
        let header = packet.header::<14>(offset).ok_or(Unread::Truncated)?;
        let [s0, s1, d0, d1, n0, n1, n2, n3, _, _, _, _, length, flags] = header;
        let length = u32::from(length >> 4) * 4;
        if length < 20 {
            return Err(Unread::Malformed);
        }
        let payload = offset + length;
        if payload > end {
            return Err(Unread::Truncated);
        }
        let sequence = u32::from_be_bytes([n0, n1, n2, n3]);
        Ok(Self {
            source: [s0, s1],
            destination: [d0, d1],
            sequence: if flags & SYN == 0 { sequence } else { sequence.wrapping_add(1) },
            flags,
            payload,
        })
    }
}

#[inline(always)]
pub(super) fn parse<P: Packet>(packet: &P, transport: &Transport) -> Result<Segment, Unread> {
    let header = TcpHeader::read(packet, transport.offset, transport.end)?;
    Ok(Segment {
        source: transport.source.at(header.source),
        destination: transport.destination.at(header.destination),
        sequence: header.sequence,
        flags: header.flags,
        protocol: TCP,
        offset: header.payload,
        length: transport.end - header.payload,
    })
}

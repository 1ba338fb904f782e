//! From the bytes of a frame to the TCP segment or UDP datagram in it.

mod encapsulation;
mod ends;
mod ethernet;
mod ip;
mod straight;
mod tcp;
mod udp;
mod walk;

use crate::counters::Counter;
use crate::flow::{End, TCP};
use straight::Way;

pub use encapsulation::{Encapsulation, LAYERS, Layer, LayerKind, Tunnel};
pub use ends::{Ends, ends};
pub use ip::behind_extensions;
pub use tcp::{FIN, RST, SYN, TcpHeader};
pub use walk::Walk;

/// The bytes of a packet, wherever they lie.
pub trait Packet {
    /// Length of the whole frame in bytes.
    fn length(&self) -> u32;

    /// `N` bytes of the headers; `None` past the end, or if `offset` is past [`FURTHEST`].
    fn header<const N: usize>(&self, offset: u32) -> Option<[u8; N]>;

    /// Copies `length` bytes, 1 to `N`, from `offset` to the front of `into`. False if they are
    /// not all there, or `offset` is past [`FURTHEST`]. `N` is a power of two.
    fn copy<const N: usize>(&self, offset: u32, length: u32, into: &mut [u8; N]) -> bool;
}

/// The largest offset from which bytes are read: the kernel's `bpf_xdp_load_bytes` refuses any
/// larger one, and every world does as the kernel does. Only segments that offloading put together
/// reach beyond it.
pub const FURTHEST: u32 = 0xffff;

impl Packet for &[u8] {
    fn length(&self) -> u32 {
        u32::try_from(self.len()).unwrap_or(u32::MAX)
    }

    fn header<const N: usize>(&self, offset: u32) -> Option<[u8; N]> {
        if offset > FURTHEST {
            return None;
        }
        self.get(offset as usize..)?.first_chunk().copied()
    }

    fn copy<const N: usize>(&self, offset: u32, length: u32, into: &mut [u8; N]) -> bool {
        if offset > FURTHEST {
            return false;
        }
        let (start, length) = (offset as usize, length as usize);
        match (self.get(start..start.saturating_add(length)), into.get_mut(..length)) {
            (Some(from), Some(into)) => {
                into.copy_from_slice(from);
                true
            }
            _ => false,
        }
    }
}

/// Why a packet holds nothing to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Neither IPv4 nor IPv6.
    NotIp,
    /// Neither TCP nor UDP.
    NotTcp,
    /// A UDP datagram of no interest.
    Udp,
    /// A fragment of what may be TCP, or one other than the first.
    Fragment,
    /// A header is cut off.
    Truncated,
    /// A header contradicts itself.
    Malformed,
    /// More IPv6 extension headers than are followed.
    ExtensionHeaders,
    /// A header of a tunnel contradicts itself.
    Tunnel,
    /// More headers around it than are followed.
    TooDeep,
}

impl Unread {
    /// The counter of this reason.
    #[must_use]
    pub const fn counter(self) -> Counter {
        match self {
            Self::NotIp => Counter::NotIp,
            Self::NotTcp => Counter::NotTcp,
            Self::Udp => Counter::Udp,
            Self::Fragment => Counter::Fragments,
            Self::Truncated => Counter::Truncated,
            Self::Malformed => Counter::Malformed,
            Self::ExtensionHeaders => Counter::ExtensionHeaders,
            Self::Tunnel => Counter::TunnelsMalformed,
            Self::TooDeep => Counter::TooDeep,
        }
    }
}

/// A TCP segment, or a UDP datagram. The payload is what the IP header claims and the frame holds:
/// padding of the link layer is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Who sent it.
    pub source: End,
    /// To whom.
    pub destination: End,
    /// Sequence number of the first payload byte; 0 in UDP.
    pub sequence: u32,
    /// TCP flags: [`FIN`], [`SYN`], [`RST`], ...; none in UDP.
    pub flags: u8,
    /// The IP protocol number: [`TCP`] or [`UDP`](crate::flow::UDP).
    pub protocol: u8,
    /// Where in the frame the payload begins.
    pub offset: u32,
    /// Length of the payload in bytes.
    pub length: u32,
}

/// A fragment of an IP packet that holds TCP, or extension headers and perhaps TCP behind them, and
/// that is wrapped in no further one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Who sent the packet; in the place of the port the upper half of its identification.
    pub source: End,
    /// To whom; in the place of the port the lower half.
    pub destination: End,
    /// Where these bytes belong in what is fragmented, 0 to 65,528.
    pub place: u32,
    /// How many bytes were fragmented in all, if this fragment is the last; otherwise 0.
    pub total: u16,
    /// The protocol number of what is fragmented, as this fragment tells it.
    pub protocol: u8,
    /// Where in the frame the bytes begin, after the IP header.
    pub offset: u32,
    /// How many there are, at least 1.
    pub length: u32,
}

/// Reads the headers of an Ethernet frame. What it was wrapped in is noted in `outer`;
/// [`Walk::segment`] then has the segment or datagram. If there is none because it is fragmented,
/// [`Walk::fragment`] has the fragment.
///
/// # Errors
/// The frame holds no readable TCP segment, and no datagram that is to be looked at.
#[inline(always)]
pub fn parse<P: Packet>(packet: &P, outer: &mut Encapsulation, walk: &mut Walk) -> Result<(), Unread> {
    outer.clear();
    walk.clear();
    match straight::parse(packet, outer) {
        Way::Straight(transport) => segment(packet, &transport, &mut walk.segment),
        Way::Unread(reason) => Err(reason),
        Way::Aside => {
            walk::walk(packet, outer, walk)?;
            let transport = walk.transport();
            segment(packet, &transport, &mut walk.segment)
        }
    }
}

#[inline(always)]
fn segment<P: Packet>(packet: &P, transport: &ip::Transport, into: &mut Segment) -> Result<(), Unread> {
    *into = if transport.protocol == TCP {
        tcp::parse(packet, transport)?
    } else {
        udp::parse(packet, transport)?
    };
    Ok(())
}

#[cfg(test)]
mod tests;

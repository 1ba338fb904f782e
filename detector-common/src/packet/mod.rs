//! From the bytes of a frame to the TCP segment or UDP datagram in it.

mod ethernet;
mod ip;
mod tcp;
mod udp;

use crate::counters::Counter;
use crate::flow::{End, TCP};

pub use tcp::{FIN, RST, SYN};

/// The bytes of a packet, wherever they lie.
pub trait Packet {
    /// Length of the whole frame in bytes.
    fn length(&self) -> u32;

    /// `N` bytes of the headers; `None` past the end.
    fn header<const N: usize>(&self, offset: u32) -> Option<[u8; N]>;

    /// Copies `length` bytes, 1 to `N`, from `offset` to the front of `into`. False if they are
    /// not all there, or `offset` is past [`FURTHEST`]. `N` is a power of two.
    fn copy<const N: usize>(&self, offset: u32, length: u32, into: &mut [u8; N]) -> bool;
}

/// The largest offset from which payload is copied: the kernel's `bpf_xdp_load_bytes` refuses any
/// larger one, and every world does as the kernel does. Only segments that offloading put together
/// reach beyond it.
pub const FURTHEST: u32 = 0xffff;

impl Packet for &[u8] {
    fn length(&self) -> u32 {
        u32::try_from(self.len()).unwrap_or(u32::MAX)
    }

    fn header<const N: usize>(&self, offset: u32) -> Option<[u8; N]> {
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
    /// A fragment other than the first.
    Fragment,
    /// A header is cut off.
    Truncated,
    /// A header contradicts itself.
    Malformed,
    /// More IPv6 extension headers than are followed.
    ExtensionHeaders,
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
        }
    }
}

/// A TCP segment, or a UDP datagram. The payload is what the IP header claims and the frame holds: padding of the
/// link layer is not part of it.
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

/// Reads the headers of an Ethernet frame.
///
/// # Errors
/// The frame holds no readable TCP segment, and no datagram that is to be looked at.
#[inline(always)]
pub fn parse<P: Packet>(packet: &P) -> Result<Segment, Unread> {
    let network = ethernet::parse(packet)?;
    let transport = match network.kind {
        ethernet::Kind::V4 => ip::v4(packet, network.offset)?,
        ethernet::Kind::V6 => ip::v6(packet, network.offset)?,
    };
    if transport.protocol == TCP { tcp::parse(packet, &transport) } else { udp::parse(packet, &transport) }
}

#[cfg(test)]
mod tests;

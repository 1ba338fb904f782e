//! The way through any stack of headers, one a round.

mod link;
mod network;
mod tunnel;

use core::ops::ControlFlow;

use super::encapsulation::Encapsulation;
use super::ip::Transport;
use super::{Fragment, Packet, Segment, Unread};
use crate::flow::{End, TCP};
use crate::repeat::{Round, repeat};

/// How many headers of a frame are read.
const HEADERS: u32 = 64;
/// How many VLAN tags and MPLS labels are followed in a row.
const TAGS: u8 = 4;
const LABELS: u8 = 8;
/// How many tunnels are followed: how many IP headers may lie around another.
const TUNNELS: u8 = 2;

/// Which header comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Next {
    Ethernet = 0,
    Vlan,
    Mpls,
    Pppoe,
    /// IPv4 or IPv6, which its first bits tell.
    Ip,
    V4,
    V6,
    /// The one that `Walk::protocol` names.
    Extension,
    Gre,
    Erspan2,
    Erspan3,
    /// UDP with a tunnel in it, or without.
    Udp,
    GtpExtension,
}

/// Why there is no next header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// TCP or UDP.
    Arrived,
    Unread(Unread),
}

impl From<Unread> for Stop {
    fn from(reason: Unread) -> Self {
        Self::Unread(reason)
    }
}

/// How far the headers of a frame have been read.
///
/// In the kernel it lies in a map, of which the verifier remembers nothing: so it looks at each
/// header once, and not once for each way that leads there.
pub struct Walk {
    offset: u32,
    /// Where the innermost IP packet ends, or the frame, or a packet around it, if that ends
    /// before.
    end: u32,
    /// Where that packet ends by its own header.
    claimed: u32,
    next: Next,
    stop: Stop,
    /// What follows the latest IP header.
    protocol: u8,
    /// How many IP headers there were.
    networks: u8,
    /// How many VLAN tags there were in a row, and so on.
    tags: u8,
    labels: u8,
    extensions: u8,
    fragmented: bool,
    source: End,
    destination: End,
    fragment: Fragment,
    pub(super) segment: Segment,
}

impl Walk {
    /// At the start of a frame. Its contents do not matter to [`parse`](super::parse).
    #[must_use]
    pub const fn new() -> Self {
        let nowhere = End::v4([0; 4], [0; 2]);
        Self {
            offset: 0,
            end: 0,
            claimed: 0,
            next: Next::Ethernet,
            stop: Stop::Unread(Unread::TooDeep),
            protocol: 0,
            networks: 0,
            tags: 0,
            labels: 0,
            extensions: 0,
            fragmented: false,
            source: nowhere,
            destination: nowhere,
            fragment: Fragment {
                source: nowhere,
                destination: nowhere,
                place: 0,
                total: 0,
                protocol: TCP,
                offset: 0,
                length: 0,
            },
            segment: Segment {
                source: nowhere,
                destination: nowhere,
                sequence: 0,
                flags: 0,
                protocol: TCP,
                offset: 0,
                length: 0,
            },
        }
    }

    /// The segment or datagram that was found.
    ///
    /// Read from memory of which the verifier does not remember what is in it: it would follow the
    /// rest of the program once for each way that leads here.
    #[must_use]
    #[inline(always)]
    pub fn segment(&self) -> Segment {
        *core::hint::black_box(&self.segment)
    }

    /// The fragment that was found of what may be TCP, the first of its packet or another.
    #[must_use]
    #[inline(always)]
    pub fn fragment(&self) -> Option<&Fragment> {
        core::hint::black_box(self.fragmented).then_some(&self.fragment)
    }

    #[inline(always)]
    pub(super) const fn clear(&mut self) {
        self.fragmented = false;
    }

    #[inline(always)]
    pub(super) fn transport(&self) -> Transport {
        Transport {
            source: self.source,
            destination: self.destination,
            protocol: self.protocol,
            offset: self.offset,
            end: self.end,
        }
    }
}

impl Default for Walk {
    fn default() -> Self {
        Self::new()
    }
}

/// Reads the headers of a frame, whatever they are, from the start.
#[inline(always)]
pub(super) fn walk<P: Packet>(packet: &P, outer: &mut Encapsulation, place: &mut Walk) -> Result<(), Unread> {
    outer.clear();
    place.offset = 0;
    place.end = packet.length();
    place.next = Next::Ethernet;
    place.stop = Stop::Unread(Unread::TooDeep);
    place.networks = 0;
    let mut walker = Walker { packet, outer, walk: place };
    repeat(HEADERS, &mut walker);
    match walker.walk.stop {
        // Somebody may have made it up: the agent compares it with what else there is of its
        // packet.
        _ if walker.walk.fragmented => Err(Unread::Fragment),
        Stop::Arrived => Ok(()),
        Stop::Unread(reason) => Err(reason),
    }
}

struct Walker<'a, P> {
    packet: &'a P,
    outer: &'a mut Encapsulation,
    walk: &'a mut Walk,
}

impl<P: Packet> Round for Walker<'_, P> {
    #[inline(always)]
    fn round(&mut self, _index: u32) -> ControlFlow<()> {
        let next = match self.walk.next {
            Next::Ethernet => self.ethernet(),
            Next::Vlan => self.vlan(),
            Next::Mpls => self.mpls(),
            Next::Pppoe => self.pppoe(),
            Next::Ip => self.ip(),
            Next::V4 => self.v4(),
            Next::V6 => self.v6(),
            Next::Extension => self.extension(),
            Next::Gre => self.gre(),
            Next::Erspan2 => self.erspan2(),
            Next::Erspan3 => self.erspan3(),
            Next::Udp => self.udp(),
            Next::GtpExtension => self.gtp_extension(),
        };
        match next {
            Ok(next) => {
                self.walk.next = next;
                ControlFlow::Continue(())
            }
            Err(stop) => {
                self.walk.stop = stop;
                ControlFlow::Break(())
            }
        }
    }
}

impl<P: Packet> Walker<'_, P> {
    /// `N` bytes, `at` bytes behind where the walk has come to.
    #[inline(always)]
    fn read<const N: usize>(&self, at: u32) -> Result<[u8; N], Unread> {
        let offset = self.walk.offset + at;
        #[expect(clippy::cast_possible_truncation, reason = "the length of a header")]
        if offset + N as u32 > self.walk.end {
            return Err(Unread::Truncated);
        }
        self.packet.header(offset).ok_or(Unread::Truncated)
    }

    /// What is not read: within IP it is neither TCP nor UDP.
    #[inline(always)]
    const fn foreign(&self) -> Stop {
        Stop::Unread(if self.walk.networks == 0 { Unread::NotIp } else { Unread::NotTcp })
    }
}

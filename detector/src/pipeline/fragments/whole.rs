use std::net::{IpAddr, SocketAddr};

use detector_common::event::{Event, EventHeader, EventKind};
use detector_common::flow::{Direction, End, FlowKey, TCP};
use detector_common::packet::{Encapsulation, FIN, RST, TcpHeader, behind_extensions};

/// A TCP segment that was put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(crate) key: FlowKey,
    pub(crate) direction: Direction,
    /// Sequence number of the first payload byte.
    pub(crate) sequence: u32,
    /// The flags of its header.
    pub(crate) flags: u8,
    pub(crate) payload: Vec<u8>,
    /// The clock and the interface of the last fragment, and what it was wrapped in.
    clock: (u64, u32),
    outer: Encapsulation,
}

impl Whole {
    /// The event by which the recogniser would have told of it, if the segment had not been
    /// fragmented.
    pub(crate) fn event(&self, kind: EventKind) -> Event<'_> {
        let (time, interface) = self.clock;
        let mut header = EventHeader::new(kind, self.key, self.direction, time, self.sequence, interface);
        let length = u16::try_from(self.payload.len()).unwrap_or(u16::MAX);
        header.set_part(self.sequence, length);
        Event { kind, header, outer: self.outer, payload: &self.payload }
    }

    /// The event of its FIN or RST, which stands behind its payload.
    pub(crate) fn end(&self) -> Option<Event<'static>> {
        let kind = match self.flags & (FIN | RST) {
            0 => return None,
            FIN => EventKind::Closed,
            _ => EventKind::Reset,
        };
        let mut header = self.event(kind).header;
        let length = u32::from(header.length());
        header.set_part(self.sequence.wrapping_add(length), 0);
        Some(Event { kind, header, outer: self.outer, payload: &[] })
    }
}

/// What is in the payload of an IP packet.
#[derive(Debug)]
pub(super) enum Contents {
    /// A segment whose checksum is right.
    Sound(Whole),
    /// A segment whose checksum is wrong. A sender's is right, if no source route changes the
    /// receiver's address.
    Doubtful(Whole),
    /// Headers that contradict themselves.
    Malformed,
    /// Something else than TCP.
    Foreign,
}

/// Where a packet comes from: what all its fragments have in common, and when the last of them
/// came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    source: End,
    destination: End,
    clock: (u64, u32),
    outer: Encapsulation,
}

impl Origin {
    pub(super) fn of(fragment: &Event<'_>) -> Self {
        let header = &fragment.header;
        let (key, way) = (header.key(), header.direction());
        let clock = (header.time(), header.interface());
        Self { source: key.sender(way), destination: key.receiver(way), clock, outer: fragment.outer }
    }

    /// Reads the payload of an IP packet, which begins with a header of `protocol`.
    pub(super) fn read(&self, protocol: u8, mut payload: Vec<u8>) -> Contents {
        let start = match behind_extensions(&payload, protocol) {
            Some((TCP, start)) => start,
            Some(_) => return Contents::Foreign,
            None => return Contents::Malformed,
        };
        let mut segment = payload.split_off(start);
        let Ok(end) = u32::try_from(segment.len()) else { return Contents::Malformed };
        let Ok(tcp) = TcpHeader::read(&segment.as_slice(), 0, end) else { return Contents::Malformed };
        let sound = checksum([self.source.ip(), self.destination.ip()], &segment) == 0xffff;
        let at = |end: End, port| End::from(SocketAddr::new(end.ip(), u16::from_be_bytes(port)));
        let ends = (at(self.source, tcp.source), at(self.destination, tcp.destination));
        let (key, direction) = FlowKey::tcp(ends.0, ends.1);
        let Self { clock, outer, .. } = *self;
        let (sequence, flags) = (tcp.sequence, tcp.flags);
        let payload = segment.split_off(tcp.payload as usize);
        let whole = Whole { key, direction, sequence, flags, payload, clock, outer };
        if sound { Contents::Sound(whole) } else { Contents::Doubtful(whole) }
    }
}

/// The sum of a TCP segment with its pseudo-header (RFC 9293, RFC 8200): all ones if the checksum
/// in it is right.
pub(super) fn checksum(ends: [IpAddr; 2], segment: &[u8]) -> u16 {
    let words = |bytes: &[u8]| -> u64 {
        let (pairs, last) = bytes.as_chunks::<2>();
        let last = last.first().map_or(0, |byte| u64::from(*byte) << 8);
        pairs.iter().map(|pair| u64::from(u16::from_be_bytes(*pair))).sum::<u64>() + last
    };
    let addresses = ends.map(|end| match end {
        IpAddr::V4(end) => words(&end.octets()),
        IpAddr::V6(end) => words(&end.octets()),
    });
    let mut sum = addresses.iter().sum::<u64>() + u64::from(TCP) + segment.len() as u64 + words(segment);
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    u16::try_from(sum).unwrap_or(u16::MAX)
}

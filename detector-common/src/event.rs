//! What the kernel sends to the agent over the ring buffer: a fixed header, then payload bytes.

use crate::flow::{Direction, FlowKey};
use crate::packet::Encapsulation;

/// The most payload bytes one event carries; a longer segment is sent as several events.
pub const EVENT_PAYLOAD: usize = 2048;

/// What an event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum EventKind {
    /// Payload of a flow under watch.
    Segment = 1,
    /// One direction of a watched flow was closed by FIN; no payload. The sequence number is the
    /// one of the FIN, so bytes before it may still be missing.
    Closed = 2,
    /// A watched flow was ended by RST; otherwise as above.
    Reset = 3,
    /// Payload of the segment for which its flow was put under watch.
    First = 4,
    /// A whole UDP datagram that looks like node discovery of Ethereum (discv4). Its flow is not
    /// under watch, and its sequence number says nothing.
    Datagram = 5,
    /// A fragment of an IP packet that holds TCP, the first ones included: what follows the IP header. The key is
    /// [`FlowKey::fragments`] of its packet, the sequence number the place of these bytes in what is fragmented.
    Fragment = 6,
}

/// The fixed part of an event.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventHeader {
    key: FlowKey,
    time: u64,
    sequence: u32,
    interface: u32,
    accept: u16,
    length: u16,
    kind: u8,
    direction: u8,
    flags: u8,
    reserved: u8,
}

/// In the flags: the other direction opened as TLS.
const ANSWERS_TLS: u8 = 1;

/// In the flags: this direction opened with text that is no JSON. The other: twice that.
const TEXT: u8 = 2;

const _: () = assert!(size_of::<EventHeader>() == 64 && align_of::<EventHeader>() == 8);

/// The whole record as the kernel stages it. The fixed parts are sent with the used part of `payload`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct EventRecord {
    /// The fixed part.
    pub header: EventHeader,
    /// What the packet was wrapped in.
    pub outer: Encapsulation,
    /// Payload bytes, of which the first `header.length()` are in use.
    pub payload: [u8; EVENT_PAYLOAD],
}

/// How many bytes of a record come before the payload.
pub const EVENT_FIXED: usize = size_of::<EventHeader>() + size_of::<Encapsulation>();

const _: () = assert!(size_of::<EventRecord>() == EVENT_FIXED + EVENT_PAYLOAD);

impl EventRecord {
    /// The record as it stands in memory, header first: what goes over the ring buffer.
    #[must_use]
    pub const fn bytes(&self) -> &[u8] {
        // SAFETY: plain old data without padding, as the assertions on the sizes show.
        unsafe { core::slice::from_raw_parts(core::ptr::from_ref(self).cast(), size_of::<Self>()) }
    }
}

impl EventHeader {
    /// A header without match and payload. `time` is the recogniser's clock in nanoseconds,
    /// `sequence` the TCP sequence number of the first payload byte, `interface` the index of
    /// the interface that received the packet.
    #[must_use]
    #[inline(always)]
    pub const fn new(
        kind: EventKind,
        key: FlowKey,
        direction: Direction,
        time: u64,
        sequence: u32,
        interface: u32,
    ) -> Self {
        Self {
            key,
            time,
            sequence,
            interface,
            accept: 0,
            length: 0,
            kind: kind as u8,
            direction: direction as u8,
            flags: 0,
            reserved: 0,
        }
    }

    /// Makes it the header of `length` payload bytes that begin at `sequence`.
    #[inline(always)]
    pub const fn set_part(&mut self, sequence: u32, length: u16) {
        self.sequence = sequence;
        self.length = length;
    }

    /// Names the accept number that the automaton met, 0 for none.
    #[inline(always)]
    pub const fn set_accept(&mut self, accept: u16) {
        self.accept = accept;
    }

    /// Of a fragment after which no other comes: how many bytes were fragmented in all.
    #[inline(always)]
    pub const fn set_total(&mut self, total: u16) {
        self.accept = total;
    }

    /// Says whether the direction opposite to this packet's opened as TLS.
    #[inline(always)]
    pub(crate) const fn set_answers_tls(&mut self, answers: bool) {
        self.flags = if answers { ANSWERS_TLS } else { 0 };
    }

    /// Says which directions opened with text that is no JSON: bit 0 this packet's, bit 1 the other.
    #[inline(always)]
    pub(crate) const fn add_texts(&mut self, texts: u8) {
        self.flags |= (texts & 3) * TEXT;
    }

    /// Changes what the event says.
    #[inline(always)]
    pub const fn set_kind(&mut self, kind: EventKind) {
        self.kind = kind as u8;
    }

    /// The conversation.
    #[must_use]
    #[inline(always)]
    pub const fn key(&self) -> &FlowKey {
        &self.key
    }

    /// The recogniser's clock in nanoseconds: time since boot when live, the capture's time
    /// since the epoch in a replay.
    #[must_use]
    pub const fn time(&self) -> u64 {
        self.time
    }

    /// TCP sequence number of the first payload byte; 0 for a datagram.
    #[must_use]
    pub const fn sequence(&self) -> u32 {
        self.sequence
    }

    /// Index of the interface that received the packet.
    #[must_use]
    pub const fn interface(&self) -> u32 {
        self.interface
    }

    /// The accept number that the automaton met first in this segment.
    #[must_use]
    pub const fn accept(&self) -> Option<u16> {
        if self.accept == 0 || self.kind == EventKind::Fragment as u8 { None } else { Some(self.accept) }
    }

    /// How many bytes were fragmented in all; only the last fragment of a packet tells.
    #[must_use]
    pub const fn total(&self) -> Option<u16> {
        if self.accept == 0 || self.kind != EventKind::Fragment as u8 { None } else { Some(self.accept) }
    }

    /// Whether the direction opposite to this packet's opened as TLS, which this direction did not
    /// answer as TLS. Said of the first segment of a watch only.
    #[must_use]
    pub const fn answers_tls(&self) -> bool {
        self.flags & ANSWERS_TLS != 0
    }

    /// Whether `direction` opened with text that is no JSON, as far as it was heard. Said of the first segment of a
    /// watch only.
    #[must_use]
    pub const fn opened_as_text(&self, direction: Direction) -> bool {
        let other = (direction as u8 ^ self.direction) & 1;
        self.flags & (TEXT << other) != 0
    }

    /// How many payload bytes follow.
    #[must_use]
    pub const fn length(&self) -> u16 {
        self.length
    }

    /// The direction as an index, 0 or 1.
    #[inline(always)]
    pub(crate) const fn side(&self) -> usize {
        (self.direction & 1) as usize
    }

    /// The direction of the packet.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        if self.direction == 0 { Direction::Up } else { Direction::Down }
    }
}

/// Why bytes from the ring are not an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventError {
    /// Shorter than a header, or than the payload the header announces.
    Truncated,
    /// An unknown kind: the object in the kernel is not the one this agent was built with.
    UnknownKind(u8),
}

impl core::fmt::Display for EventError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Truncated => f.write_str("event is shorter than it says"),
            Self::UnknownKind(kind) => write!(f, "event kind {kind} is unknown"),
        }
    }
}

impl core::error::Error for EventError {}

/// A decoded event that borrows its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// What it says.
    pub kind: EventKind,
    /// The fixed part.
    pub header: EventHeader,
    /// What the packet was wrapped in.
    pub outer: Encapsulation,
    /// The payload of a segment, empty otherwise.
    pub payload: &'a [u8],
}

impl<'a> Event<'a> {
    /// Reads an event from the bytes of a ring buffer item; bytes after the payload are ignored.
    ///
    /// # Errors
    /// The bytes are too few or of an unknown kind.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, EventError> {
        let (head, rest) = bytes.split_at_checked(size_of::<EventHeader>()).ok_or(EventError::Truncated)?;
        let (outer, rest) = rest.split_at_checked(size_of::<Encapsulation>()).ok_or(EventError::Truncated)?;
        // SAFETY: `head` is as long as the header, which is plain old data of integers that are
        // valid for every bit pattern; the read is unaligned.
        let header: EventHeader = unsafe { head.as_ptr().cast::<EventHeader>().read_unaligned() };
        // SAFETY: as above.
        let outer: Encapsulation = unsafe { outer.as_ptr().cast::<Encapsulation>().read_unaligned() };
        let kind = match header.kind {
            1 => EventKind::Segment,
            2 => EventKind::Closed,
            3 => EventKind::Reset,
            4 => EventKind::First,
            5 => EventKind::Datagram,
            6 => EventKind::Fragment,
            other => return Err(EventError::UnknownKind(other)),
        };
        let payload = rest.get(..usize::from(header.length)).ok_or(EventError::Truncated)?;
        Ok(Self { kind, header, outer: outer.normalised(), payload })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::End;
    use crate::packet::{Layer, LayerKind, Tunnel};

    fn bytes(header: EventHeader, payload: &[u8]) -> std::vec::Vec<u8> {
        wrapped(header, Encapsulation::NONE, payload)
    }

    fn wrapped(header: EventHeader, outer: Encapsulation, payload: &[u8]) -> std::vec::Vec<u8> {
        let record = EventRecord { header, outer, payload: [0; EVENT_PAYLOAD] };
        [&record.bytes()[..EVENT_FIXED], payload].concat()
    }

    fn header() -> EventHeader {
        let (key, direction) = FlowKey::tcp(End::v4([2; 4], [0x9c, 0x40]), End::v4([1; 4], [0x0d, 0x05]));
        let mut header = EventHeader::new(EventKind::Segment, key, direction, 7, 100, 3);
        header.set_accept(5);
        header.set_answers_tls(true);
        header.set_part(120, 5);
        header
    }

    #[test]
    fn survives_the_ring() {
        let raw = bytes(header(), b"hello+padding");
        let event = Event::decode(&raw).unwrap();
        assert_eq!(event.payload, b"hello");
        assert_eq!(event.header.sequence(), 120);
        assert_eq!(event.header.direction(), Direction::Down);
        assert_eq!(event.header.accept(), Some(5));
        assert!(event.header.answers_tls());
    }

    #[test]
    fn refuses_what_is_cut() {
        let raw = bytes(header(), b"hell");
        assert_eq!(Event::decode(&raw), Err(EventError::Truncated));
        assert_eq!(Event::decode(&raw[..10]), Err(EventError::Truncated));
        assert_eq!(Event::decode(&raw[..EVENT_FIXED - 1]), Err(EventError::Truncated));
        assert_eq!(Event::decode(&[0xff; EVENT_FIXED]), Err(EventError::UnknownKind(0xff)));
    }

    #[test]
    fn tells_what_the_packet_was_wrapped_in_and_nothing_of_earlier_ones() {
        let (from, to) = (End::v4([192, 0, 2, 1], [0; 2]), End::v4([192, 0, 2, 2], [0; 2]));
        let mut outer = Encapsulation::NONE;
        outer.push(LayerKind::Vlan, Some(5));
        outer.push(LayerKind::Gre, None);
        outer.set_tunnel(from, to, 47, 1);
        let raw = wrapped(header(), outer, b"hello");
        let event = Event::decode(&raw).unwrap();
        let layers: std::vec::Vec<_> = event.outer.layers().collect();
        assert_eq!(
            layers,
            [Layer { kind: LayerKind::Vlan, id: Some(5) }, Layer { kind: LayerKind::Gre, id: None }]
        );
        let tunnel = Tunnel { source: from.ip(), destination: to.ip(), protocol: 47, depth: 1 };
        assert_eq!(event.outer.tunnel(), Some(tunnel));
        assert_eq!(event.outer.reverse().tunnel().unwrap().source, to.ip());
        outer.clear();
        outer.push(LayerKind::Vlan, Some(6));
        let raw = wrapped(header(), outer, b"hello");
        let mut fresh = Encapsulation::NONE;
        fresh.push(LayerKind::Vlan, Some(6));
        assert_eq!(Event::decode(&raw).unwrap().outer, fresh);
    }

    #[test]
    fn layers_that_do_not_fit_are_left_out() {
        let mut outer = Encapsulation::NONE;
        for id in 0..20 {
            outer.push(LayerKind::Vlan, Some(id));
        }
        assert!(outer.layers().map(|layer| layer.id).eq((0..8).map(Some)));
    }
}

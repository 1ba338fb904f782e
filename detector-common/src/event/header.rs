use super::EventKind;
use crate::flow::{Direction, FlowKey, TCP};

/// The fixed part of an event.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventHeader {
    key: FlowKey,
    time: u64,
    sequence: u32,
    interface: u32,
    accept: u16,
    pub(super) length: u16,
    pub(super) kind: u8,
    direction: u8,
    flags: u8,
    protocol: u8,
}

/// In the flags: the other direction opened as TLS.
const ANSWERS_TLS: u8 = 1;

/// In the flags: this direction opened with text that is no JSON. The other: twice that.
const TEXT: u8 = 2;

const _: () = assert!(size_of::<EventHeader>() == 64 && align_of::<EventHeader>() == 8);

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
            protocol: TCP,
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

    /// Of a fragment: the protocol number of what is fragmented, as it tells it, and how many bytes
    /// were fragmented in all, if no other comes after it, otherwise 0.
    #[inline(always)]
    pub const fn set_fragment(&mut self, protocol: u8, total: u16) {
        self.protocol = protocol;
        self.accept = total;
    }

    /// Says whether the direction opposite to this packet's opened as TLS.
    #[inline(always)]
    pub(crate) const fn set_answers_tls(&mut self, answers: bool) {
        self.flags = if answers { ANSWERS_TLS } else { 0 };
    }

    /// Says which directions opened with text that is no JSON: bit 0 this packet's, bit 1 the
    /// other.
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

    /// TCP sequence number of the first payload byte; 0 for a datagram; of a fragment, where its
    /// bytes belong in what is fragmented.
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

    /// Of a fragment: the protocol number of what is fragmented, as it tells it. It may be that of
    /// an extension header.
    #[must_use]
    pub const fn protocol(&self) -> u8 {
        self.protocol
    }

    /// Whether the direction opposite to this packet's opened as TLS, which this direction did not
    /// answer as TLS. Said of the first segment of a watch only.
    #[must_use]
    pub const fn answers_tls(&self) -> bool {
        self.flags & ANSWERS_TLS != 0
    }

    /// Whether `direction` opened with text that is no JSON, as far as it was heard. Said of the
    /// first segment of a watch only.
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

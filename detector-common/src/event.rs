//! What the kernel sends to the agent over the ring buffer: a fixed header, then payload bytes.

mod header;

use crate::packet::Encapsulation;

pub use header::EventHeader;

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
    /// A fragment of an IP packet that holds TCP, or extension headers and perhaps TCP behind them,
    /// the first ones included: what follows the IP header. The key is
    /// [`FlowKey::fragments`](crate::flow::FlowKey::fragments) of its packet, the sequence number
    /// the place of these bytes in what is fragmented.
    Fragment = 6,
}

/// The whole record as the kernel stages it. The fixed parts are sent with the used part of
/// `payload`.
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
    /// The payload of a segment, a datagram or a fragment; empty if something ended.
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
mod tests;

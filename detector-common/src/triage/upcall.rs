use core::ops::ControlFlow;

use super::Output;
use crate::event::{EVENT_FIXED, EVENT_PAYLOAD, EventRecord};
use crate::packet::Packet;
use crate::repeat::{Round, repeat};

/// Enough rounds for the longest segment.
#[expect(clippy::cast_possible_truncation, reason = "33")]
const ROUNDS: u32 = ((1 << 16) / EVENT_PAYLOAD) as u32 + 1;

/// Bytes of a packet.
pub(super) struct Extract {
    /// What the number of the first one is for the agent.
    pub(super) sequence: u32,
    /// Where in the frame they begin.
    pub(super) offset: u32,
    pub(super) length: u32,
}

/// What became of the parts of them.
#[derive(PartialEq, Eq)]
pub(super) enum Sent {
    All,
    RingFull,
    Unreadable,
}

/// What the events of a segment take of a credit or budget: all that is written, for a segment may
/// be a single byte.
#[inline(always)]
pub(super) const fn cost(length: u32) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "144 and 2048")]
    let (fixed, part) = (EVENT_FIXED as u32, EVENT_PAYLOAD as u32);
    length + fixed * (1 + length / part)
}

struct Upcall<'a, P, O> {
    packet: &'a P,
    output: &'a mut O,
    record: &'a mut EventRecord,
    extract: Extract,
    sent: Sent,
}

impl<P: Packet, O: Output> Round for Upcall<'_, P, O> {
    #[inline(always)]
    fn round(&mut self, index: u32) -> ControlFlow<()> {
        #[expect(clippy::cast_possible_truncation, reason = "2048")]
        let part = EVENT_PAYLOAD as u32;
        let done = index * part;
        let Extract { sequence, offset, length } = self.extract;
        if done >= length {
            return ControlFlow::Break(());
        }
        let length = (length - done).min(part);
        if !self.packet.copy(offset + done, length, &mut self.record.payload) {
            self.sent = Sent::Unreadable;
            return ControlFlow::Break(());
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 2048")]
        {
            self.record.header.set_part(sequence.wrapping_add(done), length as u16);
        }
        if !self.output.send(self.record, length) {
            self.sent = Sent::RingFull;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

/// Copies bytes of a packet to the agent, in as many events as it takes. The header of
/// `record` is complete but for sequence number and length.
#[inline(always)]
pub(super) fn upcall<P: Packet, O: Output>(
    packet: &P,
    output: &mut O,
    record: &mut EventRecord,
    extract: Extract,
) -> Sent {
    let mut upcall = Upcall { packet, output, record, extract, sent: Sent::All };
    repeat(ROUNDS, &mut upcall);
    upcall.sent
}

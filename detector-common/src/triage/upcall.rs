use core::ops::ControlFlow;

use super::Output;
use crate::event::{EVENT_PAYLOAD, EventRecord};
use crate::packet::{Packet, Segment};
use crate::repeat::{Round, repeat};

/// Enough rounds for the longest segment.
const ROUNDS: u32 = (1 << 16) / 2048 + 1;

/// What became of the parts of a segment.
#[derive(PartialEq, Eq)]
pub(super) enum Sent {
    All,
    RingFull,
    Unreadable,
}

struct Upcall<'a, P, O> {
    packet: &'a P,
    output: &'a mut O,
    record: &'a mut EventRecord,
    sequence: u32,
    offset: u32,
    left: u32,
    sent: Sent,
}

impl<P: Packet, O: Output> Round for Upcall<'_, P, O> {
    #[inline(always)]
    fn round(&mut self) -> ControlFlow<()> {
        #[expect(clippy::cast_possible_truncation, reason = "2048")]
        let length = self.left.min(EVENT_PAYLOAD as u32);
        if length == 0 {
            return ControlFlow::Break(());
        }
        if !self.packet.copy(self.offset, length, &mut self.record.payload) {
            self.sent = Sent::Unreadable;
            return ControlFlow::Break(());
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 2048")]
        {
            self.record.header.set_part(self.sequence, length as u16);
        }
        if !self.output.send(self.record, length) {
            self.sent = Sent::RingFull;
            return ControlFlow::Break(());
        }
        self.sequence = self.sequence.wrapping_add(length);
        self.offset += length;
        self.left -= length;
        ControlFlow::Continue(())
    }
}

/// Copies the payload of a segment to the agent, in as many events as it takes. The header of
/// `record` is complete but for sequence number and length.
#[inline(always)]
pub(super) fn upcall<P: Packet, O: Output>(
    packet: &P,
    output: &mut O,
    record: &mut EventRecord,
    segment: &Segment,
) -> Sent {
    let Segment { sequence, offset, length: left, .. } = *segment;
    let mut upcall = Upcall { packet, output, record, sequence, offset, left, sent: Sent::All };
    repeat(ROUNDS, &mut upcall);
    upcall.sent
}

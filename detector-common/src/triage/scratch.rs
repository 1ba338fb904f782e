use super::Outcome;
use super::examine::Reading;
use crate::event::{EVENT_PAYLOAD, EventHeader, EventKind, EventRecord};
use crate::flow::{End, Flow, FlowKey, Watch};
use crate::packet::{Encapsulation, Ends, Packet, Walk, ends};
use crate::settings::Settings;

/// Working memory that is too large for the stack of the kernel.
#[repr(C)]
pub struct Scratch {
    /// An event in the making.
    pub(super) record: EventRecord,
    /// A flow in the making.
    pub(super) flow: Flow,
    /// A watch in the making.
    pub(super) watch: Watch,
    pub(super) walk: Walk,
    pub(super) outcome: Outcome,
    pub(super) reading: Reading,
    ends: Ends,
}

impl Scratch {
    /// Fresh working memory. Its contents do not matter.
    #[must_use]
    pub fn new() -> Self {
        let nowhere = End::v4([0; 4], [0; 2]);
        let (key, direction) = FlowKey::tcp(nowhere, nowhere);
        let header = EventHeader::new(EventKind::Segment, key, direction, 0, 0, 0);
        Self {
            record: EventRecord { header, outer: Encapsulation::NONE, payload: [0; EVENT_PAYLOAD] },
            flow: Flow::new(&Settings::DEFAULT, 0),
            watch: Watch::new(&Settings::DEFAULT, 0),
            walk: Walk::new(),
            outcome: Outcome::Passed,
            reading: Reading::NOTHING,
            ends: Ends::NONE,
        }
    }

    /// Between whom a packet travels, for whoever stands before the recogniser.
    #[inline(always)]
    pub fn ends<P: Packet>(&mut self, packet: &P) -> Option<&Ends> {
        let found = ends(packet, &mut self.record.outer, &mut self.walk, &mut self.ends);
        core::hint::black_box(found).then_some(&self.ends)
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

/// Gives a value back by way of memory of which the verifier does not remember what is in it: it
/// would follow the rest of the program once for each way that leads here.
#[inline(always)]
pub(super) fn forget<T: Copy>(place: &mut T, value: T) -> T {
    *place = value;
    *core::hint::black_box(place)
}

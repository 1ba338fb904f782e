use detector_common::event::Event;
use detector_common::flow::{Direction, FlowKey};
use hashlink::LruCache;
use jiff::Timestamp;

use crate::judge;
use crate::ledger::{Ledger, Observation, Record};

/// Ends between which datagrams of nodes went.
pub(super) struct Datagrams {
    known: LruCache<FlowKey, Known>,
}

struct Known {
    /// The direction of the first datagram: who sent it, is told as the source.
    first: Direction,
    /// Of those that the recogniser gave, which is one in a while.
    bytes: u64,
}

impl Datagrams {
    /// Remembers so many pairs of ends, at least 1; above that, those that were silent for longest
    /// are forgotten.
    pub(super) fn new(most: usize) -> Self {
        Self { known: LruCache::new(most.max(1)) }
    }

    /// Judges a datagram and enters it into the ledger.
    pub(super) fn take(
        &mut self,
        event: &Event<'_>,
        time: Timestamp,
        interface: Option<&str>,
        ledger: &mut Ledger,
        due: &mut Vec<Record>,
    ) {
        let (key, direction) = (*event.header.key(), event.header.direction());
        let Some(assessment) = judge::datagram(direction, event.payload) else { return };
        if !self.known.contains_key(&key) {
            self.known.insert(key, Known { first: direction, bytes: 0 });
        }
        let Some(known) = self.known.get_mut(&key) else { return };
        known.bytes = known.bytes.saturating_add(event.payload.len() as u64);
        let assessment = judge::Assessment { miner_sends: known.first, ..assessment };
        due.extend(ledger.observe(&Observation {
            key,
            interface,
            outer: if direction == known.first { event.outer } else { event.outer.reverse() },
            time,
            bytes: known.bytes,
            assessment: &assessment,
        }));
    }
}

use detector_common::event::Event;
use detector_common::flow::{Direction, FlowKey};
use hashlink::LruCache;
use jiff::{SignedDuration, Timestamp};

use crate::judge;
use crate::ledger::{Ledger, Observation, Record};

/// Ends between which datagrams of nodes went.
pub(super) struct Datagrams {
    known: LruCache<FlowKey, Known>,
    silence: SignedDuration,
}

struct Known {
    /// The direction of the first datagram: who sent it, is told as the source.
    first: Direction,
    /// Of those that the recogniser gave, which is one in a while.
    bytes: u64,
    last: Timestamp,
}

impl Datagrams {
    /// Remembers so many pairs of ends, at least 1, until they were silent for so long; above that, those that were
    /// silent for longest are forgotten.
    pub(super) fn new(most: usize, silence: SignedDuration) -> Self {
        Self { known: LruCache::new(most.max(1)), silence }
    }

    /// Forgets those that were silent for too long.
    pub(super) fn advance(&mut self, time: Timestamp) {
        let is_over = |known: &Known| time.duration_since(known.last) >= self.silence;
        while self.known.iter().next().is_some_and(|(_, known)| is_over(known)) {
            self.known.remove_lru();
        }
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
        let Some(assessment) = judge::datagram(time, direction, event.payload) else { return };
        if !self.known.contains_key(&key) {
            self.known.insert(key, Known { first: direction, bytes: 0, last: time });
        }
        let Some(known) = self.known.get_mut(&key) else { return };
        known.last = time;
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

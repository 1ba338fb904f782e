use detector_common::event::Event;
use detector_common::flow::{Direction, FlowKey};
use hashlink::LruCache;
use jiff::Timestamp;

use super::REFRESH;
use crate::judge::{self, Stage};
use crate::ledger::{Ledger, Observation, Record};

/// Ends between which datagrams of nodes went.
pub(super) struct Datagrams {
    known: LruCache<FlowKey, Known>,
}

struct Known {
    /// The direction of the first datagram: who sent it, is told as the source.
    first: Direction,
    bytes: u64,
    /// How far they got.
    stage: Stage,
    /// When they were last entered into the ledger.
    observed: Timestamp,
}

impl Datagrams {
    /// Remembers so many pairs of ends, at least 1; above that, those that were silent for longest are forgotten.
    pub(super) fn new(most: usize) -> Self {
        Self { known: LruCache::new(most.max(1)) }
    }

    /// Judges a datagram and enters it into the ledger, unless it tells no more than another one between the
    /// same ends that was just entered.
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
            let (stage, observed) = (Stage::Attempt, Timestamp::MIN);
            self.known.insert(key, Known { first: direction, bytes: 0, stage, observed });
        }
        let Some(known) = self.known.get_mut(&key) else { return };
        known.bytes = known.bytes.saturating_add(event.payload.len() as u64);
        if time.duration_since(known.observed) < REFRESH && assessment.stage <= known.stage {
            return;
        }
        known.observed = time;
        known.stage = known.stage.max(assessment.stage);
        let assessment = judge::Assessment { miner_sends: known.first, stage: known.stage, ..assessment };
        due.extend(ledger.observe(&Observation {
            key,
            interface,
            time,
            bytes: known.bytes,
            assessment: &assessment,
        }));
    }
}

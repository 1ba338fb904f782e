use detector_common::flow::{Direction, FlowKey};
use detector_common::settings;
use hashlink::LruCache;
use jiff::{SignedDuration, Timestamp};

use crate::stream::FAR;

/// How long, which is as long as the recogniser leaves a dismissed flow alone.
const PERIOD: SignedDuration =
    SignedDuration::from_nanos((settings::Settings::DEFAULT.ignore_ticks as i64) << 20);

/// Flows that are not to be followed for a while, whatever comes in fragments: of those the
/// recogniser decides nothing.
pub(super) struct Dismissed {
    flows: LruCache<FlowKey, Flow>,
}

struct Flow {
    since: Timestamp,
    /// The sequence numbers that came next, of the directions that were heard.
    next: [Option<u32>; 2],
}

impl Dismissed {
    /// Remembers so many flows, at least 1; above that, those that were dismissed longest ago are
    /// forgotten.
    pub(super) fn new(most: usize) -> Self {
        Self { flows: LruCache::new(most.max(1)) }
    }

    pub(super) fn insert(&mut self, key: FlowKey, next: [Option<u32>; 2], time: Timestamp) {
        let before = self.flows.remove(&key).map_or([None; 2], |flow| flow.next);
        let ([up, down], [up_before, down_before]) = (next, before);
        let next = [up.or(up_before), down.or(down_before)];
        self.flows.insert(key, Flow { since: time, next });
    }

    /// Forgets those whose time is over.
    pub(super) fn advance(&mut self, time: Timestamp) {
        while self.flows.iter().next().is_some_and(|(_, flow)| time.duration_since(flow.since) >= PERIOD) {
            self.flows.remove_lru();
        }
    }

    /// What was known of the flow is void.
    pub(super) fn forget(&mut self, key: &FlowKey) {
        self.flows.remove(key);
    }

    /// Whether a segment is of such a flow, and not of a new connection between the same ends,
    /// whose sequence numbers are others. Of a direction that was not heard nothing is known.
    pub(super) fn contains(
        &self,
        key: &FlowKey,
        direction: Direction,
        sequence: u32,
        time: Timestamp,
    ) -> bool {
        let Some(flow) = self.flows.peek(key) else { return false };
        let next = flow.next.get(direction as usize).copied().flatten();
        let is_near = |next| sequence.wrapping_sub(next).cast_signed().unsigned_abs() <= FAR;
        time.duration_since(flow.since) < PERIOD && next.is_some_and(is_near)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    fn key(port: u16) -> FlowKey {
        FlowKey::tcp(
            SocketAddr::from(([10, 0, 0, 2], port)).into(),
            SocketAddr::from(([203, 0, 113, 9], 80)).into(),
        )
        .0
    }

    #[test]
    fn for_ten_minutes_and_no_more_than_there_is_room_for() {
        let mut dismissed = Dismissed::new(2);
        let next = [Some(1000), None];
        let contains = |dismissed: &Dismissed, port, seconds| {
            dismissed.contains(&key(port), Direction::Up, 1000, at(seconds))
        };
        dismissed.insert(key(1), next, at(0));
        assert!(contains(&dismissed, 1, 599));
        assert!(!contains(&dismissed, 1, 601));
        dismissed.insert(key(2), next, at(0));
        dismissed.insert(key(3), next, at(0));
        assert!(!contains(&dismissed, 1, 0), "it made room");
        dismissed.forget(&key(2));
        assert!(!contains(&dismissed, 2, 0));
        assert!(contains(&dismissed, 3, 0));
    }

    #[test]
    fn those_whose_time_is_over_take_no_room() {
        let mut dismissed = Dismissed::new(10);
        for (port, second) in [(1, 0), (2, 1), (1, 2)] {
            dismissed.insert(key(port), [Some(1000), None], at(second));
        }
        let after = |dismissed: &mut Dismissed, seconds| {
            dismissed.advance(at(seconds));
            dismissed.flows.len()
        };
        assert_eq!([601, 602, 603].map(|second| after(&mut dismissed, second)), [2, 1, 0]);
    }

    #[test]
    fn a_new_connection_between_the_same_ends_is_none_of_them() {
        let mut dismissed = Dismissed::new(2);
        dismissed.insert(key(1), [Some(u32::MAX), None], at(0));
        for (sequence, known) in [(0, true), (1 << 20, false), (u32::MAX - (1 << 20), true), (1 << 31, false)]
        {
            let same = dismissed.contains(&key(1), Direction::Up, sequence, at(1));
            assert_eq!(same, known, "{sequence}");
        }
        assert!(!dismissed.contains(&key(1), Direction::Down, 0, at(1)), "it was not heard");
        dismissed.insert(key(1), [None, Some(70)], at(1));
        assert!(dismissed.contains(&key(1), Direction::Up, 0, at(1)), "what was known stays so");
        assert!(dismissed.contains(&key(1), Direction::Down, 0, at(1)));
    }
}

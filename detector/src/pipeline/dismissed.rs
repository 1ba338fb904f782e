use detector_common::flow::FlowKey;
use detector_common::settings;
use hashlink::LruCache;
use jiff::{SignedDuration, Timestamp};

/// How long, which is as long as the recogniser leaves a dismissed flow alone.
const PERIOD: SignedDuration =
    SignedDuration::from_nanos((settings::Settings::DEFAULT.ignore_ticks as i64) << 20);

/// Flows that are not to be followed for a while, whatever comes in fragments: of those the recogniser decides nothing.
pub(super) struct Dismissed {
    since: LruCache<FlowKey, Timestamp>,
}

impl Dismissed {
    /// Remembers so many flows, at least 1; above that, those that were dismissed longest ago are forgotten.
    pub(super) fn new(most: usize) -> Self {
        Self { since: LruCache::new(most.max(1)) }
    }

    pub(super) fn insert(&mut self, key: FlowKey, time: Timestamp) {
        self.since.insert(key, time);
    }

    /// What was known of the flow is void.
    pub(super) fn forget(&mut self, key: &FlowKey) {
        self.since.remove(key);
    }

    pub(super) fn contains(&self, key: &FlowKey, time: Timestamp) -> bool {
        self.since.peek(key).is_some_and(|since| time.duration_since(*since) < PERIOD)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn key(port: u16) -> FlowKey {
        FlowKey::tcp(
            SocketAddr::from(([10, 0, 0, 2], port)).into(),
            SocketAddr::from(([203, 0, 113, 9], 80)).into(),
        )
        .0
    }

    #[test]
    fn for_ten_minutes_and_no_more_than_there_is_room_for() {
        let at = |seconds: i64| Timestamp::from_second(1_700_000_000 + seconds).unwrap();
        let mut dismissed = Dismissed::new(2);
        dismissed.insert(key(1), at(0));
        assert!(dismissed.contains(&key(1), at(599)));
        assert!(!dismissed.contains(&key(1), at(601)));
        dismissed.insert(key(2), at(0));
        dismissed.insert(key(3), at(0));
        assert!(!dismissed.contains(&key(1), at(0)), "it made room");
        dismissed.forget(&key(2));
        assert!(!dismissed.contains(&key(2), at(0)));
        assert!(dismissed.contains(&key(3), at(0)));
    }
}

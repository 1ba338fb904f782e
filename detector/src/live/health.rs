use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::losses::{self, LOSSES};

/// How long a warning is not repeated.
const PAUSE: Duration = Duration::from_mins(1);

/// Over how long the rate of new flows is taken.
const WINDOW: Duration = Duration::from_secs(10);

/// A flow that is remembered for less than this, in seconds, may be forgotten in the middle of a
/// message.
const SHORT: u64 = 8;

/// Warns when something is being missed, once a minute at most.
pub(super) struct Health {
    /// Flows for which there is room in the kernel.
    flows: u64,
    /// New flows so far, and when they were counted.
    new: (u64, Instant),
    warned: BTreeMap<&'static str, (u64, Instant)>,
}

impl Health {
    pub(super) fn new(flows: u32) -> Self {
        Self { flows: flows.into(), new: (0, Instant::now()), warned: BTreeMap::new() }
    }

    /// Warns once of what was missed before this agent started, which counters that outlive agents tell, and of that no more.
    pub(super) fn begin(&mut self, counters: &BTreeMap<&'static str, u64>) {
        if let Some(lost) = losses::lost(counters) {
            tracing::warn!("missed before this agent started: {lost}");
        }
        let long_ago = Instant::now().checked_sub(PAUSE).unwrap_or_else(Instant::now);
        let names = LOSSES.iter().map(|(name, _)| *name).chain(["flows_evicted"]);
        self.warned = names.filter_map(|name| Some((name, (*counters.get(name)?, long_ago)))).collect();
        self.new.0 = counters.get("flows").copied().unwrap_or_default();
    }

    pub(super) fn check(&mut self, counters: &BTreeMap<&'static str, u64>) {
        let count = |name: &str| counters.get(name).copied().unwrap_or_default();
        for (name, meaning) in LOSSES {
            if let Some(more) = self.rises(name, count(name)) {
                tracing::warn!("{more} {meaning} ({name}); evidence may be lost");
            }
        }
        let (before, since) = self.new;
        if since.elapsed() >= WINDOW {
            let (new, seconds) = (count("flows"), since.elapsed().as_secs());
            let lasts = lasts(self.flows, new.saturating_sub(before), seconds);
            self.new = (new, Instant::now());
            if lasts < SHORT && self.rises("flows_evicted", count("flows_evicted")).is_some() {
                tracing::warn!(
                    "new connections wash their table out every {lasts} s (flows_evicted); what is cut into small \
                     segments may be missed there: raise --flows"
                );
            }
        }
    }

    /// By how much a counter rose since it was last warned of, if it is time to warn again.
    fn rises(&mut self, name: &'static str, count: u64) -> Option<u64> {
        let (before, pause) =
            self.warned.get(name).map_or((0, false), |(before, since)| (*before, since.elapsed() < PAUSE));
        (count > before && !pause).then(|| {
            self.warned.insert(name, (count, Instant::now()));
            count - before
        })
    }
}

/// For how many seconds a flow is remembered when so many new ones came in so many seconds.
fn lasts(room: u64, new: u64, seconds: u64) -> u64 {
    room.saturating_mul(seconds).checked_div(new).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_shortens_memory() {
        assert_eq!(lasts(262_144, 0, 10), u64::MAX);
        assert_eq!(lasts(262_144, 26_214, 10), 100);
        assert_eq!(lasts(262_144, 2_621_440, 10), 1);
    }

    #[test]
    fn counters_that_fall_are_no_flood() {
        let mut health = Health::new(1000);
        health.new = (5_000_000, Instant::now().checked_sub(WINDOW).unwrap());
        health.check(&BTreeMap::from([("flows", 0), ("flows_evicted", 9)]));
        assert_eq!(health.new.0, 0);
        assert!(!health.warned.contains_key("flows_evicted"));
    }

    #[test]
    fn what_earlier_agents_missed_is_not_warned_of_again() {
        let mut health = Health::new(1000);
        health.begin(&BTreeMap::from([("ring_full", 5), ("flows", 9_000_000)]));
        assert_eq!(health.rises("ring_full", 5), None);
        assert_eq!(health.rises("ring_full", 7), Some(2));
        assert_eq!(health.new.0, 9_000_000);
    }

    #[test]
    fn a_warning_is_not_repeated_within_a_minute() {
        let mut health = Health::new(1000);
        assert_eq!(health.rises("ring_full", 0), None);
        assert_eq!(health.rises("ring_full", 5), Some(5));
        assert_eq!(health.rises("ring_full", 9), None);
    }
}

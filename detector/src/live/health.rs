use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Counters that mean that something was missed, and what to do about it.
const LOSSES: [(&str, &str); 4] = [
    ("watch_refused", "flows could not be watched: raise --watched"),
    ("ring_full", "segments did not fit into the ring buffer: raise --ring"),
    ("budget_spent", "segments of watched flows exceeded the budget of a CPU"),
    ("flows_refused", "flows could not be remembered: raise --flows"),
];

/// How long a warning is not repeated.
const PAUSE: Duration = Duration::from_mins(1);

/// Warns when something is being missed, once a minute at most.
#[derive(Default)]
pub(super) struct Health {
    warned: BTreeMap<&'static str, (u64, Instant)>,
}

impl Health {
    pub(super) fn check(&mut self, counters: &BTreeMap<&'static str, u64>) {
        for (name, meaning) in LOSSES {
            let count = counters.get(name).copied().unwrap_or_default();
            let (before, pause) = self
                .warned
                .get(name)
                .map_or((0, false), |(before, since)| (*before, since.elapsed() < PAUSE));
            if count > before && !pause {
                tracing::warn!("{} {meaning} ({name}); evidence may be lost", count - before);
                self.warned.insert(name, (count, Instant::now()));
            }
        }
    }
}

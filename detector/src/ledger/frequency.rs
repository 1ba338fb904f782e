use jiff::Timestamp;

/// How far back connections are counted.
const HOURS: i64 = 24;

/// Connections in each of the last 24 clock hours, and in all.
#[derive(Clone, Debug)]
pub(super) struct Frequency {
    total: u64,
    hours: [u32; 24],
    /// The latest hour that was counted, in hours since the epoch.
    latest: i64,
}

impl Frequency {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { total: 0, hours: [0; 24], latest: hour(now) }
    }

    /// Counts a connection. One from before the last 24 hours counts in the total only.
    pub(super) fn add(&mut self, time: Timestamp) {
        self.total += 1;
        let hour = hour(time);
        for passed in (self.latest + 1..=hour).take(self.hours.len()) {
            if let Some(count) = self.hours.get_mut(index(passed)) {
                *count = 0;
            }
        }
        self.latest = self.latest.max(hour);
        if self.latest - hour < HOURS
            && let Some(count) = self.hours.get_mut(index(hour))
        {
            *count = count.saturating_add(1);
        }
    }

    pub(super) const fn total(&self) -> u64 {
        self.total
    }

    /// Connections an hour, as [`super::Record::connections_per_hour`] says.
    pub(super) fn per_hour(&self, first: Timestamp, now: Timestamp) -> Option<f64> {
        let life = now.duration_since(first).as_secs_f64() / 3600.0;
        if life < 1.0 && self.total < 2 {
            return None;
        }
        let current = hour(now).max(self.latest);
        let counted: u64 = (self.latest - HOURS + 1..=self.latest)
            .filter(|hour| current - hour < HOURS)
            .filter_map(|hour| self.hours.get(index(hour)))
            .map(|count| u64::from(*count))
            .sum();
        let into_hour = f64::from(u16::try_from(now.as_second().rem_euclid(3600)).unwrap_or(0)) / 3600.0;
        let window = life.min(23.0 + into_hour).max(1.0);
        #[expect(clippy::cast_precision_loss, reason = "beyond 2^53 connections a rate is not off by one")]
        let counted = counted as f64;
        Some(counted / window)
    }
}

/// Place of a clock hour in the ring.
fn index(hour: i64) -> usize {
    usize::try_from(hour.rem_euclid(HOURS)).unwrap_or(0)
}

/// The clock hour of a time, counted from the epoch.
fn hour(time: Timestamp) -> i64 {
    time.as_second().div_euclid(3600)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    fn rate(starts: impl IntoIterator<Item = i64>, now: i64) -> Option<f64> {
        let mut frequency = Frequency::new(at(0));
        starts.into_iter().for_each(|start| frequency.add(at(start)));
        frequency.per_hour(at(0), at(now))
    }

    #[test]
    fn means_nothing_at_first() {
        assert_eq!(rate([0], 3_599), None);
        assert_eq!(rate([0], 7_200), Some(0.5));
        assert_eq!(rate([0, 10], 20), Some(2.0), "two in a minute are not hundreds an hour");
    }

    #[test]
    fn a_steady_rate_is_found_and_forgotten_after_a_day() {
        let steady: Vec<i64> = (0..48 * 4).map(|quarter| quarter * 900).collect();
        let now = 48 * 3_600;
        let found = rate(steady.iter().copied(), now).unwrap();
        assert!((3.8..4.3).contains(&found), "{found}");
        assert_eq!(rate(steady, now + 25 * 3_600), Some(0.0));
    }

    proptest! {
        #[test]
        fn any_times_are_survived(starts in prop::collection::vec(any::<i32>(), 1..50), now in any::<i32>()) {
            let count = f64::from(u8::try_from(starts.len()).unwrap());
            let found = rate(starts.into_iter().map(i64::from), now.into());
            prop_assert!(found.is_none_or(|rate| rate >= 0.0 && rate <= count));
        }
    }
}

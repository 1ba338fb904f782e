use jiff::{SignedDuration, Timestamp, Unit};

/// The same moment by the clock of the kernel's blocks and by the time of day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clocks {
    /// Nanoseconds since the machine started.
    since_start: u64,
    time: Timestamp,
}

impl Clocks {
    pub(super) fn new(since_start: u64, time: Timestamp) -> Self {
        Self { since_start, time }
    }

    /// The time of day that so many nanoseconds since the start are, or will be, as the clock stands now; in whole seconds.
    pub(super) fn time_of(&self, since_start: u64) -> Timestamp {
        let nanoseconds = |from: u64, to: u64| {
            SignedDuration::from_nanos(i64::try_from(to.saturating_sub(from)).unwrap_or(i64::MAX))
        };
        let (later, earlier) =
            (nanoseconds(self.since_start, since_start), nanoseconds(since_start, self.since_start));
        let time = self.time.checked_add(later).unwrap_or(Timestamp::MAX);
        let time = time.checked_sub(earlier).unwrap_or(Timestamp::MIN);
        time.round(Unit::Second).unwrap_or(time)
    }

    /// How many nanoseconds since the start a time of day was, or will be, as the clock stands now.
    pub(super) fn since_start(&self, time: Timestamp) -> u64 {
        let nanoseconds =
            |from: Timestamp, to: Timestamp| u64::try_from(to.duration_since(from).as_nanos()).unwrap_or(0);
        let (ago, ahead) = (nanoseconds(time, self.time), nanoseconds(self.time, time));
        self.since_start.saturating_sub(ago).saturating_add(ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_follow_the_clock() {
        let clocks = Clocks::new(10_000_000_000, Timestamp::from_second(1_000).unwrap());
        let seconds = |since_start| clocks.time_of(since_start).as_second();
        assert_eq!([0, 10_000_000_000, 70_400_000_000, u64::MAX].map(seconds)[..3], [990, 1_000, 1_060]);
        assert!(seconds(u64::MAX) > 9_000_000_000, "far away");
        let since_start = |second| clocks.since_start(Timestamp::from_second(second).unwrap());
        assert_eq!(
            [990, 997, 1_000, 1_001, 900].map(since_start),
            [0, 7_000_000_000, 10_000_000_000, 11_000_000_000, 0]
        );
    }
}

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use nix::time::{ClockId, clock_gettime};

/// Turns the time of events, counted since boot, into the time of day.
pub(super) struct Clock {
    booted: Timestamp,
}

impl Clock {
    pub(super) fn new() -> nix::Result<Self> {
        let mut clock = Self { booted: Timestamp::UNIX_EPOCH };
        clock.adjust()?;
        Ok(clock)
    }

    /// Follows the time of day, which may be set. Says by how much it was set back, if that is a second or more.
    pub(super) fn adjust(&mut self) -> nix::Result<Option<SignedDuration>> {
        let boot: Duration = clock_gettime(ClockId::CLOCK_BOOTTIME)?.into();
        let boot = SignedDuration::try_from(boot).unwrap_or_default();
        let before = self.booted;
        self.booted = Timestamp::now().checked_sub(boot).unwrap_or(Timestamp::UNIX_EPOCH);
        let back = before.duration_since(self.booted);
        Ok(Some(back).filter(|back| *back >= SignedDuration::from_secs(1)))
    }

    pub(super) fn time(&self, since_boot: u64) -> Timestamp {
        let since_boot = SignedDuration::try_from(Duration::from_nanos(since_boot)).unwrap_or_default();
        self.booted.checked_add(since_boot).unwrap_or(self.booted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_is_noticed() {
        let mut clock = Clock::new().unwrap();
        assert_eq!(clock.adjust().unwrap(), None);
        clock.booted += SignedDuration::from_hours(5);
        let back = clock.adjust().unwrap().unwrap();
        assert!((back - SignedDuration::from_hours(5)).abs() < SignedDuration::from_secs(1), "{back}");
        assert_eq!(clock.adjust().unwrap(), None);
        clock.booted -= SignedDuration::from_hours(5);
        assert_eq!(clock.adjust().unwrap(), None, "it was set forward");
    }

    #[test]
    fn now_is_now() {
        let clock = Clock::new().unwrap();
        let since_boot: Duration = clock_gettime(ClockId::CLOCK_BOOTTIME).unwrap().into();
        let nanoseconds = u64::try_from(since_boot.as_nanos()).unwrap();
        let difference = clock.time(nanoseconds).duration_since(Timestamp::now());
        assert!(difference.abs() < SignedDuration::from_secs(1), "{difference}");
    }
}

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

    /// Follows the time of day, which may be set.
    pub(super) fn adjust(&mut self) -> nix::Result<()> {
        let boot: Duration = clock_gettime(ClockId::CLOCK_BOOTTIME)?.into();
        let boot = SignedDuration::try_from(boot).unwrap_or_default();
        self.booted = Timestamp::now().checked_sub(boot).unwrap_or(Timestamp::UNIX_EPOCH);
        Ok(())
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
    fn now_is_now() {
        let clock = Clock::new().unwrap();
        let since_boot: Duration = clock_gettime(ClockId::CLOCK_BOOTTIME).unwrap().into();
        let nanoseconds = u64::try_from(since_boot.as_nanos()).unwrap();
        let difference = clock.time(nanoseconds).duration_since(Timestamp::now());
        assert!(difference.abs() < SignedDuration::from_secs(1), "{difference}");
    }
}

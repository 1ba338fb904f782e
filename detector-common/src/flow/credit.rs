use crate::settings::Settings;

/// Coarse time: units of 2^20 ns, about a millisecond, which wrap around after 52 days.
pub type Ticks = u32;

/// Packets of several CPUs may be some ticks out of order. A longer step back, about ten seconds,
/// is another clock or one that wrapped around, and refilling starts anew from there.
const BACK: i32 = 10 << 10;

/// The coarse time of a clock in nanoseconds.
#[must_use]
#[inline(always)]
pub const fn ticks(nanoseconds: u64) -> Ticks {
    #[expect(clippy::cast_possible_truncation, reason = "ticks wrap around")]
    {
        (nanoseconds >> 20) as Ticks
    }
}

/// A byte allowance that refills over time.
///
/// Taking more than there is leaves a debt of at most one segment: the last segment is served
/// whole, and bulk traffic is read at the refill rate.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit {
    balance: i32,
    refilled: Ticks,
}

impl Credit {
    /// A full credit of `burst` bytes.
    #[must_use]
    #[inline(always)]
    pub const fn full(burst: u32, now: Ticks) -> Self {
        Self { balance: burst.cast_signed(), refilled: now }
    }

    /// Refills by `rate` bytes a second (of 1024 ticks) up to `burst` bytes and says whether
    /// anything may be taken.
    #[inline(always)]
    pub fn available(&mut self, burst: u32, rate: u32, now: Ticks) -> bool {
        let elapsed = now.wrapping_sub(self.refilled);
        if elapsed.cast_signed() < -BACK {
            self.refilled = now;
        } else if elapsed.cast_signed() > 0 {
            let gain = (u64::from(elapsed) * u64::from(rate)) >> 10;
            if gain > 0 {
                let room = i64::from(burst) - i64::from(self.balance);
                let gain = i64::try_from(gain).unwrap_or(i64::MAX);
                #[expect(clippy::cast_possible_truncation, reason = "at most burst, which was an i32")]
                {
                    self.balance = (i64::from(self.balance) + if gain < room { gain } else { room }) as i32;
                }
                self.refilled = now;
            }
        }
        self.balance > 0
    }

    /// Whether anything was left, as of the last refill.
    #[must_use]
    #[inline(always)]
    pub const fn is_left(&self) -> bool {
        self.balance > 0
    }

    /// Whether at least half of `burst` bytes are left, as of the last refill.
    #[must_use]
    #[inline(always)]
    pub const fn is_ample(&self, burst: u32) -> bool {
        self.balance >= (burst / 2).cast_signed()
    }

    /// Takes `bytes`.
    #[inline(always)]
    pub const fn take(&mut self, bytes: u32) {
        self.balance = self.balance.saturating_sub_unsigned(bytes);
    }
}

/// What one CPU may copy to the agent.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes of events of flows under watch.
    pub flows: Credit,
    /// Bytes of fragments.
    pub fragments: Credit,
}

impl Budget {
    /// All that the limits allow.
    #[must_use]
    pub const fn full(settings: &Settings, now: Ticks) -> Self {
        Self {
            flows: Credit::full(settings.budget_burst, now),
            fragments: Credit::full(settings.fragment_burst, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Ticks = 1024;

    #[test]
    fn burst_then_rate() {
        let mut credit = Credit::full(1000, 0);
        assert!(credit.available(1000, 100, 0));
        credit.take(1400);
        assert!(!credit.available(1000, 100, 3 * SECOND), "still in debt");
        assert!(credit.available(1000, 100, 5 * SECOND));
    }

    #[test]
    fn small_steps_add_up() {
        let mut credit = Credit::full(1, 0);
        credit.take(101);
        for tick in 0..=1023 {
            assert!(!credit.available(1000, 100, tick));
        }
        assert!(credit.available(1000, 100, 1200));
    }

    #[test]
    fn never_above_the_burst() {
        let mut credit = Credit::full(10, 0);
        assert!(credit.available(10, u32::MAX, i32::MAX.cast_unsigned()));
        credit.take(10);
        assert!(!credit.available(10, 1, i32::MAX.cast_unsigned()));
    }

    #[test]
    fn time_may_wrap_and_step_back() {
        let mut credit = Credit::full(10, u32::MAX - 10);
        credit.take(20);
        assert!(!credit.available(10, 1, u32::MAX - 500), "a step back refills nothing");
        assert!(credit.available(10, 1, 20 * SECOND));
    }

    #[test]
    fn another_clock_does_not_stop_the_refill() {
        let mut credit = Credit::full(10, 100 * SECOND);
        credit.take(20);
        assert!(!credit.available(10, 1, SECOND));
        assert!(credit.available(10, 1, 15 * SECOND));
    }
}

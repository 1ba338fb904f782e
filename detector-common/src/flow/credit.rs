use super::FlowKey;
use crate::event::EVENT_FIXED;
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
    /// Bytes of fragments, with what each event costs beside them.
    fragments: Credit,
    /// The same, of the pairs of addresses that share a number: a flood between two hosts leaves
    /// others theirs.
    shares: [Credit; SHARES],
}

/// Into how many parts the pairs of addresses are divided, a power of two.
const SHARES: usize = 32;

/// Which part of the budget for fragments one of them may have. There are more shares than parts:
/// not all are in use.
const PART: u32 = 16;

const _: () = assert!(SHARES.is_power_of_two());

impl Budget {
    /// All that the limits allow.
    #[must_use]
    pub const fn full(settings: &Settings, now: Ticks) -> Self {
        Self {
            flows: Credit::full(settings.budget_burst, now),
            fragments: Credit::full(settings.fragment_burst, now),
            shares: [Credit::full(settings.fragment_burst / PART, now); SHARES],
        }
    }

    /// Takes `bytes` of a fragment. False if there is nothing left, of all or of the share of its
    /// pair of addresses.
    #[inline(always)]
    pub fn take_fragment(&mut self, settings: &Settings, key: &FlowKey, bytes: u32, now: Ticks) -> bool {
        let (burst, rate) = (settings.fragment_burst, settings.fragment_rate);
        #[expect(clippy::cast_possible_truncation, reason = "masked")]
        let number = core::hint::black_box(key.pair() as usize) & (SHARES - 1);
        let Some(share) = self.shares.get_mut(number) else { return false };
        if !share.available(burst / PART, rate / PART, now) || !self.fragments.available(burst, rate, now) {
            return false;
        }
        #[expect(clippy::cast_possible_truncation, reason = "144")]
        let cost = bytes.saturating_add(EVENT_FIXED as u32);
        share.take(cost);
        self.fragments.take(cost);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::End;

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
    fn a_flood_of_fragments_between_two_hosts_leaves_others_theirs() {
        let settings = Settings::DEFAULT;
        let key = |host: u8| FlowKey::fragments(End::v4([10, 0, 0, host], [0; 2]), End::v4([1; 4], [0; 2])).0;
        let mut budget = Budget::full(&settings, 0);
        let copied = (0..10_000).filter(|_| budget.take_fragment(&settings, &key(1), 1480, 0)).count();
        assert!((100..200).contains(&copied), "{copied}");
        let others = (2..=100).filter(|host| budget.take_fragment(&settings, &key(*host), 1480, 0)).count();
        assert!(others > 90, "{others} of 99");
        let site = |number: u8| {
            FlowKey::fragments(End::v4([10, 0, number, 1], [0; 2]), End::v4([203, 0, 113, 9], [0; 2])).0
        };
        let shares: std::collections::BTreeSet<u64> = (0..=255).map(|number| site(number).pair()).collect();
        assert_eq!(shares.len(), SHARES, "the same host of many sites");
        assert!(budget.take_fragment(&settings, &key(1), 1480, SECOND), "it is refilled");
        let [there, back] = [([1; 4], [2; 4]), ([2; 4], [1; 4])]
            .map(|(from, to)| FlowKey::fragments(End::v4(from, [0, 7]), End::v4(to, [1, 9])).0.pair());
        assert_eq!(there, back, "identifications do not matter");
    }

    #[test]
    fn fragments_of_many_hosts_together_have_a_budget() {
        let settings = Settings::DEFAULT;
        let mut budget = Budget::full(&settings, 0);
        let copied = (0..200_000u32)
            .filter(|number| {
                let [.., high, low] = number.to_be_bytes();
                let key = FlowKey::fragments(End::v4([10, 0, high, low], [0; 2]), End::v4([1; 4], [0; 2])).0;
                budget.take_fragment(&settings, &key, 856, 0)
            })
            .count();
        assert_eq!(copied, (4_usize << 20).div_ceil(1000), "of 1,000 bytes each");
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

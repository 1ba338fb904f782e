use serde::{Deserialize, Serialize};

/// An estimate with its limits: the true value lies between `low` and `high` in 95 of 100 cases.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The estimate.
    pub value: f64,
    /// The lower limit.
    pub low: f64,
    /// The upper limit.
    pub high: f64,
}

/// The 97.5 % point of the normal distribution.
const NORMAL: f64 = 1.959_964;

impl Interval {
    /// The mean number of events of a Poisson process of which `count` were seen, above 0.
    ///
    /// The exact limits are half the quantiles of the chi-square distribution. The lower has 2n degrees of freedom; the upper
    /// has as many if the observation ends with an event, and 2n + 2 if it ends at any other time (Garwood 1936). Records
    /// are written at either, so 2n + 1 is taken. The quantiles are Wilson and Hilferty's (1931), which are low by a
    /// hundredth of an event at most.
    ///
    /// `count` need not be whole: for shares of different difficulty it is the effective number.
    pub(super) fn of_count(count: f64) -> Self {
        let quantile = |degrees: f64, normal: f64| {
            let spread = 2.0 / (9.0 * degrees);
            degrees * (1.0 - spread + normal * spread.sqrt()).max(0.0).powi(3)
        };
        let low = quantile(2.0 * count, -NORMAL) / 2.0;
        Self { value: count, low, high: quantile(2.0 * count + 1.0, NORMAL) / 2.0 }
    }

    /// The same in another unit.
    pub(super) const fn times(self, factor: f64) -> Self {
        Self { value: self.value * factor, low: self.low * factor, high: self.high * factor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Splitmix64: the same numbers in every run.
    struct Dice(u64);

    impl Dice {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        fn uniform(&mut self) -> f64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
        }

        /// The time to the next event, one a second on average.
        fn wait(&mut self) -> f64 {
            -(1.0 - self.uniform()).ln()
        }
    }

    /// How often the true rate of one event a second lies within the limits, of observations with an event at least.
    fn coverage(observe: impl Fn(&mut Dice) -> (f64, f64)) -> f64 {
        let mut dice = Dice(2026);
        let (mut inside, mut reported) = (0.0, 0.0);
        while reported < 20_000.0 {
            let (count, seconds) = observe(&mut dice);
            if count > 0.0 {
                let Interval { low, high, .. } = Interval::of_count(count).times(1.0 / seconds);
                reported += 1.0;
                inside += if low <= 1.0 && 1.0 <= high { 1.0 } else { 0.0 };
            }
        }
        inside / reported
    }

    #[test]
    fn the_true_rate_lies_within_the_limits_in_95_of_100_cases() {
        let until = |end: f64| {
            move |dice: &mut Dice| {
                let (mut time, mut count) = (dice.wait(), 0.0);
                while time < end {
                    time += dice.wait();
                    count += 1.0;
                }
                (count, end)
            }
        };
        let events = |number: u32| {
            move |dice: &mut Dice| (f64::from(number), (0..number).map(|_| dice.wait()).sum::<f64>())
        };
        for end in [5.0, 8.3, 12.7, 30.0, 100.0] {
            let found = coverage(until(end));
            assert!((0.93..=0.97).contains(&found), "{found} in {end} seconds");
        }
        for number in [2, 3, 10, 50] {
            let found = coverage(events(number));
            assert!((0.93..=0.97).contains(&found), "{found} with {number} events");
        }
        let found = coverage(events(1));
        assert!((0.95..=0.98).contains(&found), "{found} with one event");
    }

    #[test]
    fn the_limits_hold_while_the_difficulty_changes() {
        // A share of 1, 2 or 8 hashes in turn, at one hash a second, for 100 seconds.
        let observe = |dice: &mut Dice| {
            let (mut time, mut tries, mut squares) = (0.0, 0.0, 0.0);
            for difficulty in [1.0f64, 2.0, 8.0].into_iter().cycle() {
                time += difficulty * dice.wait();
                if time > 100.0 {
                    break;
                }
                tries += difficulty;
                squares += difficulty * difficulty;
            }
            let effective = if squares > 0.0 { tries * tries / squares } else { 0.0 };
            (effective, 100.0 * effective / tries)
        };
        let found = coverage(observe);
        assert!((0.93..=0.97).contains(&found), "{found}");
    }

    #[test]
    fn few_events_leave_it_open_and_many_settle_it() {
        let width = |count| {
            let Interval { value, low, high } = Interval::of_count(count);
            assert!(low < value && value < high && low > 0.0);
            (high - low) / value
        };
        assert!(width(1.0) > 4.0 && width(10.0) < 1.4 && width(10_000.0) < 0.04);
        let counts = [1.0, 2.0, 5.0, 20.0, 100.0, 1e6];
        assert!(counts.windows(2).all(|pair| width(pair[0]) > width(pair[1])));
    }

    #[test]
    fn limits_agree_with_the_tables() {
        // Half the chi-square quantiles of 2 and 3, of 20 and 21 degrees of freedom.
        for (count, low, high) in [(1.0, 0.025, 4.674), (10.0, 4.795, 17.739)] {
            let found = Interval::of_count(count);
            assert!((found.low - low).abs() < 0.015 && (found.high - high).abs() < 0.015, "{found:?}");
        }
    }
}

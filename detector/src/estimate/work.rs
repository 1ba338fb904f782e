use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::algorithm;
use super::difficulty::{Difficulty, Unit};
use crate::protocol::Fact;

/// Shares remembered until the pool answers, as many as requests.
const MAX_UNANSWERED: usize = 64;

/// Shares of known difficulty, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Effort {
    /// How many.
    pub shares: u64,
    /// The sum of their difficulties in [`Unit::Hashes`].
    pub hashes: f64,
    /// The sum of their difficulties in [`Unit::Stratum`].
    pub units: f64,
    /// The sum of the squares of the former.
    pub hashes_squared: f64,
    /// The sum of the squares of the latter.
    pub units_squared: f64,
}

impl Effort {
    fn share(&mut self, Difficulty { value, unit }: Difficulty) {
        let (sum, squares) = match unit {
            Unit::Hashes => (&mut self.hashes, &mut self.hashes_squared),
            Unit::Stratum => (&mut self.units, &mut self.units_squared),
        };
        *sum += value;
        *squares += value * value;
        self.shares = self.shares.saturating_add(1);
    }

    /// Adds another sum.
    pub(crate) fn add(&mut self, more: &Self) {
        self.shares = self.shares.saturating_add(more.shares);
        self.hashes += more.hashes;
        self.units += more.units;
        self.hashes_squared += more.hashes_squared;
        self.units_squared += more.units_squared;
    }

    /// Takes a part away again.
    pub(crate) const fn take(&mut self, part: &Self) {
        self.shares = self.shares.saturating_sub(part.shares);
        self.hashes = (self.hashes - part.hashes).max(0.0);
        self.units = (self.units - part.units).max(0.0);
        self.hashes_squared = (self.hashes_squared - part.hashes_squared).max(0.0);
        self.units_squared = (self.units_squared - part.units_squared).max(0.0);
    }

    /// What came since `earlier`; `None` if something shrank.
    pub(crate) fn since(&self, earlier: &Self) -> Option<Self> {
        let grown =
            self.shares >= earlier.shares && self.hashes >= earlier.hashes && self.units >= earlier.units;
        let mut gained = *self;
        gained.take(earlier);
        grown.then_some(gained)
    }
}

/// The shares of one flow whose difficulty is known, and the time in which they were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// From the first word on the difficulty to the last message. Of a flow that was joined later, nothing before counts:
    /// neither the time nor the shares.
    pub observed: Option<(Timestamp, Timestamp)>,
    /// Shares handed in.
    pub submitted: Effort,
    /// Shares the pool accepted.
    pub accepted: Effort,
    /// The algorithm changed in between, so that the shares cannot be added up.
    pub mixed: bool,
}

impl Work {
    /// No share was seen.
    pub(crate) const NONE: Self =
        Self { observed: None, submitted: Effort::NONE, accepted: Effort::NONE, mixed: false };
}

impl Effort {
    const NONE: Self = Self { shares: 0, hashes: 0.0, units: 0.0, hashes_squared: 0.0, units_squared: 0.0 };
}

/// Measures the work of one flow while it is listened to.
///
/// A share counts with the difficulty in force when it was handed in. Answers are taken to come in the order of the shares.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    work: Work,
    /// In force now.
    difficulty: Option<Difficulty>,
    algorithm: Option<String>,
    /// Difficulties of the shares that wait for an answer, the oldest first.
    unanswered: VecDeque<Option<Difficulty>>,
}

impl Meter {
    /// Nothing was said.
    pub(crate) const NEW: Self =
        Self { work: Work::NONE, difficulty: None, algorithm: None, unanswered: VecDeque::new() };

    /// A message came at `now`.
    pub(crate) fn time(&mut self, now: Timestamp) {
        if let Some((_, until)) = &mut self.work.observed {
            *until = now.max(*until);
        }
    }

    /// It disclosed a fact.
    pub(crate) fn learn(&mut self, fact: &Fact, now: Timestamp) {
        match fact {
            Fact::Difficulty(difficulty) if difficulty.value.is_finite() && difficulty.value > 0.0 => {
                self.difficulty = Some(*difficulty);
                self.work.observed.get_or_insert((now, now));
            }
            Fact::Algorithm(name) => self.name(name),
            Fact::Submitted => {
                self.unanswered.push_back(self.difficulty);
                if self.unanswered.len() > MAX_UNANSWERED {
                    self.unanswered.pop_front();
                }
                if let Some(difficulty) = self.difficulty {
                    self.work.submitted.share(difficulty);
                }
            }
            Fact::Accepted => {
                // If the miner is out of sight, its share is worth what is in force now.
                if let Some(difficulty) = self.unanswered.pop_front().unwrap_or(self.difficulty) {
                    self.work.accepted.share(difficulty);
                }
            }
            Fact::Rejected => {
                self.unanswered.pop_front();
            }
            _ => {}
        }
    }

    fn name(&mut self, name: &str) {
        let changed = self.algorithm.as_deref().is_some_and(|known| !algorithm::are_same(known, name));
        self.work.mixed |= changed && (self.work.submitted.shares > 0 || self.work.accepted.shares > 0);
        if changed || self.algorithm.is_none() {
            self.algorithm = Some(name.to_owned());
        }
    }

    /// What was measured so far.
    pub(crate) const fn work(&self) -> Work {
        self.work
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn heard(facts: &[Fact]) -> Work {
        let mut meter = Meter::NEW;
        for (second, fact) in (0..).zip(facts) {
            meter.learn(fact, at(second));
            meter.time(at(second));
        }
        meter.work()
    }

    #[test]
    fn shares_count_with_the_difficulty_at_which_they_were_found() {
        let easy = Fact::difficulty_units(2.0);
        let hard = Fact::difficulty_units(16.0);
        let work = heard(&[
            easy,
            Fact::Submitted,
            hard,
            Fact::Accepted,
            Fact::Submitted,
            Fact::Submitted,
            Fact::Accepted,
        ]);
        assert_eq!((work.submitted.shares, work.accepted.shares), (3, 2));
        assert!((work.accepted.units - 18.0).abs() < 1e-9, "{work:?}");
        assert!((work.submitted.units - 34.0).abs() < 1e-9, "{work:?}");
        assert_eq!(work.observed, Some((at(0), at(6))));
    }

    #[test]
    fn rejected_shares_are_no_work() {
        let difficulty = Fact::difficulty_hashes(100.0);
        let work = heard(&[
            difficulty,
            Fact::Submitted,
            Fact::Submitted,
            Fact::Rejected,
            Fact::Accepted,
            Fact::Rejected,
        ]);
        assert_eq!((work.submitted.shares, work.accepted.shares), (2, 1));
        assert!((work.accepted.hashes - 100.0).abs() < 1e-9, "{work:?}");
    }

    #[test]
    fn what_came_before_the_difficulty_is_not_counted() {
        let difficulty = Fact::difficulty_hashes(100.0);
        let work = heard(&[
            Fact::Submitted,
            Fact::Accepted,
            Fact::Submitted,
            difficulty,
            Fact::Accepted,
            Fact::Submitted,
        ]);
        assert_eq!((work.submitted.shares, work.accepted.shares), (1, 0));
        assert_eq!(work.observed, Some((at(3), at(5))));
        assert_eq!(heard(&[Fact::Submitted, Fact::Accepted]), Work::NONE);
        assert_eq!(heard(&[Fact::difficulty_hashes(f64::NAN), Fact::Submitted]), Work::NONE);
    }

    #[test]
    fn a_pool_alone_tells_of_accepted_shares() {
        let work = heard(&[Fact::difficulty_hashes(5.0), Fact::Accepted, Fact::Accepted]);
        assert_eq!((work.submitted.shares, work.accepted.shares), (0, 2));
    }

    #[test]
    fn another_algorithm_is_other_work() {
        let named = |name: &str| Fact::Algorithm(name.to_owned());
        let mixed = |first: &str, second: &str| {
            heard(&[named(first), Fact::difficulty_hashes(1.0), Fact::Submitted, named(second)]).mixed
        };
        assert!(mixed("rx/0", "kawpow"));
        assert!(mixed("cn/2", "cn/r"));
        assert!(!mixed("rx/0", "RandomX"), "two names of one algorithm");
        assert!(!heard(&[named("cn/2"), named("rx/0"), Fact::difficulty_hashes(1.0), Fact::Submitted]).mixed);
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut meter = Meter::NEW;
        for _ in 0..10_000 {
            meter.learn(&Fact::Submitted, at(0));
        }
        assert_eq!(meter.unanswered.len(), MAX_UNANSWERED);
    }
}

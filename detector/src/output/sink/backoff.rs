use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

/// How long to wait before a receiver that failed is tried again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The first time.
    pub(crate) first: Duration,
    /// At most.
    pub(crate) most: Duration,
}

impl Pace {
    /// The same each time.
    pub(super) const STEADY: Self = Self { first: Duration::from_secs(1), most: Duration::from_secs(1) };

    /// Ever longer, up to `most`.
    pub(super) fn growing(most: Duration) -> Self {
        Self { first: Duration::from_millis(500).min(most), most }
    }

    /// How long to wait after so many failures in a row: doubled each time, and up to a half less, by chance, so that
    /// many senders do not come back at the same moment.
    pub(super) fn pause(self, failures: u32) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(failures)).min(self.most);
        if self.first == self.most {
            return doubled;
        }
        doubled.mul_f64(1.0 - chance() / 2.0)
    }
}

/// From 0 to 1, by chance.
fn chance() -> f64 {
    let drawn = RandomState::new().build_hasher().finish() >> 32;
    f64::from(u32::try_from(drawn).unwrap_or_default()) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_limit_and_differ() {
        let pace = Pace::growing(Duration::from_mins(1));
        let first = pace.pause(0);
        assert!(first <= Duration::from_millis(500) && first >= Duration::from_millis(250));
        let late: Vec<Duration> = (0..20).map(|_| pace.pause(30)).collect();
        assert!(late.iter().all(|pause| (30..=60).contains(&pause.as_secs())), "{late:?}");
        assert!(late.iter().any(|pause| *pause != late[0]));
        assert_eq!(Pace::STEADY.pause(9), Duration::from_secs(1));
        assert!(Pace::growing(Duration::from_millis(10)).pause(5) <= Duration::from_millis(10));
    }
}

use std::net::{IpAddr, SocketAddr};

use hashlink::LruCache;
use jiff::{SignedDuration, Timestamp};

use crate::judge::Protocol;

/// Requests that make a habit of what anybody may do once.
const REQUESTS: usize = 6;

/// They count if they come within this time.
const WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// Who asks whom for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct HabitKey {
    pub(super) client: IpAddr,
    pub(super) server: SocketAddr,
    pub(super) protocol: Protocol,
}

/// How often the same two ends did lately what makes a miner only if it is done again and again:
/// many clients make a connection for each request.
///
/// Those that asked longest ago are forgotten first.
pub(super) struct Habits {
    known: LruCache<HabitKey, [Timestamp; REQUESTS]>,
}

impl Habits {
    /// Remembers `most` pairs of ends, at least 1.
    pub(super) fn new(most: usize) -> Self {
        Self { known: LruCache::new(most.max(1)) }
    }

    /// Takes in `requests` at `time`; says whether it is a habit by now.
    pub(super) fn note(&mut self, key: HabitKey, requests: u64, time: Timestamp) -> bool {
        let mut times = self.known.remove(&key).unwrap_or([Timestamp::MIN; REQUESTS]);
        for _ in 0..requests.min(REQUESTS as u64) {
            times.rotate_left(1);
            if let Some(last) = times.last_mut() {
                *last = time;
            }
        }
        let oldest = times.first().copied().unwrap_or(Timestamp::MIN);
        self.known.insert(key, times);
        oldest != Timestamp::MIN && time.duration_since(oldest) <= WITHIN
    }

    /// Forgets those who have not asked for so long that it would not count.
    pub(super) fn advance(&mut self, time: Timestamp) {
        let is_over = |[.., last]: &[Timestamp; REQUESTS]| time.duration_since(*last) > WITHIN;
        while self.known.iter().next().is_some_and(|(_, times)| is_over(times)) {
            self.known.remove_lru();
        }
    }

    /// Takes the last `requests` back: they came to nothing.
    pub(super) fn take_back(&mut self, key: &HabitKey, requests: u64) {
        let Some(times) = self.known.peek_mut(key) else { return };
        for _ in 0..requests.min(REQUESTS as u64) {
            times.rotate_right(1);
            if let Some(first) = times.first_mut() {
                *first = Timestamp::MIN;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(client: u8) -> HabitKey {
        HabitKey {
            client: IpAddr::from([10, 0, 0, client]),
            server: SocketAddr::from(([203, 0, 113, 9], 8332)),
            protocol: Protocol::GetBlockTemplate,
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    #[test]
    fn six_requests_in_ten_minutes_are_a_habit() {
        let mut habits = Habits::new(10);
        for second in 0..5 {
            assert!(!habits.note(key(1), 1, at(second)), "{second}");
            assert!(!habits.note(key(2), 1, at(second * 121)), "{second}");
        }
        assert!(habits.note(key(1), 1, at(600)));
        assert!(!habits.note(key(1), 1, at(602)), "the second was too long ago");
        assert!(!habits.note(key(2), 1, at(605)));
        assert!(habits.note(key(3), 6, at(0)), "all on one connection");
        assert!(habits.note(key(3), u64::MAX, at(1)));
    }

    #[test]
    fn what_is_taken_back_makes_no_habit() {
        let mut habits = Habits::new(10);
        for second in 0..50 {
            assert!(!habits.note(key(1), 1, at(second)), "{second}");
            habits.take_back(&key(1), 1);
        }
        habits.note(key(1), 5, at(50));
        assert!(habits.note(key(1), 1, at(51)));
        habits.take_back(&key(2), 1);
    }

    #[test]
    fn who_does_not_ask_any_more_is_forgotten() {
        let mut habits = Habits::new(10);
        for (client, second) in [(1, 0), (2, 1), (1, 2)] {
            habits.note(key(client), 1, at(second));
        }
        habits.note(key(3), 1, at(2));
        habits.take_back(&key(3), 1);
        let after = |habits: &mut Habits, seconds| {
            habits.advance(at(seconds));
            habits.known.len()
        };
        assert_eq!([601, 602, 603].map(|second| after(&mut habits, second)), [3, 2, 0]);
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut habits = Habits::new(2);
        for client in 0..100 {
            habits.note(key(client), 5, at(0));
        }
        assert_eq!(habits.known.len(), 2);
        assert!(!habits.note(key(1), 1, at(1)), "it was forgotten");
    }
}

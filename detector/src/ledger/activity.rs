use jiff::Timestamp;

/// Hours of a day.
const HOURS: i64 = 24;

/// A case on one day of UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Days since the epoch.
    pub day: i64,
    /// Bit n: something happened in hour n.
    pub active: u32,
    /// Connections that began in each hour.
    pub connections: [u16; 24],
}

impl Day {
    const fn new(day: i64) -> Self {
        Self { day, active: 0, connections: [0; 24] }
    }

    fn at(&self, hour: i64) -> u16 {
        let of_this_day = hour.div_euclid(HOURS) == self.day;
        self.connections.get(index(hour)).copied().filter(|_| of_this_day).unwrap_or_default()
    }
}

/// When a case was active on its latest day and the one before that, and its connections in all.
#[derive(Clone, Debug)]
pub(super) struct Activity {
    total: u64,
    /// The earlier one first.
    days: [Day; 2],
    /// Whether they changed since they were taken.
    changed: [bool; 2],
    /// Whether something happened on them since they were taken, be it as before.
    touched: [bool; 2],
}

impl Activity {
    pub(super) fn new(now: Timestamp) -> Self {
        let today = hour(now).div_euclid(HOURS);
        Self {
            total: 0,
            days: [Day::new(today - 1), Day::new(today)],
            changed: [false; 2],
            touched: [false; 2],
        }
    }

    /// As it was kept; of `days` the latest two count.
    pub(super) fn restore(total: u64, now: Timestamp, days: &[Day]) -> Self {
        let mut activity = Self { total, ..Self::new(now) };
        if let Some(latest) = days.iter().max_by_key(|day| day.day) {
            let earlier = days.iter().filter(|day| day.day < latest.day).max_by_key(|day| day.day);
            activity.days = [earlier.copied().unwrap_or(Day::new(latest.day - 1)), *latest];
        }
        activity
    }

    /// Something happened, which may be the begin of a connection. What was before the two days counts in the total only.
    pub(super) fn note(&mut self, time: Timestamp, connection: bool) {
        self.total += u64::from(connection);
        let hour = hour(time);
        let day = hour.div_euclid(HOURS);
        let [_, latest] = self.days;
        if day > latest.day {
            self.days = [latest, Day::new(day)];
            self.changed = [self.changed[1], false];
            self.touched = [self.touched[1], false];
        }
        let Some(place) = self.days.iter().position(|known| known.day == day) else { return };
        if let (Some(day), Some(changed), Some(touched)) =
            (self.days.get_mut(place), self.changed.get_mut(place), self.touched.get_mut(place))
        {
            let before = *day;
            day.active |= 1 << index(hour);
            if connection && let Some(count) = day.connections.get_mut(index(hour)) {
                *count = count.saturating_add(1);
            }
            *changed |= *day != before;
            *touched = true;
        }
    }

    pub(super) const fn total(&self) -> u64 {
        self.total
    }

    /// Days on which something happened count as changed.
    pub(super) fn tell_touched(&mut self) {
        for (changed, touched) in self.changed.iter_mut().zip(self.touched) {
            *changed |= touched;
        }
    }

    /// These days count as changed, as far as they are known still.
    pub(super) fn retell(&mut self, days: &[Day]) {
        for (changed, known) in self.changed.iter_mut().zip(&self.days) {
            *changed |= days.iter().any(|day| day.day == known.day);
        }
    }

    /// Whether something happened on a day since it was taken.
    pub(super) fn is_touched(&self) -> bool {
        self.touched.iter().chain(&self.changed).any(|it| *it)
    }

    /// The clock was set back, and it is `now`: a day that is far from over yet was none.
    pub(super) fn set_back(&mut self, now: Timestamp) {
        let Self { total, days: [earlier, latest], .. } = *self;
        let today = hour(now).div_euclid(HOURS);
        if latest.day > today + 1 {
            *self = Self { total, ..Self::new(now) };
            if let Some(place) = self.days.iter().position(|known| known.day == earlier.day)
                && let (Some(day), Some(touched)) = (self.days.get_mut(place), self.touched.get_mut(place))
            {
                *day = earlier;
                *touched = true;
            }
        }
    }

    /// The days that changed since this was asked last.
    pub(super) fn take_changed(&mut self) -> Vec<Day> {
        let changed = std::mem::take(&mut self.changed);
        for (touched, changed) in self.touched.iter_mut().zip(changed) {
            *touched &= !changed;
        }
        self.days.iter().zip(changed).filter(|(_, changed)| *changed).map(|(day, _)| *day).collect()
    }

    /// Connections an hour, as [`super::Record::connections_per_hour`] says.
    pub(super) fn per_hour(&self, first: Timestamp, now: Timestamp) -> Option<f64> {
        let life = now.duration_since(first).as_secs_f64() / 3600.0;
        if life < 1.0 && self.total < 2 {
            return None;
        }
        let current = hour(now).max(self.days[1].day * HOURS);
        let counted: u64 = (current - HOURS + 1..=current)
            .flat_map(|hour| self.days.iter().map(move |day| u64::from(day.at(hour))))
            .sum();
        let into_hour = f64::from(u16::try_from(now.as_second().rem_euclid(3600)).unwrap_or(0)) / 3600.0;
        let window = life.min(23.0 + into_hour).max(1.0);
        #[expect(clippy::cast_precision_loss, reason = "beyond 2^53 connections a rate is not off by one")]
        let counted = counted as f64;
        Some(counted / window)
    }
}

/// Connections an hour, as [`super::Record::connections_per_hour`] says, of a case of which these are the latest days.
pub(crate) fn connections_per_hour(
    connections: u64,
    days: &[Day],
    first_seen: Timestamp,
    time: Timestamp,
) -> Option<f64> {
    Activity::restore(connections, time, days).per_hour(first_seen, time)
}

/// Place of a clock hour in its day.
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
        let mut activity = Activity::new(at(0));
        starts.into_iter().for_each(|start| activity.note(at(start), true));
        activity.per_hour(at(0), at(now))
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

    #[test]
    fn each_day_is_told_once_it_changed() {
        let midnight = Timestamp::from_second(20_000 * 86_400).unwrap();
        let after = |seconds: i64| midnight + jiff::SignedDuration::from_secs(seconds);
        let mut activity = Activity::new(after(-7_200));
        activity.note(after(-7_200), true);
        activity.note(after(-1), false);
        let told = activity.take_changed();
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].day, told[0].active, told[0].connections[22]), (19_999, 0b11 << 22, 1));
        assert!(activity.take_changed().is_empty());
        activity.note(after(-1), true);
        activity.note(after(60), true);
        let told = activity.take_changed();
        assert_eq!(told.iter().map(|day| day.day).collect::<Vec<_>>(), [19_999, 20_000]);
        assert_eq!((told[0].connections[23], told[1].connections[0], activity.total()), (1, 1, 3));
        activity.note(after(61), false);
        assert!(activity.take_changed().is_empty(), "the same hour, and no connection");
        activity.tell_touched();
        assert_eq!(activity.take_changed().iter().map(|day| day.day).collect::<Vec<_>>(), [20_000]);
        activity.tell_touched();
        assert!(activity.take_changed().is_empty());
        let again = Activity::restore(3, after(60), &told);
        assert_eq!(again.per_hour(after(-7_200), after(60)), activity.per_hour(after(-7_200), after(60)));
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

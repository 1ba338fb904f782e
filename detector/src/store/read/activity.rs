//! When a case was active, from what the ledger has of each day.

use jiff::{Timestamp, ToSpan as _};
use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde::Serialize;

use super::{ReadError, Reader};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const ALL_HOURS: u32 = (1 << 24) - 1;

/// So many look-ups of single days take longer than reading the days as a whole.
const MANY: usize = 20_000;

/// What the ledger has of a day.
const DAY_OF: &str = "SELECT \"case\", active, connections FROM days WHERE day = ?";

/// The time that is asked for, in whole hours of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first hour, since the epoch.
    first: i64,
    /// The last one.
    last: i64,
}

impl Window {
    /// From the hour of one time to that of another.
    #[must_use]
    pub fn new(since: Timestamp, until: Timestamp) -> Self {
        let [first, last] = [since, until].map(|time| time.as_second().div_euclid(HOUR));
        Self { first, last: last.max(first) }
    }

    /// The seven days of UTC that end with the one of a time.
    #[must_use]
    pub fn week(until: Timestamp) -> Self {
        let first = until.as_second().div_euclid(DAY) - 6;
        Self { first: first * 24, last: until.as_second().div_euclid(HOUR) }
    }

    const fn first_day(self) -> i64 {
        self.first.div_euclid(24)
    }

    const fn last_day(self) -> i64 {
        self.last.div_euclid(24)
    }

    /// How many days of UTC it touches.
    #[must_use]
    pub fn days(self) -> u64 {
        (self.last_day() - self.first_day() + 1).unsigned_abs()
    }

    /// From midnight to midnight.
    pub(super) const fn whole_days(self) -> Self {
        Self { first: self.first_day() * 24, last: self.last_day() * 24 + 23 }
    }

    /// Its last 24 hours.
    fn last_24(self) -> Self {
        Self { first: self.first.max(self.last - 23), ..self }
    }

    /// The hours of a day that are in it, as bits.
    fn hours_of(self, day: i64) -> u32 {
        let hours = (0..24).filter(|hour| (self.first..=self.last).contains(&(day * 24 + hour)));
        hours.fold(0, |bits, hour| bits | 1 << hour)
    }
}

/// One day of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Since the epoch.
    pub day: i64,
    /// Bit n: something happened in hour n.
    pub active: u32,
    /// Connections of each hour.
    pub connections: [u16; 24],
}

impl Day {
    fn of(row: &Row<'_>, day: i64) -> rusqlite::Result<Self> {
        let mut connections = [0; 24];
        if let ValueRef::Blob(bytes) = row.get_ref(2)? {
            for (count, bytes) in connections.iter_mut().zip(bytes.as_chunks().0) {
                *count = u16::from_le_bytes(*bytes);
            }
        }
        Ok(Self { day, active: row.get(1)?, connections })
    }

    /// Only those hours.
    fn within(mut self, hours: u32) -> Self {
        if hours == ALL_HOURS {
            return self;
        }
        self.active &= hours;
        for (hour, count) in self.connections.iter_mut().enumerate() {
            if hours >> hour & 1 == 0 {
                *count = 0;
            }
        }
        self
    }

    /// The hours in which something happened, each with its beginning and its connections.
    pub fn hours(&self) -> impl Iterator<Item = (Timestamp, u16)> {
        let midnight = Timestamp::from_second(self.day * DAY).unwrap_or_default();
        let is_active = move |hour: usize| self.active >> hour & 1 == 1;
        self.connections.iter().enumerate().filter(move |&(hour, _)| is_active(hour)).filter_map(
            move |(hour, &count)| {
                let hours = i64::try_from(hour).ok()?;
                Some((midnight.checked_add(hours.hours()).ok()?, count))
            },
        )
    }
}

/// How often and when somebody was active in a [`Window`].
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Activity {
    /// Connections that began in it.
    pub connections_in_window: u64,
    /// Those of a day on which something happened, on average.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections_per_day: Option<f64>,
    /// Days of UTC on which something happened.
    pub days_seen: u32,
    /// Hours in which something happened.
    pub active_hours: u32,
    /// Of these, those of the last 24 hours of the window.
    pub active_hours_last_day: u32,
    /// The latest day, and its hours in which something happened.
    #[serde(skip)]
    latest: (i64, u32),
}

impl Activity {
    /// Adds a day that is not before the one that was added last; `last` are its hours among the last 24 of the window.
    fn add(&mut self, day: &Day, last: u32) {
        if day.active == 0 {
            return;
        }
        self.connections_in_window += day.connections.iter().copied().map(u64::from).sum::<u64>();
        if self.days_seen == 0 || self.latest.0 != day.day {
            self.days_seen += 1;
            self.latest = (day.day, 0);
        }
        let new = day.active & !self.latest.1;
        self.active_hours += new.count_ones();
        self.active_hours_last_day += (new & last).count_ones();
        self.latest.1 |= new;
    }

    fn finish(&mut self) {
        #[expect(clippy::cast_precision_loss, reason = "nobody sees the difference beyond 2^53")]
        let connections = self.connections_in_window as f64;
        self.connections_per_day = (self.days_seen > 0).then(|| connections / f64::from(self.days_seen));
    }
}

impl Reader {
    /// The activity of groups of cases; the cases are given with the number of their group.
    pub(super) fn activity(
        &self,
        window: Window,
        mut cases: Vec<(i64, usize)>,
        groups: usize,
    ) -> Result<Vec<Activity>, ReadError> {
        let mut activities = vec![Activity::default(); groups];
        let days = usize::try_from(window.days()).unwrap_or(usize::MAX);
        if cases.len().saturating_mul(days) > MANY {
            cases.sort_unstable();
            for day in window.first_day()..=window.last_day() {
                self.whole_day(day, window, &cases, &mut activities)?;
            }
        } else {
            for day in window.first_day()..=window.last_day() {
                let last = window.last_24().hours_of(day);
                for &(case, group) in &cases {
                    if let Some(activity) = activities.get_mut(group)
                        && let Some(day) = self.day(case, day, window)?
                    {
                        activity.add(&day, last);
                    }
                }
            }
        }
        activities.iter_mut().for_each(Activity::finish);
        Ok(activities)
    }

    /// Adds a day of all cases, which go up as the rows do.
    fn whole_day(
        &self,
        day: i64,
        window: Window,
        cases: &[(i64, usize)],
        activities: &mut [Activity],
    ) -> Result<(), ReadError> {
        let mut statement = self.connection.prepare_cached(DAY_OF)?;
        let mut rows = statement.query([day])?;
        let (hours, last) = (window.hours_of(day), window.last_24().hours_of(day));
        let mut cases = cases.iter().peekable();
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            while cases.next_if(|(case, _)| *case < id).is_some() {}
            let Some((_, group)) = cases.next_if(|(case, _)| *case == id) else { continue };
            if let Some(activity) = activities.get_mut(*group) {
                activity.add(&Day::of(row, day)?.within(hours), last);
            }
        }
        Ok(())
    }

    /// The days of a case within a window, the earliest first.
    pub(super) fn days(&self, case: i64, window: Window) -> Result<Vec<Day>, ReadError> {
        let days = window.first_day()..=window.last_day();
        days.filter_map(|day| self.day(case, day, window).transpose()).collect()
    }

    /// A case on one day, as far as that is within a window.
    fn day(&self, case: i64, day: i64, window: Window) -> Result<Option<Day>, ReadError> {
        let mut statement = self.connection.prepare_cached(&format!("{DAY_OF} AND \"case\" = ?"))?;
        let mut rows = statement.query([day, case])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some(Day::of(row, day)?.within(window.hours_of(day))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

    fn at(day: i64, hour: i64) -> Timestamp {
        Timestamp::from_second(day * DAY + hour * HOUR).unwrap()
    }

    fn activity(fixture: &Fixture, window: Window) -> Activity {
        let reader = fixture.reader();
        let mut statement = reader.connection.prepare("SELECT id FROM cases").unwrap();
        let cases = statement.query_map([], |row| Ok((row.get(0)?, 0)));
        let mut cases: Vec<(i64, usize)> = cases.unwrap().collect::<Result<_, _>>().unwrap();
        cases.sort_unstable();
        let mut all = vec![Activity::default()];
        for day in window.first_day()..=window.last_day() {
            reader.whole_day(day, window, &cases, &mut all).unwrap();
        }
        all[0].finish();
        let one = reader.activity(window, cases, 1).unwrap().remove(0);
        assert_eq!(one, all[0], "either way of reading finds the same");
        one
    }

    #[test]
    fn connections_count_from_the_first_hour_to_the_last() {
        let fixture = Fixture::new();
        fixture.case("10.0.0.1", "192.0.2.1:1");
        fixture.case("10.0.0.1", "192.0.2.2:1");
        fixture.day("10.0.0.1", 100, &[(0, 5), (22, 7), (23, 65_535)]);
        fixture.day("10.0.0.1", 101, &[(3, 0)]);
        let whole = activity(&fixture, Window::week(at(101, 12)));
        assert_eq!(whole.connections_in_window, 2 * (5 + 7 + 65_535), "of both cases");
        assert_eq!((whole.days_seen, whole.active_hours), (2, 4), "the same hours count once");
        assert_eq!(whole.active_hours_last_day, 3, "22, 23 and 3 o'clock");
        assert_eq!(whole.connections_per_day, Some(f64::from(5 + 7 + 65_535)));
        let part = activity(&fixture, Window::new(at(100, 1), at(100, 22)));
        assert_eq!((part.connections_in_window, part.days_seen, part.active_hours), (14, 1, 1));
        let none = activity(&fixture, Window::new(at(100, 1), at(100, 21)));
        assert_eq!((none.days_seen, none.connections_per_day), (0, None));
    }

    #[test]
    fn a_window_has_the_days_that_it_touches() {
        assert_eq!(Window::week(at(101, 12)).days(), 7);
        assert_eq!(Window::new(at(100, 23), at(101, 0)).days(), 2);
        assert_eq!(Window::new(at(100, 5), at(99, 0)).days(), 1, "never empty");
    }
}

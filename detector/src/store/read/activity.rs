//! When a case was active, from what the ledger has of each day.

use std::ops::{AddAssign, RangeInclusive};

use jiff::{Timestamp, ToSpan as _};
use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde::Serialize;

use super::{ReadError, Reader};
use crate::store::days::{PERIOD, period, unpack};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const ALL_HOURS: u32 = (1 << 24) - 1;

/// So many look-ups of single cases take longer than reading all.
const MANY: usize = 20_000;

/// What all cases did in a period, in brief.
const OF_ALL: &str = "SELECT \"case\", days FROM activity WHERE period = ?";

/// What the ledger has of a day.
const DAY_OF: &str = "SELECT \"case\", active, connections FROM days WHERE day = ? AND \"case\" = ?";

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
}

impl Activity {
    /// Adds the hours of some days, each given with those of them that are among the last 24 of the window.
    fn add(&mut self, days: impl Iterator<Item = (u32, u32)>) {
        for (active, last) in days {
            self.days_seen += u32::from(active != 0);
            self.active_hours += active.count_ones();
            self.active_hours_last_day += (active & last).count_ones();
        }
    }

    fn finish(&mut self) {
        #[expect(clippy::cast_precision_loss, reason = "nobody sees the difference beyond 2^53")]
        let connections = self.connections_in_window as f64;
        self.connections_per_day = (self.days_seen > 0).then(|| connections / f64::from(self.days_seen));
    }
}

/// The days of a window that are in one period.
struct Stretch {
    period: i64,
    days: RangeInclusive<i64>,
    /// Of each day: the hours in the window, and those among its last 24.
    hours: Vec<(u32, u32)>,
}

impl Stretch {
    fn of(period: i64, window: Window, days: &RangeInclusive<i64>) -> Self {
        let first = (period * PERIOD).max(*days.start());
        let end = (period * PERIOD + PERIOD - 1).min(*days.end());
        let hours = (first..=end).map(|day| (window.hours_of(day), window.last_24().hours_of(day)));
        Self { period, days: first..=end, hours: hours.collect() }
    }
}

/// What groups of cases did in a [`Stretch`].
struct Sums {
    /// Of each group, the hours of each day.
    active: Vec<u32>,
    connections: Vec<u64>,
}

impl Sums {
    fn new(stretch: &Stretch, groups: usize) -> Self {
        Self { active: vec![0; groups * stretch.hours.len()], connections: vec![0; groups] }
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        for (active, its) in self.active.iter_mut().zip(other.active) {
            *active |= its;
        }
        for (connections, its) in self.connections.iter_mut().zip(other.connections) {
            *connections += its;
        }
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
        let end = |which: &str| -> rusqlite::Result<Option<i64>> {
            self.connection.query_row(&format!("SELECT {which}(day) FROM days"), (), |row| row.get(0))
        };
        let Some((earliest, latest)) = end("min")?.zip(end("max")?) else { return Ok(activities) };
        cases.sort_unstable();
        let days = window.first_day().max(earliest)..=window.last_day().min(latest);
        if days.is_empty() {
            return Ok(activities);
        }
        for number in period(*days.start())..=period(*days.end()) {
            let stretch = Stretch::of(number, window, &days);
            let sums = self.sums(&stretch, window, &cases, groups)?;
            let of_groups = sums.active.chunks(stretch.hours.len().max(1)).zip(sums.connections);
            for (activity, (active, connections)) in activities.iter_mut().zip(of_groups) {
                activity.connections_in_window += connections;
                let hours = active.iter().zip(&stretch.hours);
                activity.add(hours.map(|(&active, &(_, last))| (active, last)));
            }
        }
        activities.iter_mut().for_each(Activity::finish);
        Ok(activities)
    }

    /// What the cases, which go up, did in a stretch.
    fn sums(
        &self,
        stretch: &Stretch,
        window: Window,
        cases: &[(i64, usize)],
        groups: usize,
    ) -> Result<Sums, ReadError> {
        let mut sums = Sums::new(stretch, groups);
        if cases.len() > MANY {
            let pieces = self.by_ranges(|reader, range| {
                let mut sums = Sums::new(stretch, groups);
                let (from, end) = (*range.start(), *range.end());
                let mut statement =
                    reader.connection.prepare_cached(&format!("{OF_ALL} AND \"case\" BETWEEN ? AND ?"))?;
                let mut rows = statement.query([stretch.period, from, end])?;
                let mut cases = cases.iter().peekable();
                while let Some(row) = rows.next()? {
                    let id: i64 = row.get(0)?;
                    while cases.next_if(|(case, _)| *case < id).is_some() {}
                    let Some(&case) = cases.next_if(|(case, _)| *case == id) else { continue };
                    reader.add(&mut sums, stretch, window, case, row)?;
                }
                Ok(sums)
            })?;
            for piece in pieces {
                sums += piece;
            }
        } else {
            let mut statement = self.connection.prepare_cached(&format!("{OF_ALL} AND \"case\" = ?"))?;
            for &case in cases {
                let mut rows = statement.query([stretch.period, case.0])?;
                if let Some(row) = rows.next()? {
                    self.add(&mut sums, stretch, window, case, row)?;
                }
            }
        }
        Ok(sums)
    }

    /// Adds a case in a group, of which there is a row of [`OF_ALL`].
    fn add(
        &self,
        sums: &mut Sums,
        stretch: &Stretch,
        window: Window,
        (case, group): (i64, usize),
        row: &Row<'_>,
    ) -> Result<(), ReadError> {
        let active = sums.active.get_mut(group * stretch.hours.len()..).unwrap_or_default();
        let Some(connections) = sums.connections.get_mut(group) else { return Ok(()) };
        let bytes = row.get_ref(1)?.as_blob().unwrap_or_default();
        for brief in unpack(stretch.period, bytes, &stretch.days) {
            let place = usize::try_from(brief.day - stretch.days.start()).unwrap_or(usize::MAX);
            let (Some(active), Some(&(hours, _))) = (active.get_mut(place), stretch.hours.get(place)) else {
                continue;
            };
            *active |= brief.active & hours;
            *connections += if brief.active & !hours == 0 {
                brief.connections.into()
            } else {
                let day = self.day(case, brief.day, window)?;
                day.map_or(0, |day| day.connections.iter().copied().map(u64::from).sum())
            };
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
        let mut statement = self.connection.prepare_cached(DAY_OF)?;
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
        let cases: Vec<(i64, usize)> = cases.unwrap().collect::<Result<_, _>>().unwrap();
        let one = reader.activity(window, cases.clone(), 1).unwrap().remove(0);
        // Numbers that no case has, in a group of their own.
        let strangers = (2..).take(MANY).map(|number| (number, 1));
        let many = reader.activity(window, cases.into_iter().chain(strangers).collect(), 2).unwrap();
        assert_eq!(many, [one.clone(), Activity::default()], "either way of reading finds the same");
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
        let nothing = activity(&Fixture::new(), Window::week(at(101, 12)));
        assert_eq!(nothing, Activity::default());
    }

    #[test]
    fn days_of_several_periods_add_up() {
        let fixture = Fixture::new();
        fixture.case("10.0.0.1", "192.0.2.1:1");
        for day in [95, 96, 127, 128, 190] {
            fixture.day("10.0.0.1", day, &[(7, 10), (8, 1)]);
        }
        let found = |first, last| {
            let found = activity(&fixture, Window::new(at(first, 8), at(last, 23)));
            (found.days_seen, found.active_hours, found.connections_in_window)
        };
        assert_eq!(found(0, 300), (5, 10, 55));
        assert_eq!(found(96, 128), (3, 5, 23), "of the first day the hours from eight o'clock");
        fixture.connection.execute("DELETE FROM days WHERE day < 127", ()).unwrap();
        assert_eq!(found(0, 300), (3, 6, 33), "what was removed does not count");
    }

    #[test]
    fn a_window_has_the_days_that_it_touches() {
        assert_eq!(Window::week(at(101, 12)).days(), 7);
        assert_eq!(Window::new(at(100, 23), at(101, 0)).days(), 2);
        assert_eq!(Window::new(at(100, 5), at(99, 0)).days(), 1, "never empty");
    }
}

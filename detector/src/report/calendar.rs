use std::ops::RangeInclusive;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

const SECONDS: i64 = 3600;

/// The hours of a calendar day, counted in UTC since the epoch. The ledger knows whole hours of UTC, so where midnight is
/// within one, as at an offset of 5:30, that hour belongs to the day in which it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// The first hour.
    pub(super) start: i64,
    /// The hour after the last. Days have 23 to 25 hours where the clocks are changed.
    pub(super) end: i64,
}

impl Span {
    /// # Errors
    /// If the day is at the end of the calendar.
    pub(super) fn of(date: Date, zone: &TimeZone) -> Result<Self, jiff::Error> {
        let hour = |date: Date| -> Result<i64, jiff::Error> {
            let midnight = date.to_zoned(zone.clone())?.timestamp();
            Ok((midnight.as_second() + SECONDS - 1).div_euclid(SECONDS))
        };
        Ok(Self { start: hour(date)?, end: hour(date.tomorrow()?)? })
    }

    /// The days of UTC in which it lies.
    pub(super) fn days(self) -> RangeInclusive<i64> {
        self.start.div_euclid(24)..=(self.end - 1).div_euclid(24)
    }

    /// Which hours of a day of UTC belong to it.
    pub(super) fn mask(self, day: i64) -> u64 {
        (0..24)
            .filter(|hour| (self.start..self.end).contains(&(day * 24 + hour)))
            .fold(0, |mask, hour| mask | 1 << hour)
    }

    /// Hours of a day of UTC (bit n: hour n) as hours of this day (bit 0: the first).
    pub(super) fn local(self, day: i64, hours: u64) -> u64 {
        let hours = hours & self.mask(day);
        let offset = day * 24 - self.start;
        let shift = u32::try_from(offset.unsigned_abs()).unwrap_or(u32::MAX);
        let moved = if offset < 0 { hours.checked_shr(shift) } else { hours.checked_shl(shift) };
        moved.unwrap_or_default()
    }

    /// When it begins, in milliseconds since the epoch.
    pub(super) fn from(self) -> i64 {
        self.start * SECONDS * 1000
    }

    /// When its hours begin.
    pub(super) fn hours(self) -> impl Iterator<Item = Timestamp> {
        (self.start..self.end).filter_map(|hour| Timestamp::from_second(hour * SECONDS).ok())
    }

    /// When it ends.
    pub(super) fn ends(self) -> Timestamp {
        Timestamp::from_second(self.end * SECONDS).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(date: &str, zone: &str) -> Span {
        let zone = if zone == "UTC" { TimeZone::UTC } else { TimeZone::get(zone).unwrap() };
        Span::of(date.parse().unwrap(), &zone).unwrap()
    }

    /// 2026-11-22 is day 20779 of UTC.
    const DAY: i64 = 20_779;

    #[test]
    fn a_day_of_utc_is_one_of_the_ledger() {
        let day = span("2026-11-22", "UTC");
        assert_eq!((day.start, day.end), (DAY * 24, DAY * 24 + 24));
        assert_eq!(day.days(), DAY..=DAY);
        assert_eq!((day.mask(DAY), day.mask(DAY + 1)), (0xff_ffff, 0));
        assert_eq!(day.local(DAY, 0x80_0001), 0x80_0001);
    }

    #[test]
    fn a_day_of_china_has_hours_of_two_days_of_utc() {
        let day = span("2026-11-22", "Asia/Shanghai");
        assert_eq!((day.start, day.end), (DAY * 24 - 8, DAY * 24 + 16));
        assert_eq!(day.days(), DAY - 1..=DAY);
        assert_eq!(day.local(DAY - 1, 1 << 16), 1, "16:00 UTC is midnight");
        assert_eq!(day.local(DAY, 1), 1 << 8, "midnight UTC is 8 o'clock");
        assert_eq!(day.local(DAY, 1 << 16), 0, "that is the next day");
    }

    #[test]
    fn an_hour_that_midnight_cuts_belongs_to_the_day_in_which_it_begins() {
        let day = span("2026-11-22", "Asia/Kolkata");
        // Midnight is 18:30 UTC; the hour from 18:00 begins at 23:30 of the day before.
        assert_eq!((day.start, day.end), (DAY * 24 - 5, DAY * 24 + 19));
        assert_eq!(span("2026-11-21", "Asia/Kolkata").end, day.start, "no hour is in two days or in none");
    }

    #[test]
    fn days_on_which_clocks_change_have_23_and_25_hours() {
        let length = |date| {
            let day = span(date, "Europe/Berlin");
            (day.end - day.start, day.hours().count())
        };
        assert_eq!(length("2026-03-29"), (23, 23));
        assert_eq!(length("2026-10-25"), (25, 25));
        let long = span("2026-10-25", "Europe/Berlin");
        let all: u32 = long.days().map(|day| long.local(day, u64::MAX).count_ones()).sum();
        assert_eq!(all, 25);
    }

    #[test]
    fn a_day_that_a_country_left_out_is_empty() {
        let day = span("2011-12-30", "Pacific/Apia");
        assert_eq!(day.start, day.end);
        assert_eq!(day.mask(day.start.div_euclid(24)), 0);
    }
}

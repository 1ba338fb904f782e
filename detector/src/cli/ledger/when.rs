//! Times as users write them.

use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

/// A moment that may depend on the zone and on now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum When {
    /// With its zone.
    Moment(Timestamp),
    /// Without.
    Clock(DateTime),
    /// A whole day.
    Day(Date),
    /// So long ago.
    Ago(SpanAgo),
}

/// A span that is not negative.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpanAgo(Span);

impl PartialEq for SpanAgo {
    fn eq(&self, other: &Self) -> bool {
        self.0.fieldwise() == other.0.fieldwise()
    }
}

impl FromStr for When {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let moment = text.parse().map(Self::Moment);
        let is_date = !text.contains(['T', 't', ' ', ':']);
        let day = || text.parse().map(Self::Day);
        let clock = || text.parse().map(Self::Clock);
        let local = || if is_date { day() } else { clock() };
        let ago = || {
            text.parse::<Span>().ok().filter(|span| !span.is_negative()).map(|span| Self::Ago(SpanAgo(span)))
        };
        moment.or_else(|_| local()).ok().or_else(ago).ok_or(
            "must be a time such as 2026-11-23T08:00:00Z or 2026-11-23T08:00, a date such as 2026-11-23, or how long ago, \
             such as 90m, 24h, 7d, 2w",
        )
    }
}

impl When {
    /// The beginning of what is meant.
    pub(super) fn start(self, zone: &TimeZone, now: Timestamp) -> anyhow::Result<Timestamp> {
        self.resolve(zone, now, Time::midnight())
    }

    /// Its end.
    pub(super) fn end(self, zone: &TimeZone, now: Timestamp) -> anyhow::Result<Timestamp> {
        self.resolve(zone, now, Time::constant(23, 59, 59, 999_999_999))
    }

    fn resolve(self, zone: &TimeZone, now: Timestamp, of_day: Time) -> anyhow::Result<Timestamp> {
        Ok(match self {
            Self::Moment(moment) => moment,
            Self::Clock(clock) => zone.to_timestamp(clock)?,
            Self::Day(day) => zone.to_timestamp(day.to_datetime(of_day))?,
            Self::Ago(SpanAgo(span)) => Zoned::new(now, zone.clone()).checked_sub(span)?.timestamp(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_understood_in_the_zone_that_is_asked_for() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        let now: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
        for (text, start, end) in [
            ("2026-11-22T08:00:00Z", "2026-11-22T08:00:00Z", "2026-11-22T08:00:00Z"),
            ("2026-11-22T08:00:00+08:00", "2026-11-22T00:00:00Z", "2026-11-22T00:00:00Z"),
            ("2026-11-22T08:00", "2026-11-22T00:00:00Z", "2026-11-22T00:00:00Z"),
            ("2026-11-22 08:00:05", "2026-11-22T00:00:05Z", "2026-11-22T00:00:05Z"),
            ("2026-11-22", "2026-11-21T16:00:00Z", "2026-11-22T15:59:59.999999999Z"),
            ("20261122", "2026-11-21T16:00:00Z", "2026-11-22T15:59:59.999999999Z"),
            ("20261122T0800", "2026-11-22T00:00:00Z", "2026-11-22T00:00:00Z"),
            ("24h", "2026-11-22T08:00:00Z", "2026-11-22T08:00:00Z"),
            ("7d", "2026-11-16T08:00:00Z", "2026-11-16T08:00:00Z"),
            ("2w", "2026-11-09T08:00:00Z", "2026-11-09T08:00:00Z"),
            ("90m", "2026-11-23T06:30:00Z", "2026-11-23T06:30:00Z"),
        ] {
            let when: When = text.parse().unwrap();
            assert_eq!(when.start(&zone, now).unwrap().to_string(), start, "{text}");
            assert_eq!(when.end(&zone, now).unwrap().to_string(), end, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "yesterdai", "2026-13-01", "-7d", "7", "2026-11-2x"] {
            assert!(text.parse::<When>().is_err(), "{text}");
        }
        let longest: When = "19000y".parse().unwrap();
        longest.start(&TimeZone::UTC, Timestamp::UNIX_EPOCH).unwrap_err();
    }
}

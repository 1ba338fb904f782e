use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{TimeZone, db};
use jiff::{Timestamp, ToSpan as _};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::value::Datetime;

use crate::problem::nearest;

/// A moment, in one of the forms of RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// With an offset: `2026-12-31T18:00:00+08:00`.
    Instant(Timestamp),
    /// In the time zone of the rule: `2026-12-31T18:00:00`.
    Local(DateTime),
    /// A day: `2026-12-31`.
    Day(Date),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let whole = text.contains(['T', 't', ' ']);
        let parsed = if whole {
            text.parse().map(Self::Instant).or_else(|_| text.parse().map(Self::Local))
        } else {
            text.parse().map(Self::Day)
        };
        parsed.map_err(|_| {
            format!("\"{text}\" is no moment: write 2026-12-31 or 2026-12-31T18:00:00 or 2026-12-31T18:00:00+08:00")
        })
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instant(time) => time.fmt(f),
            Self::Local(time) => time.fmt(f),
            Self::Day(day) => day.fmt(f),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    /// In quotes or, as TOML has moments of its own, without.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Moment;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date or a date with a time")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Moment, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Moment, A::Error> {
                let moment = Datetime::deserialize(MapAccessDeserializer::new(map))?;
                moment.to_string().parse().map_err(A::Error::custom)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl Moment {
    /// When it begins. `None` if that is beyond what can be counted.
    pub(super) fn begin(&self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Instant(time) => Some(*time),
            Self::Local(time) => zone.to_timestamp(*time).ok(),
            Self::Day(day) => zone.to_timestamp(day.to_datetime(Time::midnight())).ok(),
        }
    }

    /// When it is over: a day lasts until the next.
    pub(super) fn end(&self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Day(day) => Self::Day(day.checked_add(1.day()).ok()?).begin(zone),
            _ => self.begin(zone),
        }
    }
}

/// Hours of the day, which may pass midnight: `22:00-06:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// In minutes from midnight, part of it.
    from: u16,
    /// No part of it; 1440 is midnight.
    to: u16,
}

const DAY: u16 = 24 * 60;

impl FromStr for Hours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let minutes = |text: &str| {
            let (hour, minute) = text.trim().split_once(':')?;
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            let time = hour.checked_mul(60)?.checked_add(minute)?;
            (minute < 60 && time <= DAY).then_some(time)
        };
        text.split_once('-')
            .and_then(|(from, to)| Some(Self { from: minutes(from)?, to: minutes(to)? }))
            .filter(|hours| hours.from != hours.to && hours.from < DAY)
            .ok_or_else(|| format!("\"{text}\" are no hours: write them from and to, as in \"22:00-06:00\""))
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "they say themselves which they are")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    const fn of(day: Weekday) -> Self {
        match day {
            Weekday::Monday => Self::Mon,
            Weekday::Tuesday => Self::Tue,
            Weekday::Wednesday => Self::Wed,
            Weekday::Thursday => Self::Thu,
            Weekday::Friday => Self::Fri,
            Weekday::Saturday => Self::Sat,
            Weekday::Sunday => Self::Sun,
        }
    }
}

/// A time zone, by its name in the IANA database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(pub TimeZone);

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        TimeZone::get(&name).map(Self).map_err(|_| {
            let known: Vec<_> = db().available().collect();
            let near = nearest(&name, known.iter().map(jiff::tz::TimeZoneName::as_str));
            let hint = near.map_or_else(
                || "write one as in \"Asia/Shanghai\"".to_owned(),
                |near| format!("did you mean \"{near}\"?"),
            );
            D::Error::custom(format!("\"{name}\" is no time zone; {hint}"))
        })
    }
}

/// When a rule hides.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) from: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    hours: Option<Hours>,
    days: Vec<Day>,
    zone: TimeZone,
}

impl Window {
    pub(super) fn of(rule: &super::Rule) -> Self {
        let zone = rule.timezone.as_ref().map_or_else(TimeZone::system, |zone| zone.0.clone());
        Self {
            from: rule.from.and_then(|moment| moment.begin(&zone)),
            until: rule.until.and_then(|moment| moment.end(&zone)),
            hours: rule.hours,
            days: rule.days.clone(),
            zone,
        }
    }

    pub(super) fn holds(&self, time: Timestamp) -> bool {
        let begun = self.from.is_none_or(|from| from <= time);
        begun && self.until.is_none_or(|until| time < until) && self.holds_in_the_week(time)
    }

    fn holds_in_the_week(&self, time: Timestamp) -> bool {
        if self.hours.is_none() && self.days.is_empty() {
            return true;
        }
        let local = self.zone.to_datetime(time);
        let today = local.date().weekday();
        let is_day = |day| self.days.is_empty() || self.days.contains(&Day::of(day));
        let Some(Hours { from, to }) = self.hours else { return is_day(today) };
        let minute = u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        if from < to {
            (from..to).contains(&minute) && is_day(today)
        } else {
            minute >= from && is_day(today) || minute < to && is_day(today.wrapping_sub(1))
        }
    }
}

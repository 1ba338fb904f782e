//! What the ledger says, as far as a report needs it.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use foldhash::HashMap;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use serde::de::value::StrDeserializer;

use super::calendar::Span;
use super::figures::State;
use crate::enrich::NetworkType;
use crate::judge::Verdict;
use crate::store::days::{period, unpack};
use crate::store::row::address;

/// Of a day.
const MILLISECONDS: i64 = 86_400_000;

/// Texts that many rows share, by number.
#[derive(Default)]
pub(super) struct Names {
    texts: Vec<String>,
    numbers: HashMap<String, u32>,
}

/// The number of a text.
pub(super) type Name = u32;

impl Names {
    fn number(&mut self, text: &str) -> Name {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }

    /// The text of a column; `None` if it has none.
    fn of(&mut self, row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Name>> {
        Ok(match row.get_ref(column)? {
            ValueRef::Text(text) if !text.is_empty() => Some(self.number(&String::from_utf8_lossy(text))),
            _ => None,
        })
    }

    pub(super) fn text(&self, name: Name) -> &str {
        usize::try_from(name).ok().and_then(|number| self.texts.get(number)).map_or("", String::as_str)
    }

    pub(super) fn owned(&self, name: Option<Name>) -> Option<String> {
        name.map(|name| self.text(name).to_owned())
    }
}

/// What a case counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Mining,
    /// A node of a blockchain's network.
    Node,
    /// The operator said that it is a false alarm.
    FalseAlarm,
    /// An exclusion hides it.
    Hidden,
}

pub(super) struct Miner {
    id: i64,
    pub(super) address: IpAddr,
    /// When mining was first seen from it, in milliseconds since the epoch.
    pub(super) first_seen: i64,
    pub(super) kind: NetworkType,
    pub(super) asn: Option<u32>,
    pub(super) as_org: Option<Name>,
    pub(super) country: Option<Name>,
    pub(super) region: Option<Name>,
    pub(super) city: Option<Name>,
    pub(super) site: Option<Name>,
    /// Degrees north and east.
    pub(super) position: Option<(f64, f64)>,
    /// When the operator first said that a case of it was fixed, in milliseconds since the epoch.
    pub(super) fixed: Option<i64>,
}

pub(super) struct Pool {
    id: i64,
    /// As the operator's list has it, or as a miner addressed it, or its address.
    pub(super) label: Name,
    pub(super) as_org: Option<Name>,
    pub(super) country: Option<Name>,
}

#[derive(Clone, Copy)]
pub(super) struct Case {
    pub(super) id: i64,
    /// Its place among the miners.
    pub(super) miner: usize,
    /// Its place among the pools.
    pub(super) pool: usize,
    pub(super) class: Class,
    pub(super) verdict: Verdict,
    pub(super) protocol: Name,
    pub(super) coin: Option<Name>,
    pub(super) algorithm: Option<Name>,
    pub(super) unit: Option<Name>,
    first_seen: i64,
    /// How far down and up the estimated rate may be wrong, as factors.
    pub(super) margin: (f64, f64),
    pub(super) closed: bool,
    pub(super) state: State,
    pub(super) hidden: Option<Name>,
}

/// What is estimated of a case by all that is known of the day on which it was seen last. The row of that day is written when
/// a record is, and may have an estimate of the first minutes.
struct Latest {
    day: i64,
    rate: Option<f64>,
    /// Watts: low, middle, high.
    power: Option<[f64; 3]>,
}

impl Latest {
    fn of(row: &Row<'_>, last_seen: i64) -> rusqlite::Result<Self> {
        let day = last_seen.div_euclid(MILLISECONDS);
        Ok(Self { day, rate: row.get(9)?, power: power(row, 15)? })
    }
}

/// Watts, from three columns: the estimate, its lower limit, its upper limit.
fn power(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<[f64; 3]>> {
    let power: [Option<f64>; 3] = [row.get(at)?, row.get(at + 1)?, row.get(at + 2)?];
    let [middle, low, high] = power;
    Ok(middle.map(|middle| [low.unwrap_or(middle), middle, high.unwrap_or(middle)]))
}

/// The cases, and what they refer to.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) names: Names,
    pub(super) miners: Vec<Miner>,
    pub(super) pools: Vec<Pool>,
    /// In the order of their numbers.
    pub(super) cases: Vec<Case>,
    /// Of each case.
    latest: Vec<Latest>,
}

/// What a word in a column stands for. `None` if it is one of a later version.
fn meant<'a, T: Deserialize<'a>>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let word = row.get_ref(column)?.as_str().unwrap_or_default();
    let word: StrDeserializer<'_, serde::de::value::Error> = word.into_deserializer();
    Ok(T::deserialize(word).ok())
}

impl Ledger {
    /// # Errors
    /// If the file cannot be read, or is none of ours.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut ledger = Self::default();
        ledger.read_miners(connection)?;
        ledger.read_pools(connection)?;
        ledger.read_cases(connection)?;
        ledger.read_remarks(connection)?;
        ledger.date_mining();
        Ok(ledger)
    }

    fn read_miners(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement = connection.prepare(
            "SELECT id, address, first_seen, network_type, asn, as_org, country, region, city, site, latitude, longitude \
             FROM miners ORDER BY id",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (latitude, longitude): (Option<f64>, Option<f64>) = (row.get(10)?, row.get(11)?);
            self.miners.push(Miner {
                id: row.get(0)?,
                address: address(row.get(1)?),
                first_seen: row.get(2)?,
                kind: meant(row, 3)?.unwrap_or_default(),
                asn: row.get(4)?,
                as_org: self.names.of(row, 5)?,
                country: self.names.of(row, 6)?,
                region: self.names.of(row, 7)?,
                city: self.names.of(row, 8)?,
                site: self.names.of(row, 9)?,
                position: latitude.zip(longitude).filter(|&(latitude, longitude)| {
                    (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude)
                }),
                fixed: None,
            });
        }
        Ok(())
    }

    fn read_pools(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement =
            connection.prepare("SELECT id, address, listed, name, as_org, country FROM pools ORDER BY id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let label = match self.names.of(row, 2)?.or(self.names.of(row, 3)?) {
                Some(label) => label,
                None => self.names.number(&address(row.get(1)?).to_string()),
            };
            self.pools.push(Pool {
                id: row.get(0)?,
                label,
                as_org: self.names.of(row, 4)?,
                country: self.names.of(row, 5)?,
            });
        }
        Ok(())
    }

    fn read_cases(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement = connection.prepare(
            "SELECT id, miner, pool, protocol, verdict, coin, algorithm, life, hidden, rate, rate_low, rate_high, rate_unit, \
             first_seen, last_seen, power, power_low, power_high FROM cases ORDER BY id",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (miner, pool): (i64, i64) = (row.get(1)?, row.get(2)?);
            let (Ok(miner), Ok(pool)) = (
                self.miners.binary_search_by_key(&miner, |it| it.id),
                self.pools.binary_search_by_key(&pool, |it| it.id),
            ) else {
                continue;
            };
            let verdict = meant(row, 4)?.unwrap_or(Verdict::Suspected);
            let hidden = self.names.of(row, 8)?;
            let class = match verdict {
                _ if !matches!(row.get_ref(8)?, ValueRef::Null) => Class::Hidden,
                Verdict::Node => Class::Node,
                _ => Class::Mining,
            };
            let rates: [Option<f64>; 3] = [row.get(9)?, row.get(10)?, row.get(11)?];
            let margin = match rates {
                [Some(rate), Some(low), Some(high)] if rate > 0.0 => (low / rate, high / rate),
                _ => (1.0, 1.0),
            };
            self.latest.push(Latest::of(row, row.get(14)?)?);
            self.cases.push(Case {
                id: row.get(0)?,
                miner,
                pool,
                class,
                verdict,
                protocol: self.names.of(row, 3)?.unwrap_or_else(|| self.names.number("")),
                coin: self.names.of(row, 5)?,
                algorithm: self.names.of(row, 6)?,
                unit: self.names.of(row, 12)?,
                first_seen: row.get(13)?,
                margin,
                closed: row.get_ref(7)?.as_str() == Ok("closed"),
                state: State::New,
                hidden,
            });
        }
        Ok(())
    }

    /// The latest remark on a case counts.
    fn read_remarks(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement = connection.prepare("SELECT \"case\", at, state FROM remarks ORDER BY id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (case, at): (i64, i64) = (row.get(0)?, row.get(1)?);
            let state: Option<State> = meant(row, 2)?;
            let found = self.cases.binary_search_by_key(&case, |it| it.id);
            let (Some(state), Ok(place)) = (state, found) else { continue };
            let Some(case) = self.cases.get_mut(place) else { continue };
            case.state = state;
            if state == State::Fixed
                && let Some(miner) = self.miners.get_mut(case.miner)
            {
                miner.fixed = Some(miner.fixed.map_or(at, |earlier| earlier.min(at)));
            }
        }
        for case in &mut self.cases {
            if case.state == State::FalseAlarm && case.class == Class::Mining {
                case.class = Class::FalseAlarm;
            }
        }
        Ok(())
    }
}

impl Ledger {
    /// A miner that was first seen as something else mines since the first of its cases that counts.
    fn date_mining(&mut self) {
        let mut mining = vec![(i64::MAX, false); self.miners.len()];
        for case in &self.cases {
            let Some((first, mixed)) = mining.get_mut(case.miner) else { continue };
            match case.class {
                Class::Mining => *first = case.first_seen.min(*first),
                Class::Node | Class::FalseAlarm | Class::Hidden => *mixed = true,
            }
        }
        for (miner, (first, mixed)) in self.miners.iter_mut().zip(mining) {
            if mixed && first != i64::MAX {
                miner.first_seen = first;
            }
        }
    }
}

/// A case on a day of UTC.
pub(super) struct DayRow<'a> {
    pub(super) day: i64,
    /// Its place among the cases.
    pub(super) case: usize,
    pub(super) active: u64,
    /// Of each hour, little-endian numbers of 16 bits.
    pub(super) connections: &'a [u8],
    pub(super) rate: Option<f64>,
    /// Watts: low, middle, high.
    pub(super) power: Option<[f64; 3]>,
}

/// Finds cases by numbers that rise: both tables are read in the same order, so nothing is searched.
struct Follower<'a> {
    cases: &'a [Case],
    place: usize,
    /// The day or the period, in each of which numbers rise anew.
    part: i64,
}

impl Follower<'_> {
    fn find(&mut self, part: i64, id: i64) -> Option<usize> {
        if part != self.part {
            (self.part, self.place) = (part, 0);
        }
        while self.cases.get(self.place).is_some_and(|case| case.id < id) {
            self.place += 1;
        }
        self.cases.get(self.place).filter(|case| case.id == id).map(|_| self.place)
    }
}

impl Ledger {
    /// Goes through the days of cases in full.
    pub(super) fn each_day(
        &self,
        connection: &Connection,
        span: Span,
        mut each: impl FnMut(&DayRow<'_>),
    ) -> rusqlite::Result<()> {
        let mut statement = connection.prepare(
            "SELECT day, \"case\", active, connections, rate, power, power_low, power_high FROM days \
             WHERE day BETWEEN ?1 AND ?2 ORDER BY day, \"case\"",
        )?;
        let mut rows = statement.query((span.days().start(), span.days().end()))?;
        let mut follower = Follower { cases: &self.cases, place: 0, part: i64::MIN };
        while let Some(row) = rows.next()? {
            let day = row.get(0)?;
            let Some(case) = follower.find(day, row.get(1)?) else { continue };
            let latest = self.latest.get(case).filter(|latest| latest.day == day);
            let (rate, power) = match latest {
                Some(Latest { rate, power, .. }) => (*rate, *power),
                None => (row.get(4)?, power(row, 5)?),
            };
            each(&DayRow {
                day,
                case,
                active: row.get::<_, i64>(2)?.cast_unsigned(),
                connections: row.get_ref(3)?.as_blob().unwrap_or_default(),
                rate,
                power,
            });
        }
        Ok(())
    }

    /// Goes through the days of cases, but tells only when something happened: day, case, hours.
    pub(super) fn each_activity(
        &self,
        connection: &Connection,
        days: RangeInclusive<i64>,
        mut each: impl FnMut(i64, &Case, u64),
    ) -> rusqlite::Result<()> {
        let mut statement = connection.prepare(
            "SELECT period, \"case\", days FROM activity WHERE period BETWEEN ?1 AND ?2 ORDER BY period, \"case\"",
        )?;
        let mut rows = statement.query((period(*days.start()), period(*days.end())))?;
        let mut follower = Follower { cases: &self.cases, place: 0, part: i64::MIN };
        while let Some(row) = rows.next()? {
            let period = row.get(0)?;
            let Some(case) = follower.find(period, row.get(1)?).and_then(|place| self.cases.get(place))
            else {
                continue;
            };
            for brief in unpack(period, row.get_ref(2)?.as_blob().unwrap_or_default(), &days) {
                each(brief.day, case, brief.active.into());
            }
        }
        Ok(())
    }

    /// The first and the last day of UTC of which there is something.
    pub(super) fn extent(connection: &Connection) -> rusqlite::Result<Option<(i64, i64)>> {
        let end = |order: &str| -> rusqlite::Result<Option<i64>> {
            connection.query_row(&format!("SELECT {order}(day) FROM days"), [], |row| row.get(0))
        };
        Ok(end("min")?.zip(end("max")?))
    }
}

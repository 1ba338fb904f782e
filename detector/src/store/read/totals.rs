//! What the cases of a miner or a pool come to.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde::Serialize;

use super::filter::Filter;
use super::names::{LIVES, VERDICTS, word};
use super::row::{rfc3339, time};
use super::select::{HEAD, Head, Listing, going};
use super::{ReadError, Reader};
use crate::estimate::algorithm_name;
use crate::judge::Shares;

/// What sums are made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) head: Head,
    pub(super) protocol: u32,
    pub(super) coin: u32,
    algorithm: u32,
    pub(super) first_seen: i64,
    pub(super) connections: i64,
    pub(super) per_hour: Option<f64>,
    pub(super) workers: i64,
    pub(super) shares: [i64; 3],
    pub(super) rate: Option<f64>,
    pub(super) unit: u32,
    pub(super) power: Option<[f64; 3]>,
}

const PART: &str = "c.protocol, c.coin, c.algorithm, c.first_seen, c.connections, c.connections_per_hour, c.workers, c.submitted, \
     c.accepted, c.rejected, c.rate, c.rate_unit, c.power, c.power_low, c.power_high";

/// Words that many cases share, by number. 0 is none.
#[derive(Debug, Default)]
pub(super) struct Words {
    numbers: HashMap<Box<str>, u32>,
    words: Vec<Box<str>>,
}

impl Words {
    fn of_column(&mut self, text: ValueRef<'_>) -> u32 {
        text.as_str().map_or(0, |text| self.number(text))
    }

    fn number(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        self.words.push(text.into());
        let number = u32::try_from(self.words.len()).unwrap_or(0);
        self.numbers.insert(text.into(), number);
        number
    }

    /// Takes the words of others in: what the number of each is here.
    fn take_in(&mut self, others: &Self) -> Vec<u32> {
        std::iter::once(0).chain(others.words.iter().map(|word| self.number(word))).collect()
    }

    pub(super) fn word(&self, number: u32) -> Option<&str> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        self.words.get(place).map(AsRef::as_ref)
    }
}

impl Part {
    fn of(row: &Row<'_>, head: Head, words: &mut Words) -> rusqlite::Result<Self> {
        let mut at = HEAD.split(", ").count()..;
        let mut next = || at.next().unwrap_or(0);
        Ok(Self {
            head,
            protocol: words.of_column(row.get_ref(next())?),
            coin: words.of_column(row.get_ref(next())?),
            algorithm: {
                let name = row.get_ref(next())?;
                // Some names mean the same.
                let same = name.as_str().ok().and_then(algorithm_name);
                words.of_column(same.map_or(name, |name| ValueRef::Text(name.as_bytes())))
            },
            first_seen: row.get(next())?,
            connections: row.get(next())?,
            per_hour: row.get(next())?,
            workers: row.get(next())?,
            shares: [row.get(next())?, row.get(next())?, row.get(next())?],
            rate: row.get(next())?,
            unit: words.of_column(row.get_ref(next())?),
            power: {
                let power: [Option<f64>; 3] = [row.get(next())?, row.get(next())?, row.get(next())?];
                power[0].map(|value| [value, power[1].unwrap_or(value), power[2].unwrap_or(value)])
            },
        })
    }

    fn renumbered(self, numbers: &[u32]) -> Self {
        let number = |number: u32| {
            let place = usize::try_from(number).unwrap_or(usize::MAX);
            numbers.get(place).copied().unwrap_or(0)
        };
        Self {
            protocol: number(self.protocol),
            coin: number(self.coin),
            algorithm: number(self.algorithm),
            unit: number(self.unit),
            ..self
        }
    }
}

impl Reader {
    /// The parts of all cases that a filter lets through.
    pub(super) fn parts(&self, filter: &Filter) -> Result<(Vec<Part>, Words, Listing), ReadError> {
        let (pieces, left) = self.select(filter, PART, Part::of)?;
        let (mut parts, mut words) = (Vec::new(), Words::default());
        for (piece, its) in pieces {
            let numbers = words.take_in(&its);
            parts.extend(piece.into_iter().map(|part| part.renumbered(&numbers)));
        }
        Ok((parts, words, left))
    }

    /// The parts of some cases; those that are gone since are left out.
    pub(super) fn parts_of(&self, cases: &[i64], words: &mut Words) -> Result<Vec<Part>, ReadError> {
        let statement = format!("SELECT {HEAD}, {PART} FROM cases c WHERE c.id = ?");
        let mut statement = self.connection.prepare_cached(&statement)?;
        let mut parts = Vec::with_capacity(cases.len());
        for case in cases {
            let mut rows = statement.query([case])?;
            if let Some(row) = rows.next()? {
                parts.push(Part::of(row, Head::of(row)?.0, words)?);
            }
        }
        Ok(parts)
    }
}

/// Electrical power in watts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Power {
    /// The estimate.
    #[serde(rename = "power_w")]
    pub value: f64,
    /// Its lower limit.
    #[serde(rename = "power_low_w")]
    pub low: f64,
    /// Its upper limit.
    #[serde(rename = "power_high_w")]
    pub high: f64,
}

/// The speed of all that compute the same algorithm for the same coin: those of different hash functions cannot be added.
/// Where neither is known, it is that of one case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HashRate {
    /// How much a second.
    pub value: f64,
    /// Of what: `hashes/s`, `solutions/s`, `graphs/s`.
    pub unit: String,
    /// The coin, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coin: Option<String>,
    /// The algorithm, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
}

/// Speed and power of several cases: of those that are open, or, if none is, of the one that was seen last.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Rates {
    /// Speeds, one for each coin, algorithm and unit; that of most cases first.
    #[serde(rename = "hashrates", skip_serializing_if = "Vec::is_empty")]
    pub speeds: Vec<HashRate>,
    /// Power of those whose hardware can be assumed.
    #[serde(flatten)]
    pub power: Option<Power>,
}

/// Sums over the cases of a miner or a pool.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Totals {
    /// The strongest verdict.
    pub verdict: &'static str,
    /// `open` if any case is, else `quiet` if any is, else `closed`.
    pub life: &'static str,
    /// Coins.
    pub coins: Vec<String>,
    /// Protocols.
    pub protocols: Vec<String>,
    /// How many cases.
    pub cases: usize,
    /// How many connections there were.
    pub connections: u64,
    /// Connections an hour over the last 24 hours, or the life of the case if that is shorter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections_per_hour: Option<f64>,
    /// Shares handed in, accepted, rejected.
    pub shares: Shares,
    /// Speed and power.
    #[serde(flatten)]
    pub rates: Rates,
    /// When the first case was first seen.
    #[serde(serialize_with = "rfc3339")]
    pub first_seen: Timestamp,
    /// When something last happened.
    #[serde(serialize_with = "rfc3339")]
    pub last_seen: Timestamp,
}

/// The parts whose speed and power count.
pub(super) fn lately(parts: &[Part]) -> impl Iterator<Item = &Part> {
    going(parts, |part| &part.head)
}

/// The sum of what is known; `None` if nothing is.
pub(super) fn sum(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.flatten().fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
}

fn speeds(parts: &[Part], words: &Words) -> Vec<HashRate> {
    // Cases of which neither coin nor algorithm is known may compute anything: each is by itself.
    let key = |part: &Part| {
        let of_its_own = (part.coin == 0 && part.algorithm == 0).then_some(part.head.id);
        (part.unit, part.coin, part.algorithm, of_its_own)
    };
    let mut sums: BTreeMap<_, (usize, f64)> = BTreeMap::new();
    for part in lately(parts) {
        if let Some(rate) = part.rate {
            let (cases, sum) = sums.entry(key(part)).or_default();
            *cases += 1;
            *sum += rate;
        }
    }
    let owned = |number| words.word(number).map(str::to_owned);
    let mut speeds: Vec<(usize, HashRate)> = sums
        .into_iter()
        .map(|((unit, coin, algorithm, _), (cases, value))| {
            let unit = owned(unit).unwrap_or_else(|| "hashes/s".to_owned());
            (cases, HashRate { value, unit, coin: owned(coin), algorithm: owned(algorithm) })
        })
        .collect();
    speeds.sort_by(|(cases, one), (others, other)| {
        let names = |rate: &HashRate| (rate.unit.clone(), rate.coin.clone(), rate.algorithm.clone());
        others.cmp(cases).then_with(|| names(one).cmp(&names(other)))
    });
    speeds.into_iter().map(|(_, speed)| speed).collect()
}

impl Totals {
    pub(super) fn of(parts: &[Part], words: &Words) -> Self {
        let distinct = |number: fn(&Part) -> u32| {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for word in parts.iter().filter_map(|part| words.word(number(part))) {
                *counts.entry(word).or_default() += 1;
            }
            let mut counts: Vec<_> = counts.into_iter().collect();
            counts.sort_by_key(|&(word, count)| (Reverse(count), word));
            counts.into_iter().map(|(word, _)| word.to_owned()).collect()
        };
        let total = |number: fn(&Part) -> i64| parts.iter().map(number).sum::<i64>().unsigned_abs();
        let watts = lately(parts).filter_map(|part| part.power);
        let watts = watts.reduce(|[a, b, c], [x, y, z]| [a + x, b + y, c + z]);
        let times = |part: &Part| (part.first_seen, part.head.last_seen);
        let (first, last) =
            parts.iter().map(times).reduce(|(a, b), (x, y)| (a.min(x), b.max(y))).unwrap_or_default();
        Self {
            verdict: word(parts.iter().map(|part| part.head.verdict).max().unwrap_or(0), &VERDICTS),
            life: word(parts.iter().map(|part| part.head.life).max().unwrap_or(0), &LIVES),
            coins: distinct(|part| part.coin),
            protocols: distinct(|part| part.protocol),
            cases: parts.len(),
            connections: total(|part| part.connections),
            connections_per_hour: sum(parts.iter().map(|part| part.per_hour)),
            shares: Shares {
                submitted: total(|part| part.shares[0]),
                accepted: total(|part| part.shares[1]),
                rejected: total(|part| part.shares[2]),
            },
            rates: Rates {
                speeds: speeds(parts, words),
                power: watts.map(|[value, low, high]| Power { value, low, high }),
            },
            first_seen: time(first).unwrap_or_default(),
            last_seen: time(last).unwrap_or_default(),
        }
    }
}

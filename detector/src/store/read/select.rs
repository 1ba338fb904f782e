//! Which cases a filter lets through. Everything is read once, in the order of the file, with few columns: for a listing
//! of some lines that is faster than any join, and what is shown is looked up afterwards.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Row, params_from_iter};
use serde::Serialize;

use super::filter::{Filter, Hidden};
use super::names::{LIVES, STATES, VERDICTS, rank, word};
use super::row::{rfc3339, time};
use super::{ReadError, Reader};

/// Up to so many miners or pools, their cases are found by an index; of more, all cases are read.
const FEW: usize = 64;

/// What a listing counts and leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// How many there are, with those beyond the limit.
    pub found: usize,
    /// How many cases were left out because an exclusion hides them.
    pub hidden: usize,
    /// How many cases were left out because they are nodes of peer-to-peer networks.
    pub nodes: usize,
}

/// What is read of each case.
#[derive(Clone, Copy, Debug)]
pub(super) struct Brief {
    pub(super) id: i64,
    pub(super) miner: i64,
    pub(super) pool: i64,
    pub(super) verdict: u8,
    pub(super) life: u8,
    pub(super) protocol: u32,
    pub(super) coin: u32,
    pub(super) first_seen: i64,
    pub(super) last_seen: i64,
    pub(super) connections: i64,
    pub(super) per_hour: Option<f64>,
    pub(super) workers: i64,
    pub(super) shares: [i64; 3],
    pub(super) rate: Option<f64>,
    pub(super) unit: u32,
    pub(super) power: Option<[f64; 3]>,
}

const BRIEF: &str = "c.id, c.miner, c.pool, c.hidden IS NOT NULL, c.verdict, c.life, c.protocol, c.coin, c.first_seen, \
     c.last_seen, c.connections, c.connections_per_hour, c.workers, c.submitted, c.accepted, c.rejected, c.rate, \
     c.rate_unit, c.power, c.power_low, c.power_high";

/// Words that many cases share, by number. 0 is none.
#[derive(Debug, Default)]
pub(super) struct Words {
    numbers: HashMap<Box<str>, u32>,
    words: Vec<Box<str>>,
}

impl Words {
    fn number(&mut self, text: ValueRef<'_>) -> u32 {
        let Ok(text) = text.as_str() else { return 0 };
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        self.words.push(text.into());
        let number = u32::try_from(self.words.len()).unwrap_or(0);
        self.numbers.insert(text.into(), number);
        number
    }

    pub(super) fn word(&self, number: u32) -> Option<&str> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        self.words.get(place).map(AsRef::as_ref)
    }
}

/// The cases that a filter lets through.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) briefs: Vec<Brief>,
    pub(super) words: Words,
    pub(super) left: Listing,
}

impl Reader {
    pub(super) fn select(&self, filter: &Filter) -> Result<Selection, ReadError> {
        let (miners, pools) = (filter.miners(&self.connection)?, filter.pools(&self.connection)?);
        let identified = filter.identified(&self.connection)?;
        let states = if filter.states.is_empty() { None } else { Some(self.states()?) };
        let is_meant = |brief: &Brief| {
            miners.as_ref().is_none_or(|miners| miners.contains(&brief.miner))
                && pools.as_ref().is_none_or(|pools| pools.contains(&brief.pool))
                && identified.as_ref().is_none_or(|cases| cases.contains(&brief.id))
                && states.as_ref().is_none_or(|states| {
                    let state = word(states.get(&brief.id).copied().unwrap_or(0), &STATES);
                    filter.states.iter().any(|asked| asked.eq_ignore_ascii_case(state))
                })
        };
        let nodes = !filter.only_mining || !filter.verdicts.is_empty();
        let mut selection =
            Selection { briefs: Vec::new(), words: Words::default(), left: Listing::default() };
        let Selection { briefs, words, left } = &mut selection;
        let take = |row: &Row<'_>| {
            let (brief, is_hidden) = brief(row, words)?;
            if !is_meant(&brief) || (filter.hidden == Hidden::Only && !is_hidden) {
            } else if is_hidden && filter.hidden == Hidden::Leave {
                left.hidden += 1;
            } else if brief.verdict == 0 && !nodes {
                left.nodes += 1;
            } else {
                briefs.push(brief);
            }
            Ok(())
        };
        let few = |ids: &Option<HashSet<i64>>| ids.clone().filter(|ids| ids.len() <= FEW);
        let narrowest = [("c.miner", few(&miners)), ("c.pool", few(&pools)), ("c.id", identified.clone())];
        let narrowest = narrowest.into_iter().filter_map(|(column, ids)| Some((column, ids?)));
        self.visit(filter, narrowest.min_by_key(|(column, ids)| (*column == "c.pool", ids.len())), take)?;
        Ok(selection)
    }

    /// Reads the cases that fulfil a filter by themselves: all, or those with one of the values in a column.
    fn visit(
        &self,
        filter: &Filter,
        among: Option<(&str, HashSet<i64>)>,
        mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let conditions = filter.of_cases();
        let mut read = |further: &str, id: Option<i64>| {
            let mut statement = self
                .connection
                .prepare_cached(&format!("SELECT {BRIEF} FROM cases c {}{further}", conditions.text()))?;
            let values = conditions.values().iter().cloned().chain(id.map(Value::Integer));
            let mut rows = statement.query(params_from_iter(values))?;
            while let Some(row) = rows.next()? {
                take(row)?;
            }
            Ok(())
        };
        let Some((column, ids)) = among else { return read("", None) };
        let word = if conditions.text().is_empty() { "WHERE" } else { " AND" };
        let mut ids: Vec<i64> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.into_iter().try_for_each(|id| read(&format!("{word} {column} = ?"), Some(id)))
    }
}

fn brief(row: &Row<'_>, words: &mut Words) -> rusqlite::Result<(Brief, bool)> {
    let among =
        |column, names: &[&str]| row.get_ref(column).map(|text| rank(text.as_str().unwrap_or(""), names));
    let power: Option<f64> = row.get(18)?;
    let brief = Brief {
        id: row.get(0)?,
        miner: row.get(1)?,
        pool: row.get(2)?,
        verdict: among(4, &VERDICTS)?,
        life: among(5, &LIVES)?,
        protocol: words.number(row.get_ref(6)?),
        coin: words.number(row.get_ref(7)?),
        first_seen: row.get(8)?,
        last_seen: row.get(9)?,
        connections: row.get(10)?,
        per_hour: row.get(11)?,
        workers: row.get(12)?,
        shares: [row.get(13)?, row.get(14)?, row.get(15)?],
        rate: row.get(16)?,
        unit: words.number(row.get_ref(17)?),
        power: match power {
            Some(value) => Some([
                value,
                row.get::<_, Option<f64>>(19)?.unwrap_or(value),
                row.get::<_, Option<f64>>(20)?.unwrap_or(value),
            ]),
            None => None,
        },
    };
    Ok((brief, row.get(3)?))
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

/// The speed of all that mine the same coin. Those of different hash functions cannot be compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HashRate {
    /// How much a second.
    pub value: f64,
    /// Of what: `hashes/s`, `solutions/s`, `graphs/s`.
    pub unit: String,
    /// The coin, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coin: Option<String>,
}

/// Speed and power of several cases: of those that are open, or, if none is, of the one that was seen last.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Rates {
    /// Speeds, one for each coin and unit; that of most cases first.
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
    pub shares: crate::judge::Shares,
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

/// The cases whose speed and power count.
fn going(briefs: &[Brief]) -> impl Iterator<Item = &Brief> {
    let open = rank("open", &LIVES);
    let any = briefs.iter().any(|brief| brief.life == open);
    let last = briefs.iter().max_by_key(|brief| (brief.last_seen, brief.id)).map(|brief| brief.id);
    briefs.iter().filter(move |brief| if any { brief.life == open } else { Some(brief.id) == last })
}

/// The sum of what is known; `None` if nothing is.
pub(super) fn sum(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.flatten().fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
}

/// The sum of the speeds, whatever they count: for sorting.
pub(super) fn speed(briefs: &[Brief]) -> Option<f64> {
    sum(going(briefs).map(|brief| brief.rate))
}

/// Watts in all.
pub(super) fn power(briefs: &[Brief]) -> Option<f64> {
    sum(going(briefs).map(|brief| brief.power.map(|[value, ..]| value)))
}

fn speeds(briefs: &[Brief], words: &Words) -> Vec<HashRate> {
    let mut sums: BTreeMap<(&str, Option<&str>), (usize, f64)> = BTreeMap::new();
    for brief in going(briefs) {
        if let Some(rate) = brief.rate {
            let unit = words.word(brief.unit).unwrap_or("hashes/s");
            let (cases, sum) = sums.entry((unit, words.word(brief.coin))).or_default();
            *cases += 1;
            *sum += rate;
        }
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|&(_, (cases, _))| std::cmp::Reverse(cases));
    let speed = |((unit, coin), (_, value)): ((&str, Option<&str>), _)| HashRate {
        value,
        unit: unit.to_owned(),
        coin: coin.map(str::to_owned),
    };
    sums.into_iter().map(speed).collect()
}

impl Totals {
    pub(super) fn of(briefs: &[Brief], words: &Words) -> Self {
        let distinct = |number: fn(&Brief) -> u32| {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for word in briefs.iter().filter_map(|brief| words.word(number(brief))) {
                *counts.entry(word).or_default() += 1;
            }
            let mut counts: Vec<_> = counts.into_iter().collect();
            counts.sort_by_key(|&(word, count)| (std::cmp::Reverse(count), word));
            counts.into_iter().map(|(word, _)| word.to_owned()).collect()
        };
        let total = |number: fn(&Brief) -> i64| briefs.iter().map(number).sum::<i64>().unsigned_abs();
        let watts = going(briefs).filter_map(|brief| brief.power);
        let watts = watts.reduce(|[a, b, c], [x, y, z]| [a + x, b + y, c + z]);
        let times = |brief: &Brief| (brief.first_seen, brief.last_seen);
        let (first, last) =
            briefs.iter().map(times).reduce(|(a, b), (x, y)| (a.min(x), b.max(y))).unwrap_or_default();
        Self {
            verdict: word(briefs.iter().map(|brief| brief.verdict).max().unwrap_or(0), &VERDICTS),
            life: word(briefs.iter().map(|brief| brief.life).max().unwrap_or(0), &LIVES),
            coins: distinct(|brief| brief.coin),
            protocols: distinct(|brief| brief.protocol),
            cases: briefs.len(),
            connections: total(|brief| brief.connections),
            connections_per_hour: sum(briefs.iter().map(|brief| brief.per_hour)),
            shares: crate::judge::Shares {
                submitted: total(|brief| brief.shares[0]),
                accepted: total(|brief| brief.shares[1]),
                rejected: total(|brief| brief.shares[2]),
            },
            rates: Rates {
                speeds: speeds(briefs, words),
                power: watts.map(|[value, low, high]| Power { value, low, high }),
            },
            first_seen: time(first).unwrap_or_default(),
            last_seen: time(last).unwrap_or_default(),
        }
    }
}

/// Cases in groups: those with the same number stand together.
pub(super) fn grouped(briefs: &mut [Brief], by: fn(&Brief) -> i64) -> Vec<&[Brief]> {
    briefs.sort_unstable_by_key(|brief| (by(brief), brief.id));
    briefs.chunk_by(|a, b| by(a) == by(b)).collect()
}

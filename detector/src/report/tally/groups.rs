use std::cmp::Reverse;
use std::collections::BTreeMap;

use foldhash::HashMap;

use super::super::figures::{Dimension, Energy, Group, HashRate, NETWORK_TYPES};
use super::super::rows::{Ledger, Miner, Name};
use super::{Active, Day};
use crate::estimate;
use crate::judge::Verdict;

/// What addresses or cases have in common: numbers of texts, or other numbers.
type Key = [Option<u32>; 3];

const VERDICTS: [(Verdict, &str); 3] =
    [(Verdict::Confirmed, "confirmed"), (Verdict::Probable, "probable"), (Verdict::Suspected, "suspected")];

fn place<T: PartialEq>(all: impl IntoIterator<Item = T>, sought: &T) -> Option<u32> {
    all.into_iter().position(|it| it == *sought).and_then(|place| u32::try_from(place).ok())
}

fn key(dimension: Dimension, miner: &Miner, cases: &[Active]) -> Key {
    match dimension {
        Dimension::NetworkType => [place(NETWORK_TYPES, &miner.kind), None, None],
        Dimension::Country => [miner.country, None, None],
        Dimension::Region if miner.region.is_none() => [None; 3],
        Dimension::Region => [miner.region, miner.country, None],
        Dimension::City if miner.city.is_none() => [None; 3],
        Dimension::City => [miner.city, miner.region, miner.country],
        Dimension::Site => [miner.site, None, None],
        Dimension::AutonomousSystem if miner.asn.is_some() => [miner.asn, None, None],
        Dimension::AutonomousSystem => [None, miner.as_org, None],
        Dimension::Verdict => {
            let strongest = cases.iter().map(|it| it.case.verdict).max();
            [strongest.and_then(|verdict| place(VERDICTS.map(|(it, _)| it), &verdict)), None, None]
        }
        Dimension::Coin | Dimension::Protocol | Dimension::Pool => [None; 3],
    }
}

/// The part of an address's cases that is in a group of an overlapping dimension.
fn key_of_case(dimension: Dimension, day: &Day<'_>, it: &Active) -> Key {
    let name = match dimension {
        Dimension::Coin => it.case.coin,
        Dimension::Protocol => Some(it.case.protocol),
        Dimension::Pool => day.ledger.pools.get(it.case.pool).map(|pool| pool.label),
        _ => None,
    };
    [name, None, None]
}

fn label(dimension: Dimension, key: Key, ledger: &Ledger, miner: &Miner) -> Option<String> {
    let [first, second, third] = key;
    let place = |number: Option<u32>| usize::try_from(number?).ok();
    match dimension {
        Dimension::NetworkType => place(first).and_then(|it| NETWORK_TYPES.get(it)).map(ToString::to_string),
        Dimension::Verdict => {
            place(first).and_then(|it| VERDICTS.get(it)).map(|(_, name)| (*name).to_owned())
        }
        Dimension::AutonomousSystem => autonomous_system(ledger, miner),
        _ => joined(ledger, [first, second, third]),
    }
}

/// Texts that are known, with commas.
pub(super) fn joined(ledger: &Ledger, names: [Option<Name>; 3]) -> Option<String> {
    let known: Vec<&str> = names.into_iter().flatten().map(|name| ledger.names.text(name)).collect();
    (!known.is_empty()).then(|| known.join(", "))
}

pub(super) fn autonomous_system(ledger: &Ledger, miner: &Miner) -> Option<String> {
    match (miner.asn, ledger.names.owned(miner.as_org)) {
        (Some(asn), Some(name)) => Some(format!("AS{asn} {name}")),
        (Some(asn), None) => Some(format!("AS{asn}")),
        (None, name) => name,
    }
}

fn add(group: &mut Group, it: &Active) {
    group.cases += 1;
    group.connections += it.activity.connections;
    group.energy.add(it.activity.energy);
}

/// The addresses of the day by each dimension, the largest group first, what is not known last.
pub(super) fn all(day: &Day<'_>) -> BTreeMap<Dimension, Vec<Group>> {
    Dimension::ALL.into_iter().map(|dimension| (dimension, grouped(day, dimension))).collect()
}

fn grouped(day: &Day<'_>, dimension: Dimension) -> Vec<Group> {
    let mut groups: HashMap<Key, Group> = HashMap::default();
    let mut seen: Vec<Key> = Vec::new();
    for (miner, cases) in day.miners() {
        let new = u64::from(day.starts(cases));
        seen.clear();
        let whole = key(dimension, miner, cases);
        for it in cases {
            let key = if dimension.overlaps() { key_of_case(dimension, day, it) } else { whole };
            let group = groups.entry(key).or_insert_with(|| Group {
                name: label(dimension, key, day.ledger, miner),
                ..Group::default()
            });
            add(group, it);
            if !seen.contains(&key) {
                seen.push(key);
                group.addresses += 1;
                group.new += new;
            }
        }
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by(|one, other| {
        let rank = |group: &Group| (group.name.is_none(), Reverse(group.addresses));
        rank(one)
            .cmp(&rank(other))
            .then(other.energy.kwh.total_cmp(&one.energy.kwh))
            .then_with(|| one.name.cmp(&other.name))
    });
    groups
}

#[derive(Default)]
struct Rates {
    latest: Option<usize>,
    addresses: u64,
    cases: u64,
    sums: [f64; 3],
    energy: Energy,
}

/// What is computed: coin, algorithm, unit. Texts, since names of an algorithm that mean the same become one.
type Computed = (Option<String>, Option<String>, Option<String>);

/// Rates by algorithm, and by coin and algorithm.
pub(super) fn hash_rates(day: &Day<'_>) -> (Vec<HashRate>, Vec<HashRate>) {
    let names = &day.ledger.names;
    let mut known: HashMap<Option<Name>, Option<String>> = HashMap::default();
    let mut rates: HashMap<[Option<Name>; 3], Computed> = HashMap::default();
    let mut by_algorithm: BTreeMap<Computed, Rates> = BTreeMap::new();
    let mut by_coin: BTreeMap<Computed, Rates> = BTreeMap::new();
    for it in &day.mining {
        let (coin, algorithm, unit) = rates
            .entry([it.case.coin, it.case.algorithm, it.case.unit])
            .or_insert_with(|| {
                let algorithm = known.entry(it.case.algorithm).or_insert_with(|| {
                    let name = names.owned(it.case.algorithm)?;
                    Some(estimate::algorithm_name(&name).map_or(name, str::to_owned))
                });
                (names.owned(it.case.coin), algorithm.clone(), names.owned(it.case.unit))
            })
            .clone();
        // Of an unknown algorithm at least the coin must be the same.
        let shown = if algorithm.is_none() { coin.clone() } else { None };
        include(by_algorithm.entry((shown, algorithm.clone(), unit.clone())).or_default(), it);
        include(by_coin.entry((coin, algorithm, unit)).or_default(), it);
    }
    (finished(by_algorithm), finished(by_coin))
}

/// The cases of a miner are side by side.
fn include(rates: &mut Rates, it: &Active) {
    if rates.latest != Some(it.case.miner) {
        rates.latest = Some(it.case.miner);
        rates.addresses += 1;
    }
    if let Some(rate) = it.activity.mean_rate() {
        let (low, high) = it.case.margin;
        rates.cases += 1;
        for (sum, rate) in rates.sums.iter_mut().zip([rate * low, rate, rate * high]) {
            *sum += rate;
        }
    }
    rates.energy.add(it.activity.energy);
}

fn finished(rates: BTreeMap<Computed, Rates>) -> Vec<HashRate> {
    let mut finished: Vec<HashRate> = rates
        .into_iter()
        .map(|((coin, algorithm, unit), rates)| {
            let one_function = coin.is_some() || algorithm.is_some();
            let [low, rate, high] = rates.sums.map(|rate| (rates.cases > 0 && one_function).then_some(rate));
            HashRate {
                assumption: algorithm.as_deref().and_then(estimate::hardware_assumption),
                coin,
                algorithm,
                unit,
                addresses: rates.addresses,
                cases: rates.cases,
                rate,
                rate_low: low,
                rate_high: high,
                energy: rates.energy,
            }
        })
        .collect();
    finished.sort_by_key(|it| (it.algorithm.is_none() && it.coin.is_none(), Reverse(it.addresses)));
    finished
}

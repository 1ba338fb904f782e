use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashMap;
use jiff::Timestamp;

use super::super::figures::{Energy, Miner, Place, Pool, State};
use super::super::rows::{self, Name};
use super::groups::{autonomous_system, joined};
use super::{Active, Day};
use crate::ledger::CaseId;

/// How long the lists are.
const LISTED: usize = 20;

/// A miner with what it is ranked by.
struct Ranked<'a> {
    miner: &'a rows::Miner,
    cases: &'a [Active],
    energy: Energy,
    hours: u32,
    connections: u64,
}

impl<'a> Ranked<'a> {
    fn of(miner: &'a rows::Miner, cases: &'a [Active]) -> Self {
        let mut energy = Energy::default();
        for it in cases {
            energy.add(it.activity.energy);
        }
        let hours = cases.iter().fold(0, |hours, it| hours | it.activity.hours).count_ones();
        let connections = cases.iter().map(|it| it.activity.connections).sum();
        Self { miner, cases, energy, hours, connections }
    }
}

/// The first of them by energy, hours and connections.
fn largest<'a>(mut ranked: Vec<Ranked<'a>>, day: &Day<'a>) -> Vec<Miner> {
    ranked.sort_by(|one, other| {
        other
            .energy
            .kwh
            .total_cmp(&one.energy.kwh)
            .then(other.hours.cmp(&one.hours))
            .then(other.connections.cmp(&one.connections))
            .then(one.miner.address.cmp(&other.miner.address))
    });
    ranked.iter().take(LISTED).map(|it| described(it, day)).collect()
}

pub(super) fn top_miners(day: &Day<'_>) -> Vec<Miner> {
    largest(day.miners().map(|(miner, cases)| Ranked::of(miner, cases)).collect(), day)
}

/// Those that mined in an hour that began after a case of theirs was marked as fixed: how many, and the largest.
pub(super) fn repeat_offenders(day: &Day<'_>) -> (u64, Vec<Miner>) {
    let offenders: Vec<Ranked<'_>> = day
        .miners()
        .filter(|(miner, cases)| {
            let hours = cases.iter().fold(0, |hours, it| hours | it.activity.hours);
            let latest = i64::from(63_u32.saturating_sub(hours.leading_zeros()));
            miner.fixed.is_some_and(|fixed| (day.span.start + latest) * 3_600_000 >= fixed)
        })
        .map(|(miner, cases)| Ranked::of(miner, cases))
        .collect();
    (offenders.len() as u64, largest(offenders, day))
}

fn described(ranked: &Ranked<'_>, day: &Day<'_>) -> Miner {
    let Ranked { miner, cases, energy, hours, connections } = *ranked;
    let names = &day.ledger.names;
    let texts = |names_of: &mut dyn Iterator<Item = Option<Name>>| -> Vec<String> {
        let texts: BTreeSet<String> = names_of.filter_map(|name| names.owned(name)).collect();
        texts.into_iter().collect()
    };
    let labels = |it: &Active| day.ledger.pools.get(it.case.pool).map(|pool| pool.label);
    Miner {
        address: miner.address,
        network_type: miner.kind,
        place: joined(day.ledger, [miner.city, miner.region, miner.country]),
        autonomous_system: autonomous_system(day.ledger, miner),
        site: names.owned(miner.site),
        coins: texts(&mut cases.iter().map(|it| it.case.coin)),
        pools: texts(&mut cases.iter().map(labels)),
        hours,
        connections,
        energy,
        cases: cases.iter().map(|it| CaseId(it.case.id.cast_unsigned())).collect(),
        state: cases.iter().map(|it| it.case.state).min().unwrap_or(State::New),
        fixed: miner.fixed.and_then(|fixed| Timestamp::from_millisecond(fixed).ok()),
    }
}

#[derive(Default)]
struct PoolSum {
    endpoints: BTreeSet<usize>,
    latest: Option<usize>,
    coins: BTreeSet<Name>,
    addresses: u64,
    connections: u64,
    energy: Energy,
}

pub(super) fn top_pools(day: &Day<'_>) -> Vec<Pool> {
    let mut pools: HashMap<Name, PoolSum> = HashMap::default();
    for it in &day.mining {
        let Some(pool) = day.ledger.pools.get(it.case.pool) else { continue };
        let sum = pools.entry(pool.label).or_default();
        sum.endpoints.insert(it.case.pool);
        sum.coins.extend(it.case.coin);
        // The cases of a miner are side by side.
        if sum.latest != Some(it.case.miner) {
            sum.latest = Some(it.case.miner);
            sum.addresses += 1;
        }
        sum.connections += it.activity.connections;
        sum.energy.add(it.activity.energy);
    }
    let names = &day.ledger.names;
    let mut pools: Vec<(&str, PoolSum)> =
        pools.into_iter().map(|(label, sum)| (names.text(label), sum)).collect();
    pools.sort_by(|one, other| {
        other
            .1
            .addresses
            .cmp(&one.1.addresses)
            .then(other.1.energy.kwh.total_cmp(&one.1.energy.kwh))
            .then(one.0.cmp(other.0))
    });
    pools
        .into_iter()
        .take(LISTED)
        .map(|(name, sum)| {
            let ends = || sum.endpoints.iter().filter_map(|&pool| day.ledger.pools.get(pool));
            let texts = |names_of: BTreeSet<Name>| {
                let mut texts: Vec<String> =
                    names_of.into_iter().map(|name| names.text(name).to_owned()).collect();
                texts.sort();
                texts
            };
            Pool {
                name: name.to_owned(),
                endpoints: sum.endpoints.len() as u64,
                countries: texts(ends().filter_map(|pool| pool.country).collect()),
                networks: texts(ends().filter_map(|pool| pool.as_org).collect()),
                coins: texts(sum.coins.clone()),
                addresses: sum.addresses,
                connections: sum.connections,
                energy: sum.energy,
            }
        })
        .collect()
}

/// What makes a place: its names, and where no city is known, the site and where that is.
type PlaceKey = ([Option<Name>; 3], Option<(Option<Name>, [i64; 2])>);

/// Where addresses with coordinates are, the places with most first, and how many have none. The addresses of a city are
/// one place, at their mean; without a city, those of a site that are within some kilometres.
pub(super) fn places(day: &Day<'_>) -> (Vec<Place>, u64) {
    let mut places: BTreeMap<PlaceKey, (f64, f64, u32)> = BTreeMap::new();
    let mut without = 0;
    for (miner, _) in day.miners() {
        let Some((latitude, longitude)) = miner.position else {
            without += 1;
            continue;
        };
        #[expect(clippy::cast_possible_truncation, reason = "at most 1800 tenths of a degree")]
        let tenths = |degrees: f64| (degrees * 10.0).round() as i64;
        let apart = miner.city.is_none().then(|| (miner.site, [tenths(latitude), tenths(longitude)]));
        let sum = places.entry(([miner.city, miner.region, miner.country], apart)).or_default();
        *sum = (sum.0 + latitude, sum.1 + longitude, sum.2 + 1);
    }
    let mut places: Vec<Place> = places
        .into_iter()
        .map(|(([city, region, country], apart), (latitude, longitude, count))| {
            let site = apart.and_then(|(site, _)| site);
            Place {
                name: joined(day.ledger, [city.or(site), region, country]).unwrap_or_default(),
                latitude: latitude / f64::from(count),
                longitude: longitude / f64::from(count),
                addresses: u64::from(count),
            }
        })
        .collect();
    places.sort_by(|one, other| {
        let north = |place: &Place| (-place.latitude, place.longitude);
        other.addresses.cmp(&one.addresses).then_with(|| one.name.cmp(&other.name)).then_with(|| {
            let ((one, east), (other, further)) = (north(one), north(other));
            one.total_cmp(&other).then(east.total_cmp(&further))
        })
    });
    (places, without)
}

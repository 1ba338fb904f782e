//! The figures against others that are counted in the plainest way: hour by hour, with the calendar of the time zone.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use proptest::prelude::*;
use rusqlite::{Connection, params};

use super::super::figures::{Dimension, Energy, Report, Totals};
use super::super::format::float;
use super::super::sample;
use crate::ledger::{self, CaseId};
use crate::store::{DayWriter, Rated};

const KINDS: [&str; 3] = ["home-broadband", "data-centre", "unknown"];
const COINS: [Option<&str>; 3] = [Some("XMR"), Some("BTC"), None];
/// Two are in one city, two are on one campus, and of the last it is not known.
const LATITUDES: [Option<f64>; 5] = [Some(30.0), Some(31.0), Some(36.01), Some(36.03), None];
const SITES: [Option<&str>; 5] = [Some("Town"), None, Some("Campus"), Some("Campus"), None];
const VERDICTS: [&str; 4] = ["confirmed", "probable", "suspected", "node"];

/// A day of UTC of a case.
#[derive(Clone, Debug)]
struct Day {
    hours: u32,
    connections: u16,
    power: Option<u16>,
}

impl Day {
    fn rate(&self) -> Option<f64> {
        self.power.map(|power| f64::from(power) * 100.0)
    }
}

#[derive(Clone, Debug)]
struct Case {
    miner: u8,
    coin: usize,
    verdict: usize,
    hidden: bool,
    false_alarm: bool,
    /// So many hours before the end of the last day it was marked as fixed.
    fixed: Option<i64>,
    /// By days before the last.
    days: BTreeMap<i64, Day>,
}

fn a_day() -> impl Strategy<Value = Day> {
    // A day is in the ledger if something happened in one of its hours.
    (0_u32..1 << 24, any::<u32>(), 0_u8..24, 0_u16..5, proptest::option::of(1_u16..500)).prop_map(
        |(hours, fewer, one, connections, power)| Day { hours: hours & fewer | 1 << one, connections, power },
    )
}

fn a_case() -> impl Strategy<Value = Case> {
    let days = proptest::collection::btree_map(0_i64..33, a_day(), 1..8);
    let near = proptest::collection::btree_map(0_i64..4, a_day(), 0..4);
    (
        0_u8..5,
        0..COINS.len(),
        0..VERDICTS.len(),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.1),
        proptest::option::weighted(0.3, 0_i64..60),
        days,
        near,
    )
        .prop_map(|(miner, coin, verdict, hidden, false_alarm, fixed, mut days, near)| {
            days.extend(near);
            Case { miner, coin, verdict, hidden, false_alarm, fixed, days }
        })
}

impl Case {
    fn mines(&self) -> bool {
        !self.hidden && !self.false_alarm && VERDICTS[self.verdict] != "node"
    }

    /// At which of the two pools it mines.
    fn pool(&self) -> u8 {
        u8::from(self.coin == 0)
    }

    /// When it was first marked as fixed, in hours since the epoch; what is a false alarm was called fixed long before.
    fn fixed(&self) -> Option<i64> {
        let told = self.fixed.map(|back| (sample::LAST_DAY + 1) * 24 - back);
        if self.false_alarm { Some(0) } else { told }
    }

    /// Each active hour, counted from the epoch, with its day.
    fn hours(&self) -> impl Iterator<Item = (i64, &Day)> {
        self.days.iter().flat_map(|(back, day)| {
            (0..24)
                .filter(|hour| day.hours >> hour & 1 == 1)
                .map(move |hour| ((sample::LAST_DAY - back) * 24 + hour, day))
        })
    }
}

/// The calendar day in which an hour begins.
fn date(hour: i64, zone: &TimeZone) -> Date {
    Timestamp::from_second(hour * 3600).unwrap().to_zoned(zone.clone()).date()
}

fn ledger(cases: &[Case]) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    sample::empty(&connection);
    let first = |case: &Case| case.hours().map(|it| it.0).min().unwrap_or(0) * 3_600_000 + 1;
    for miner in 0..5_u8 {
        let seen = cases.iter().filter(|case| case.miner == miner).map(first).min().unwrap_or(0);
        connection
            .execute(
                "INSERT INTO miners (id, address, first_seen, network_type, asn, region, city, site, latitude, longitude) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 100.0)",
                params![
                    miner + 1,
                    [miner; 16],
                    seen,
                    KINDS[usize::from(miner) % 3],
                    miner % 2,
                    (miner > 2).then_some("R"),
                    (miner < 2).then_some("C"),
                    SITES[usize::from(miner)],
                    LATITUDES[usize::from(miner)]
                ],
            )
            .unwrap();
    }
    for pool in 0..2_u8 {
        connection
            .execute(
                "INSERT INTO pools (id, address, port, first_seen) VALUES (?1, ?2, 1, 0)",
                params![pool, [9 + pool; 16]],
            )
            .unwrap();
    }
    for (number, case) in (0_i64..).zip(cases) {
        // Numbers of cases are signed, and in another order than the miners.
        let id = (number + 1) * if number % 2 == 0 { 1000 } else { -1000 };
        let (latest, estimated) = case.days.first_key_value().unwrap();
        let (rate, power) = (estimated.rate(), estimated.power.map(f64::from));
        connection
            .execute(
                "INSERT INTO cases VALUES (?1, ?2, ?7, 4000, 'stratum-v1', 'tcp', 0, 'open', ?6, ?3, 'working', 1.0, ?4, NULL, ?5, ?8, 0, \
                 1, 0, 1, NULL, 1, 1, 1, 1, 1, 0, 0, ?9, NULL, NULL, NULL, ?10, ?10 / 2, ?10 * 2, zeroblob(1))",
                params![
                    id,
                    case.miner + 1,
                    VERDICTS[case.verdict],
                    COINS[case.coin],
                    first(case),
                    case.hidden.then_some("x"),
                    case.pool(),
                    (sample::LAST_DAY - latest) * 86_400_000 + 1,
                    rate,
                    power,
                ],
            )
            .unwrap();
        if case.false_alarm {
            connection
                .execute(
                    "INSERT INTO remarks (\"case\", at, author, state) VALUES (?1, 0, 'x', 'fixed'), (?1, 0, 'x', 'false-alarm')",
                    [id],
                )
                .unwrap();
        }
        if let Some(at) = case.fixed().filter(|&at| at > 0) {
            connection
                .execute(
                    "INSERT INTO remarks (\"case\", at, author, state) VALUES (?1, ?2, 'x', 'notified'), (?1, ?2, 'x', 'fixed')",
                    [id, at * 3_600_000],
                )
                .unwrap();
        }
        for (back, day) in &case.days {
            let connections = std::array::from_fn(|hour| (day.hours >> hour & 1) as u16 * day.connections);
            let of_day = ledger::Day { day: sample::LAST_DAY - back, active: day.hours, connections };
            // What was estimated when the day was young counts for days that are over only.
            let young = if back == latest { 3.0 } else { 1.0 };
            let power = day.power.map(|power| f64::from(power) * young).map(|it| [it, it / 2.0, it * 2.0]);
            let case = CaseId(i64::cast_unsigned(id));
            DayWriter::new(&connection)
                .unwrap()
                .write(case, &of_day, Rated { rate: day.rate().map(|rate| rate * young), power })
                .unwrap();
        }
    }
    connection
}

/// Which addresses mined on a day.
fn mined(cases: &[Case], day: Date, zone: &TimeZone) -> BTreeSet<u8> {
    let mining = cases.iter().filter(|case| case.mines());
    mining
        .filter(|case| case.hours().any(|(hour, _)| date(hour, zone) == day))
        .map(|case| case.miner)
        .collect()
}

/// Addresses, cases, connections and energy of the cases that are chosen.
fn counted(
    cases: &[Case],
    day: Date,
    zone: &TimeZone,
    chosen: impl Fn(&Case) -> bool,
) -> (u64, u64, u64, Energy) {
    let (mut addresses, mut active, mut connections, mut energy) = (BTreeSet::new(), 0, 0, Energy::default());
    for case in cases.iter().filter(|it| chosen(it)) {
        let hours: Vec<&Day> =
            case.hours().filter(|(hour, _)| date(*hour, zone) == day).map(|(_, day)| day).collect();
        if hours.is_empty() {
            continue;
        }
        active += 1;
        addresses.insert(case.miner);
        connections += hours.iter().map(|it| u64::from(it.connections)).sum::<u64>();
        energy.cases += u64::from(hours.iter().any(|it| it.power.is_some()));
        energy.kwh += hours.iter().filter_map(|it| it.power).map(f64::from).sum::<f64>() / 1000.0;
    }
    (addresses.len() as u64, active, connections, energy)
}

fn check_totals(cases: &[Case], day: Date, zone: &TimeZone, totals: &Totals) {
    let today = mined(cases, day, zone);
    let before = mined(cases, day.yesterday().unwrap(), zone);
    let earlier: BTreeSet<u8> = cases
        .iter()
        .filter(|case| case.mines() && case.hours().any(|(hour, _)| date(hour, zone) < day))
        .map(|case| case.miner)
        .collect();
    let (addresses, active, connections, energy) = counted(cases, day, zone, Case::mines);
    assert_eq!(totals.addresses, addresses);
    assert_eq!(totals.continuing, today.intersection(&before).count() as u64);
    assert_eq!(totals.cleared, before.difference(&today).count() as u64);
    assert_eq!(totals.new, today.difference(&earlier).count() as u64, "new");
    assert_eq!(totals.new + totals.returning + totals.continuing, totals.addresses);
    assert_eq!((totals.cases, totals.connections), (active, connections));
    check_energy(&totals.energy, &energy);
}

fn check_energy(energy: &Energy, expected: &Energy) {
    assert_eq!(energy.cases, expected.cases);
    assert!((energy.kwh - expected.kwh).abs() < 1e-9, "{energy:?} {expected:?}");
    assert!((energy.kwh_low * 2.0 - energy.kwh).abs() < 1e-9);
    assert!((energy.kwh_high / 2.0 - energy.kwh).abs() < 1e-9);
}

/// An address that was seen before as something that is no mining mines since the first of its cases that does.
fn check(cases: &[Case], day: Date, zone: &TimeZone) {
    let mut connection = ledger(cases);
    let report = Report::read(&mut connection, day, zone, sample::now()).unwrap();
    check_totals(cases, day, zone, &report.totals);
    check_totals(cases, day.yesterday().unwrap(), zone, &report.day_before);
    for (dimension, name, chosen) in groups() {
        let expected = counted(cases, day, zone, |case| case.mines() && chosen(case));
        let found = report.by[&dimension].iter().find(|group| group.name.as_deref() == name);
        let found = found.cloned().unwrap_or_default();
        assert_eq!(
            (found.addresses, found.cases, found.connections),
            (expected.0, expected.1, expected.2),
            "{name:?}"
        );
        check_energy(&found.energy, &expected.3);
    }
    assert_eq!(report.trend.len(), 30);
    for trend in &report.trend {
        assert_eq!(trend.addresses, mined(cases, trend.day, zone).len() as u64);
        assert_eq!(trend.network_type.values().sum::<u64>(), trend.addresses);
    }
    for hour in &report.hours {
        let at = hour.start.as_second() / 3600;
        let active = |case: &&Case| case.mines() && case.hours().any(|(hour, _)| hour == at);
        let addresses: BTreeSet<u8> = cases.iter().filter(active).map(|case| case.miner).collect();
        assert_eq!(hour.addresses, addresses.len() as u64);
    }
    assert_eq!(report.hours.iter().map(|hour| hour.connections).sum::<u64>(), report.totals.connections);
    let hidden = counted(cases, day, zone, |case| case.hidden);
    assert_eq!((report.hidden.addresses, report.hidden.cases), (hidden.0, hidden.1));
    let nodes = counted(cases, day, zone, |case| !case.hidden && VERDICTS[case.verdict] == "node");
    assert_eq!((report.nodes.addresses, report.nodes.cases), (nodes.0, nodes.1));
    check_lists(cases, day, zone, &report);
    assert_eq!(report.top_miners.len() as u64, report.totals.addresses);
}

fn check_lists(cases: &[Case], day: Date, zone: &TimeZone, report: &Report) {
    let mined = mined(cases, day, zone);
    let mut places: Vec<(&str, f64, u64)> = Vec::new();
    for (name, of) in [("C", [0, 1]), ("Campus", [2, 2]), ("Campus, R", [3, 3])] {
        let of: BTreeSet<u8> = of.into_iter().filter(|miner| mined.contains(miner)).collect();
        let sum: f64 = of.iter().filter_map(|&miner| LATITUDES[usize::from(miner)]).sum();
        if !of.is_empty() {
            places.push((name, sum / float(of.len() as u64), of.len() as u64));
        }
    }
    places.sort_by_key(|it| (Reverse(it.2), it.0));
    let told: Vec<_> = report.places.iter().map(|it| (it.name.as_str(), it.latitude, it.addresses)).collect();
    assert_eq!(told, places);
    assert_eq!(report.without_coordinates, u64::from(mined.contains(&4)));

    for pool in 0..2 {
        let expected = counted(cases, day, zone, |case| case.mines() && case.pool() == pool);
        let name = std::net::Ipv6Addr::from([9 + pool; 16]).to_string();
        let found = report.top_pools.iter().find(|found| found.name == name);
        let figures = found.map(|found| (found.addresses, found.connections));
        assert_eq!(figures, (expected.1 > 0).then_some((expected.0, expected.2)));
        check_energy(&found.map(|found| found.energy).unwrap_or_default(), &expected.3);
    }

    let offends = |&&miner: &&u8| {
        let of_miner = || cases.iter().filter(|case| case.miner == miner);
        let fixed = of_miner().filter_map(Case::fixed).min();
        let mut hours = of_miner().filter(|case| case.mines()).flat_map(Case::hours).map(|(hour, _)| hour);
        fixed.is_some_and(|fixed| hours.any(|hour| date(hour, zone) == day && hour >= fixed))
    };
    assert_eq!(report.repeat_offenders, mined.iter().filter(offends).count() as u64);

    for coin in COINS.into_iter().flatten() {
        let rates: Vec<f64> = cases
            .iter()
            .filter(|case| case.mines() && COINS[case.coin] == Some(coin))
            .filter_map(|case| {
                let of_day = case.hours().filter(|(hour, _)| date(*hour, zone) == day);
                let rates: Vec<f64> = of_day.filter_map(|(_, of_day)| of_day.rate()).collect();
                (!rates.is_empty()).then(|| rates.iter().sum::<f64>() / float(rates.len() as u64))
            })
            .collect();
        let found = report.coins.iter().find(|rate| rate.coin.as_deref() == Some(coin));
        let told = found.map(|found| (found.cases, found.rate.unwrap_or_default())).unwrap_or_default();
        assert_eq!(told.0, rates.len() as u64);
        assert!((told.1 - rates.iter().sum::<f64>()).abs() < 1e-6, "{told:?} {rates:?}");
    }
}

type Chosen = Box<dyn Fn(&Case) -> bool>;

fn groups() -> Vec<(Dimension, Option<&'static str>, Chosen)> {
    let mut groups: Vec<(Dimension, Option<&'static str>, Chosen)> = vec![
        (Dimension::Region, Some("R"), Box::new(|case| case.miner > 2)),
        (Dimension::Region, None, Box::new(|case| case.miner <= 2)),
        (Dimension::AutonomousSystem, Some("AS1"), Box::new(|case| case.miner % 2 == 1)),
        (Dimension::Protocol, Some("stratum-v1"), Box::new(|_| true)),
    ];
    for (number, kind) in KINDS.into_iter().enumerate() {
        let chosen: Chosen = Box::new(move |case| usize::from(case.miner) % 3 == number);
        groups.push((Dimension::NetworkType, Some(kind), chosen));
    }
    for (number, coin) in COINS.into_iter().enumerate() {
        groups.push((Dimension::Coin, coin, Box::new(move |case| case.coin == number)));
    }
    groups
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn the_figures_are_those_of_the_plainest_count(
        cases in proptest::collection::vec(a_case(), 0..10),
        zone in prop::sample::select(vec!["UTC", "Asia/Shanghai", "Asia/Kolkata", "America/St_Johns", "Europe/Berlin"]),
        back in 0_i64..30,
    ) {
        let zone = TimeZone::get(zone).unwrap();
        // Among the days are those on which clocks changed.
        let day = Date::constant(2026, 11, 22).checked_sub(back.days()).unwrap();
        check(&cases, day, &zone);
    }
}

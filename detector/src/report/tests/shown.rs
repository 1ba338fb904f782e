//! What a report says in words.

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::{Connection, params};
use unicode_width::UnicodeWidthStr as _;

use super::super::figures::{Dimension, Report, State};
use super::super::sample::{self, Size};
use super::super::{csv, text};
use crate::advice::Language;
use crate::ledger::{CaseId, Day};
use crate::store::{DayWriter, Rated};

pub(super) const DAY: Date = Date::constant(2026, 11, 22);

pub(super) fn report(miners: u32) -> Report {
    let mut connection = Connection::open_in_memory().unwrap();
    sample::empty(&connection);
    if miners > 0 {
        sample::fill(&mut connection, &Size { miners, cases: miners + miners / 10, days: 12 });
    }
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    Report::read(&mut connection, DAY, &zone, sample::now()).unwrap()
}

#[test]
fn the_text_fits_a_terminal_in_both_languages_and_moves_no_cursor() {
    for miners in [0, 1, 3000] {
        let report = report(miners);
        for language in [Language::En, Language::Zh] {
            let text = text::text(&report, language);
            for line in text.lines() {
                assert!(line.width() <= 80, "{} columns: {line}", line.width());
                assert!(
                    !line.contains(|letter: char| letter.is_control() || letter == '\u{202e}'),
                    "{line:?}"
                );
            }
        }
    }
}

#[test]
fn an_empty_ledger_makes_a_report_that_says_so() {
    let report = report(0);
    assert_eq!(report.totals, super::super::Totals::default());
    assert_eq!((report.trend.len(), report.hours.len()), (30, 24));
    assert!(report.trend.iter().all(|day| !day.recorded));
    let text = text::text(&report, Language::En).replace('\n', " ");
    assert!(text.contains("does not mean that nobody mined"));
}

#[test]
fn a_day_that_is_not_over_is_marked() {
    let mut connection = Connection::open_in_memory().unwrap();
    sample::empty(&connection);
    let noon = "2026-11-22T12:00:00Z".parse().unwrap();
    let report = Report::read(&mut connection, DAY, &TimeZone::UTC, noon).unwrap();
    assert!(!report.complete);
    assert!(text::text(&report, Language::En).contains("was not over"));
}

#[test]
fn json_has_all_groups_and_rates_of_different_algorithms_stay_apart() {
    let report = report(3000);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["totals"]["addresses"], report.totals.addresses);
    assert_eq!(json["by"]["city"].as_array().unwrap().len(), report.by[&Dimension::City].len());
    assert_eq!(json["by"]["network_type"][0]["name"], "home-broadband");
    assert_eq!(json["from"], "2026-11-21T16:00:00Z");
    let mut seen = std::collections::BTreeSet::new();
    for rate in &report.algorithms {
        assert!(seen.insert((rate.algorithm.clone(), rate.coin.clone(), rate.unit.clone())));
        assert!(rate.rate_low <= rate.rate && rate.rate <= rate.rate_high);
    }
    let unknown =
        report.algorithms.iter().find(|rate| rate.algorithm.is_none() && rate.coin.is_none()).unwrap();
    assert_eq!(unknown.rate, None);
}

#[test]
fn csv_is_a_table_of_four_columns_in_which_no_name_is_a_formula() {
    let report = report(3000);
    let mut out = Vec::new();
    csv::write(&report, &mut out).unwrap();
    let mut reader = ::csv::Reader::from_reader(out.as_slice());
    assert_eq!(reader.headers().unwrap(), vec!["section", "key", "measure", "value"]);
    let mut addresses = None;
    let mut formulas = 0;
    for line in reader.records() {
        let line = line.unwrap();
        assert!(!line[1].starts_with('='), "{line:?}");
        formulas += usize::from(line[1].starts_with("'="));
        if (&line[0], &line[2]) == ("totals", "addresses") {
            addresses = Some(line[3].parse::<u64>().unwrap());
        }
    }
    assert_eq!(addresses, Some(report.totals.addresses));
    assert!(formulas > 0, "the sample has a pool whose name is a formula");
}

/// A miner with one case that was active in the hours of the day.
fn one_case(connection: &Connection, hours: u32, remarks: &[(i64, &str)]) {
    sample::empty(connection);
    connection
        .execute("INSERT INTO pools (id, address, port, first_seen) VALUES (1, ?1, 1, 0)", [[9; 16]])
        .unwrap();
    case(connection, 7, hours);
    for (hour, state) in remarks {
        let at = (sample::LAST_DAY * 24 + hour) * 3_600_000;
        connection
            .execute(
                "INSERT INTO remarks (\"case\", at, author, state) VALUES (7, ?1, 'x', ?2)",
                params![at, state],
            )
            .unwrap();
    }
}

/// A miner with a case, both of this number.
fn case(connection: &Connection, number: u8, hours: u32) {
    connection
        .execute(
            "INSERT INTO miners (id, address, first_seen, network_type) VALUES (?1, ?2, 0, 'unknown')",
            params![number, [number; 16]],
        )
        .unwrap();
    connection
        .execute(
            "INSERT INTO cases VALUES (?1, ?1, 1, 4000, 'cryptonote', 'tcp', 0, 'quiet', NULL, 'confirmed', 'working', 1.0, 'XMR', \
             'randomx', 0, 0, 0, 1, 0, 1, NULL, 1, 1, 1, 1, 1, 0, 0, 200.0, 100.0, 300.0, 'hashes/s', NULL, NULL, NULL, zeroblob(1))",
            [number],
        )
        .unwrap();
    let day = Day { day: sample::LAST_DAY, active: hours, connections: [0; 24] };
    let rated = Rated { rate: Some(400.0), power: Some([50.0, 25.0, 100.0]) };
    DayWriter::new(connection).unwrap().write(CaseId(number.into()), &day, rated).unwrap();
}

fn of_one_case(hours: u32, remarks: &[(i64, &str)]) -> Report {
    let mut connection = Connection::open_in_memory().unwrap();
    one_case(&connection, hours, remarks);
    Report::read(&mut connection, DAY, &TimeZone::UTC, sample::now()).unwrap()
}

#[test]
fn who_mines_after_having_been_fixed_is_a_repeat_offender() {
    let hours = 1 << 10;
    assert_eq!(of_one_case(hours, &[(9, "fixed")]).repeat_offenders, 1);
    assert_eq!(of_one_case(hours, &[(9, "fixed"), (9, "notified")]).repeat_offenders, 1, "it stays one");
    assert_eq!(of_one_case(hours, &[(11, "fixed")]).repeat_offenders, 0, "it mined before");
    assert_eq!(of_one_case(hours, &[(9, "blocked")]).repeat_offenders, 0);
    let report = of_one_case(hours, &[(9, "fixed")]);
    assert_eq!(report.top_repeat_offenders[0].state, State::Fixed);
}

#[test]
fn places_without_a_city_are_not_put_in_the_middle_of_each_other() {
    let mut connection = Connection::open_in_memory().unwrap();
    one_case(&connection, 1, &[]);
    let sites = [
        ("Campus Harbin", 45.77, 126.65),
        ("Campus Harbin", 45.76, 126.67),
        ("Campus Kunming", 25.04, 102.71),
    ];
    for (number, (site, north, east)) in (20..).zip(sites) {
        case(&connection, number, 1);
        connection
            .execute(
                "UPDATE miners SET site = ?2, latitude = ?3, longitude = ?4 WHERE id = ?1",
                params![number, site, north, east],
            )
            .unwrap();
    }
    let report = Report::read(&mut connection, DAY, &TimeZone::UTC, sample::now()).unwrap();
    let places: Vec<_> = report.places.iter().map(|it| (it.name.as_str(), it.addresses)).collect();
    assert_eq!(places, [("Campus Harbin", 2), ("Campus Kunming", 1)]);
    assert!((report.places[0].latitude - 45.765).abs() < 1e-9);
    assert!((report.places[1].longitude - 102.71).abs() < 1e-9);
    assert_eq!(report.without_coordinates, 1);
}

#[test]
fn days_after_the_ledger_ends_are_not_recorded() {
    let mut connection = Connection::open_in_memory().unwrap();
    one_case(&connection, 1, &[]);
    let later = sample::now() + 72.hours();
    let day = DAY.checked_add(2.days()).unwrap();
    let report = Report::read(&mut connection, day, &TimeZone::UTC, later).unwrap();
    let recorded: Vec<bool> = report.trend.iter().rev().take(4).map(|day| day.recorded).collect();
    assert_eq!(recorded, [false, false, true, false], "one day is in the ledger");
}

#[test]
fn a_false_alarm_is_counted_apart() {
    let report = of_one_case(1, &[(0, "false-alarm")]);
    assert_eq!((report.totals.addresses, report.false_alarms.cases, report.open_cases()), (0, 1, 0));
}

#[test]
fn energy_is_power_times_active_hours_and_the_rate_keeps_its_margins() {
    let report = of_one_case(0b111, &[]);
    assert_eq!(serde_json::to_value(report.totals.energy).unwrap()["kwh"], 0.15);
    assert!((report.totals.energy.kwh_high - 0.3).abs() < 1e-12);
    let rate = &report.algorithms[0];
    assert_eq!(rate.algorithm.as_deref(), Some("rx/0"), "its name in records");
    assert_eq!((rate.rate, rate.rate_low, rate.rate_high), (Some(400.0), Some(200.0), Some(600.0)));
    assert!(rate.assumption.unwrap().contains("RandomX"));
}

//! The benchmark measures what it says; how much, depends on the machine.

use firedamp_tests::bench::{Options, ledger, measure};
use firedamp_tests::{lab, privileges};
use rusqlite::Connection;

#[test]
fn every_class_is_measured() {
    if !privileges::granted("every_class_is_measured") {
        return;
    }
    let report = measure(Options { repeat: 1000, flows: 50, rounds: 3 }).unwrap();
    let json = report.json();
    let classes = json["classes"].as_array().unwrap();
    let names: Vec<_> = classes.iter().map(|class| class["name"].as_str().unwrap()).collect();
    let expected = [
        "empty",
        "arp",
        "udp",
        "quic",
        "ack",
        "tls",
        "spent",
        "watched",
        "first-segment",
        "new-binary",
        "stratum-login",
    ];
    assert_eq!(names, expected);
    for class in classes {
        let [time, ratio] = ["ns_per_packet", "ratio_to_empty"].map(|field| class[field].as_f64().unwrap());
        assert!(time > 0.0 && ratio > 0.0, "{class}");
    }
    assert_eq!(classes[0]["ratio_to_empty"], 1.0);
    let blocking = json["blocking"].as_array().unwrap();
    assert_eq!(blocking.len(), 4, "{json}");
    for class in blocking {
        assert!(["off", "idle", "busy"].iter().all(|way| class[way].as_f64().unwrap() > 0.0), "{class}");
    }
    assert!(report.to_string().contains("verified instructions"));
}

#[test]
fn a_simulated_day_is_in_the_ledger_as_it_was_seen() {
    let folder = tempfile::tempdir().unwrap();
    let firedamp = lab::agent_binary(None).unwrap();
    let options = ledger::Options { updates: 3000, miners: 100, firedamp, runs: 1 };
    let report = ledger::measure(&options, folder.path(), |_| {}).unwrap();
    let json = report.json();
    let fields = json.as_object().unwrap();
    assert_eq!(fields.len(), 4, "{json}");
    for field in ["updates_per_second", "database_bytes", "report_seconds", "filter_ms"] {
        assert!(fields[field].as_f64().unwrap() > 0.0, "{json}");
    }
    let ingested = &report.ingested;
    assert!((3000..4500).contains(&ingested.updates), "{}", ingested.updates);
    assert!(
        ingested.records < ingested.updates / 2,
        "most only bring a row up to date: {}",
        ingested.records
    );
    let connection = Connection::open(folder.path().join("ledger.db")).unwrap();
    let count = |sql| connection.query_row(sql, (), |row| row.get::<_, u32>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM miners"), 100);
    assert_eq!(u64::from(count("SELECT count(*) FROM cases")), ingested.cases);
    assert_eq!(u64::from(count("SELECT count(*) FROM history")), ingested.records);
    assert!(count("SELECT count(DISTINCT protocol) FROM cases") > 5, "protocols are mixed");
    assert!(count("SELECT count(DISTINCT network_type) FROM miners") > 5, "networks are mixed");
    assert_eq!(count("SELECT count(*) FROM outbox"), 0, "the output has all");
    assert_eq!(count("SELECT count(DISTINCT day) FROM days"), 31, "as many days as a report looks at");
    let too_many = ledger::Options { updates: 100_000_000, ..options };
    let error = ledger::measure(&too_many, folder.path(), |_| {}).unwrap_err().to_string();
    assert!(error.contains("so many updates of so few miners"), "{error}");
}

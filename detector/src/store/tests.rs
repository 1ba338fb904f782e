use std::net::SocketAddr;

use detector_common::flow::{Direction, FlowKey};
use detector_common::packet::Encapsulation;
use jiff::SignedDuration;

use super::*;
use crate::dispatch::Dossier;
use crate::enrich::{Lease, NetworkType};
use crate::judge::{Assessment, Carrier, Evidence, Facts, Protocol, Shares, Side, Stage, Verdict};
use crate::ledger::{self, Ledger, Life, Observation, Reason};

const DAY: i64 = 86_400;
const START: i64 = 20_000 * DAY + 3_600;

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).unwrap()
}

/// A ledger in memory that tells all that one on disk needs.
pub(crate) fn ledger() -> Ledger {
    Ledger::new(ledger::Settings {
        update: Some(SignedDuration::from_secs(60)),
        resumes: true,
        ..ledger::Settings::default()
    })
}

pub(super) fn assessment(miner_sends: Direction, shares: u64) -> Assessment {
    Assessment {
        protocol: Protocol::KawPow,
        verdict: Verdict::Confirmed,
        stage: Stage::Submitting,
        confidence: 0.999,
        carrier: Carrier::WebSocket,
        encrypted: false,
        miner_sends,
        evidence: vec![Evidence::new("client-login", Side::Miner, "method login", 16.0)],
        facts: Facts {
            agent: Some("XMRig/6.22.2".to_owned()),
            wallet: Some("4Wallet".to_owned()),
            worker: Some("rig7".to_owned()),
            coin: Some("RVN"),
            algorithm: Some("kawpow".to_owned()),
            implied_algorithm: Some("kawpow"),
            pool_name: Some("pool.example".to_owned()),
            difficulty: Some(0.5),
            shares: Shares { submitted: shares, accepted: shares, rejected: 0 },
            ..Facts::default()
        },
    }
}

pub(crate) fn observe(ledger: &mut Ledger, miner: &str, shares: u64, time: i64) -> Vec<Record> {
    let (miner, pool): (SocketAddr, SocketAddr) =
        (miner.parse().unwrap(), "203.0.113.9:3333".parse().unwrap());
    let (key, miner_sends) = FlowKey::tcp(miner.into(), pool.into());
    ledger.observe(&Observation {
        key,
        interface: Some("lan0"),
        outer: Encapsulation::NONE,
        time: at(time),
        bytes: 1_000 * shares,
        assessment: &assessment(miner_sends, shares),
    })
}

pub(super) struct Disk {
    directory: tempfile::TempDir,
}

impl Disk {
    pub(super) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(super) fn settings(&self) -> Settings {
        Settings::new(self.directory.path().join("ledger.db"))
    }

    pub(super) fn open(&self) -> Store {
        Store::open(self.settings()).unwrap()
    }
}

/// Writes records as the agent does; those that are no updates have a line.
pub(super) fn write(store: &mut Store, records: Vec<Record>) -> Vec<Dossier> {
    let mut dossiers: Vec<Dossier> = records.into_iter().map(Dossier::from).collect();
    for dossier in &mut dossiers {
        store.adopt(&mut dossier.record, None).unwrap();
    }
    let lines: Vec<_> = dossiers
        .iter()
        .map(|Dossier { record, .. }| {
            (record.reason != Reason::Update)
                .then(|| (store.next_sequence(), format!("{} {}", record.case, record.number)))
        })
        .collect();
    let entries: Vec<Entry<'_>> = dossiers
        .iter()
        .zip(&lines)
        .map(|(dossier, line)| Entry {
            dossier,
            hidden: None,
            line: line.as_ref().map(|(sequence, line)| (*sequence, line.as_str())),
        })
        .collect();
    store.write(&entries).unwrap();
    dossiers
}

pub(super) fn one<T: rusqlite::types::FromSql>(store: &Store, sql: &str) -> T {
    store.connection.query_row(sql, (), |row| row.get(0)).unwrap()
}

#[test]
fn a_case_is_read_as_it_was_written() {
    let disk = Disk::new();
    let mut memory = ledger();
    let mut store = disk.open();
    write(&mut store, observe(&mut memory, "10.0.0.2:40000", 3, 0));
    write(&mut store, observe(&mut memory, "[2001:db8::2]:40000", 1, 10));
    let _ = observe(&mut memory, "10.0.0.2:40001", 5, 20);
    let _ = observe(&mut memory, "[2001:db8::2]:40000", 2, 20);
    let written: Vec<Record> = write(&mut store, memory.finish(at(30)).collect())
        .into_iter()
        .map(|dossier| dossier.record)
        .collect();
    drop(store);
    let store = disk.open();
    let restored = store.restore(10).unwrap();
    assert_eq!(restored.len(), 2);
    for record in restored {
        let expected = written.iter().find(|written| written.case == record.case).unwrap();
        // What follows from the rest, or was told by a record before, is not restored.
        let expected = Record {
            reason: Reason::Update,
            time: record.time,
            connections_per_hour: None,
            estimate: None,
            days: record.days.clone(),
            ..expected.clone()
        };
        assert_eq!(record, expected);
        assert_eq!(record.days.len(), 1);
    }
}

#[test]
fn enrichment_is_written_when_it_changes() {
    let disk = Disk::new();
    let mut memory = ledger();
    let mut store = disk.open();
    let mut dossiers = write(&mut store, observe(&mut memory, "10.0.0.2:40000", 3, 0));
    assert_eq!(one::<String>(&store, "SELECT network_type FROM miners"), "unknown");
    let Dossier { origin, pool, .. } = &mut dossiers[0];
    origin.network.kind = NetworkType::DataCentre;
    origin.network.city = Some("Jinan".to_owned());
    origin.lease = Some(Lease { mac: None, user: Some("somebody".to_owned()) });
    pool.listed = Some("Example".to_owned());
    let entry = Entry { dossier: &dossiers[0], hidden: Some("known"), line: None };
    store.write(&[entry]).unwrap();
    store.write(&[entry]).unwrap();
    assert_eq!(
        one::<String>(
            &store,
            "SELECT network_type || city || (body ->> '$.lease.user') FROM miners, details"
        ),
        "data-centreJinansomebody"
    );
    assert_eq!(one::<String>(&store, "SELECT name || listed FROM pools"), "pool.exampleExample");
    assert_eq!(one::<String>(&store, "SELECT hidden FROM cases"), "known");
}

#[test]
fn a_case_that_was_over_returns_with_its_counts() {
    let disk = Disk::new();
    let mut store = disk.open();
    let mut memory = ledger();
    write(&mut store, observe(&mut memory, "10.0.0.2:40000", 3, 0));
    write(&mut store, memory.advance(at(8 * DAY)));
    assert_eq!(one::<String>(&store, "SELECT life FROM cases"), "closed");
    assert!(store.restore(10).unwrap().is_empty());
    let back = write(&mut store, observe(&mut memory, "10.0.0.2:40000", 2, 9 * DAY));
    let record = &back[0].record;
    assert_eq!((record.reason, record.number, record.returns), (Reason::Returned, 4, 1));
    assert_eq!((record.connections, record.facts.shares.accepted, record.bytes), (2, 5, 5_000));
    assert_eq!(record.first_seen, at(0));
    let _ = observe(&mut memory, "10.0.0.2:40000", 4, 9 * DAY + 10);
    let on = write(&mut store, memory.advance(at(9 * DAY + 100)));
    assert_eq!((on[0].record.reason, on[0].record.facts.shares.accepted), (Reason::Update, 7));
    assert_eq!(one::<i64>(&store, "SELECT count(*) FROM history"), 4);
}

#[test]
fn a_case_that_returns_on_the_same_day_keeps_its_hours() {
    let disk = Disk::new();
    let mut store = disk.open();
    write(&mut store, observe(&mut ledger(), "10.0.0.2:40000", 3, 0));
    // Another agent in memory, which knows nothing of it.
    write(&mut store, observe(&mut ledger(), "10.0.0.2:40001", 3, 7_200));
    let active: u32 = one(&store, "SELECT active FROM days");
    assert_eq!(active, 0b1010);
    assert_eq!(one::<i64>(&store, "SELECT connections FROM cases"), 2);
}

#[test]
fn outputs_read_what_they_have_not_got() {
    let disk = Disk::new();
    let mut memory = ledger();
    let mut store = disk.open();
    for port in 1..=4 {
        write(&mut store, observe(&mut memory, &format!("10.0.0.{port}:40000"), 3, 0));
    }
    let archive = store.archive();
    let sequences = |after, most| -> Vec<u64> {
        archive.read(after, most).unwrap().iter().map(|entry| entry.sequence).collect()
    };
    assert_eq!(sequences(0, 3), [1, 2, 3]);
    assert_eq!(sequences(3, 3), [4]);
    store.acknowledge(&[("eve".to_owned(), 3), ("siem".to_owned(), 2)]).unwrap();
    assert_eq!(sequences(0, 9), [3, 4], "what all have is forgotten");
    drop(store);
    let mut store = disk.open();
    assert_eq!(store.cursors().unwrap(), HashMap::from([("eve".to_owned(), 3), ("siem".to_owned(), 2)]));
    assert_eq!(store.next_sequence(), 5, "numbers are never given twice");
    store.acknowledge(&[("eve".to_owned(), 4)]).unwrap();
    assert_eq!(store.cursors().unwrap().len(), 1);
    drop(store);
    assert_eq!(disk.open().next_sequence(), 5, "also if nothing is left");
}

#[test]
fn numbers_that_an_output_has_had_are_not_given_again() {
    let disk = Disk::new();
    let mut store = disk.open();
    write(&mut store, observe(&mut ledger(), "10.0.0.2:40000", 3, 0));
    let counters = store.next_sequence();
    store.acknowledge(&[("eve".to_owned(), counters)]).unwrap();
    drop(store);
    let mut store = disk.open();
    assert_eq!(store.begin(["eve"]).unwrap()["eve"], counters);
    assert_eq!(store.next_sequence(), counters + 1, "else the next record would be taken for written");
}

#[test]
fn a_new_output_misses_nothing_though_the_agent_is_killed_at_once() {
    let disk = Disk::new();
    let mut store = disk.open();
    let mut memory = ledger();
    write(&mut store, observe(&mut memory, "10.0.0.2:40000", 3, 0));
    store.acknowledge(&[("eve".to_owned(), 1)]).unwrap();
    let began = HashMap::from([("eve".to_owned(), 1), ("siem".to_owned(), 1)]);
    assert_eq!(store.begin(["eve", "siem"]).unwrap(), began);
    write(&mut store, observe(&mut memory, "10.0.0.3:40000", 3, 1));
    drop(store);
    let mut store = disk.open();
    assert_eq!(store.begin(["eve", "siem"]).unwrap(), began);
    assert_eq!(store.archive().read(1, 9).unwrap().len(), 1);
}

#[test]
fn an_output_that_takes_nothing_does_not_fill_the_disk() {
    let disk = Disk::new();
    let mut memory = ledger();
    let mut store =
        Store::open(Settings { limits: Limits { outbox: 100, ..Limits::default() }, ..disk.settings() })
            .unwrap();
    for port in 1..=40 {
        write(&mut store, observe(&mut memory, &format!("10.0.0.{port}:40000"), 3, 0));
    }
    store.acknowledge(&[("dead".to_owned(), 10)]).unwrap();
    assert!((10..30).contains(&store.dropped()), "{}", store.dropped());
    let left = store.archive().read(10, 100).unwrap();
    assert_eq!(left.len() as u64 + store.dropped(), 30);
    assert_eq!(left.last().unwrap().sequence, 40);
}

#[test]
fn one_agent_at_a_time() {
    let disk = Disk::new();
    let store = disk.open();
    assert!(matches!(Store::open(disk.settings()), Err(StoreError::Busy { .. })));
    drop(store);
    let _ = disk.open();
}

#[test]
fn files_of_others_are_left_alone() {
    let disk = Disk::new();
    let path = disk.settings().file;
    std::fs::write(&path, "not a database, but long enough to be looked at by SQLite as one").unwrap();
    assert!(matches!(Store::open(disk.settings()), Err(StoreError::Foreign { .. })));
    std::fs::remove_file(&path).unwrap();
    let foreign = Connection::open(&path).unwrap();
    foreign.execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert!(matches!(Store::open(disk.settings()), Err(StoreError::Foreign { .. })));
    drop(foreign);
    std::fs::remove_file(&path).unwrap();
    drop(disk.open());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(Store::open(disk.settings()), Err(StoreError::Newer { found: 99, .. })));
    let nowhere = Settings::new(disk.directory.path().join("missing/ledger.db"));
    let error = Store::open(nowhere).err().unwrap().to_string();
    assert!(error.contains("make its directory first"), "{error}");
}

#[test]
fn a_full_disk_loses_nothing_that_was_written() {
    let disk = Disk::new();
    let mut memory = ledger();
    let mut store = disk.open();
    write(&mut store, observe(&mut memory, "10.0.0.2:40000", 3, 0));
    let pages: i64 = one(&store, "PRAGMA page_count");
    store.connection.pragma_update(None, "max_page_count", pages).unwrap();
    let mut refused = Vec::new();
    for port in 3..=250 {
        let dossier = Dossier::from(observe(&mut memory, &format!("10.0.0.{port}:40000"), 3, 1).remove(0));
        if store.write(&[Entry { dossier: &dossier, hidden: None, line: None }]).is_err() {
            refused.push(dossier);
        }
    }
    assert!(!refused.is_empty());
    let cases: i64 = one(&store, "SELECT count(*) FROM cases");
    assert_eq!(cases.unsigned_abs(), 249 - refused.len() as u64);
    assert_eq!(cases, one::<i64>(&store, "SELECT count(*) FROM details"), "all of an entry or nothing");
    store.connection.pragma_update(None, "max_page_count", 1_000_000).unwrap();
    let entries: Vec<Entry<'_>> =
        refused.iter().map(|dossier| Entry { dossier, hidden: None, line: None }).collect();
    store.write(&entries).unwrap();
    assert_eq!(one::<i64>(&store, "SELECT count(*) FROM cases"), 249);
    assert_eq!(one::<String>(&store, "PRAGMA integrity_check"), "ok");
}

#[test]
fn what_is_too_old_is_removed_with_all_that_hangs_on_it() {
    let disk = Disk::new();
    let mut memory = ledger();
    let mut store =
        Store::open(Settings { limits: Limits { days: 10, ..Limits::default() }, ..disk.settings() })
            .unwrap();
    write(&mut store, observe(&mut memory, "10.0.0.2:40000", 3, 0));
    write(&mut store, observe(&mut memory, "10.0.0.3:40000", 3, 5 * DAY));
    assert_eq!(store.retain(at(10 * DAY - 1)).unwrap(), Removed::default());
    assert_eq!(store.retain(at(11 * DAY)).unwrap(), Removed { aged: 1, ..Removed::default() });
    for table in ["cases", "miners", "details", "days"] {
        assert_eq!(one::<i64>(&store, &format!("SELECT count(*) FROM {table}")), 1, "{table}");
    }
    // It is seen again, and whole.
    write(&mut store, observe(&mut memory, "10.0.0.2:40007", 3, 11 * DAY));
    assert_eq!(store.restore(9).unwrap().len(), 2);
}

#[test]
fn what_is_too_much_is_removed_from_its_old_end() {
    let disk = Disk::new();
    let mut memory = ledger();
    let mut store =
        Store::open(Settings { limits: Limits { bytes: 0, ..Limits::default() }, ..disk.settings() })
            .unwrap();
    for day in 0..6 {
        write(&mut store, observe(&mut memory, &format!("10.0.0.{}:40000", day + 1), 3, day * DAY));
    }
    let mut removed = 0;
    let now = at(5 * DAY);
    loop {
        let step = store.retain(now).unwrap();
        removed += step.crowded;
        if !step.more {
            assert!(step.exceeded, "the last days stay");
            break;
        }
    }
    let left: i64 = one(&store, "SELECT count(*) FROM cases");
    assert_eq!((removed, left), (3, 3));
}

#[test]
fn a_life_is_kept() {
    let disk = Disk::new();
    let mut memory = ledger();
    let mut store = disk.open();
    write(&mut store, observe(&mut memory, "10.0.0.2:40000", 3, 0));
    write(&mut store, memory.advance(at(7_200)));
    let restored = store.restore(9).unwrap();
    assert_eq!((restored[0].life, restored[0].number), (Life::Quiet, 2));
    let mut again = ledger();
    for record in restored {
        again.restore(record);
    }
    let records = observe(&mut again, "10.0.0.2:40000", 4, 8_000);
    assert_eq!((records[0].reason, records[0].number), (Reason::Returned, 3));
}

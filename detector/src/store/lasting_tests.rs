//! What lasts over restarts, wrong clocks and years.

use std::net::SocketAddr;

use detector_common::flow::FlowKey;
use detector_common::packet::Encapsulation;
use jiff::SignedDuration;

use super::tests::{Disk, assessment, at, ledger, observe, one, write};
use super::*;
use crate::dispatch::Dossier;
use crate::judge::{Stage, Verdict};
use crate::ledger::{Ledger, Observation, Reason};
use crate::output::Salt;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// With names in another form.
fn with(disk: &Disk, identities: Identities) -> Store {
    Store::open(Settings { identities, ..disk.settings() }).unwrap()
}

#[test]
fn those_beyond_the_limit_are_over() {
    let disk = Disk::new();
    let mut memory = ledger();
    let mut store = disk.open();
    write(&mut store, observe(&mut memory, "10.0.0.2:40000", 3, 0));
    write(&mut store, observe(&mut memory, "10.0.0.3:40000", 3, 1));
    let restored = store.restore(1).unwrap();
    assert_eq!(restored[0].miner.ip().to_string(), "10.0.0.3", "the one seen last");
    assert_eq!(one::<i64>(&store, "SELECT count(*) FROM cases WHERE life = 'closed'"), 1);
}

#[test]
fn names_of_a_case_that_goes_on_are_in_the_form_of_now() {
    const HASHED: Identities = Identities::Hashed { salt: Salt::NONE };
    let disk = Disk::new();
    let mut records = observe(&mut ledger(), "10.0.0.2:40000", 3, 0);
    let excerpt = serde_json::json!({"time": "2024-10-04T01:00:00Z", "direction": "up", "length": 7, "text": "4Wallet"});
    records[0].evidence[0].excerpt = serde_json::from_value(excerpt).unwrap();
    write(&mut with(&disk, Identities::Clear), records);
    for identities in [HASHED, Identities::Truncated] {
        let case = &with(&disk, identities).restore(1).unwrap()[0];
        assert_eq!(case.facts.wallet.as_deref(), Some(&*identities.kept("4Wallet")));
        assert_eq!(case.facts.worker.as_deref(), Some(&*identities.kept("rig7")));
        assert_eq!(case.evidence[0].excerpt, None);
    }
    let clear = &with(&disk, Identities::Clear).restore(1).unwrap()[0];
    assert!(clear.evidence[0].excerpt.is_some());
    // What was kept in another form cannot be told in clear.
    for identities in [Identities::Truncated, HASHED] {
        let case = with(&disk, Identities::Clear).restore(1).unwrap().remove(0);
        let mut kept = case.clone();
        kept.facts.wallet = Some(identities.kept("4Wallet").into_owned());
        kept.facts.worker = None;
        let mut store = with(&disk, identities);
        write(&mut store, vec![kept.clone()]);
        assert_eq!(store.restore(1).unwrap()[0].facts.wallet, kept.facts.wallet, "as it was");
        drop(store);
        assert_eq!(with(&disk, Identities::Clear).restore(1).unwrap()[0].facts.wallet, None);
        write(&mut with(&disk, Identities::Clear), vec![case]);
    }
}

#[test]
fn a_wrong_clock_harms_nothing_for_good() {
    let disk = Disk::new();
    let mut store = disk.open();
    write(&mut store, observe(&mut ledger(), "10.0.0.2:40000", 3, 0));
    let decades = 100 * 365 * DAY;
    write(&mut store, observe(&mut ledger(), "10.0.0.3:40000", 3, decades));
    let restored = store.restore(9).unwrap();
    assert_eq!(restored[0].days.len(), 1, "the days of others are there");
    assert!(restored[1].last_seen <= Timestamp::now());
    let mut memory = ledger();
    for record in restored {
        memory.restore(record);
    }
    let told = memory.advance(Timestamp::now() + SignedDuration::from_hours(2));
    assert_eq!(told.iter().filter(|record| record.reason == Reason::Quiet).count(), 2);
    store.retain(at(DAY)).unwrap();
    assert_eq!(one::<i64>(&store, "SELECT count(*) FROM days"), 1);
    assert_eq!(one::<i64>(&store, "SELECT max(last_seen) FROM cases"), at(DAY).as_millisecond());
}

#[test]
fn days_that_a_fast_clock_wrote_are_gone_from_all_that_is_kept_of_them() {
    let disk = Disk::new();
    let mut store = disk.open();
    let mut memory = ledger();
    write(&mut store, observe(&mut memory, "10.0.0.2:40000", 3, 0));
    write(&mut store, observe(&mut memory, "10.0.0.2:40001", 3, 3 * DAY));
    let days = |store: &Store| -> (i64, Vec<u8>) {
        (one(store, "SELECT count(*) FROM days"), one(store, "SELECT max(days) FROM activity"))
    };
    let (_, before) = days(&store);
    store.retain(at(HOUR)).unwrap();
    let (count, after) = days(&store);
    assert_eq!(count, 1, "the clock was three days ahead");
    assert!(after.len() < before.len() && before.starts_with(&after), "{before:?} {after:?}");
}

/// What a miner without a name is taken for.
fn seen(memory: &mut Ledger, verdict: Verdict, stage: Stage, time: i64) -> Vec<Record> {
    let (miner, pool): (SocketAddr, SocketAddr) =
        ("10.0.0.2:40001".parse().unwrap(), "203.0.113.9:3333".parse().unwrap());
    let (key, miner_sends) = FlowKey::tcp(miner.into(), pool.into());
    let mut assessment = assessment(miner_sends, 1);
    (assessment.verdict, assessment.stage, assessment.confidence) = (verdict, stage, 0.3);
    assessment.evidence = Vec::new();
    (assessment.facts.wallet, assessment.facts.worker) = (None, None);
    memory.observe(&Observation {
        key,
        interface: None,
        outer: Encapsulation::NONE,
        time: at(time),
        bytes: 10,
        assessment: &assessment,
    })
}

#[test]
fn what_a_case_rises_to_is_told_once() {
    let disk = Disk::new();
    let mut store = disk.open();
    write(&mut store, seen(&mut ledger(), Verdict::Suspected, Stage::Handshake, 0));
    let mut memory = ledger();
    for (time, verdict, stage, reason) in [
        (1, Verdict::Suspected, Stage::Attempt, Reason::Periodic),
        (2, Verdict::Confirmed, Stage::Attempt, Reason::Verdict),
        (3, Verdict::Confirmed, Stage::Handshake, Reason::Periodic),
        (4, Verdict::Confirmed, Stage::Submitting, Reason::Stage),
    ] {
        let record = write(&mut store, seen(&mut memory, verdict, stage, time)).remove(0).record;
        assert_eq!(record.reason, reason, "{time}");
    }
}

#[test]
fn a_case_that_was_only_out_of_sight_has_not_returned() {
    let disk = Disk::new();
    let mut store = disk.open();
    write(&mut store, observe(&mut ledger(), "10.0.0.2:40000", 3, 0));
    let mut memory = ledger();
    let opened = seen(&mut memory, Verdict::Suspected, Stage::Attempt, 10);
    let record = write(&mut store, opened).remove(0).record;
    assert_eq!((record.reason, record.returns, record.number), (Reason::Periodic, 0, 2));
    assert_eq!((record.verdict, record.stage), (Verdict::Confirmed, Stage::Submitting));
    assert_eq!(record.evidence.len(), 1, "the reasons of the stronger verdict");
    assert_eq!(record.facts.wallet.as_deref(), Some("4Wallet"));
}

#[test]
fn what_is_removed_makes_the_file_smaller() {
    let disk = Disk::new();
    let limits = Limits { days: 1, ..Limits::default() };
    let mut store = Store::open(Settings { limits, ..disk.settings() }).unwrap();
    let mut memory = ledger();
    for host in 1..=250 {
        write(&mut store, observe(&mut memory, &format!("10.0.0.{host}:40000"), 3, 0));
    }
    let before: i64 = one(&store, "PRAGMA page_count");
    assert_eq!(store.retain(at(9 * DAY)).unwrap(), Removed { aged: 250, ..Removed::default() });
    assert_eq!(one::<i64>(&store, "PRAGMA freelist_count"), 0);
    assert!(one::<i64>(&store, "PRAGMA page_count") < before);
}

#[test]
fn what_waits_for_outputs_takes_no_room_from_cases() {
    let disk = Disk::new();
    let mut store = disk.open();
    write(&mut store, observe(&mut ledger(), "10.0.0.2:40000", 3, 0));
    let bytes = store.bytes().unwrap();
    store.set_limits(Limits { bytes, ..Limits::default() });
    let dossier = Dossier::from(observe(&mut ledger(), "10.0.0.2:40000", 3, 0).remove(0));
    let line = "x".repeat(1 << 20);
    let entry = Entry { dossier: &dossier, hidden: None, line: Some((store.next_sequence(), &line)) };
    store.write(&[entry]).unwrap();
    assert!(store.bytes().unwrap() >= bytes + (1 << 20));
    assert_eq!(store.retain(at(9 * DAY)).unwrap(), Removed::default());
}

#[test]
fn the_backlog_of_an_output_that_is_gone_is_counted() {
    let disk = Disk::new();
    let mut store = disk.open();
    assert_eq!(store.begin(["eve", "siem"]).unwrap()["siem"], 0);
    let mut memory = ledger();
    for host in 1..=3 {
        write(&mut store, observe(&mut memory, &format!("10.0.0.{host}:40000"), 3, 0));
    }
    store.acknowledge(&[("eve".to_owned(), 3), ("siem".to_owned(), 1)]).unwrap();
    assert_eq!(store.dropped(), 0);
    store.begin(["eve"]).unwrap();
    assert_eq!(store.dropped(), 2);
}

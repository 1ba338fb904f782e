use jiff::SignedDuration;

use super::tests::{HOUR, Rig, at, reasons};
use super::*;
use crate::judge::{Protocol, Shares, Verdict};

fn kept() -> Ledger {
    Ledger::new(ledger_settings())
}

fn ledger_settings() -> Settings {
    Settings { update: Some(SignedDuration::from_secs(60)), resumes: true, ..Settings::default() }
}

/// What a ledger on disk would hold of the only case.
fn latest(records: Vec<Record>) -> Record {
    records.into_iter().next_back().unwrap()
}

#[test]
fn what_changes_between_records_is_told_a_minute_later() {
    let mut ledger = kept();
    let mut rig = Rig::new(40_000);
    assert_eq!(reasons(&rig.observe(&mut ledger, 0)), [Reason::Opened]);
    assert_eq!(ledger.advance(at(300)), [], "nothing changed");
    let _ = rig.observe(&mut ledger, 310);
    let _ = rig.observe(&mut ledger, 320);
    assert_eq!(ledger.advance(at(369)), []);
    let told = ledger.advance(at(370));
    assert_eq!((reasons(&told), told[0].bytes, told[0].number), (vec![Reason::Update], 300, 1));
    assert_eq!(ledger.advance(at(1_000)), []);
    let last: Vec<Record> = ledger.finish(at(1_001)).collect();
    assert_eq!((reasons(&last), last[0].life), (vec![Reason::Update], Life::Open), "it goes on later");
}

#[test]
fn without_a_ledger_on_disk_there_are_no_updates() {
    let mut ledger = Ledger::new(Settings::default());
    let mut rig = Rig::new(40_000);
    for time in 0..3 {
        let _ = rig.observe(&mut ledger, time * 600);
        let _ = ledger.advance(at(time * 600 + 300));
    }
    assert_eq!(reasons(&ledger.finish(at(2_000)).collect::<Vec<_>>()), [Reason::Final]);
}

#[test]
fn a_case_goes_on_after_the_agent_was_started_anew() {
    let mut before = kept();
    let mut rig = Rig::new(40_000);
    rig.assessment.facts.shares = Shares { submitted: 5, accepted: 5, rejected: 0 };
    rig.assessment.facts.worker = Some("rig7".to_owned());
    let _ = rig.observe(&mut before, 0);
    let mut another = Rig::new(40_001);
    another.assessment.facts.worker = Some("rig8".to_owned());
    let _ = another.observe(&mut before, 10);
    let record = latest(before.finish(at(100)).collect());
    assert_eq!((record.connections, record.parallel, record.workers), (2, 2, 2));

    let mut after = kept();
    after.restore(Record { days: record.days.clone(), ..record.clone() });
    assert_eq!(after.advance(at(200)), []);
    // A known flow that is joined in its middle, and a new one; neither is a reason for a record.
    let mut joined = Rig::new(40_001);
    joined.assessment.facts.shares = Shares { submitted: 2, accepted: 1, rejected: 1 };
    assert_eq!(joined.observe(&mut after, 210), []);
    assert_eq!(Rig::new(40_002).observe(&mut after, 220), []);
    let on = latest(after.finish(at(300)).collect());
    assert_eq!((on.case, on.number, on.reason), (record.case, 1, Reason::Update));
    assert_eq!((on.connections, on.bytes), (3, record.bytes + 200));
    assert_eq!(on.facts.shares, Shares { submitted: 7, accepted: 6, rejected: 1 });
    assert_eq!((on.first_seen, on.last_seen), (at(0), at(220)));
    assert_eq!(on.workers, 2);
    assert_eq!(on.connections_per_hour, Some(3.0));
}

#[test]
fn after_a_long_stop_a_case_is_quiet_and_then_returns() {
    let mut before = kept();
    let mut rig = Rig::new(40_000);
    let record = latest(rig.observe(&mut before, 0));
    assert_eq!(before.finish(at(100)).count(), 0, "nothing that was not told");
    let mut after = kept();
    after.restore(record);
    assert_eq!(reasons(&after.advance(at(5 * HOUR))), [Reason::Quiet]);
    let records = rig.observe(&mut after, 6 * HOUR);
    assert_eq!((reasons(&records), records[0].number, records[0].returns), (vec![Reason::Returned], 3, 1));
}

#[test]
fn the_end_tells_what_was_not_told_the_latest_first() {
    let mut ledger = kept();
    let mut rigs = [40_000, 40_001, 40_002].map(Rig::new);
    rigs[1].assessment.protocol = Protocol::StratumV1;
    rigs[2].assessment.protocol = Protocol::KawPow;
    for rig in &mut rigs {
        let _ = rig.observe(&mut ledger, 0);
    }
    let _ = rigs[1].observe(&mut ledger, 10);
    let _ = rigs[0].observe(&mut ledger, 20);
    let last: Vec<Protocol> = ledger.finish(at(30)).map(|record| record.protocol).collect();
    assert_eq!(last, [Protocol::CryptoNote, Protocol::StratumV1]);
}

#[test]
fn what_was_lost_on_its_way_is_told_again() {
    let mut ledger = kept();
    let mut rig = Rig::new(40_000);
    let lost = latest(rig.observe(&mut ledger, 0));
    assert_eq!(lost.days.len(), 1);
    ledger.retell(&lost);
    assert_eq!(ledger.advance(at(59)), []);
    let told = latest(ledger.advance(at(60)));
    let opening = (told.reason, told.number, told.life, &told.days);
    assert_eq!(opening, (Reason::Opened, lost.number, Life::Open, &lost.days), "nobody knows the case");
    let lost = latest(ledger.advance(at(2 * HOUR)));
    assert_eq!(lost.reason, Reason::Quiet);
    ledger.retell(&lost);
    assert_eq!(latest(ledger.advance(at(2 * HOUR + 60))).life, Life::Quiet);
}

#[test]
fn deadlines_hold_though_the_clock_is_set_back() {
    let mut ledger = kept();
    let mut rig = Rig::new(40_000);
    let year = 365 * 24 * HOUR;
    let _ = rig.observe(&mut ledger, year);
    ledger.set_back(SignedDuration::from_secs(year), at(0));
    assert_eq!(rig.observe(&mut ledger, 10), []);
    let told = latest(ledger.advance(at(70)));
    assert_eq!((told.reason, told.first_seen, told.last_seen), (Reason::Update, at(0), at(10)));
    assert_eq!(told.days.iter().map(|day| day.day).collect::<Vec<_>>(), [at(10).as_second() / (24 * HOUR)]);
    assert_eq!(reasons(&ledger.advance(at(HOUR + 10))), [Reason::Quiet]);
}

#[test]
fn nodes_are_counted_wherever_they_are() {
    let mut ledger = Ledger::new(Settings { cases: 2, ..Settings::default() });
    let mut rigs = [40_000, 40_001, 40_002].map(Rig::new);
    for (rig, protocol) in rigs.iter_mut().zip([Protocol::CryptoNote, Protocol::StratumV1, Protocol::KawPow])
    {
        rig.assessment.protocol = protocol;
        rig.assessment.verdict = Verdict::Node;
        let _ = rig.observe(&mut ledger, 0);
    }
    assert_eq!((ledger.cases(), ledger.nodes()), (2, 2), "one had to make room");
    let _ = ledger.advance(at(2 * HOUR));
    assert_eq!(ledger.nodes(), 2, "they are quiet");
    rigs[1].assessment.verdict = Verdict::Probable;
    let _ = rigs[1].observe(&mut ledger, 2 * HOUR);
    assert_eq!(ledger.nodes(), 1, "one mines");
    let _ = ledger.advance(at(9 * 24 * HOUR));
    assert_eq!((ledger.cases(), ledger.nodes()), (0, 0));
}

#[test]
fn a_restored_connection_is_one_of_those_at_the_same_time() {
    let record = latest(Rig::new(40_000).observe(&mut kept(), 0));
    let mut after = kept();
    after.restore(record);
    let _ = Rig::new(40_001).observe(&mut after, 10);
    assert_eq!(latest(after.finish(at(20)).collect()).parallel, 2);
}

#[test]
fn excerpts_go_when_none_are_to_be_kept() {
    let mut ledger = kept();
    let mut rig = Rig::new(40_000);
    let excerpt = serde_json::json!({"time": "2024-10-04T01:00:00Z", "direction": "up", "length": 7, "text": "4Wallet"});
    rig.assessment.evidence[0].excerpt = serde_json::from_value(excerpt).unwrap();
    let told = latest(rig.observe(&mut ledger, 0));
    assert!(told.evidence[0].excerpt.is_some());
    let without = Settings { excerpts: false, ..ledger_settings() };
    ledger.set_settings(&without);
    let _ = rig.observe(&mut ledger, 10);
    assert_eq!(latest(ledger.finish(at(20)).collect()).evidence[0].excerpt, None);
    let mut after = Ledger::new(without);
    after.restore(told);
    let _ = Rig::new(40_001).observe(&mut after, 10);
    assert_eq!(latest(after.finish(at(20)).collect()).evidence[0].excerpt, None);
}

#[test]
fn a_case_is_over_after_a_week_of_quiet() {
    let mut ledger = Ledger::new(Settings::default());
    let mut rig = Rig::new(40_000);
    let _ = rig.observe(&mut ledger, 0);
    assert_eq!(reasons(&ledger.advance(at(7 * 24 * HOUR - 1))), [Reason::Quiet]);
    let over = ledger.advance(at(7 * 24 * HOUR));
    assert_eq!((reasons(&over), over[0].life, ledger.cases()), (vec![Reason::Closed], Life::Closed, 0));
    assert_eq!(reasons(&rig.observe(&mut ledger, 8 * 24 * HOUR)), [Reason::Opened]);
}

#[test]
fn a_restored_case_takes_back_nothing() {
    let mut before = kept();
    let mut rig = Rig::new(40_000);
    let record = latest(rig.observe(&mut before, 0));
    let mut after = kept();
    after.restore(record.clone());
    after.restore(record);
    assert_eq!(after.cases(), 1);
    let mut weaker = Rig::new(40_009);
    weaker.assessment.verdict = Verdict::Probable;
    assert_eq!(weaker.observe(&mut after, 2), []);
    assert_eq!(latest(after.finish(at(3)).collect()).verdict, Verdict::Confirmed);
}

#[test]
fn connections_one_after_the_other_are_not_parallel() {
    let mut ledger = Ledger::new(Settings::default());
    for port in 1..10 {
        let mut rig = Rig::new(port);
        let _ = rig.observe(&mut ledger, port.into());
        ledger.closed(&rig.key);
    }
    let last = latest(ledger.finish(at(20)).collect());
    assert_eq!((last.connections, last.parallel, last.workers), (9, 1, 0));
}

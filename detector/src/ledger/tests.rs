use std::net::SocketAddr;

use detector_common::flow::{Direction, FlowKey};
use detector_common::packet::Encapsulation;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::judge::{Assessment, Carrier, Evidence, Facts, Protocol, Shares, Side, Stage, Verdict};

pub(super) const HOUR: i64 = 3_600;

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

fn flow(miner: &str, pool: &str) -> (FlowKey, Direction) {
    let (miner, pool): (SocketAddr, SocketAddr) = (miner.parse().unwrap(), pool.parse().unwrap());
    FlowKey::tcp(miner.into(), pool.into())
}

fn assessment(miner_sends: Direction, verdict: Verdict, stage: Stage) -> Assessment {
    let confidence = [0.6, 0.3, 0.9, 0.999][verdict as usize];
    Assessment {
        protocol: Protocol::CryptoNote,
        verdict,
        stage,
        confidence,
        carrier: Carrier::Tcp,
        encrypted: false,
        miner_sends,
        evidence: vec![Evidence::new(
            "client-login",
            Side::Miner,
            ["node", "suspected", "probable", "confirmed"][verdict as usize],
            16.0,
        )],
        facts: Facts::default(),
    }
}

/// A miner whose flow goes on from one observation to the next.
pub(super) struct Rig {
    pub(super) key: FlowKey,
    pub(super) assessment: Assessment,
    bytes: u64,
}

impl Rig {
    pub(super) fn new(port: u16) -> Self {
        Self::at(&format!("10.0.0.2:{port}"))
    }

    fn at(miner: &str) -> Self {
        let (key, direction) = flow(miner, "203.0.113.9:3333");
        Self { key, assessment: assessment(direction, Verdict::Confirmed, Stage::Working), bytes: 0 }
    }

    pub(super) fn observe(&mut self, ledger: &mut Ledger, time: i64) -> Vec<Record> {
        self.bytes += 100;
        self.repeat(ledger, time)
    }

    fn repeat(&self, ledger: &mut Ledger, time: i64) -> Vec<Record> {
        ledger.observe(&Observation {
            key: self.key,
            interface: Some("lan0"),
            outer: Encapsulation::NONE,
            time: at(time),
            bytes: self.bytes,
            assessment: &self.assessment,
        })
    }
}

pub(super) fn reasons(records: &[Record]) -> Vec<Reason> {
    records.iter().map(|record| record.reason).collect()
}

#[test]
fn a_case_is_recorded_when_it_changes_not_when_it_goes_on() {
    let mut ledger = Ledger::new(Settings::default());
    let mut rig = Rig::new(40_000);
    rig.assessment.verdict = Verdict::Probable;
    rig.assessment.stage = Stage::Attempt;
    assert_eq!(reasons(&rig.observe(&mut ledger, 0)), [Reason::Opened]);
    rig.assessment.verdict = Verdict::Confirmed;
    rig.assessment.stage = Stage::Handshake;
    assert_eq!(reasons(&rig.observe(&mut ledger, 1)), [Reason::Verdict]);
    rig.assessment.stage = Stage::Submitting;
    assert_eq!(reasons(&rig.observe(&mut ledger, 2)), [Reason::Stage]);
    for time in 3..1_000 {
        assert_eq!(rig.observe(&mut ledger, time), []);
    }
    let last: Vec<_> = ledger.finish(at(1_000)).collect();
    assert_eq!(reasons(&last), [Reason::Final]);
    assert_eq!(last[0].miner, "10.0.0.2:40000".parse().unwrap());
    assert_eq!(last[0].pool, "203.0.113.9:3333".parse().unwrap());
    assert_eq!((last[0].bytes, last[0].connections), (100_000, 1));
    assert_eq!((last[0].first_seen, last[0].last_seen, last[0].time), (at(0), at(999), at(1_000)));
    assert_eq!(ledger.cases(), 0);
}

#[test]
fn the_flows_of_a_case_are_summed() {
    let mut ledger = Ledger::new(Settings::default());
    let shares = |submitted, accepted, rejected| Shares { submitted, accepted, rejected };
    let mut first = Rig::new(40_000);
    first.assessment.facts.shares = shares(5, 4, 1);
    first.assessment.facts.jobs = 3;
    first.assessment.facts.worker = Some("rig7".to_owned());
    let _ = first.observe(&mut ledger, 0);
    let mut second = Rig::new(40_001);
    second.assessment.facts.shares = shares(1, 1, 0);
    assert_eq!(second.observe(&mut ledger, 10), []);
    first.assessment.facts.shares = shares(7, 6, 1);
    assert_eq!(first.observe(&mut ledger, 20), []);
    let last = ledger.finish(at(30)).next().unwrap();
    assert_eq!(last.facts.shares, shares(8, 7, 1));
    assert_eq!((last.facts.jobs, last.bytes, last.connections), (3, 300, 2));
    assert_eq!(last.facts.worker.as_deref(), Some("rig7"), "the second flow did not say");
    assert_eq!(last.connections_per_hour, Some(2.0));
}

#[test]
fn wallet_and_worker_are_those_of_one_user() {
    let told = |users: &[(&str, &str)]| {
        let mut ledger = Ledger::new(Settings::default());
        for (port, &(wallet, worker)) in (1..).zip(users) {
            let mut rig = Rig::new(port);
            let known = |name: &str| (!name.is_empty()).then(|| name.to_owned());
            (rig.assessment.facts.wallet, rig.assessment.facts.worker) = (known(wallet), known(worker));
            let _ = rig.observe(&mut ledger, 0);
        }
        let facts = ledger.finish(at(1)).next().unwrap().facts;
        (facts.wallet.unwrap_or_default(), facts.worker.unwrap_or_default())
    };
    let user = |wallet: &str, worker: &str| (wallet.to_owned(), worker.to_owned());
    assert_eq!(told(&[("alice", "rig1"), ("bob", "")]), user("bob", ""));
    assert_eq!(told(&[("alice", "rig1"), ("alice", "")]), user("alice", "rig1"));
    assert_eq!(told(&[("alice", "rig1"), ("alice", "rig2")]), user("alice", "rig2"));
    assert_eq!(told(&[("alice", "rig1"), ("", "rig2")]), user("alice", "rig1"), "whose rig is it?");
    assert_eq!(told(&[("alice", ""), ("", "rig2")]), user("alice", "rig2"));
    assert_eq!(told(&[("", "rig1"), ("", "rig2")]), user("", "rig2"));
}

#[test]
fn the_same_ports_again_are_another_connection() {
    let mut ledger = Ledger::new(Settings::default());
    let mut rig = Rig::new(40_000);
    let _ = rig.observe(&mut ledger, 0);
    let _ = rig.observe(&mut ledger, 1);
    rig.bytes = 0;
    let _ = rig.observe(&mut ledger, 2);
    ledger.closed(&rig.key);
    rig.bytes += 900;
    let _ = rig.observe(&mut ledger, 3);
    let last = ledger.finish(at(4)).next().unwrap();
    assert_eq!((last.connections, last.bytes), (3, 200 + 100 + 1_100));
}

#[test]
fn what_comes_of_a_paused_flow_after_hours_of_silence_is_another_connection() {
    let mut ledger = Ledger::new(Settings::default());
    let mut rig = Rig::new(40_000);
    for time in [0, 3 * HOUR - 1, 6 * HOUR - 1, 6 * HOUR] {
        let _ = rig.observe(&mut ledger, time);
        ledger.paused(&rig.key);
        rig.bytes = 0;
    }
    assert_eq!(ledger.finish(at(15 * HOUR)).next().unwrap().connections, 2);
}

#[test]
fn a_datagram_keeps_no_flow_from_being_forgotten() {
    let mut ledger = Ledger::new(Settings::default());
    let [node, peer] = ["10.0.0.7:30303", "203.0.113.7:30303"].map(|end| end.parse::<SocketAddr>().unwrap());
    let mut datagram = Rig::new(40_000);
    datagram.key = FlowKey::udp(node.into(), peer.into()).0;
    let _ = datagram.observe(&mut ledger, 0);
    let mut rig = Rig::new(40_000);
    for time in [1, 4 * HOUR] {
        let _ = rig.observe(&mut ledger, time);
        ledger.paused(&rig.key);
        rig.bytes = 0;
    }
    let records: Vec<Record> = ledger.finish(at(5 * HOUR)).collect();
    assert_eq!(records.iter().map(|record| record.connections).max(), Some(2));
}

#[test]
fn a_weaker_flow_takes_nothing_back() {
    let mut ledger = Ledger::new(Settings::default());
    let _ = Rig::new(40_000).observe(&mut ledger, 0);
    let mut weak = Rig::new(40_001);
    weak.assessment = assessment(weak.assessment.miner_sends, Verdict::Suspected, Stage::Attempt);
    assert_eq!(weak.observe(&mut ledger, 1), []);
    let last = ledger.finish(at(2)).next().unwrap();
    assert_eq!((last.verdict, last.stage, last.confidence), (Verdict::Confirmed, Stage::Working, 0.999));
    assert_eq!(last.evidence[0].detail, "confirmed");
}

#[test]
fn another_protocol_or_pool_is_another_case() {
    let mut ledger = Ledger::new(Settings::default());
    let mut rig = Rig::new(40_000);
    let _ = rig.observe(&mut ledger, 0);
    let mut rig = Rig::new(40_001);
    rig.assessment.protocol = Protocol::StratumV1;
    assert_eq!(reasons(&rig.observe(&mut ledger, 1)), [Reason::Opened]);
    rig.assessment.miner_sends = rig.assessment.miner_sends.reverse();
    let turned = rig.observe(&mut ledger, 2);
    assert_eq!(reasons(&turned), [Reason::Opened]);
    assert_eq!(turned[0].miner, "203.0.113.9:3333".parse().unwrap());
    assert_eq!(ledger.cases(), 3);
}

#[test]
fn a_dialect_that_shows_late_is_the_same_case() {
    let mut ledger = Ledger::new(Settings::default());
    let mut rig = Rig::new(40_000);
    rig.assessment.protocol = Protocol::StratumV1;
    let _ = rig.observe(&mut ledger, 0);
    rig.assessment.protocol = Protocol::EthereumStratum;
    let _ = rig.observe(&mut ledger, 1);
    let records: Vec<Record> = ledger.finish(at(2)).collect();
    assert_eq!(records.len(), 1);
    assert_eq!((records[0].protocol, records[0].connections), (Protocol::EthereumStratum, 1));
}

#[test]
fn a_flow_whose_miner_is_the_other_side_counts_once() {
    let mut ledger = Ledger::new(Settings::default());
    let mut rig = Rig::new(40_000);
    let _ = rig.observe(&mut ledger, 0);
    rig.assessment.miner_sends = rig.assessment.miner_sends.reverse();
    let _ = rig.observe(&mut ledger, 1);
    let bytes: Vec<u64> = ledger.finish(at(2)).map(|record| record.bytes).collect();
    assert_eq!(bytes.iter().filter(|bytes| **bytes > 0).count(), 1, "{bytes:?}");
}

#[test]
fn a_packet_from_the_future_does_not_date_later_records() {
    let mut ledger = Ledger::new(Settings::default());
    let _ = Rig::new(40_000).observe(&mut ledger, 1000 * HOUR);
    let mut rig = Rig::new(40_001);
    rig.assessment.protocol = Protocol::StratumV1;
    let records = rig.observe(&mut ledger, 5);
    assert_eq!(records.last().map(|record| record.time), Some(at(5)));
}

#[test]
fn a_case_falls_quiet_once_and_returns() {
    let mut ledger = Ledger::new(Settings::default());
    let mut rig = Rig::new(40_000);
    let _ = rig.observe(&mut ledger, 0);
    assert_eq!(ledger.advance(at(HOUR - 1)), []);
    let quiet = ledger.advance(at(HOUR + 5));
    assert_eq!(reasons(&quiet), [Reason::Quiet]);
    assert_eq!((quiet[0].time, quiet[0].last_seen), (at(HOUR), at(0)));
    assert_eq!(ledger.advance(at(9 * HOUR)), []);
    assert_eq!(rig.repeat(&mut ledger, 9 * HOUR), [], "the same judgement again is no news");
    assert_eq!(reasons(&rig.observe(&mut ledger, 9 * HOUR)), [Reason::Returned]);
    assert_eq!(reasons(&rig.observe(&mut ledger, 12 * HOUR)), [Reason::Quiet, Reason::Returned]);
}

#[test]
fn a_repeated_judgement_does_not_keep_a_case_awake() {
    let mut ledger = Ledger::new(Settings::default());
    let mut rig = Rig::new(40_000);
    let _ = rig.observe(&mut ledger, 0);
    let mut seen = Vec::new();
    for minute in 1..70 {
        seen.extend(rig.repeat(&mut ledger, minute * 60));
    }
    assert_eq!(reasons(&seen), [Reason::Quiet]);
}

#[test]
fn a_case_that_goes_on_is_recorded_at_the_interval() {
    let mut ledger = Ledger::new(Settings::default());
    let mut rig = Rig::new(40_000);
    let mut seen = Vec::new();
    for minute in 0..=180 {
        seen.extend(rig.observe(&mut ledger, minute * 60));
    }
    assert_eq!(reasons(&seen), [Reason::Opened, Reason::Periodic, Reason::Periodic, Reason::Periodic]);
    assert_eq!(seen[3].connections_per_hour, Some(1.0 / 3.0));
}

#[test]
fn a_full_ledger_closes_the_case_that_is_quiet_for_longest() {
    let mut ledger = Ledger::new(Settings { cases: 2, ..Settings::default() });
    let (mut one, mut two) = (Rig::at("10.0.0.1:4000"), Rig::at("10.0.0.2:4000"));
    let _ = one.observe(&mut ledger, 0);
    let _ = two.observe(&mut ledger, 1);
    let _ = one.observe(&mut ledger, 2);
    let records = Rig::at("10.0.0.3:4000").observe(&mut ledger, 3);
    assert_eq!(reasons(&records), [Reason::Final, Reason::Opened]);
    assert_eq!(records[0].miner, "10.0.0.2:4000".parse().unwrap());
    assert_eq!((ledger.cases(), ledger.evicted()), (2, 1));
    let again = two.observe(&mut ledger, 4);
    assert_eq!(reasons(&again), [Reason::Final, Reason::Opened]);
    assert_eq!(
        (again[1].connections, again[1].bytes),
        (1, 100),
        "the first 100 bytes were in the final record"
    );
}

#[test]
fn forgotten_flows_cost_only_a_connection() {
    let mut ledger = Ledger::new(Settings { flows: 1, ..Settings::default() });
    let (mut one, mut two) = (Rig::new(1), Rig::new(2));
    for time in 0..3 {
        let _ = one.observe(&mut ledger, time);
        let _ = two.observe(&mut ledger, time);
    }
    assert_eq!(ledger.finish(at(3)).next().unwrap().connections, 6);
}

proptest! {
    #[test]
    fn whatever_happens_every_case_opens_once_and_ends_once(
        steps in prop::collection::vec((0u8..6, any::<i32>(), 0u64..3, 0u64..3, 0usize..3, 0usize..4), 1..200),
        cases in 1usize..5,
        quiet in -1i64..100_000,
    ) {
        let settings = Settings {
            cases, flows: 4,
            silence: SignedDuration::from_hours(3),
            quiet: SignedDuration::from_secs(quiet),
            close: SignedDuration::from_secs(quiet.saturating_mul(3)),
            interval: SignedDuration::from_secs(quiet / 2),
            ..Settings::default()
        };
        let mut ledger = Ledger::new(settings);
        let mut open = std::collections::HashSet::new();
        let mut check = |records: Vec<Record>| {
            for record in records {
                let id = (record.miner.ip(), record.pool, record.protocol);
                match record.reason {
                    Reason::Opened => prop_assert!(open.insert(id)),
                    Reason::Final | Reason::Closed => prop_assert!(open.remove(&id)),
                    _ => prop_assert!(open.contains(&id)),
                }
                prop_assert!(record.first_seen <= record.last_seen);
                prop_assert!(record.connections >= 1);
            }
            Ok(())
        };
        for (miner, time, bytes, jobs, verdict, stage) in steps {
            let (key, direction) = flow(&format!("10.0.0.{miner}:{}", bytes + 1), "203.0.113.9:3333");
            let verdict = [Verdict::Suspected, Verdict::Probable, Verdict::Confirmed][verdict];
            let stage = [Stage::Attempt, Stage::Handshake, Stage::Working, Stage::Submitting][stage];
            let mut assessment = assessment(direction, verdict, stage);
            assessment.facts.jobs = jobs;
            let time = at(time.into());
            check(ledger.observe(&Observation { key, interface: None, outer: Encapsulation::NONE, time, bytes, assessment: &assessment }))?;
            prop_assert!(ledger.cases() <= cases);
        }
        check(ledger.finish(at(0)).collect())?;
        prop_assert!(open.is_empty());
    }
}

#[test]
fn a_further_connection_is_told_at_once_when_somebody_blocks_by_it() {
    let connections = Some(Verdict::Confirmed);
    let mut ledger = Ledger::new(Settings { connections, ..Settings::default() });
    let mut first = Rig::new(4000);
    assert_eq!(reasons(&first.observe(&mut ledger, 0)), [Reason::Opened]);
    assert_eq!(first.observe(&mut ledger, 1), []);
    let mut second = Rig::new(4001);
    second.assessment.verdict = Verdict::Suspected;
    assert_eq!(second.observe(&mut ledger, 2), [], "it is not sure yet");
    second.assessment.verdict = Verdict::Confirmed;
    let told = second.observe(&mut ledger, 3);
    assert_eq!(reasons(&told), [Reason::Update]);
    assert_eq!((told[0].miner.port(), told[0].life), (4001, Life::Open));
    assert_eq!(second.observe(&mut ledger, 4), [], "once");
    assert_eq!(first.observe(&mut ledger, 5), []);
    ledger.closed(&first.key);
    assert_eq!(reasons(&first.observe(&mut ledger, 6)), [Reason::Update], "another with the same ends");

    let mut nobody = Ledger::new(Settings::default());
    Rig::new(4000).observe(&mut nobody, 0);
    assert_eq!(Rig::new(4001).observe(&mut nobody, 1), []);
}

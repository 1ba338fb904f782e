//! Scripted conversations whose shares and times are known, from the lines to the record.

use std::net::SocketAddr;

use detector_common::flow::{Direction, FlowKey};
use detector_common::packet::Encapsulation;
use jiff::Timestamp;

use super::*;
use crate::estimate::{Estimate, RateUnit};
use crate::judge::Conversation;
use crate::stream::Limits;

const MINER: &str = "miner";
const POOL: &str = "pool";

/// Flows between one miner and one pool.
struct Scene {
    ledger: Ledger,
    port: u16,
}

/// One of them.
struct Line<'a> {
    ledger: &'a mut Ledger,
    key: FlowKey,
    up: Direction,
    conversation: Conversation,
    sequence: [u32; 2],
    bytes: u64,
}

impl Scene {
    fn new() -> Self {
        Self { ledger: Ledger::new(Settings::default()), port: 40_000 }
    }

    fn connect(&mut self) -> Line<'_> {
        self.port += 1;
        let (miner, pool): (SocketAddr, SocketAddr) =
            (([10, 0, 0, 2], self.port).into(), ([203, 0, 113, 9], 3333).into());
        let (key, up) = FlowKey::tcp(miner.into(), pool.into());
        let conversation = Conversation::new(Limits::default());
        Line { ledger: &mut self.ledger, key, up, conversation, sequence: [1, 1], bytes: 0 }
    }

    fn record(mut self) -> Record {
        let mut records: Vec<Record> =
            self.ledger.finish(Timestamp::from_second(1_000_000).unwrap()).collect();
        assert_eq!(records.len(), 1);
        records.remove(0)
    }

    fn estimate(self) -> Option<Estimate> {
        self.record().estimate
    }
}

impl Line<'_> {
    fn says(&mut self, second: i64, side: &str, line: &str) {
        let hash = "0b".repeat(32);
        let line = line
            .replace("BLOB", &format!("1010{}", "ab".repeat(74)))
            .replace("HEX64", &hash)
            .replace("WALLET", &format!("4{}", "Zz".repeat(47)));
        let bytes = format!("{line}\n").into_bytes();
        let direction = if side == MINER { self.up } else { self.up.reverse() };
        let sequence = &mut self.sequence[direction as usize];
        let time = Timestamp::from_second(second).unwrap();
        let _ = self.conversation.segment(direction, *sequence, &bytes, time);
        *sequence += u32::try_from(bytes.len()).unwrap();
        self.bytes += bytes.len() as u64;
        if let Some(assessment) = self.conversation.assessment() {
            let (key, bytes) = (self.key, self.bytes);
            let _ = self.ledger.observe(&Observation {
                key,
                interface: None,
                outer: Encapsulation::NONE,
                time,
                bytes,
                assessment: &assessment,
            });
        }
    }

    fn login(&mut self, second: i64, target: &str) {
        self.says(
            second,
            MINER,
            r#"{"id":1,"method":"login","params":{"login":"WALLET","pass":"x","agent":"XMRig/6.22.2"}}"#,
        );
        let job = r#"{"id":1,"error":null,"result":{"id":"s","job":{"blob":"BLOB","job_id":"j","target":"TARGET","algo":"rx/0"},"status":"OK"}}"#;
        self.says(second, POOL, &job.replace("TARGET", target));
    }

    fn job(&mut self, second: i64, target: &str) {
        let job = r#"{"method":"job","params":{"blob":"BLOB","job_id":"j","target":"TARGET","algo":"rx/0"}}"#;
        self.says(second, POOL, &job.replace("TARGET", target));
    }

    fn share(&mut self, second: i64, accepted: bool) {
        let share = r#"{"id":ID,"method":"submit","params":{"id":"s","job_id":"j","nonce":"d0030040","result":"HEX64"}}"#;
        let answer = if accepted {
            r#"{"id":ID,"error":null,"result":{"status":"OK"}}"#
        } else {
            r#"{"id":ID,"error":{"code":-1,"message":"Low difficulty share"}}"#
        };
        let id = (second + 2).to_string();
        self.says(second, MINER, &share.replace("ID", &id));
        self.says(second, POOL, &answer.replace("ID", &id));
    }
}

/// Difficulties 5000 and 10000 of `CryptoNote`.
const FIVE: &str = "711b0d00";
const TEN: &str = "b88d0600";

fn close(found: f64, expected: f64) -> bool {
    (found / expected - 1.0).abs() < 1e-3
}

#[test]
fn the_hash_rate_is_the_work_over_the_time() {
    let mut scene = Scene::new();
    let mut line = scene.connect();
    line.login(100, FIVE);
    (1..=10).for_each(|number| line.share(100 + 20 * number, true));
    line.job(350, FIVE);
    let record = scene.record();
    let estimate = record.estimate.unwrap();
    // Ten shares of 5000 hashes in 250 seconds.
    assert!(close(estimate.rate.value, 200.0), "{estimate:?}");
    assert!(estimate.rate.low > 80.0 && estimate.rate.high < 400.0, "{estimate:?}");
    assert_eq!((estimate.unit, estimate.algorithm), (RateUnit::Hashes, Some("rx/0")));
    let watts = estimate.power.unwrap().watts;
    assert!(close(watts.value, 2.5) && watts.low < watts.value && watts.value < watts.high, "{watts:?}");
    assert_eq!(record.facts.shares.accepted, 10);
}

#[test]
fn rejected_shares_are_not_counted() {
    let mut scene = Scene::new();
    let mut line = scene.connect();
    line.login(0, FIVE);
    (1..=20).for_each(|number| line.share(10 * number, number % 2 == 0));
    assert!(close(scene.estimate().unwrap().rate.value, 250.0), "ten of twenty in 200 seconds");
    let mut scene = Scene::new();
    let mut line = scene.connect();
    line.login(0, FIVE);
    (1..=20).for_each(|number| line.share(10 * number, false));
    assert_eq!(scene.estimate(), None, "nothing was accepted");
}

#[test]
fn each_share_counts_with_the_difficulty_of_its_time() {
    let mut scene = Scene::new();
    let mut line = scene.connect();
    line.login(0, FIVE);
    (1..=4).for_each(|number| line.share(10 * number, true));
    line.job(50, TEN);
    (6..=9).for_each(|number| line.share(10 * number, true));
    line.job(100, TEN);
    assert!(close(scene.estimate().unwrap().rate.value, 600.0), "4 of 5000 and 4 of 10000 in 100 seconds");
}

#[test]
fn reconnecting_changes_nothing() {
    let mut scene = Scene::new();
    for start in [0, 1_000, 5_000] {
        let mut line = scene.connect();
        line.login(start, FIVE);
        (1..=10).for_each(|number| line.share(start + 10 * number, true));
    }
    let record = scene.record();
    let rate = record.estimate.unwrap().rate;
    assert!(close(rate.value, 500.0), "thirty in three times 100 seconds: {rate:?}");
    assert_eq!(record.connections, 3);
    assert!(rate.high < 750.0, "thirty shares say more than ten: {rate:?}");
}

#[test]
fn connections_side_by_side_add_up() {
    let mut scene = Scene::new();
    for _ in 0..3 {
        let mut line = scene.connect();
        line.login(0, FIVE);
        (1..=10).for_each(|number| line.share(10 * number, true));
    }
    assert!(close(scene.estimate().unwrap().rate.value, 1_500.0), "thirty in 100 seconds");
}

#[test]
fn few_shares_widen_the_limits() {
    let of = |shares: i64| {
        let mut scene = Scene::new();
        let mut line = scene.connect();
        line.login(0, FIVE);
        (1..=shares).for_each(|number| line.share(10 * number, true));
        scene.estimate().map(|estimate| estimate.rate.high / estimate.rate.low)
    };
    assert_eq!(of(0), None, "an idle miner and an unseen one look the same");
    assert!(of(1).unwrap() > 30.0 && of(10).unwrap() < 4.0 && of(100).unwrap() < 1.5);
}

#[test]
fn what_came_before_the_difficulty_was_known_does_not_count() {
    let mut scene = Scene::new();
    let mut line = scene.connect();
    (0..100).for_each(|number| line.share(10 * number, true));
    line.job(1_000, FIVE);
    (101..=110).for_each(|number| line.share(10 * number, true));
    let record = scene.record();
    assert!(close(record.estimate.unwrap().rate.value, 500.0), "ten in 100 seconds");
    assert_eq!(record.facts.shares.accepted, 110);
}

/// A Stratum conversation with ten shares of difficulty 1000 in 100 seconds. `bits` is the target of the block.
fn stratum(bits: &str, before: &[(&str, &str)]) -> Record {
    let mut scene = Scene::new();
    let mut line = scene.connect();
    line.says(0, MINER, r#"{"id":1,"method":"mining.subscribe","params":[]}"#);
    line.says(0, POOL, r#"{"id":1,"result":[[["mining.notify","a"]],"08000002",4],"error":null}"#);
    for (side, text) in before {
        line.says(0, side, text);
    }
    line.says(0, POOL, r#"{"id":null,"method":"mining.set_difficulty","params":[1000]}"#);
    let notify = r#"{"id":null,"method":"mining.notify","params":["j","HEX64","01","ff",[],"20000000","BITS","65f00000",true]}"#;
    line.says(0, POOL, &notify.replace("BITS", bits));
    for number in 1..=10 {
        let id = (number + 10).to_string();
        let share =
            r#"{"id":ID,"method":"mining.submit","params":["rig","j","00000000","65f00000","deadbeef"]}"#;
        line.says(10 * number, MINER, &share.replace("ID", &id));
        line.says(10 * number, POOL, &r#"{"id":ID,"result":true,"error":null}"#.replace("ID", &id));
    }
    scene.record()
}

#[test]
fn stratum_needs_the_algorithm() {
    let bitcoin = 4_294_967_296.0 * 100.0;
    let rate = |record: &Record| record.estimate.map(|estimate| estimate.rate.value);
    assert_eq!(rate(&stratum("1b01a3b4", &[])), None, "it may be any algorithm");
    let hardest = stratum("1702a3b4", &[]);
    assert!(close(rate(&hardest).unwrap(), bitcoin), "only Bitcoin has such blocks");
    assert_eq!(hardest.facts.coin, Some("BTC"));
    let rolls = [
        (MINER, r#"{"id":2,"method":"mining.configure","params":[["version-rolling"],{}]}"#),
        (
            POOL,
            r#"{"id":2,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}"#,
        ),
    ];
    assert!(close(rate(&stratum("1b01a3b4", &rolls)).unwrap(), bitcoin));
    let refused = [rolls[0], (POOL, r#"{"id":2,"result":{"version-rolling":false},"error":null}"#)];
    assert_eq!(rate(&stratum("1b01a3b4", &refused)), None);
    let litecoin =
        format!(r#"{{"id":3,"method":"mining.authorize","params":["ltc1{}.rig","x"]}}"#, "q".repeat(39));
    let record = stratum("1a01a3b4", &[(MINER, &litecoin)]);
    assert!(close(rate(&record).unwrap(), 65_536.0 * 100.0));
    assert_eq!(record.estimate.unwrap().algorithm, Some("scrypt"));
}

use std::net::SocketAddr;

use detector_common::flow::{Direction, End};
use detector_common::packet::{Encapsulation, LayerKind};
use serde_json::{Value, json};

use super::super::identity::Salt;
use super::*;
use crate::estimate::{Estimate, Interval, Power, RateUnit, Work};
use crate::judge::{Carrier, Conversation, Facts, Side};
use crate::ledger::{Life, State};
use crate::stream::Limits;

mod schema;
const HASHED: Identities = Identities::Hashed { salt: Salt::NONE };

fn record() -> Record {
    let (miner, pool): (SocketAddr, SocketAddr) =
        ("10.1.2.3:40112".parse().unwrap(), "203.0.113.9:3333".parse().unwrap());
    let time: Timestamp = "2026-11-22T16:40:31.123456789Z".parse().unwrap();
    Record {
        case: CaseId(0x0123_4567_89ab_cdef),
        number: 2,
        life: Life::Open,
        reason: Reason::Stage,
        time,
        key: FlowKey::tcp(miner.into(), pool.into()).0,
        miner,
        pool,
        interface: Some("lan0".to_owned()),
        outer: Encapsulation::NONE,
        protocol: Protocol::CryptoNote,
        verdict: Verdict::Confirmed,
        stage: Stage::Submitting,
        confidence: 0.999_96,
        carrier: Carrier::Tcp,
        encrypted: false,
        evidence: vec![Evidence::new("client-login", Side::Miner, "method login with algo list", 16.0)],
        facts: Facts {
            agent: Some("XMRig/6.22.2".to_owned()),
            wallet: Some("4Wallet".to_owned()),
            worker: Some("rig7".to_owned()),
            coin: Some("XMR"),
            algorithm: Some("rx/0".to_owned()),
            pool_name: None,
            implied_algorithm: None,
            difficulty: Some(120_001.0),
            claimed_hash_rate: Some(4_200.0),
            jobs: 9,
            shares: Shares { submitted: 12, accepted: 11, rejected: 1 },
            work: Work::default(),
        },
        estimate: Some(Estimate {
            rate: Interval { value: 4_100.04, low: 3_000.0, high: 5_500.0 },
            unit: RateUnit::Solutions,
            algorithm: Some("rx/0"),
            power: Some(Power {
                watts: Interval { value: 51.25, low: 18.75, high: 137.5 },
                assumption: "RandomX on processors",
            }),
        }),
        bytes: 4_321,
        connections: 3,
        connections_per_hour: Some(1.5),
        first_seen: time,
        last_seen: time,
        returns: 1,
        parallel: 2,
        workers: 1,
        days: Vec::new(),
        state: State::default(),
    }
}

/// With names as the ledger keeps them.
fn kept(record: &Record, identities: Identities) -> Record {
    let own = |name: Option<std::borrow::Cow<'_, str>>| name.map(std::borrow::Cow::into_owned);
    let names = identities.names(&record.facts);
    let facts = Facts {
        wallet: own(names.wallet),
        worker: own(names.worker),
        agent: names.agent.map(str::to_owned),
        pool_name: names.pool_name.map(str::to_owned),
        ..record.facts.clone()
    };
    Record { facts, ..record.clone() }
}

fn alert(record: &Record, identities: Identities, pcap_filename: Option<&str>) -> Value {
    serde_json::to_value(Alert::new(&Dossier::from(kept(record, identities)), identities, pcap_filename))
        .unwrap()
}

#[test]
fn a_whole_record() {
    let mut found = alert(&record(), Identities::Clear, Some("a.pcap"));
    let flow_id = found.as_object_mut().unwrap().remove("flow_id").unwrap();
    assert!(flow_id.as_u64().unwrap() < 1 << 53);
    let details = json!({
        "action": "allowed", "gid": 1, "signature_id": 1_930_033, "rev": 1,
        "signature": "FIREDAMP cryptonote mining confirmed",
        "category": "Crypto Currency Mining Activity Detected", "severity": 1,
        "metadata": {
            "confidence": ["0.9999"], "verdict": ["confirmed"], "stage": ["submitting"],
            "protocol": ["cryptonote"], "mitre_tactic_id": ["TA0040"],
            "mitre_technique_id": ["T1496"], "evidence": ["client-login"], "coin": ["XMR"],
            "algorithm": ["rx/0"], "agent": ["XMRig/6.22.2"], "wallet": ["4Wallet"],
            "worker": ["rig7"], "case_id": ["0123456789abcdef"], "src_net_type": ["unknown"],
        },
    });
    let mining: Value = serde_json::from_str(
        r#"{
        "case_id": "0123456789abcdef", "record": 2,
        "reason": "stage", "verdict": "confirmed", "stage": "submitting", "confidence": 0.9999,
        "protocol": "cryptonote", "transport": "tcp", "encrypted": false,
        "miner_ip": "10.1.2.3", "miner_port": 40112,
        "pool_ip": "203.0.113.9", "pool_port": 3333,
        "coin": "XMR", "algorithm": "rx/0", "agent": "XMRig/6.22.2",
        "worker": "rig7", "wallet": "4Wallet", "jobs": 9,
        "shares": {"submitted": 12, "accepted": 11, "rejected": 1},
        "difficulty": 120001.0, "claimed_hashrate_hs": 4200.0,
        "hashrate_hs": 4100.0, "hashrate_low_hs": 3000.0, "hashrate_high_hs": 5500.0,
        "hashrate_unit": "solutions/s", "hashrate_algorithm": "rx/0",
        "power_w": 51.25, "power_low_w": 18.75, "power_high_w": 137.5,
        "power_assumption": "RandomX on processors", "bytes": 4321, "connections": 3, "connections_per_hour": 1.5,
        "parallel_connections": 2, "workers": 1, "returns": 1, "network": {"type": "unknown"},
        "first_seen": "2026-11-22T16:40:31.123456+0000",
        "last_seen": "2026-11-22T16:40:31.123456+0000",
        "evidence": [{"kind": "client-login", "side": "miner",
                      "detail": "method login with algo list", "weight": 16.0}]
        }"#,
    )
    .unwrap();
    let expected = json!({
        "timestamp": "2026-11-22T16:40:31.123456+0000", "in_iface": "lan0",
        "event_type": "alert", "src_ip": "10.1.2.3", "src_port": 40112,
        "dest_ip": "203.0.113.9", "dest_port": 3333, "proto": "TCP",
        "app_proto": "cryptonote", "pcap_filename": "a.pcap",
        "community_id": found["community_id"], "alert": details, "mining": mining,
    });
    assert_eq!(found, expected);
}

#[test]
fn what_the_packets_were_wrapped_in_is_told_as_suricata_tells_it() {
    let mut outer = Encapsulation::NONE;
    let [from, to] = [[192, 0, 2, 1], [192, 0, 2, 2]].map(|address| End::v4(address, [0; 2]));
    for (kind, id) in [
        (LayerKind::Vlan, Some(5)),
        (LayerKind::Vxlan, Some(4711)),
        (LayerKind::Vlan, Some(6)),
        (LayerKind::Gre, None),
    ] {
        outer.push(kind, id);
    }
    outer.set_tunnel(from, to, 47, 2);
    let alert = serde_json::to_value(Alert::new(
        &Dossier::from(Record { outer, ..record() }),
        Identities::Clear,
        None,
    ))
    .unwrap();
    assert_eq!(alert["src_ip"], "10.1.2.3");
    assert_eq!(alert["vlan"], json!([5, 6]));
    let tunnel = json!({"src_ip": "192.0.2.1", "dest_ip": "192.0.2.2", "proto": "GRE", "depth": 2});
    assert_eq!(alert["tunnel"], tunnel);
    let layers = json!([
        {"kind": "vlan", "id": 5},
        {"kind": "vxlan", "id": 4711},
        {"kind": "vlan", "id": 6},
        {"kind": "gre"},
    ]);
    assert_eq!(alert["mining"]["encapsulation"], layers);
}

#[test]
fn what_is_not_known_is_left_out() {
    let bare = Record {
        facts: Facts { difficulty: Some(f64::INFINITY), ..Facts::default() },
        estimate: None,
        interface: None,
        connections_per_hour: None,
        evidence: Vec::new(),
        ..record()
    };
    let text = serde_json::to_string(&Alert::new(&Dossier::from(bare), Identities::Clear, None)).unwrap();
    assert!(!text.contains("null"), "{text}");
    for absent in [
        "in_iface",
        "pcap_filename",
        "wallet",
        "coin",
        "difficulty",
        "connections_per_hour",
        "hashrate",
        "power",
        "vlan",
        "tunnel",
        "encapsulation",
    ] {
        assert!(!text.contains(absent), "{absent} in {text}");
    }
    assert!(!text.contains('\n'));
}

#[test]
fn hashed_identities_disclose_no_name() {
    let record = record();
    let text = alert(&record, HASHED, None).to_string();
    assert!(!text.contains("4Wallet") && !text.contains("rig7"), "{text}");
    let found = alert(&record, HASHED, None);
    for at in ["wallet_sha256", "worker_sha256"] {
        assert_eq!(found["mining"][at].as_str().unwrap().len(), 64);
        assert_eq!(found["alert"]["metadata"][at][0], found["mining"][at]);
    }
}

#[test]
fn a_name_beside_the_software_is_not_disclosed_either() {
    for agent in ["XMRig/6.22.2 4Wallet", "XMRig/6.22.2 (rig7)", "4Wallet/1", "miner-rig7"] {
        let mut record = record();
        record.facts.agent = Some(agent.to_owned());
        let text = alert(&record, HASHED, None).to_string();
        assert!(!text.contains("4Wallet") && !text.contains("rig7"), "{text}");
        assert!(alert(&record, Identities::Clear, None).to_string().contains(agent));
    }
}

#[test]
fn a_wallet_in_the_place_of_the_software_is_not_disclosed_either() {
    let mut conversation = Conversation::new(Limits::default());
    let line =
        br#"{"id":1,"method":"mining.subscribe","params":["cfx:aak2rra2njvd77ezwjvx04kkds9fzagfe6.rig7",""]}"#;
    let _ = conversation.segment(Direction::Up, 1, line, record().time);
    let judged = conversation.assessment().unwrap();
    let record = Record { facts: judged.facts, evidence: judged.evidence, ..record() };
    let text = alert(&record, HASHED, None).to_string();
    assert!(!text.contains("cfx:aak2") && !text.contains("rig7"), "{text}");
    assert!(text.contains("wallet_sha256") && text.contains("worker_sha256"), "{text}");
}

#[test]
fn flow_and_community_ids_do_not_depend_on_direction() {
    let (a, b): (SocketAddr, SocketAddr) =
        ("128.232.110.120:34855".parse().unwrap(), "66.35.250.204:80".parse().unwrap());
    let there = Record { miner: a, pool: b, key: FlowKey::tcp(a.into(), b.into()).0, ..record() };
    let back = Record { miner: b, pool: a, key: FlowKey::tcp(b.into(), a.into()).0, ..record() };
    let (there, back) = (alert(&there, Identities::Clear, None), alert(&back, Identities::Clear, None));
    assert_eq!(there["flow_id"], back["flow_id"]);
    assert_eq!(there["community_id"], back["community_id"]);
    // The test vector of the community ID specification.
    assert_eq!(there["community_id"], "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
    assert_ne!(there["flow_id"], alert(&record(), Identities::Clear, None)["flow_id"]);
}

#[test]
fn stats_have_their_own_type() {
    let counters = BTreeMap::from([("shed", 3), ("written", 5)]);
    let text = serde_json::to_string(&Stats::new(record().time, &counters)).unwrap();
    assert_eq!(
        text,
        r#"{"timestamp":"2026-11-22T16:40:31.123456+0000","event_type":"stats","stats":{"shed":3,"written":5}}"#
    );
}

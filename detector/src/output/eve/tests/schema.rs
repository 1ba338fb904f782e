//! What readers of Suricata's EVE hold an alert to: `etc/schema.json` of its sources closes the top and `alert`, so a key
//! that is not Suricata's makes a record invalid. Stated anew here, for what a record of ours may hold.

use std::net::SocketAddr;

use detector_common::flow::FlowKey;
use detector_common::packet::{Encapsulation, LayerKind};
use serde_json::{Value, json};

use super::{HASHED, alert, record};
use crate::judge::{Carrier, Facts, Protocol, Stage, Verdict};
use crate::ledger::{Reason, Record};
use crate::output::Identities;

fn rules() -> Value {
    let (text, integer) = (json!({"type": "string"}), json!({"type": "integer"}));
    let closed = |properties: Value| json!({"type": "object", "properties": properties, "additionalProperties": false});
    let mut top = closed(json!({
        "timestamp": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+[+\-]\d+$"},
        "event_type": text,
        "flow_id": integer,
        "in_iface": text,
        "src_ip": text, "src_port": integer, "dest_ip": text, "dest_port": integer,
        "proto": text,
        "app_proto": text,
        "community_id": text,
        "pcap_filename": text,
        "vlan": {"type": "array", "items": {"type": "number"}},
        "tunnel": closed(json!({
            "src_ip": text, "src_port": integer, "dest_ip": text, "dest_port": integer,
            "proto": text, "depth": integer, "pkt_src": text, "pcap_cnt": integer,
        })),
        "alert": closed(json!({
            "action": text, "category": text, "signature": text, "rule": text, "xff": text,
            "gid": integer, "signature_id": integer, "rev": integer, "severity": integer,
            "source": {"type": "object"}, "target": {"type": "object"}, "references": {"type": "array"},
            "metadata": {
                "type": "object",
                "additionalProperties": {"type": "array", "items": text, "minItems": 1},
            },
        })),
    }));
    top["required"] = json!(["timestamp", "event_type"]);
    top
}

/// What is wrong with a record, `mining` aside.
fn faults(mut eve: Value) -> Vec<String> {
    eve.as_object_mut().unwrap().remove("mining").expect("every alert has our object");
    let validator = jsonschema::validator_for(&rules()).unwrap();
    validator.iter_errors(&eve).map(|error| format!("{} at {}", error, error.instance_path())).collect()
}

#[test]
fn the_rules_refuse_what_suricata_does() {
    let good = alert(&record(), Identities::Clear, None);
    for (place, value) in [
        ("/timestamp", json!("2026-11-22T16:40:31Z")),
        ("/src_port", json!("80")),
        ("/alert/metadata/coin", json!("XMR")),
        ("/alert/severity", json!(1.5)),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(place).unwrap() = value;
        assert_eq!(faults(bad).len(), 1, "{place}");
    }
    for place in ["", "/alert"] {
        let mut bad = good.clone();
        bad.pointer_mut(place).unwrap()["verdict_of_ours"] = 1.into();
        assert_eq!(faults(bad).len(), 1, "{place}");
    }
}

#[test]
fn every_alert_keeps_the_rules() {
    let reasons = [
        Reason::Opened,
        Reason::Verdict,
        Reason::Stage,
        Reason::Returned,
        Reason::Periodic,
        Reason::Quiet,
        Reason::Final,
    ];
    for reason in reasons {
        for verdict in [Verdict::Node, Verdict::Suspected, Verdict::Probable, Verdict::Confirmed] {
            for protocol in Protocol::ALL.iter().copied().chain([Protocol::named("zork")]) {
                let record = Record { reason, protocol, verdict, ..record() };
                for identities in [Identities::Clear, Identities::Truncated, HASHED] {
                    let found = faults(alert(&record, identities, Some("monday.pcap")));
                    assert!(found.is_empty(), "{found:?}");
                }
            }
        }
    }
}

#[test]
fn what_is_wrapped_keeps_the_rules_and_so_does_what_is_not_known() {
    let mut outer = Encapsulation::NONE;
    outer.push(LayerKind::Vlan, Some(7));
    let least = Record {
        stage: Stage::Attempt,
        interface: None,
        evidence: Vec::new(),
        facts: Facts::default(),
        estimate: None,
        carrier: Carrier::Udp,
        outer,
        ..record()
    };
    assert_eq!(faults(alert(&least, Identities::Clear, None)), Vec::<String>::new());
}

/// The vectors of the specification of Community ID 1.0, seed 0.
#[test]
fn community_ids_are_those_of_the_specification() {
    for (a, b, carrier, id) in [
        ("128.232.110.120:34855", "66.35.250.204:80", Carrier::Tcp, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
        ("192.168.1.52:54585", "8.8.8.8:53", Carrier::Udp, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
        (
            "[2001:470:e5bf:dead:4957:2174:e82c:4887]:63943",
            "[2607:f8b0:400c:c03::1a]:25",
            Carrier::Tcp,
            "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=",
        ),
    ] {
        let (a, b): (SocketAddr, SocketAddr) = (a.parse().unwrap(), b.parse().unwrap());
        for (miner, pool) in [(a, b), (b, a)] {
            let key = FlowKey::tcp(miner.into(), pool.into()).0;
            let record = Record { key, miner, pool, carrier, ..record() };
            assert_eq!(alert(&record, Identities::Clear, None)["community_id"], id, "{miner} {pool}");
        }
    }
}

use serde_json::{Value, json};

use super::{all, bare, document, full, told};
use crate::output::Format;

/// What Elastic's detection engine needs of every alert.
#[test]
fn the_required_fields_are_always_there() {
    for eve in all() {
        let ecs = document(Format::Ecs, &eve);
        for field in [
            "/@timestamp",
            "/ecs/version",
            "/event/kind",
            "/event/category/0",
            "/event/type/0",
            "/event/id",
            "/event/action",
            "/event/severity",
            "/event/dataset",
            "/event/module",
            "/event/start",
            "/event/end",
            "/event/outcome",
            "/event/reason",
            "/source/ip",
            "/source/port",
            "/destination/ip",
            "/destination/port",
            "/network/transport",
            "/network/protocol",
            "/network/type",
            "/network/direction",
            "/observer/vendor",
            "/observer/product",
            "/observer/type",
            "/observer/version",
            "/rule/id",
            "/rule/name",
            "/rule/version",
            "/rule/category",
            "/related/ip/1",
            "/message",
            "/firedamp/case_id",
            "/firedamp/record",
            "/firedamp/verdict",
            "/firedamp/stage",
            "/firedamp/confidence",
            "/firedamp/evidence/0/kind",
            "/tags/0",
        ] {
            assert!(ecs.pointer(field).is_some(), "{field} is missing in {ecs}");
        }
        assert_eq!(ecs["@timestamp"], "2026-11-22T17:55:55.705518Z");
        assert_eq!(ecs["event"]["id"], "00c0ffee12345678-3-1795370155705518");
    }
}

#[test]
fn everything_that_is_known_has_its_field() {
    let ecs = document(Format::Ecs, &full());
    for (field, value) in [
        ("/event/kind", json!("alert")),
        ("/event/category", json!(["network", "intrusion_detection"])),
        ("/event/action", json!("case-stage")),
        ("/event/severity", json!(1)),
        ("/event/risk_score", json!(99.96)),
        ("/event/start", json!("2026-11-22T17:55:49.190193Z")),
        ("/event/duration", json!(6_015_424_000_i64)),
        ("/event/outcome", json!("success")),
        ("/event/reason", json!("method login with login and pass; job with block template")),
        ("/source/mac", json!("02-00-5E-10-00-01")),
        (
            "/source/geo",
            json!({"name": "Campus north", "country_iso_code": "CN", "region_name": "Shandong", "city_name": "Jinan",
                   "location": {"lat": 36.65, "lon": 117.12}}),
        ),
        ("/source/as", json!({"number": 64500, "organization": {"name": "Example University"}})),
        ("/destination/domain", json!("xmr.pool.example")),
        ("/destination/address", json!("xmr.pool.example")),
        ("/destination/geo/country_iso_code", json!("DE")),
        ("/destination/as/number", json!(64501)),
        ("/network/community_id", json!("1:L6qFbquRUNPU5hQRPI24sI39za0=")),
        ("/network/direction", json!("outbound")),
        ("/network/vlan/id", json!("100")),
        ("/network/inner/vlan/id", json!("20")),
        ("/observer/ingress/interface/name", json!("lan0")),
        ("/rule/id", json!("1930033")),
        ("/threat/framework", json!("MITRE ATT&CK")),
        ("/threat/technique/id", json!(["T1496"])),
        ("/threat/tactic/id", json!(["TA0040"])),
        ("/user/name", json!("li.example")),
        ("/related/user", json!(["li.example"])),
        ("/related/hosts", json!(["xmr.pool.example"])),
        ("/related/ip", json!(["10.77.0.10", "203.0.113.10"])),
        ("/firedamp/network/type", json!("education")),
        ("/firedamp/network/contact", json!("noc@example.org")),
        ("/firedamp/shares/accepted", json!(2)),
        ("/firedamp/advice/1/id", json!("block-pool")),
        ("/firedamp/tunnel/proto", json!("GRE")),
        ("/firedamp/returns", json!(1)),
    ] {
        assert_eq!(ecs.pointer(field), Some(&value), "{field}");
    }
    assert_eq!(ecs["related"]["hash"].as_array().map(Vec::len), Some(2));
    assert_eq!(ecs.pointer("/firedamp/lease"), None, "it stands in user and source");
}

#[test]
fn what_is_not_known_is_left_out() {
    let ecs = document(Format::Ecs, &bare());
    for field in
        ["/user", "/source/geo", "/source/as", "/destination/domain", "/network/vlan", "/related/user"]
    {
        assert_eq!(ecs.pointer(field), None, "{field}");
    }
    assert!(!ecs.to_string().contains("null"), "{ecs}");
}

#[test]
fn a_node_is_no_alert() {
    let ecs = document(Format::Ecs, &told(full(), "opened", "node"));
    assert_eq!(ecs["event"]["kind"], "event");
    assert_eq!(ecs["event"]["category"], json!(["network"]));
    assert_eq!(ecs["tags"], json!(["blockchain-node"]));
    assert_eq!((ecs.get("threat"), ecs["event"].get("risk_score")), (None, None));
}

#[test]
fn no_key_has_a_dot_so_that_every_reader_finds_it() {
    fn check(value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    assert!(!name.contains('.'), "{name}");
                    check(field);
                }
            }
            Value::Array(items) => items.iter().for_each(check),
            _ => {}
        }
    }
    check(&document(Format::Ecs, &full()));
}

#[test]
fn directions_follow_from_the_addresses() {
    for (miner, pool, direction) in [
        ("192.168.1.2", "10.0.0.1", "internal"),
        ("100.64.1.2", "203.0.113.10", "outbound"),
        ("203.0.113.10", "fd00::1", "inbound"),
        ("2001:db8::1", "2001:db8::2", "unknown"),
    ] {
        let mut eve = bare();
        (eve["src_ip"], eve["dest_ip"]) = (miner.into(), pool.into());
        assert_eq!(document(Format::Ecs, &eve)["network"]["direction"], direction);
    }
}

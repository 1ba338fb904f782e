//! The class Detection Finding of the Open Cybersecurity Schema Framework, version 1.4, with the profile
//! `security_control`.

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::event::Event;
use super::sentence::sentence;
use super::{PRODUCT, VENDOR, VERSION, known};

pub(super) const SCHEMA: &str = "1.4.0";
const CLASS: u32 = 2004;

pub(super) fn render(event: &Event<'_>) -> Value {
    let (activity_id, activity) = activity(event);
    let (severity_id, severity) = severity(event);
    let (status_id, status) = if event.reason == "closed" { (99, "Closed") } else { (1, "New") };
    let blocked = event.text("/alert/action") == Some("blocked");
    let (action_id, action) = if blocked { (2, "Denied") } else { (3, "Observed") };
    let (disposition_id, disposition) = if blocked { (2, "Blocked") } else { (15, "Detected") };
    let confidence = event.real("/mining/confidence").unwrap_or_default();
    let (confidence_id, sure) = sure(confidence);
    let (started, ended) = (event.moment("/mining/first_seen"), event.moment("/mining/last_seen"));
    let message = sentence(event);
    let finding = json!({
        "class_uid": CLASS,
        "class_name": "Detection Finding",
        "category_uid": 2,
        "category_name": "Findings",
        "activity_id": activity_id,
        "activity_name": activity,
        "type_uid": CLASS * 100 + activity_id,
        "type_name": format!("Detection Finding: {activity}"),
        "time": milliseconds(event.time),
        "start_time": started.map(milliseconds),
        "end_time": ended.map(milliseconds),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "is_alert": !event.is_node(),
        "confidence_id": confidence_id,
        "confidence": sure,
        "confidence_score": percent(confidence),
        "action_id": action_id,
        "action": action,
        "disposition_id": disposition_id,
        "disposition": disposition,
        "message": message,
        "metadata": {
            "version": SCHEMA,
            "profiles": ["security_control"],
            "uid": event.id,
            "correlation_uid": event.case,
            "event_code": event.number("/alert/signature_id").map(|id| id.to_string()),
            "original_time": event.text("/timestamp"),
            "product": {"name": PRODUCT, "vendor_name": VENDOR, "version": VERSION},
        },
        "finding_info": {
            "uid": event.case,
            "title": event.text("/alert/signature"),
            "desc": message,
            "types": [event.text("/alert/category")],
            "first_seen_time": started.map(milliseconds),
            "last_seen_time": ended.map(milliseconds),
            "modified_time": milliseconds(event.time),
            "analytic": {
                "type_id": 1,
                "type": "Rule",
                "uid": event.number("/alert/signature_id").map(|id| id.to_string()),
                "name": event.text("/alert/signature"),
                "version": event.number("/alert/rev").map(|revision| revision.to_string()),
                "category": event.text("/alert/category"),
            },
        },
        "attacks": [attack(event)],
        "evidences": [evidence(event)],
        "observables": observables(event),
        "remediation": {"desc": advice(event)},
        "unmapped": unmapped(event),
    });
    known(finding).unwrap_or_default()
}

fn milliseconds(time: Timestamp) -> i64 {
    time.as_millisecond()
}

fn activity(event: &Event<'_>) -> (u32, &'static str) {
    match event.reason {
        "opened" => (1, "Create"),
        "closed" => (3, "Close"),
        _ => (2, "Update"),
    }
}

fn severity(event: &Event<'_>) -> (u32, &'static str) {
    match event.verdict {
        "confirmed" => (4, "High"),
        "probable" => (3, "Medium"),
        "suspected" => (2, "Low"),
        _ => (1, "Informational"),
    }
}

fn sure(confidence: f64) -> (u32, &'static str) {
    match confidence {
        ..0.5 => (1, "Low"),
        ..0.9 => (2, "Medium"),
        _ => (3, "High"),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 0 and 100")]
fn percent(confidence: f64) -> u32 {
    (confidence.clamp(0.0, 1.0) * 100.0).floor() as u32
}

fn attack(event: &Event<'_>) -> Option<Value> {
    let (tactic, technique) = (event.metadata("mitre_tactic_id")?, event.metadata("mitre_technique_id")?);
    Some(json!({
        "tactic": {"uid": tactic, "name": "Impact"},
        "technique": {"uid": technique, "name": "Resource Hijacking"},
    }))
}

fn evidence(event: &Event<'_>) -> Value {
    let (number, name) = if event.text("/proto") == Some("UDP") { (17, "udp") } else { (6, "tcp") };
    let (version, version_name) = if event.miner.is_ipv4() { (4, "ipv4") } else { (6, "ipv6") };
    json!({
        "connection_info": {
            "direction_id": 0,
            "protocol_num": number,
            "protocol_name": name,
            "protocol_ver_id": version,
            "protocol_ver": version_name,
            "community_uid": event.text("/community_id"),
        },
        "src_endpoint": {
            "ip": event.miner,
            "port": event.number("/src_port"),
            "mac": event.text("/mining/lease/mac"),
            "owner": {"name": event.text("/mining/lease/user")},
            "vlan_uid": event.list("/vlan").first().map(Value::to_string),
            "zone": event.text("/mining/network/site"),
            "location": location(event),
            "autonomous_system": autonomous_system(event, "/mining/network"),
        },
        "dst_endpoint": {
            "ip": event.pool,
            "port": event.number("/dest_port"),
            "hostname": event.pool_name(),
            "svc_name": event.text("/app_proto"),
            "location": {"country": event.text("/mining/pool_network/country")},
            "autonomous_system": autonomous_system(event, "/mining/pool_network"),
        },
        "data": {"evidence": event.at("/mining/evidence")},
    })
}

/// `region` of OCSF is a code, and ours is a name, so it stands in the description.
fn location(event: &Event<'_>) -> Value {
    let part = |name: &str| event.text(&format!("/mining/network/{name}"));
    let (city, country) = (part("city"), part("country"));
    if city.is_none() && country.is_none() {
        return Value::Null;
    }
    let words: Vec<_> = [city, part("region"), country].into_iter().flatten().collect();
    json!({
        "city": city,
        "country": country,
        "desc": words.join(", "),
        "lat": event.real("/mining/network/latitude"),
        "long": event.real("/mining/network/longitude"),
    })
}

fn autonomous_system(event: &Event<'_>, network: &str) -> Value {
    json!({
        "number": event.number(&format!("{network}/asn")),
        "name": event.text(&format!("{network}/as_org")),
    })
}

/// What other systems look for.
fn observables(event: &Event<'_>) -> Vec<Value> {
    let address = |address: IpAddr| Some(address.to_string());
    let text = |place: &str| event.text(place).map(str::to_owned);
    [
        ("evidences.src_endpoint.ip", 2, "IP Address", address(event.miner)),
        ("evidences.dst_endpoint.ip", 2, "IP Address", address(event.pool)),
        ("evidences.dst_endpoint.hostname", 1, "Hostname", event.pool_name().map(str::to_owned)),
        ("evidences.src_endpoint.mac", 3, "MAC Address", text("/mining/lease/mac")),
        ("evidences.src_endpoint.owner.name", 4, "User Name", text("/mining/lease/user")),
        ("unmapped.wallet", 99, "Wallet", text("/mining/wallet")),
        ("unmapped.wallet_sha256", 8, "Hash", text("/mining/wallet_sha256")),
        ("unmapped.worker_sha256", 8, "Hash", text("/mining/worker_sha256")),
    ]
    .into_iter()
    .filter_map(|(name, type_id, kind, value)| {
        Some(json!({"name": name, "type_id": type_id, "type": kind, "value": value?}))
    })
    .collect()
}

/// The advice, the best first, a line for each.
fn advice(event: &Event<'_>) -> Option<String> {
    let steps = event.list("/mining/advice").iter().zip(1..).map(|(advice, number)| {
        let part = |name| advice.get(name).and_then(Value::as_str).unwrap_or_default();
        format!("{number}. {} {} {} {}", part("action"), part("why"), part("effect"), part("undo"))
    });
    Some(steps.collect::<Vec<_>>().join("\n")).filter(|advice| !advice.is_empty())
}

/// What OCSF has no place for.
fn unmapped(event: &Event<'_>) -> Value {
    let mut rest = event.rest();
    for mapped in ["evidence", "pool_network"] {
        rest.remove(mapped);
    }
    if let Some(interface) = event.text("/in_iface") {
        rest.insert("in_iface".to_owned(), interface.into());
    }
    Value::Object(rest)
}

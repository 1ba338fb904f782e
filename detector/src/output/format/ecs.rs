//! The Elastic Common Schema. Objects are nested, not written as keys with dots: Elasticsearch takes both for the same,
//! but most other readers (Logstash, Vector, jq, the pipelines of `OpenSearch`) find a field by its path only if it is
//! nested.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::event::Event;
use super::sentence::sentence;
use super::{PRODUCT, VENDOR, VERSION, known};

/// The version of ECS whose fields are used. All of them are in version 9 as well.
pub(super) const ECS: &str = "8.17.0";

pub(super) fn render(event: &Event<'_>) -> Value {
    let (user, domain) = (event.text("/mining/lease/user"), event.pool_name());
    let mac = event.text("/mining/lease/mac").map(|mac| mac.to_uppercase().replace(':', "-"));
    let (started, ended) = (event.moment("/mining/first_seen"), event.moment("/mining/last_seen"));
    let lasted =
        started.zip(ended).and_then(|(start, end)| i64::try_from(end.duration_since(start).as_nanos()).ok());
    let document = json!({
        "@timestamp": event.time.to_string(),
        "ecs": {"version": ECS},
        "message": sentence(event),
        "tags": [if event.is_node() { "blockchain-node" } else { "cryptocurrency-mining" }],
        "event": {
            "kind": if event.is_node() { "event" } else { "alert" },
            "category": if event.is_node() { vec!["network"] } else { vec!["network", "intrusion_detection"] },
            "type": [if event.text("/alert/action") == Some("blocked") { "denied" } else { "info" }],
            "module": PRODUCT,
            "dataset": "firedamp.alert",
            "id": event.id,
            "action": format!("case-{}", event.reason),
            "severity": event.number("/alert/severity"),
            "risk_score": event.real("/mining/confidence").filter(|_| !event.is_node()).map(percent),
            "start": started.map(|time| time.to_string()),
            "end": ended.map(|time| time.to_string()),
            "duration": lasted,
            "outcome": outcome(event),
            "reason": reasons(event),
        },
        "source": {
            "address": event.miner,
            "ip": event.miner,
            "port": event.number("/src_port"),
            "mac": mac,
            "geo": {
                "name": event.text("/mining/network/site"),
                "country_iso_code": event.text("/mining/network/country"),
                "region_name": event.text("/mining/network/region"),
                "city_name": event.text("/mining/network/city"),
                "location": place(event),
            },
            "as": autonomous_system(event, "/mining/network"),
        },
        "destination": {
            "address": domain.map_or_else(|| event.pool.to_string(), str::to_owned),
            "ip": event.pool,
            "port": event.number("/dest_port"),
            "domain": domain,
            "geo": {"country_iso_code": event.text("/mining/pool_network/country")},
            "as": autonomous_system(event, "/mining/pool_network"),
        },
        "network": {
            "transport": event.text("/proto").map(str::to_lowercase),
            "type": if event.miner.is_ipv4() { "ipv4" } else { "ipv6" },
            "protocol": event.text("/app_proto"),
            "community_id": event.text("/community_id"),
            "direction": direction(event),
            "vlan": {"id": vlan(event, 0)},
            "inner": {"vlan": {"id": vlan(event, 1)}},
        },
        "observer": {
            "vendor": VENDOR,
            "product": PRODUCT,
            "version": VERSION,
            "type": "ids",
            "ingress": {"interface": {"name": event.text("/in_iface")}},
        },
        "rule": {
            "id": event.number("/alert/signature_id").map(|id| id.to_string()),
            "name": event.text("/alert/signature"),
            "version": event.number("/alert/rev").map(|revision| revision.to_string()),
            "category": event.text("/alert/category"),
            "ruleset": PRODUCT,
        },
        "threat": threat(event),
        "user": {"name": user},
        "related": {
            "ip": [event.miner, event.pool],
            "hosts": [domain],
            "user": [user],
            "hash": [event.text("/mining/wallet_sha256"), event.text("/mining/worker_sha256")],
        },
        "firedamp": firedamp(event),
    });
    known(document).unwrap_or_default()
}

/// What ECS has no place for.
fn firedamp(event: &Event<'_>) -> Value {
    let mut rest = event.rest();
    rest.remove("protocol");
    rest.remove("pool_network");
    if let Some(network) = rest.get_mut("network").and_then(Value::as_object_mut) {
        for mapped in ["asn", "as_org", "country", "region", "city", "latitude", "longitude"] {
            network.remove(mapped);
        }
    }
    Value::Object(rest)
}

fn percent(confidence: f64) -> f64 {
    (confidence * 10_000.0).round() / 100.0
}

/// Whether the miner got what it wanted: an answer of the pool.
fn outcome(event: &Event<'_>) -> &'static str {
    match event.text("/mining/stage") {
        Some("handshake" | "working" | "submitting") => "success",
        _ => "unknown",
    }
}

fn reasons(event: &Event<'_>) -> Option<String> {
    let details =
        event.list("/mining/evidence").iter().filter_map(|evidence| evidence.get("detail")?.as_str());
    Some(details.collect::<Vec<_>>().join("; ")).filter(|reasons| !reasons.is_empty())
}

fn place(event: &Event<'_>) -> Option<Value> {
    let (north, east) = (event.real("/mining/network/latitude")?, event.real("/mining/network/longitude")?);
    Some(json!({"lat": north, "lon": east}))
}

fn autonomous_system(event: &Event<'_>, network: &str) -> Value {
    json!({
        "number": event.number(&format!("{network}/asn")),
        "organization": {"name": event.text(&format!("{network}/as_org"))},
    })
}

fn vlan(event: &Event<'_>, at: usize) -> Option<String> {
    event.list("/vlan").get(at).map(Value::to_string)
}

/// As seen from a network with private addresses. Of two public addresses nothing is known.
fn direction(event: &Event<'_>) -> &'static str {
    match (is_private(event.miner), is_private(event.pool)) {
        (true, true) => "internal",
        (true, false) => "outbound",
        (false, true) => "inbound",
        (false, false) => "unknown",
    }
}

/// Addresses of RFC 1918, RFC 6598 (behind a provider's translation) and RFC 4193, and those of one link.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let shared = first == 100 && (64..128).contains(&second);
            address.is_private() || address.is_link_local() || address.is_loopback() || shared
        }
        IpAddr::V6(address) => {
            address.is_unique_local() || address.is_unicast_link_local() || address.is_loopback()
        }
    }
}

fn threat(event: &Event<'_>) -> Option<Value> {
    let (tactic, technique) = (event.metadata("mitre_tactic_id")?, event.metadata("mitre_technique_id")?);
    Some(json!({
        "framework": "MITRE ATT&CK",
        "tactic": {
            "id": [tactic],
            "name": ["Impact"],
            "reference": [format!("https://attack.mitre.org/tactics/{tactic}/")],
        },
        "technique": {
            "id": [technique],
            "name": ["Resource Hijacking"],
            "reference": [format!("https://attack.mitre.org/techniques/{technique}/")],
        },
    }))
}

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Format;

mod cef;
mod ecs;
mod ocsf;

const REASONS: [&str; 8] = ["opened", "verdict", "stage", "periodic", "quiet", "returned", "closed", "final"];
const VERDICTS: [&str; 4] = ["suspected", "probable", "confirmed", "node"];

/// An alert in which everything is known.
fn full() -> Value {
    serde_json::from_str(include_str!("full.json")).unwrap()
}

/// What is always known: nothing of the network, the pool's name, the coin.
fn bare() -> Value {
    let mut eve = full();
    let top = eve.as_object_mut().unwrap();
    for optional in ["in_iface", "vlan", "tunnel", "community_id"] {
        top.remove(optional);
    }
    let mining = eve["mining"].as_object_mut().unwrap();
    let needed = [
        "case_id",
        "record",
        "reason",
        "verdict",
        "stage",
        "confidence",
        "protocol",
        "transport",
        "encrypted",
        "miner_ip",
        "miner_port",
        "pool_ip",
        "pool_port",
        "jobs",
        "shares",
        "bytes",
        "connections",
        "first_seen",
        "last_seen",
        "evidence",
    ];
    mining.retain(|name, _| needed.contains(&name.as_str()));
    eve
}

/// `eve` told for another reason, with another verdict.
fn told(mut eve: Value, reason: &str, verdict: &str) -> Value {
    eve["mining"]["reason"] = reason.into();
    eve["mining"]["verdict"] = verdict.into();
    if verdict == "node" {
        eve["alert"]["metadata"].as_object_mut().unwrap().clear();
        eve["alert"]["category"] = "Misc activity".into();
        eve["app_proto"] = "bitcoin-p2p".into();
    }
    eve
}

/// Every reason with every verdict, with all that can be known and with the least.
fn all() -> impl Iterator<Item = Value> {
    let pairs = REASONS.into_iter().flat_map(|reason| VERDICTS.map(|verdict| (reason, verdict)));
    pairs.flat_map(|(reason, verdict)| [told(full(), reason, verdict), told(bare(), reason, verdict)])
}

fn rendered(format: Format, eve: &Value) -> String {
    format.render(eve, &eve.to_string()).unwrap().into_owned()
}

fn document(format: Format, eve: &Value) -> Value {
    serde_json::from_str(&rendered(format, eve)).unwrap()
}

#[test]
fn eve_stays_as_it_is() {
    let line = "{\"any\":  1}";
    assert_eq!(Format::Eve.render(&Value::Null, line).as_deref(), Some(line));
}

#[test]
fn counters_have_a_place_in_eve_only() {
    let stats = json!({"timestamp": "2026-11-22T17:55:55.705518+0000", "event_type": "stats", "stats": {"packets": 1}});
    for format in &Format::ALL {
        let there = format.render(&stats, "line").is_some();
        assert_eq!(there, *format == Format::Eve, "{format}");
    }
}

#[test]
fn every_record_is_one_line_in_every_dialect() {
    for eve in all() {
        for format in &Format::ALL {
            let line = rendered(*format, &eve);
            assert!(!line.is_empty() && !line.contains(['\n', '\r']), "{format}: {line}");
        }
    }
}

#[test]
fn names_are_those_of_the_configuration() {
    for format in &Format::ALL {
        let name = format.to_string();
        assert_eq!(serde_json::from_value::<Format>(json!(name)).unwrap(), *format);
    }
}

/// All texts within a document.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            found.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        _ => {}
    }
}

#[test]
fn nothing_that_is_known_is_left_out_of_the_json_dialects() {
    let mut said = BTreeSet::new();
    texts(&full()["mining"], &mut said);
    // Written in another way, or the same as what stands elsewhere.
    for other in ["2026-11-22T17:55:49.190193+0000", "2026-11-22T17:55:55.205617+0000"] {
        said.remove(other);
    }
    for format in [Format::Ecs, Format::Ocsf] {
        let line = rendered(format, &full());
        for text in &said {
            let inside =
                line.contains(text.as_str()) || line.contains(&text.to_uppercase().replace(':', "-"));
            assert!(inside, "{format} leaves out {text}");
        }
    }
}

#[test]
fn a_name_that_is_hidden_in_the_record_is_hidden_everywhere() {
    let mut eve = bare();
    eve["mining"]["wallet_sha256"] = "ba7816bf".into();
    for format in [Format::Ecs, Format::Ocsf, Format::Cef] {
        let line = rendered(format, &eve);
        for personal in ["li.example", "02:00:5e", "02-00-5E"] {
            assert!(!line.contains(personal), "{line}");
        }
    }
}

#[test]
fn a_sentence_says_who_mines_what_where() {
    let message = |eve: &Value| document(Format::Ecs, eve)["message"].as_str().unwrap().to_owned();
    assert_eq!(
        message(&full()),
        "10.77.0.10 mines XMR at xmr.pool.example:3333 with cryptonote; the stage rose to submitting."
    );
    assert_eq!(
        message(&told(bare(), "opened", "suspected")),
        "10.77.0.10 may mine cryptocurrency at 203.0.113.10:3333 with cryptonote; the case is new."
    );
    assert_eq!(
        message(&told(bare(), "quiet", "node")),
        "10.77.0.10 is a node of a blockchain and speaks bitcoin-p2p with 203.0.113.10:3333; nothing has happened for \
         some time."
    );
}

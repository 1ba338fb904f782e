//! Every way to hide a conversation, for a sample of protocols, in both engines.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use detector::judge::Verdict;
use detector::kernel::Limits;
use detector::ledger::Record;
use detector::output::Identities;
use detector::output::eve::Alert;
use detector::replay::engine::{Engine, HostEngine, KernelEngine};
use detector::signature::Signatures;
use firedamp_tests::catalogue::{self, Entry};
use firedamp_tests::conversation::Speaker;
use firedamp_tests::evasion::{self, Cell, EXCEPTIONS, Evasion, Expected, Packet, Subject};
use firedamp_tests::packet::{Frame, Outer, QINQ, VLAN, Wrapping};
use firedamp_tests::privileges;
use serde_json::{Value, json};

use crate::seat::Seat;

/// The title in the catalogue, and the name in the table.
const SAMPLE: [(&str, &str); 11] = [
    ("Bitcoin: cgminer", "stratum-v1"),
    ("Monero: XMRig", "cryptonote"),
    ("Ethereum: ethminer, eth-proxy", "eth-proxy"),
    ("Ethereum Classic, EthereumStratum/1.0.0: NiceHash's own, lolMiner, GMiner", "ethereumstratum"),
    ("Zcash, Equihash 200,9: EWBF, GMiner and ASICs", "equihash"),
    ("Beam: lolMiner", "beam"),
    ("Grin: grin-miner", "grin"),
    ("Bitcoin: cgminer, getwork", "getwork"),
    ("Web page: Coinhive, CryptoLoot", "browser-miner"),
    ("Bitcoin: SRI mining device, standard channel", "stratum-v2"),
    ("Duino-Coin: PC Miner", "duino-coin"),
];

const LIMITS: Limits = Limits { flows: 4096, watched: 1024, ring: 1 << 20, blocks: 0 };

fn sample() -> Vec<(&'static str, Entry)> {
    let mut entries = catalogue::all();
    let mut take = |title: &str| {
        let place = entries.iter().position(|entry| entry.title == title);
        entries.swap_remove(place.unwrap_or_else(|| panic!("the catalogue has no {title:?}")))
    };
    SAMPLE.iter().map(|(title, name)| (*name, take(title))).collect()
}

fn subject(entry: &Entry, v6: bool) -> Subject {
    let ends = if v6 {
        ["[2001:db8:1::2]:40000", "[2001:db8:2::9]:3333"]
    } else {
        ["10.77.0.2:40000", "203.0.113.9:3333"]
    };
    let [client, server]: [SocketAddr; 2] = ends.map(|end| end.parse().unwrap());
    Subject { client, server, miner: entry.miner, talk: entry.talk.clone() }
}

/// What is reported of the packets.
fn records(engine: &mut dyn Engine, packets: &[Packet]) -> Vec<Record> {
    let mut seat = Seat::new(engine);
    let mut records = Vec::new();
    for packet in packets {
        records.extend(seat.frame(&packet.bytes, packet.time).records);
    }
    records.extend(seat.finish());
    records
}

/// What is found, and what is wrong with it.
fn cell(engine: &mut dyn Engine, evasion: &Evasion, name: &str, entry: &Entry) -> (Cell, Vec<String>) {
    let subject = subject(entry, evasion.v6);
    let (client, server) = (subject.client, subject.server);
    let ends = if entry.miner == Speaker::Client { (client, server) } else { (server, client) };
    let (mut verdicts, mut complaints) = (Vec::new(), Vec::new());
    let mut missed = Vec::new();
    let [both, miner, pool] = entry.verdicts;
    for (number, packets) in (1..).zip(evasion.variants(&subject)) {
        let records = records(engine, &packets);
        let verdict = records.iter().map(|record| record.verdict).max();
        let wanted = match evasion.expected {
            Expected::Same => both,
            Expected::MinerAlone => miner,
            Expected::PoolAlone => pool,
            Expected::Found => verdict.max(Some(Verdict::Suspected)),
        };
        if verdict != wanted {
            let reasons =
                records.last().map(|last| last.evidence.iter().map(|it| it.kind).collect::<Vec<_>>());
            missed.push(format!("variant {number}: {verdict:?} and not {wanted:?}: {reasons:?}"));
        }
        // What is joined late may show a relative of the protocol only.
        for record in &records {
            if (record.miner, record.pool) != ends {
                complaints.push(format!("variant {number}: {} mines at {}", record.miner, record.pool));
            }
            if evasion.expected == Expected::Same && record.protocol.family() != entry.protocol.family() {
                complaints.push(format!("variant {number}: {}", record.protocol));
            }
        }
        verdicts.push(verdict);
    }
    let allowed = evasion::missed(&evasion.title, name);
    if missed.len() != allowed {
        complaints.push(format!("{} missed and not {allowed}: {}", missed.len(), missed.join("; ")));
    }
    let complaints = complaints.into_iter().map(|it| format!("{}: {name}: {it}", evasion.title)).collect();
    (Cell(verdicts), complaints)
}

/// The table, and what is wrong in it.
fn table(engine: &mut dyn Engine) -> (String, Vec<String>) {
    let sample = sample();
    let mut complaints = Vec::new();
    let mut rows = Vec::new();
    for evasion in evasion::all() {
        let mut cells = Vec::new();
        for (name, entry) in &sample {
            let (cell, wrong) = cell(engine, &evasion, name, entry);
            cells.push(cell);
            complaints.extend(wrong);
        }
        rows.push((evasion, cells));
    }
    (evasion::document(&SAMPLE.map(|(_, name)| name), &rows), complaints)
}

fn document() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/evasion.md")
}

fn demand_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn the_documentation_says_what_is_found_by_the_host_engine() {
    let signatures = Signatures::built_in().unwrap();
    let (text, complaints) = table(&mut HostEngine::new(signatures.automaton(), &LIMITS));
    if std::env::var_os("FIREDAMP_WRITE_DOCS").is_some() {
        fs::write(document(), &text).unwrap();
    }
    demand_none(&complaints);
    let written = fs::read_to_string(document()).unwrap_or_default();
    assert!(written == text, "docs/evasion.md is not up to date: run `cargo xtask docs`");
}

#[test]
fn the_kernel_engine_finds_what_the_documentation_says() {
    if privileges::granted("the_kernel_engine_finds_what_the_documentation_says") {
        let signatures = Signatures::built_in().unwrap();
        let (text, complaints) = table(&mut KernelEngine::load(signatures.automaton(), &LIMITS).unwrap());
        demand_none(&complaints);
        let written = fs::read_to_string(document()).unwrap_or_default();
        assert!(written == text, "the kernel engine finds something else than docs/evasion.md says");
    }
}

#[test]
fn exceptions_are_of_what_is_in_the_table() {
    let titles: Vec<_> = evasion::all().into_iter().map(|evasion| evasion.title).collect();
    assert_eq!(titles.iter().collect::<BTreeSet<_>>().len(), titles.len());
    for exception in EXCEPTIONS {
        assert!(titles.iter().any(|title| title == exception.evasion), "{exception:?}");
        let known = |name| SAMPLE.iter().any(|(_, known)| *known == name);
        assert!(exception.missed.iter().all(|(name, _)| known(*name)), "{exception:?}");
    }
}

/// What a record says of a conversation in these wrappings, the innermost first.
fn told(engine: &mut dyn Engine, wrappings: &[Wrapping]) -> Value {
    let subject = subject(&sample().swap_remove(1).1, false);
    let frames = subject.talk.frames(subject.client, subject.server);
    let packet = |(number, frame): (u64, &Frame)| Packet {
        bytes: Wrapping::wrap_in(wrappings, frame.bytes()),
        time: number * 20_000_000,
    };
    let packets: Vec<_> = (1..).zip(&frames).map(packet).collect();
    let records = records(engine, &packets);
    let last = records.last().unwrap().clone();
    serde_json::to_value(Alert::new(&last.into(), Identities::Clear, None)).unwrap()
}

fn check_records(engine: &mut dyn Engine) {
    let layer = |kind: &str, id: u32| json!({"kind": kind, "id": id});
    let plain = |kind: &str| json!({"kind": kind});
    let tunnel = |proto: &str, depth: u8| json!({"src_ip": "192.0.2.1", "dest_ip": "192.0.2.2", "proto": proto, "depth": depth});
    let none = Value::Null;
    let cases: Vec<(&[Wrapping], Value, Value, Value)> = vec![
        (&[], none.clone(), none.clone(), none.clone()),
        (&[Wrapping::Tags(&[VLAN])], json!([5]), none.clone(), json!([layer("vlan", 5)])),
        (
            &[Wrapping::Tags(&[QINQ, VLAN])],
            json!([5, 6]),
            none.clone(),
            json!([layer("vlan", 5), layer("vlan", 6)]),
        ),
        (&[Wrapping::Mpls(3)], none.clone(), none.clone(), json!([layer("mpls", 0x1030)])),
        (&[Wrapping::Pppoe], none.clone(), none.clone(), json!([layer("pppoe", 42)])),
        (&[Wrapping::Ip(Outer::V4)], none.clone(), tunnel("IP-in-IP", 1), json!([plain("ip-in-ip")])),
        (&[Wrapping::Gre(Outer::V4, [true; 3])], none.clone(), tunnel("GRE", 1), json!([layer("gre", 42)])),
        (&[Wrapping::Vxlan(Outer::V4, 4789)], none.clone(), tunnel("UDP", 1), json!([layer("vxlan", 42)])),
        (&[Wrapping::Geneve(Outer::V4, true)], none.clone(), tunnel("UDP", 1), json!([layer("geneve", 42)])),
        (&[Wrapping::Gtp(Outer::V4, [true; 2])], none.clone(), tunnel("UDP", 1), json!([layer("gtp-u", 42)])),
        (
            &[
                Wrapping::Gtp(Outer::V4, [false; 2]),
                Wrapping::Vxlan(Outer::V4, 8472),
                Wrapping::Tags(&[VLAN]),
            ],
            json!([5]),
            tunnel("UDP", 2),
            json!([layer("vlan", 5), layer("vxlan", 42), layer("gtp-u", 42)]),
        ),
    ];
    for (wrappings, vlan, tunnel, layers) in cases {
        let record = told(engine, wrappings);
        assert_eq!((&record["src_ip"], &record["src_port"]), (&json!("10.77.0.2"), &json!(40_000)));
        assert_eq!((&record["dest_ip"], &record["dest_port"]), (&json!("203.0.113.9"), &json!(3333)));
        assert_eq!(record["vlan"], vlan, "{wrappings:?}");
        assert_eq!(record["tunnel"], tunnel, "{wrappings:?}");
        assert_eq!(record["mining"]["encapsulation"], layers, "{wrappings:?}");
    }
}

#[test]
fn records_name_the_encapsulation_and_the_inner_ends() {
    let signatures = Signatures::built_in().unwrap();
    check_records(&mut HostEngine::new(signatures.automaton(), &LIMITS));
    if privileges::granted("records_name_the_encapsulation_and_the_inner_ends") {
        check_records(&mut KernelEngine::load(signatures.automaton(), &LIMITS).unwrap());
    }
}

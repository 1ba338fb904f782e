//! Every way to hide a conversation, for a sample of protocols, in both engines.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use detector::judge::Verdict;
use detector::kernel::Limits;
use detector::ledger::Record;
use detector::replay::engine::{Engine, HostEngine, KernelEngine};
use detector::signature::Signatures;
use firedamp_tests::catalogue::{self, Entry};
use firedamp_tests::conversation::Speaker;
use firedamp_tests::evasion::{self, Cell, Evasion, Expected, Packet, Subject, exceptions};
use firedamp_tests::privileges;

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

const LIMITS: Limits = Limits { flows: 4096, watched: 1024, ring: 1 << 20 };

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
    let allowed = exceptions()
        .iter()
        .find(|exception| exception.evasion == evasion.title && exception.dialect == name)
        .map_or(0, |exception| exception.missed);
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
    for exception in exceptions() {
        assert!(titles.iter().any(|title| title == exception.evasion), "{exception:?}");
        assert!(SAMPLE.iter().any(|(_, name)| *name == exception.dialect), "{exception:?}");
    }
}

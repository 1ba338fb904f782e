//! Captures that nobody here made: the corpora beside the project.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use detector::judge::{Protocol, Stage, Verdict};
use detector::kernel::Limits;
use detector::ledger::Record;
use detector::replay::LONGEST;
use detector::replay::capture::Capture;
use detector::replay::engine::{HostEngine, KernelEngine};
use detector::signature::Signatures;
use firedamp_tests::privileges;

use crate::seat::{Seat, alike};

/// Whether the conversations of a class are to be found: all that mine, except in a WebSocket inside TLS. A node of a
/// blockchain's network does not mine by that.
fn is_found(class: &str) -> bool {
    let other = ["NOT mining", "browser-miner websocket over TLS"].iter().any(|name| class.starts_with(name));
    !other && !class.ends_with("-p2p")
}

/// The capture in which a node of Bitcoin speaks with others.
const NODES: &str = "mining/peafowl/bitcoin.pcap";

/// Records of nodes, and of miners.
fn apart(records: Vec<Record>) -> (Vec<Record>, Vec<Record>) {
    records.into_iter().partition(|record| record.verdict == Verdict::Node)
}

/// The folder of the corpora; says on standard error if there is none.
fn folder(test: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora");
    let folder = std::env::var_os("FIREDAMP_CORPORA").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    let message = "no corpora beside the project; FIREDAMP_CORPORA names them elsewhere";
    writeln!(std::io::stderr(), "SKIPPED: {test}: {message}").ok();
    None
}

/// All captures below a folder, by their path from there.
fn captures(folder: &Path, below: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.join(below)];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Gives every frame of a capture to `each`, up to where it is damaged.
fn frames(path: &Path, mut each: impl FnMut(&[u8], u64)) -> u64 {
    let mut count = 0;
    if let Ok(mut capture) = Capture::open(path) {
        while let Ok(Some(frame)) = capture.next_frame() {
            each(&frame.bytes[..frame.bytes.len().min(LONGEST)], frame.time_ns);
            count += 1;
        }
    }
    count
}

fn records(path: &Path, signatures: &Signatures) -> Vec<Record> {
    let mut engine = HostEngine::new(signatures.automaton(), &Limits::default());
    let mut seat = Seat::new(&mut engine);
    let mut records = Vec::new();
    frames(path, |frame, time| records.extend(seat.frame(frame, time).records));
    records.extend(seat.finish());
    records
}

/// Miner and pool of the conversations that are to be found, by capture.
fn labels(folder: &Path) -> BTreeMap<String, BTreeSet<(IpAddr, SocketAddr)>> {
    let mut labels: BTreeMap<String, BTreeSet<_>> = BTreeMap::new();
    for line in fs::read_to_string(folder.join("labels.csv")).unwrap().lines().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let [file, class, _, source_port, destination, destination_port, miner, pool, ..] = columns[..]
        else {
            panic!("labels.csv: {line}");
        };
        let flows = labels.entry(file.to_owned()).or_default();
        if is_found(class) {
            let port = if pool == destination { destination_port } else { source_port };
            flows.insert((
                miner.parse().unwrap(),
                SocketAddr::new(pool.parse().unwrap(), port.parse().unwrap()),
            ));
        }
    }
    labels
}

#[test]
fn the_miners_of_the_corpora_are_found_and_nobody_else() {
    let Some(folder) = folder("the_miners_of_the_corpora_are_found_and_nobody_else") else { return };
    let signatures = Signatures::built_in().unwrap();
    let mut flows = 0;
    let labels = labels(&folder);
    for file in captures(&folder, "mining") {
        let (nodes, records) = apart(records(&folder.join(&file), &signatures));
        assert_eq!(nodes.is_empty(), file != NODES, "{file}: nodes: {nodes:?}");
        let reported: BTreeSet<_> = records.iter().map(|record| (record.miner.ip(), record.pool)).collect();
        let sure: BTreeSet<_> = records
            .iter()
            .filter(|record| record.verdict >= Verdict::Probable)
            .map(|record| (record.miner.ip(), record.pool))
            .collect();
        let expected = labels.get(&file).cloned().unwrap_or_default();
        assert_eq!(reported, expected, "{file}: reported, and labelled");
        assert_eq!(sure, expected, "{file}: probable or confirmed, and labelled");
        flows += expected.len();
    }
    assert!(flows > 0, "labels.csv names no miner in the captures");
    eprintln!("{flows} miners, all found");
}

#[test]
fn what_a_pool_of_stratum_refuses_is_an_attempt() {
    let Some(folder) = folder("what_a_pool_of_stratum_refuses_is_an_attempt") else { return };
    let signatures = Signatures::built_in().unwrap();
    let records = records(&folder.join("mining/zeek-cryptomining/bitcoin-mining.pcap"), &signatures);
    let http: Vec<_> =
        records.iter().filter(|record| record.protocol.family() == Protocol::GetWork).collect();
    assert!(http.len() >= 2 && http.iter().all(|record| record.stage == Stage::Attempt), "{http:#?}");
    let tls = |record: &&Record| record.evidence.iter().any(|reason| reason.kind == "pool-tls-refused");
    let attempts: BTreeSet<_> = records
        .iter()
        .filter(tls)
        .filter(|record| record.stage == Stage::Attempt)
        .map(|it| it.pool)
        .collect();
    assert_eq!(attempts.len(), 2, "both pools were tried with TLS before anything else: {records:#?}");
}

#[test]
fn nothing_is_reported_in_the_benign_corpora() {
    let Some(folder) = folder("nothing_is_reported_in_the_benign_corpora") else { return };
    let signatures = Signatures::built_in().unwrap();
    let files = captures(&folder, "benign");
    assert!(!files.is_empty(), "no captures");
    for file in &files {
        // A node that is one is no false alarm.
        let (nodes, records) = apart(records(&folder.join(file), &signatures));
        for node in nodes {
            eprintln!("{file}: {} <> {}: {}", node.miner, node.pool, node.protocol);
        }
        assert_eq!(records, [], "{file}");
    }
    eprintln!("{} captures without a record", files.len());
}

#[test]
fn both_engines_do_the_same_with_the_corpora() {
    let test = "both_engines_do_the_same_with_the_corpora";
    let Some(folder) = folder(test).filter(|_| privileges::granted(test)) else { return };
    let signatures = Signatures::built_in().unwrap();
    let limits = Limits { flows: 16_384, watched: 1024, ..Limits::default() };
    let mut kernel = KernelEngine::load(signatures.automaton(), &limits).unwrap();
    let (mut count, files) = (0, captures(&folder, "."));
    for file in &files {
        // Shown only if the test fails: in which capture it did.
        println!("{file}");
        let mut host = HostEngine::new(signatures.automaton(), &limits);
        let (mut host, mut kernel) = (Seat::new(&mut host), Seat::new(&mut kernel));
        count += frames(&folder.join(file), |frame, time| {
            alike(&mut host, &mut kernel, frame, time);
        });
        assert_eq!(host.finish(), kernel.finish(), "{file}");
    }
    eprintln!("{} files, {count} frames", files.len());
}

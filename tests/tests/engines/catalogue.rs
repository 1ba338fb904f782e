//! Every protocol of the catalogue is found by both engines, seen from both sides or from one.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use detector::kernel::Limits;
use detector::ledger::Record;
use detector::output::Identities;
use detector::output::eve::Alert;
use detector::replay::engine::{Engine, HostEngine, KernelEngine};
use detector::signature::Signatures;
use firedamp_tests::catalogue::{self, Entry, Findings};
use firedamp_tests::conversation::Speaker;
use firedamp_tests::talk::Talk;
use firedamp_tests::{lookalikes, privileges};

use crate::seat::Seat;

const CLIENT: &str = "10.77.0.2:40000";
const SERVER: &str = "203.0.113.9:3333";
/// Between two packets, in nanoseconds.
const PAUSE: u64 = 20_000_000;

fn ends() -> [SocketAddr; 2] {
    [CLIENT, SERVER].map(|end| end.parse().unwrap())
}

/// The records of a conversation of which only what `seen` says is visible.
fn records(engine: &mut dyn Engine, talk: &Talk, seen: Option<Speaker>) -> Vec<Record> {
    let [client, server] = ends();
    let visible = |from: SocketAddr| match seen {
        None => true,
        Some(Speaker::Client) => from == client,
        Some(Speaker::Server) => from == server,
    };
    let mut seat = Seat::new(engine);
    let mut records = Vec::new();
    let frames = talk.frames(client, server);
    for (number, frame) in (1..).zip(frames.iter().filter(|frame| visible(frame.from()))) {
        records.extend(seat.frame(&frame.bytes(), number * PAUSE).records);
    }
    records.extend(seat.finish());
    records
}

/// What is wrong with what is found in an entry.
fn complaints(engine: &mut dyn Engine, entry: &Entry) -> Vec<String> {
    let [client, server] = ends();
    let (miner, pool) = if entry.miner == Speaker::Client { (client, server) } else { (server, client) };
    let views =
        [("both sides", None), ("the miner", Some(entry.miner)), ("the pool", Some(entry.miner.other()))];
    let mut complaints = Vec::new();
    for ((view, seen), expected) in views.into_iter().zip(entry.verdicts) {
        let mut complain = |what: String| complaints.push(format!("{}: {view}: {what}", entry.title));
        let records = records(engine, &entry.talk, seen);
        let verdict = records.iter().map(|record| record.verdict).max();
        if verdict != expected {
            complain(format!(
                "{verdict:?} and not {expected:?}: {:?}",
                records.last().map(|last| &last.evidence)
            ));
        }
        let Some(last) = records.last() else { continue };
        if last.protocol != entry.protocol {
            complain(format!("{} and not {}", last.protocol, entry.protocol));
        }
        // Which of two nodes opened the connection, one of them alone does not tell.
        let told = seen.is_none() || !entry.protocol.is_node();
        if told && records.iter().any(|record| (record.miner, record.pool) != (miner, pool)) {
            complain("the sides are mistaken".to_owned());
        }
        if seen.is_none() {
            if last.stage != entry.stage {
                complain(format!("{:?} and not {:?}", last.stage, entry.stage));
            }
            let told =
                serde_json::to_value(Alert::new(&last.clone().into(), Identities::Clear, None)).unwrap();
            for (key, value) in &entry.facts {
                let found = &told["mining"][*key];
                if found.as_str().map_or_else(|| found.to_string(), str::to_owned) != *value {
                    complain(format!("{key} is {found} and not {value}"));
                }
            }
        }
    }
    complaints
}

fn entries(family: &str) -> Vec<Entry> {
    let (_, entries) = catalogue::families().into_iter().find(|(name, _)| *name == family).unwrap();
    entries
}

fn check(engine: &mut dyn Engine, family: &str) {
    let complaints: Vec<_> = entries(family).iter().flat_map(|entry| complaints(engine, entry)).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

macro_rules! families {
    ($($family:ident)+) => {
        $(mod $family {
            use super::*;

            #[test]
            fn host_engine() {
                let signatures = Signatures::built_in().unwrap();
                check(&mut HostEngine::new(signatures.automaton(), &Limits::default()), stringify!($family));
            }

            #[test]
            fn kernel_engine() {
                if privileges::granted(concat!("catalogue::", stringify!($family))) {
                    let signatures = Signatures::built_in().unwrap();
                    let limits = Limits { flows: 4096, watched: 1024, ring: 1 << 20, blocks: 0 };
                    check(&mut KernelEngine::load(signatures.automaton(), &limits).unwrap(), stringify!($family));
                }
            }
        })+

        #[test]
        fn every_family_has_its_tests() {
            let families: Vec<_> = catalogue::families().into_iter().map(|(name, _)| name).collect();
            assert_eq!(families, [$(stringify!($family)),+]);
        }
    };
}

families! {
    mainstream stratum monero getwork json_lines duino tunnels websocket stratum_v2 sealed http nodes
}

/// Facts that every record has are not worth a word.
const EXTRACTED: [&str; 9] =
    ["agent", "wallet", "worker", "coin", "algorithm", "pool_name", "difficulty", "hashrate_hs", "shares"];

fn findings(engine: &mut dyn Engine, family: &str, entry: &Entry) -> Findings {
    let views = [None, Some(entry.miner), Some(entry.miner.other())];
    let [both, miner, pool] = views.map(|seen| records(engine, &entry.talk, seen));
    let verdict = |records: &[Record]| records.iter().map(|record| record.verdict).max();
    let mut extracted = Vec::new();
    if let Some(last) = both.last() {
        let told = serde_json::to_value(Alert::new(&last.clone().into(), Identities::Clear, None)).unwrap();
        let mining = &told["mining"];
        let filled =
            |key: &str| !mining[key].is_null() && (key != "shares" || last.facts.shares.submitted > 0);
        extracted.extend(EXTRACTED.into_iter().filter(|key| filled(key)).map(|key| key.replace("_hs", "")));
    }
    let verdicts = [&both, &miner, &pool].map(|records| verdict(records));
    Findings { verdicts, test: format!("catalogue::{family}"), extracted }
}

#[test]
fn the_documentation_says_what_is_found() {
    let signatures = Signatures::built_in().unwrap();
    let mut engine = HostEngine::new(signatures.automaton(), &Limits::default());
    let mut found = Vec::new();
    for (family, entries) in catalogue::families() {
        for entry in entries {
            let findings = findings(&mut engine, family, &entry);
            found.push((entry, findings));
        }
    }
    let document = catalogue::document(&found);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocols.md");
    if std::env::var_os("FIREDAMP_WRITE_DOCS").is_some() {
        fs::write(&path, document).unwrap();
    } else {
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(written == document, "docs/protocols.md is not up to date: run `cargo xtask docs`");
    }
}

#[test]
fn titles_are_unique_and_look_alikes_are_many() {
    let titles: Vec<_> = catalogue::all().iter().map(|entry| entry.title).collect();
    assert_eq!(titles.iter().collect::<BTreeSet<_>>().len(), titles.len());
    let titles: Vec<_> = lookalikes::all().iter().map(|lookalike| lookalike.title).collect();
    assert_eq!(titles.iter().collect::<BTreeSet<_>>().len(), titles.len());
    assert!(titles.len() >= 60, "{} look-alikes", titles.len());
    assert!(catalogue::all().iter().all(|entry| !entry.how.is_empty()));
}

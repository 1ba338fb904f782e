//! What a mirror port brings: one direction or both, each packet more than once, with another number of hops or a tag when
//! it was copied at two places, and packets that are cut off.

use std::net::SocketAddr;

use detector::kernel::Limits;
use detector::ledger::Record;
use detector::replay::engine::{Engine, HostEngine, KernelEngine};
use detector::signature::Signatures;
use firedamp_tests::catalogue;
use firedamp_tests::conversation::Speaker;
use firedamp_tests::packet::{Frame, VLAN};
use firedamp_tests::talk::Talk;
use firedamp_tests::{lookalikes, privileges};

use crate::seat::Seat;

/// Between two packets, and between a packet and its copy, in nanoseconds.
const PAUSE: u64 = 20_000_000;
const LAG: u64 = 50_000;

/// What becomes of the second copy.
type Copy = (&'static str, fn(&Frame) -> Vec<u8>);

const COPIES: [Copy; 4] = [
    ("exact", Frame::bytes),
    ("behind a router", |frame| frame.clone().hops(63).bytes()),
    ("with a tag", |frame| frame.clone().tag(VLAN, 100).bytes()),
    ("cut off", |frame| truncated(&frame.bytes(), 96)),
];

/// Whom the port hears.
const VIEWS: [(&str, Option<Speaker>); 3] =
    [("both directions", None), ("the client", Some(Speaker::Client)), ("the server", Some(Speaker::Server))];

fn ends() -> [SocketAddr; 2] {
    ["10.77.0.2:40000", "203.0.113.9:3333"].map(|end| end.parse().unwrap())
}

fn truncated(frame: &[u8], length: usize) -> Vec<u8> {
    frame.iter().copied().take(length).collect()
}

fn frames(talk: &Talk, heard: Option<Speaker>) -> Vec<Frame> {
    let [client, server] = ends();
    let visible = |frame: &Frame| match heard {
        None => true,
        Some(Speaker::Client) => frame.from() == client,
        Some(Speaker::Server) => frame.from() == server,
    };
    talk.frames(client, server).into_iter().filter(visible).collect()
}

/// Each frame once, at its time.
fn once(frames: &[Frame]) -> Vec<(u64, Vec<u8>)> {
    (1..).zip(frames).map(|(number, frame)| (number * PAUSE, frame.bytes())).collect()
}

/// Each frame and its copy, which comes after so many further frames.
fn twice(frames: &[Frame], copy: fn(&Frame) -> Vec<u8>, behind: u64) -> Vec<(u64, Vec<u8>)> {
    let copies = (1..).zip(frames).map(|(number, frame)| ((number + behind) * PAUSE + LAG, copy(frame)));
    let mut all: Vec<_> = once(frames).into_iter().chain(copies).collect();
    all.sort_by_key(|(time, _)| *time);
    all
}

/// The last record of all that is reported.
fn last(engine: &mut dyn Engine, frames: &[(u64, Vec<u8>)]) -> Vec<Record> {
    let mut seat = Seat::new(engine);
    let mut records: Vec<Record> = Vec::new();
    for (time, frame) in frames {
        records.extend(seat.frame(frame, *time).records);
    }
    records.extend(seat.finish());
    let mut cases: Vec<Record> = Vec::new();
    for record in records {
        cases.retain(|known| known.case != record.case);
        cases.push(record);
    }
    cases
}

/// A case in short, for complaints.
fn told_of(records: &[Record]) -> Vec<String> {
    let told = |record: &Record| {
        let Record { miner, pool, protocol, verdict, stage, connections, parallel, workers, .. } = record;
        let evidence: Vec<_> = record.evidence.iter().map(|reason| reason.kind).collect();
        format!(
            "{miner} {pool} {protocol} {verdict} {stage:?}, {connections} connections, {parallel} parallel, {workers} workers, \
             returns {}, {evidence:?}, {:?}",
            record.returns,
            counts(record)
        )
    };
    records.iter().map(told).collect()
}

/// What adds up with each message.
fn counts(record: &Record) -> [u64; 4] {
    let shares = &record.facts.shares;
    [record.facts.jobs, shares.submitted, shares.accepted, shares.rejected]
}

fn conflicts(record: &Record) -> bool {
    record.evidence.iter().any(|reason| reason.kind == "overlap-conflict")
}

/// Copies bring back what came before the connection was watched, so more may be read than without them. But nothing is read
/// twice, and nothing is believed less.
fn agree(once: &[Record], twice: &[Record], whole: &[Record]) -> bool {
    let alike = |one: &Record, two: &Record| {
        let who = |of: &Record| (of.miner, of.pool, of.protocol);
        let how_many = |of: &Record| (of.connections, of.parallel, of.workers, of.returns);
        let most = |at: usize| whole.iter().chain(once).filter_map(|of| counts(of).get(at).copied()).max();
        let mut bounded = counts(one).into_iter().zip(counts(two)).zip(0..);
        who(one) == who(two)
            && how_many(one) == how_many(two)
            && one.verdict <= two.verdict
            && conflicts(one) == conflicts(two)
            && bounded.all(|((one, two), at)| one <= two && Some(two) <= most(at))
    };
    once.len() == twice.len() && once.iter().zip(twice).all(|(one, two)| alike(one, two))
}

fn check(engine: &mut dyn Engine, complaints: &mut Vec<String>, title: &str, talk: &Talk) {
    let whole = last(engine, &once(&frames(talk, None)));
    for (view, heard) in VIEWS {
        let frames = frames(talk, heard);
        let single = last(engine, &once(&frames));
        // What comes whole before the connection is watched, and cut off after that, is read as far as it is there.
        for (name, copy) in COPIES.into_iter().filter(|(name, _)| *name != "cut off") {
            for behind in [0, 1] {
                let double = last(engine, &twice(&frames, copy, behind));
                if !agree(&single, &double, &whole) {
                    let (single, double) = (told_of(&single), told_of(&double));
                    complaints.push(format!(
                        "{title}: {view}, copies {name}, {behind} behind:\n  once  {single:?}\n  twice {double:?}"
                    ));
                }
            }
        }
    }
}

fn complaints(engine: &mut dyn Engine) -> Vec<String> {
    let mut complaints = Vec::new();
    for entry in catalogue::all() {
        check(engine, &mut complaints, entry.title, &entry.talk);
    }
    complaints
}

fn told(complaints: &[String]) {
    let shown: Vec<_> = complaints.iter().take(20).map(String::as_str).collect();
    assert!(complaints.is_empty(), "{} differ:\n{}", complaints.len(), shown.join("\n"));
}

#[test]
fn copies_change_nothing() {
    let signatures = Signatures::built_in().unwrap();
    told(&complaints(&mut HostEngine::new(signatures.automaton(), &Limits::default())));
}

#[test]
fn copies_change_nothing_in_the_kernel() {
    if privileges::granted("copies_change_nothing_in_the_kernel") {
        let signatures = Signatures::built_in().unwrap();
        let limits = Limits { flows: 4096, watched: 1024, ring: 1 << 20, blocks: 0 };
        told(&complaints(&mut KernelEngine::load(signatures.automaton(), &limits).unwrap()));
    }
}

#[test]
fn no_lookalike_is_reported_if_it_comes_twice_or_cut_off() {
    let signatures = Signatures::built_in().unwrap();
    let mut engine = HostEngine::new(signatures.automaton(), &Limits::default());
    let mut complaints = Vec::new();
    for lookalike in lookalikes::all() {
        for (view, heard) in VIEWS {
            let frames = frames(&lookalike.talk, heard);
            let cut: Vec<_> =
                once(&frames).into_iter().map(|(time, frame)| (time, truncated(&frame, 128))).collect();
            let doubled = COPIES.map(|(name, copy)| (name, twice(&frames, copy, 1)));
            for (name, frames) in doubled.into_iter().chain([("all cut off", cut)]) {
                let found = told_of(&last(&mut engine, &frames));
                if !found.is_empty() {
                    complaints.push(format!("{}: {view}, {name}: {found:?}", lookalike.title));
                }
            }
        }
    }
    told(&complaints);
}

#[test]
fn of_cut_off_packets_what_is_there_is_read_and_nothing_else() {
    let signatures = Signatures::built_in().unwrap();
    let mut engine = HostEngine::new(signatures.automaton(), &Limits::default());
    let (mut found, mut complaints) = (0, Vec::new());
    let entries = catalogue::all();
    for entry in &entries {
        let frames = frames(&entry.talk, None);
        let whole = last(&mut engine, &once(&frames));
        let cut: Vec<_> =
            once(&frames).into_iter().map(|(time, frame)| (time, truncated(&frame, 256))).collect();
        let cut = last(&mut engine, &cut);
        found += usize::from(!cut.is_empty());
        let strongest = |records: &[Record]| records.iter().map(|record| record.verdict).max();
        if strongest(&cut) > strongest(&whole) || cut.iter().any(conflicts) {
            complaints.push(format!("{}: {:?}", entry.title, told_of(&cut)));
        }
    }
    told(&complaints);
    assert!(found * 2 > entries.len(), "{found} of {} are found", entries.len());
}

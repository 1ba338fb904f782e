//! Nothing is reported of what only looks like mining if its segments come again altered, as devices make them that rewrite
//! what passes through them.

use std::net::SocketAddr;

use detector::kernel::Limits;
use detector::replay::engine::{Engine, HostEngine};
use detector::signature::Signatures;
use firedamp_tests::conversation::Cut;
use firedamp_tests::lookalikes;
use firedamp_tests::packet::Frame;

use crate::seat::Seat;

/// What a device makes of a segment, of the same length.
type Alteration = (&'static str, fn(&[u8]) -> Vec<u8>);

const ALTERATIONS: [Alteration; 4] = [
    ("its first byte", |bytes| bytes.iter().enumerate().map(|(at, byte)| byte ^ u8::from(at == 0)).collect()),
    ("its last letter", |bytes| {
        let last = bytes.iter().rposition(u8::is_ascii_alphabetic);
        bytes.iter().enumerate().map(|(at, byte)| byte ^ u8::from(Some(at) == last)).collect()
    }),
    ("one letter", |bytes| bytes.iter().map(|&byte| if byte == b'e' { b'a' } else { byte }).collect()),
    ("digits", |bytes| bytes.iter().map(|&byte| if byte == b'1' { b'7' } else { byte }).collect()),
];

/// The frames, each of which comes again altered.
fn altered(frames: &[Frame], alter: fn(&[u8]) -> Vec<u8>) -> Vec<Frame> {
    let twice = |frame: &Frame| {
        let other = (!frame.said().is_empty()).then(|| frame.clone().payload(&alter(frame.said())));
        [Some(frame.clone()), other].into_iter().flatten()
    };
    frames.iter().flat_map(twice).collect()
}

fn reported(engine: &mut dyn Engine, frames: &[Frame]) -> Option<String> {
    let mut seat = Seat::new(engine);
    let mut records = Vec::new();
    for (number, frame) in (1..).zip(frames) {
        records.extend(seat.frame(&frame.bytes(), number * 1_000_000).records);
    }
    records.extend(seat.finish());
    let record = records.into_iter().max_by_key(|record| record.verdict)?;
    let reasons: Vec<_> = record.evidence.iter().map(|reason| (reason.kind, reason.weight)).collect();
    Some(format!("{} {} {reasons:?}", record.verdict, record.protocol))
}

#[test]
fn no_lookalike_is_reported_if_its_segments_come_again_altered() {
    let signatures = Signatures::built_in().unwrap();
    let mut engine = HostEngine::new(signatures.automaton(), &Limits::default());
    let [client, server]: [SocketAddr; 2] =
        ["10.77.0.2:40000", "203.0.113.9:3333"].map(|end| end.parse().unwrap());
    let mut complaints = Vec::new();
    for lookalike in lookalikes::all() {
        for cut in [Cut::Lines, Cut::Bytes(400)] {
            let frames = lookalike.talk.frames_cut(client, server, cut);
            for (name, alter) in ALTERATIONS {
                let found = reported(&mut engine, &altered(&frames, alter));
                let told = |found| format!("{}: {cut:?}, {name}: {found}", lookalike.title);
                complaints.extend(found.map(told));
            }
        }
    }
    assert!(complaints.is_empty(), "{} reported:\n{}", complaints.len(), complaints.join("\n"));
}

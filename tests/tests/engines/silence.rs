//! Nothing is reported of what only looks like mining or quotes it, however it is cut and wherever it is joined.

use std::net::SocketAddr;

use detector::kernel::Limits;
use detector::ledger::Record;
use detector::replay::engine::{Engine, HostEngine, KernelEngine};
use detector::signature::Signatures;
use firedamp_tests::conversation::{Cut, Speaker};
use firedamp_tests::talk::Talk;
use firedamp_tests::{catalogue, lookalikes, privileges};

use crate::seat::Seat;

/// Between two packets, in nanoseconds.
const PAUSE: u64 = 1_000_000;

const VIEWS: [Option<Speaker>; 3] = [None, Some(Speaker::Client), Some(Speaker::Server)];

/// What is reported of a conversation of which only what `seen` says is visible, from the frame `first` on.
fn reported(engine: &mut dyn Engine, talk: &Talk, cut: Cut, seen: Option<Speaker>) -> Option<String> {
    let [client, server]: [SocketAddr; 2] =
        ["10.77.0.2:40000", "203.0.113.9:3333"].map(|end| end.parse().unwrap());
    let visible = |from: SocketAddr| match seen {
        None => true,
        Some(Speaker::Client) => from == client,
        Some(Speaker::Server) => from == server,
    };
    let mut seat = Seat::new(engine);
    let frames = talk.frames_cut(client, server, cut);
    let mut records: Vec<Record> = Vec::new();
    for (number, frame) in (1..).zip(frames.iter().filter(|frame| visible(frame.from()))) {
        records.extend(seat.frame(&frame.bytes(), number * PAUSE).records);
    }
    records.extend(seat.finish());
    let record = records.into_iter().max_by_key(|record| record.verdict)?;
    let reasons: Vec<_> = record.evidence.iter().map(|reason| (reason.kind, reason.weight)).collect();
    let (verdict, protocol) = (record.verdict, record.protocol);
    Some(format!("cut {cut:?}, seen {seen:?}: {verdict} {protocol} {reasons:?}"))
}

/// What is reported of these, in every view and cut.
fn complaints(engine: &mut dyn Engine, cuts: &[Cut]) -> Vec<String> {
    let mut complaints = Vec::new();
    for lookalike in lookalikes::all() {
        for &cut in cuts {
            for seen in VIEWS {
                let complaint = reported(engine, &lookalike.talk, cut, seen);
                complaints.extend(complaint.map(|complaint| format!("{}: {complaint}", lookalike.title)));
            }
        }
    }
    complaints
}

fn demand_silence(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} reported:\n{}", complaints.len(), complaints.join("\n"));
}

const CUTS: [Cut; 4] = [Cut::Lines, Cut::Bytes(40), Cut::Bytes(7), Cut::Bytes(1)];

#[test]
fn the_host_engine_reports_no_lookalike_however_it_is_cut() {
    let signatures = Signatures::built_in().unwrap();
    demand_silence(&complaints(&mut HostEngine::new(signatures.automaton(), &Limits::default()), &CUTS));
}

#[test]
fn the_kernel_engine_reports_no_lookalike_however_it_is_cut() {
    if privileges::granted("the_kernel_engine_reports_no_lookalike_however_it_is_cut") {
        let signatures = Signatures::built_in().unwrap();
        let limits = Limits { flows: 4096, watched: 1024, ring: 1 << 20, blocks: 0 };
        demand_silence(&complaints(&mut KernelEngine::load(signatures.automaton(), &limits).unwrap(), &CUTS));
    }
}

/// Its name, and what it makes of a line.
type Quotation = (&'static str, fn(&str) -> String);

/// Ways in which a line is quoted.
const QUOTATIONS: [Quotation; 10] = [
    ("a log", |line| format!("2026-11-22T18:14:09.003Z DEBUG stratum: received {line}")),
    ("a time", |line| format!("[18:14:09.003] {line}")),
    ("a text in JSON", |line| serde_json::json!({"event": "line", "text": line}).to_string()),
    ("a line of a log in JSON", |line| {
        serde_json::json!({"level": "debug", "msg": line, "ts": 17.5}).to_string()
    }),
    ("chat", |line| format!("<alice> {line}")),
    ("HTML", |line| format!("<pre>{line}</pre>")),
    ("escaped HTML", |line| format!("<li>{}</li>", line.replace('"', "&quot;"))),
    ("mail", |line| format!("> {line}")),
    ("CSV", |line| format!("17,\"{}\",received", line.replace('"', "\"\""))),
    ("source", |line| format!("    send({line:?});")),
];

/// The lines of an entry, if it is spoken in lines of text.
fn text(talk: &Talk) -> Vec<(Speaker, &str)> {
    let lines = talk.said.iter().map(|said| {
        let line = std::str::from_utf8(&said.bytes).ok()?.strip_suffix('\n')?.trim_end();
        (!line.contains(['\r', '\n'])).then_some((said.speaker, line))
    });
    lines.collect::<Option<_>>().unwrap_or_default()
}

#[test]
fn no_mining_that_is_quoted_is_reported() {
    let signatures = Signatures::built_in().unwrap();
    let mut engine = HostEngine::new(signatures.automaton(), &Limits::default());
    let mut complaints = Vec::new();
    let entries = catalogue::all();
    let spoken: Vec<_> = entries.iter().map(|entry| (entry.title, text(&entry.talk))).collect();
    assert!(spoken.iter().filter(|(_, lines)| !lines.is_empty()).count() > 3);
    for (title, lines) in spoken {
        for (quotation, quote) in QUOTATIONS {
            let talk = lines.iter().fold(Talk::new(), |talk, (speaker, line)| match speaker {
                Speaker::Client => talk.client(&quote(line)),
                Speaker::Server => talk.server(&quote(line)),
            });
            for seen in VIEWS {
                let complaint = reported(&mut engine, &talk, Cut::Lines, seen);
                complaints.extend(complaint.map(|it| format!("{title}, quoted in {quotation}: {it}")));
            }
        }
        let quoted: Vec<_> = lines.iter().map(|(_, line)| format!("```json\n{line}\n```\n")).collect();
        let raw: Vec<_> = lines.iter().map(|(_, line)| format!("{line}\n")).collect();
        for page in [quoted.concat(), raw.concat()] {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
                page.len()
            );
            let talk = Talk::new()
                .client_bytes(b"GET /notes.md HTTP/1.1\r\nHost: docs.example\r\n\r\n")
                .server_bytes(head.as_bytes())
                .server_bytes(page.as_bytes());
            for seen in VIEWS {
                let complaint = reported(&mut engine, &talk, Cut::Lines, seen);
                complaints.extend(complaint.map(|it| format!("{title}, on a page: {it}")));
            }
        }
    }
    demand_silence(&complaints);
}

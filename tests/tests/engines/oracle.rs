//! Who mines, found out the plain way: put the streams together, read the lines, look for a miner's
//! question that was answered.

mod decapsulation;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use serde_json::Value;

use decapsulation::Unwrapper;

/// One direction: the first sequence number and the pieces by their place.
#[derive(Default)]
struct Stream {
    first: u32,
    pieces: BTreeMap<u32, Vec<u8>>,
}

/// Miner and pool of each mining conversation. Every conversation must begin with its SYN.
pub(crate) fn miners<'a>(frames: impl Iterator<Item = &'a [u8]>) -> BTreeSet<(SocketAddr, SocketAddr)> {
    let mut streams: BTreeMap<(SocketAddr, SocketAddr), Stream> = BTreeMap::new();
    let mut unwrapper = Unwrapper::new();
    for segment in frames.filter_map(|frame| unwrapper.ethernet(frame)) {
        let stream = streams.entry((segment.from, segment.to)).or_default();
        if segment.syn {
            stream.first = segment.sequence.wrapping_add(1);
        } else if !segment.payload.is_empty() {
            let place = segment.sequence.wrapping_sub(stream.first);
            stream.pieces.insert(place, segment.payload);
        }
    }
    let lines: BTreeMap<_, Vec<Value>> =
        streams.iter().map(|(ends, stream)| (*ends, stream.lines())).collect();
    let mining = |(from, to): &(SocketAddr, SocketAddr)| {
        let answers = lines.get(&(*to, *from)).map(Vec::as_slice).unwrap_or_default();
        lines[&(*from, *to)].iter().any(|question| answers.iter().any(|answer| admits(question, answer)))
    };
    lines.keys().filter(|ends| mining(ends)).copied().collect()
}

/// Whether a miner asks to be let in, and a pool does so.
fn admits(question: &Value, answer: &Value) -> bool {
    if question["id"] != answer["id"] || answer["result"].is_null() {
        return false;
    }
    match question["method"].as_str() {
        Some("mining.subscribe" | "mining.authorize" | "eth_submitLogin") => true,
        Some("login") => answer["result"]["job"].is_object(),
        _ => false,
    }
}

impl Stream {
    fn lines(&self) -> Vec<Value> {
        let whole: Vec<u8> = self.pieces.values().flatten().copied().collect();
        whole.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }
}

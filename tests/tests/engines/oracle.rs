//! Who mines, found out the plain way: put the streams together, read the lines, look for a miner's
//! question that was answered.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use serde_json::Value;

/// One direction: the first sequence number and the pieces by their place.
#[derive(Default)]
struct Stream {
    first: u32,
    pieces: BTreeMap<u32, Vec<u8>>,
}

/// Miner and pool of each mining conversation. Every conversation must begin with its SYN.
pub(crate) fn miners<'a>(frames: impl Iterator<Item = &'a [u8]>) -> BTreeSet<(SocketAddr, SocketAddr)> {
    let mut streams: BTreeMap<(SocketAddr, SocketAddr), Stream> = BTreeMap::new();
    for frame in frames {
        let sliced = SlicedPacket::from_ethernet(frame).unwrap();
        let (from, to) = match sliced.net.unwrap() {
            NetSlice::Ipv4(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
            NetSlice::Ipv6(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
            NetSlice::Arp(_) => continue,
        };
        let Some(TransportSlice::Tcp(tcp)) = sliced.transport else { continue };
        let ends = (SocketAddr::new(from, tcp.source_port()), SocketAddr::new(to, tcp.destination_port()));
        let stream = streams.entry(ends).or_default();
        if tcp.syn() {
            stream.first = tcp.sequence_number().wrapping_add(1);
        } else if !tcp.payload().is_empty() {
            let place = tcp.sequence_number().wrapping_sub(stream.first);
            stream.pieces.insert(place, tcp.payload().to_vec());
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

//! Conversations as frames whose ends and numbers are filled in when they are sent.

use std::net::SocketAddr;

use crate::catalogue::{self, Entry};
use crate::conversation::Speaker;
use crate::dialects::Dialect;
use crate::lookalikes;
use crate::noise::random;
use crate::packet::{ACK, Frame};
use crate::talk::Talk;

/// Stand for the client and the server until their addresses are filled in.
const ENDS_V4: [&str; 2] = ["10.0.0.1:1", "198.18.0.1:1"];
const ENDS_V6: [&str; 2] = ["[2001:db8:77::1]:1", "[2001:db8:203::1]:1"];

/// Length of an Ethernet header.
const ETHERNET: usize = 14;

/// Shares of a session in the dialects of which they are counted.
pub(super) const SHARES: usize = 40;

/// One frame.
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) bytes: Vec<u8>,
    /// From the client to the server.
    up: bool,
    /// Sequence and acknowledgement number, of TCP. The latter is absent in a SYN.
    numbers: Option<(u32, Option<u32>)>,
    /// Whether a share is in it.
    pub(super) share: bool,
}

/// A conversation.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) packets: Vec<Packet>,
    pub(super) v6: bool,
}

/// A miner's conversation, and the protocol that records name.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) script: Script,
    pub(super) protocol: String,
    /// Whether every share is counted in the records. Of the others it is known only that all of the conversation
    /// makes a miner.
    pub(super) counted: bool,
}

/// Who has a conversation: the last 32 bits of the addresses, ports, and first sequence numbers, client first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) addresses: [u32; 2],
    pub(super) ports: [u16; 2],
    pub(super) numbers: [u32; 2],
}

impl Script {
    fn new(talk: &Talk, v6: bool) -> Self {
        let [client, server] = if v6 { ENDS_V6 } else { ENDS_V4 }.map(|end| {
            // Both are constants above; there is no frame of another family to make from them.
            end.parse::<SocketAddr>().unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)))
        });
        let packet = |frame: &Frame| Packet::new(frame.bytes(), frame.from() == client, v6, !talk.datagrams);
        Self { packets: talk.frames(client, server).iter().map(packet).collect(), v6 }
    }
}

impl Packet {
    fn new(bytes: Vec<u8>, up: bool, v6: bool, tcp: bool) -> Self {
        let number = |at: usize| {
            let field = bytes.get(transport(v6) + at..).and_then(|rest| rest.first_chunk());
            field.copied().map_or(0, u32::from_be_bytes)
        };
        let acknowledges = bytes.get(transport(v6) + 13).is_some_and(|flags| flags & ACK != 0);
        let numbers = tcp.then(|| (number(4), acknowledges.then(|| number(8))));
        let says = |words: &[u8]| bytes.windows(words.len()).any(|window| window == words);
        let share = up && says(b"ubmit") && !says(b"submitLogin");
        Self { bytes, up, numbers, share }
    }

    /// Writes who speaks to whom into a copy of the frame. Checksums are left as they were: nobody checks them.
    pub(super) fn fill(&self, frame: &mut [u8], v6: bool, ends: &Ends) {
        let (transport, [source, destination]) = (transport(v6), addresses(v6));
        let order = |[client, server]: [u32; 2]| if self.up { [client, server] } else { [server, client] };
        let [from, to] = order(ends.addresses);
        let [from_port, to_port] = order(ends.ports.map(u32::from));
        let [mine, theirs] = order(ends.numbers);
        put(frame, source, from.to_be_bytes());
        put(frame, destination, to.to_be_bytes());
        put(frame, transport, (from_port << 16 | to_port).to_be_bytes());
        if let Some((sequence, acknowledgement)) = self.numbers {
            put(frame, transport + 4, sequence.wrapping_add(mine).to_be_bytes());
            if let Some(acknowledgement) = acknowledgement {
                put(frame, transport + 8, acknowledgement.wrapping_add(theirs).to_be_bytes());
            }
        }
    }
}

fn put(frame: &mut [u8], at: usize, bytes: [u8; 4]) {
    if let Some(field) = frame.get_mut(at..at + bytes.len()) {
        field.copy_from_slice(&bytes);
    }
}

const fn transport(v6: bool) -> usize {
    ETHERNET + if v6 { 40 } else { 20 }
}

/// Where the last 32 bits of source and destination stand.
const fn addresses(v6: bool) -> [usize; 2] {
    if v6 { [ETHERNET + 20, ETHERNET + 36] } else { [ETHERNET + 12, ETHERNET + 16] }
}

/// Traffic of the kinds that make up most of any: each in both families.
pub(super) fn ordinary() -> Vec<Script> {
    let full = random(1448, 1);
    let record = [&[0x17, 3, 3, 5, 163], random(1443, 2).as_slice()].concat();
    let hello = [&[0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3], random(194, 3).as_slice()].concat();
    let answer = [&[0x16, 3, 3, 0, 100, 2, 0, 0, 96, 3, 3], random(94, 4).as_slice()].concat();
    let get = "GET /pool/debian/main/f/firmware.deb HTTP/1.1\r\nHost: deb.example\r\n\r\n";
    let size = full.len() * 16;
    let found = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {size}\r\n\r\n"
    );
    let repeat = |talk: Talk, bytes: &[u8], times| (0..times).fold(talk, |talk, _| talk.server_bytes(bytes));
    let tls = repeat(Talk::new().client_bytes(&hello).server_bytes(&answer), &record, 20);
    let download = repeat(Talk::new().client_bytes(get.as_bytes()).server_bytes(found.as_bytes()), &full, 16);
    let api = Talk::new()
        .client_bytes(b"POST /v1/items HTTP/1.1\r\nHost: api.example\r\nContent-Length: 27\r\n\r\n{\"id\":7,\"method\":\"getItems\"}")
        .server_bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n{\"id\":7,\"items\":[1,2,3]}");
    let shell = (0..12).fold(
        Talk::new().server("SSH-2.0-OpenSSH_9.2p1 Debian-2\r").client("SSH-2.0-OpenSSH_9.9\r"),
        |talk, key| talk.client_bytes(&random(36, key)).server_bytes(&random(52, key)),
    );
    let dns = Talk::new().client_bytes(&random(40, 5)).server_bytes(&random(120, 6)).datagrams();
    let quic = repeat(Talk::new().client_bytes(&random(1200, 7)), &random(1200, 8), 12).datagrams();
    let talks = [tls, download, api, shell, dns, quic];
    talks.iter().flat_map(|talk| [false, true].map(|v6| Script::new(talk, v6))).collect()
}

/// Conversations of innocent software that looks like a miner.
pub(super) fn similar() -> Vec<Script> {
    lookalikes::all().iter().map(|lookalike| Script::new(&lookalike.talk, false)).collect()
}

/// Every protocol that is confirmed when it is heard from both sides; half of them are the laboratory's dialects, with
/// many shares.
pub(super) fn sessions() -> Vec<Session> {
    let entries: Vec<Entry> = catalogue::all().into_iter().filter(is_plain).collect();
    let mut sessions = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        let v6 = number % 3 == 2;
        let protocol = entry.protocol.to_string();
        sessions.push(Session { script: Script::new(&entry.talk, v6), protocol, counted: false });
        let dialects = [Dialect::Monero, Dialect::Bitcoin, Dialect::EthProxy];
        let Some(dialect) = dialects.get(number % dialects.len()) else { continue };
        let script = Script::new(&mining(*dialect, number as u64), number % 2 == 1);
        sessions.push(Session { script, protocol: dialect.protocol().to_owned(), counted: true });
    }
    sessions
}

/// A miner that connects to its pool over TCP, and of which one connection is enough.
fn is_plain(entry: &Entry) -> bool {
    entry.verdicts.first() == Some(&Some(detector::judge::Verdict::Confirmed))
        && entry.miner == Speaker::Client
        && !entry.talk.datagrams
}

fn mining(dialect: Dialect, seed: u64) -> Talk {
    let lines = dialect.session(dialect.identity(&format!("rig{seed}")), seed, SHARES);
    lines.iter().fold(Talk::new(), |talk, line| match line.speaker {
        Speaker::Client => talk.client(&line.text),
        Speaker::Server => talk.server(&line.text),
    })
}

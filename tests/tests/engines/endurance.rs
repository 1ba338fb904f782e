//! Miners that are hard to follow: late, seldom, behind other talk, with lost or contradictory segments. Each must be
//! found by what the recogniser passes up and the pipeline makes of it.

use std::net::SocketAddr;
use std::sync::LazyLock;

use detector::judge::Verdict;
use detector::kernel::Limits;
use detector::ledger::Record;
use detector::replay::engine::HostEngine;
use detector::signature::Signatures;
use firedamp_tests::conversation::Speaker;
use firedamp_tests::dialects::Dialect;
use firedamp_tests::packet::{ACK, Frame, SYN};

use crate::seat::Seat;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

const LIMITS: Limits = Limits { flows: 64, watched: 64, ring: 1 << 20, blocks: 0 };

/// Payload of a segment.
const LARGEST: usize = 1400;

const DIALECTS: [Dialect; 3] = [Dialect::Monero, Dialect::Bitcoin, Dialect::EthProxy];

/// One connection, packet by packet.
struct Wire<'a> {
    seat: Seat<'a>,
    ends: [SocketAddr; 2],
    next: [u32; 2],
    clock: u64,
    records: Vec<(u64, Record)>,
}

impl<'a> Wire<'a> {
    fn new(engine: &'a mut HostEngine<'_>) -> Self {
        let ends = ["10.77.0.2:40000", "203.0.113.9:3333"].map(|end| end.parse().unwrap());
        let clock = 1_700_000_000 * SECOND;
        Self { seat: Seat::new(engine), ends, next: [u32::MAX - 500, 77], clock, records: Vec::new() }
    }

    fn frame(&mut self, speaker: Speaker, sequence: u32, flags: u8, payload: &[u8]) {
        let [client, server] = self.ends;
        let (from, to) = if speaker == Speaker::Client { (client, server) } else { (server, client) };
        let frame = Frame::tcp(from, to).sequence(sequence).flags(flags).payload(payload);
        let step = self.seat.frame(&frame.bytes(), self.clock);
        self.records.extend(step.records.into_iter().map(|record| (self.clock, record)));
    }

    /// Takes sequence numbers.
    fn take(&mut self, speaker: Speaker, length: usize) -> u32 {
        let next = &mut self.next[usize::from(speaker == Speaker::Server)];
        let sequence = *next;
        *next = next.wrapping_add(u32::try_from(length).unwrap());
        sequence
    }

    fn says(&mut self, speaker: Speaker, bytes: &[u8]) {
        for piece in bytes.chunks(LARGEST) {
            let sequence = self.take(speaker, piece.len());
            self.frame(speaker, sequence, ACK, piece);
        }
    }

    fn wait(&mut self, time: u64) {
        self.clock += time;
    }

    /// A session of mining with as much time between the messages.
    fn mines(&mut self, dialect: Dialect, shares: usize, pause: u64) {
        for line in session(dialect, shares) {
            self.wait(pause);
            self.says(line.0, &line.1);
        }
    }

    /// The best record, and when the first one was written.
    fn found(mut self) -> Option<(u64, Record)> {
        let last = self.seat.finish();
        let clock = self.clock;
        self.records.extend(last.into_iter().map(|record| (clock, record)));
        let mining = |record: &Record| record.verdict > Verdict::Node;
        let first = self.records.iter().find(|(_, record)| mining(record))?.0;
        let best = self.records.into_iter().map(|(_, record)| record).filter(mining);
        Some((first, best.max_by_key(|record| (record.verdict, record.facts.shares.submitted))?))
    }
}

fn session(dialect: Dialect, shares: usize) -> Vec<(Speaker, Vec<u8>)> {
    let lines = dialect.session(dialect.identity("rig7"), 7, shares);
    lines.into_iter().map(|line| (line.speaker, format!("{}\n", line.text).into_bytes())).collect()
}

/// What becomes of a connection.
fn on_a_wire(act: impl FnOnce(&mut Wire<'_>)) -> Option<(u64, Record)> {
    static SIGNATURES: LazyLock<Signatures> = LazyLock::new(|| Signatures::built_in().unwrap());
    let mut engine = HostEngine::new(SIGNATURES.automaton(), &LIMITS);
    let mut wire = Wire::new(&mut engine);
    act(&mut wire);
    wire.found()
}

/// Requests and responses of web pages, and other talk.
const PREAMBLES: [[&[u8]; 2]; 3] = [
    [
        b"GET /a HTTP/1.1\r\nHost: example.org\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nnothing to see here\r\n",
    ],
    [b"how do you do, said he\n", b"very well, said she\n"],
    [b"{\"id\":1,\"method\":\"status\",\"params\":[]}\n", b"{\"id\":1,\"result\":{\"up\":true}}\n"],
];

#[test]
fn a_miner_behind_a_long_preamble_is_found() {
    // Bytes, and bytes a second.
    for (total, rate) in [(10_000, 1), (200_000, 1_000), (100_000_000, 1_000_000)] {
        for (number, [asked, answered]) in PREAMBLES.into_iter().enumerate() {
            let size = LARGEST.min(rate);
            let stream =
                |text: &[u8]| text.iter().copied().cycle().take(text.len() * 100).collect::<Vec<u8>>();
            let streams = [stream(asked), stream(answered)];
            let mut began = 0;
            let found = on_a_wire(|wire| {
                let mut sent = 0;
                while sent < total {
                    for (speaker, stream) in [Speaker::Client, Speaker::Server].into_iter().zip(&streams) {
                        let from = sent % (stream.len() - size);
                        wire.says(speaker, &stream[from..from + size]);
                    }
                    sent += size;
                    wire.wait(SECOND * size as u64 / rate as u64);
                }
                began = wire.clock;
                wire.mines(Dialect::Monero, 20, 20 * SECOND);
            });
            let case = format!("preamble {number}, {total} bytes at {rate} a second");
            let (first, best) = found.unwrap_or_else(|| panic!("{case}: not found"));
            assert!(first - began <= 11 * MINUTE, "{case}: after {} s", (first - began) / SECOND);
            assert!(best.verdict >= Verdict::Probable, "{case}: {}", best.verdict);
        }
    }
}

#[test]
fn whoever_was_dismissed_is_found_ten_minutes_later() {
    let version = {
        let body = [vec![0; 81], vec![0; 5]].concat();
        let length = u32::try_from(body.len()).unwrap().to_le_bytes();
        [&[0xf9, 0xbe, 0xb4, 0xd9][..], b"version\0\0\0\0\0", &length, &checksum(&body), &body].concat()
    };
    let nonsense =
        b"he said \"mining.subscribe\" and \"method\":\"login\" and more of that sort\n".repeat(200);
    for (what, opening) in [("nonsense", nonsense), ("a node", version)] {
        for dialect in DIALECTS {
            let mut began = 0;
            let found = on_a_wire(|wire| {
                wire.says(Speaker::Client, &opening);
                wire.says(Speaker::Server, &opening);
                began = wire.clock;
                wire.mines(dialect, 100, 5 * SECOND);
            });
            let (first, best) = found.unwrap_or_else(|| panic!("{what}, {dialect:?}: not found"));
            assert!(
                first - began <= 11 * MINUTE,
                "{what}, {dialect:?}: after {} s",
                (first - began) / SECOND
            );
            assert!(best.verdict >= Verdict::Probable, "{what}, {dialect:?}: {}", best.verdict);
        }
    }
}

fn checksum(body: &[u8]) -> [u8; 4] {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(Sha256::digest(body));
    [digest[0], digest[1], digest[2], digest[3]]
}

#[test]
fn garbage_that_the_pool_never_gets_hides_no_miner() {
    let garbages: [fn(usize) -> Vec<u8>; 3] = [
        |length| vec![b'x'; length],
        |length| b"no mining here\n".iter().copied().cycle().take(length).collect(),
        |length| vec![0x17; length + 300],
    ];
    for dialect in DIALECTS {
        for (number, garbage) in garbages.into_iter().enumerate() {
            for cut in [LARGEST, 60, 3] {
                let found = on_a_wire(|wire| {
                    for (speaker, line) in session(dialect, 5) {
                        wire.wait(5 * SECOND);
                        if speaker == Speaker::Server {
                            wire.says(speaker, &line);
                            continue;
                        }
                        for piece in line.chunks(cut) {
                            let sequence = wire.take(speaker, piece.len());
                            wire.frame(speaker, sequence, ACK, &garbage(piece.len()));
                            wire.frame(speaker, sequence, ACK, piece);
                        }
                    }
                });
                let case = format!("{dialect:?}, garbage {number}, {cut} bytes a segment");
                let (_, best) = found.unwrap_or_else(|| panic!("{case}: not found"));
                assert_eq!(best.verdict, Verdict::Confirmed, "{case}");
                assert!(best.facts.shares.submitted >= 3, "{case}: {:?}", best.facts.shares);
                assert!(best.facts.shares.submitted <= 5, "{case}: {:?}", best.facts.shares);
                let told = best.evidence.iter().any(|reason| reason.kind == "overlap-conflict");
                assert!(told, "{case}");
            }
        }
    }
}

#[test]
fn a_login_on_the_syn_is_read() {
    for dialect in DIALECTS {
        let found = on_a_wire(|wire| {
            let mut lines = session(dialect, 2).into_iter();
            let (speaker, first) = lines.next().unwrap();
            let sequence = wire.take(speaker, first.len() + 1);
            wire.frame(speaker, sequence, SYN, &first);
            wire.take(Speaker::Server, 1);
            for (speaker, line) in lines {
                wire.wait(SECOND);
                wire.says(speaker, &line);
            }
        });
        let (_, best) = found.unwrap();
        assert_eq!((best.verdict, best.facts.shares.submitted), (Verdict::Confirmed, 2), "{dialect:?}");
    }
}

#[test]
fn the_same_ends_are_read_anew_although_the_old_connection_never_closed() {
    for ahead in [70_000, 500_000, 16_000_000, u32::MAX / 2, u32::MAX - 400_000] {
        for mined_before in [false, true] {
            let found = on_a_wire(|wire| {
                if mined_before {
                    wire.mines(Dialect::Monero, 1, SECOND);
                } else {
                    wire.says(Speaker::Client, b"GET / HTTP/1.1\r\n\r\n");
                    wire.says(Speaker::Server, b"HTTP/1.1 204 No Content\r\n\r\n");
                }
                wire.wait(SECOND / 2);
                wire.next = wire.next.map(|next| next.wrapping_add(ahead));
                for speaker in [Speaker::Client, Speaker::Server] {
                    let sequence = wire.take(speaker, 1);
                    let flags = if speaker == Speaker::Client { SYN } else { SYN | ACK };
                    wire.frame(speaker, sequence, flags, &[]);
                }
                wire.mines(Dialect::Bitcoin, 3, SECOND);
            });
            let (_, best) = found.unwrap_or_else(|| panic!("{ahead} {mined_before}"));
            assert_eq!(best.verdict, Verdict::Confirmed, "{ahead} {mined_before}");
        }
    }
}

#[test]
fn with_every_nth_segment_lost_a_miner_is_found() {
    for dialect in DIALECTS {
        for nth in 2..=10 {
            for offset in 0..nth {
                let found = on_a_wire(|wire| {
                    for (number, (speaker, line)) in session(dialect, 20).into_iter().enumerate() {
                        wire.wait(5 * SECOND);
                        if number % nth == offset {
                            wire.take(speaker, line.len());
                        } else {
                            wire.says(speaker, &line);
                        }
                    }
                });
                let case = format!("{dialect:?}, every {nth}th lost from {offset}");
                let (_, best) = found.unwrap_or_else(|| panic!("{case}"));
                assert!(best.verdict >= Verdict::Probable, "{case}: {}", best.verdict);
                let shares = best.facts.shares;
                assert!(shares.submitted <= 20 && shares.accepted <= shares.submitted, "{case}: {shares:?}");
            }
        }
    }
}

#[test]
fn a_miner_that_speaks_every_few_hours_is_one_case() {
    for dialect in DIALECTS {
        for hours in [5, 7] {
            let found = on_a_wire(|wire| wire.mines(dialect, 5, hours * HOUR));
            let (_, best) = found.unwrap();
            assert!(best.verdict >= Verdict::Probable, "{dialect:?}");
            assert_eq!(best.connections, 1, "{dialect:?}, every {hours} hours");
            assert!(best.facts.shares.submitted <= 5, "{dialect:?}: {:?}", best.facts.shares);
        }
    }
}

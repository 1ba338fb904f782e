//! The program in the kernel, where it is given one packet after the other, and the packets.

use std::net::SocketAddr;

use detector::kernel::Limits;
use detector::pipeline::Feedback;
use detector::replay::engine::{Engine, KernelEngine};
use detector::signature::Signatures;
use detector_common::counters::Counter;
use detector_common::event::{Event, EventKind};
use detector_common::flow::FlowKey;
use firedamp_tests::noise::Noise;
use firedamp_tests::packet::{ACK, Frame, PSH};

pub(crate) const LOGIN: &[u8] =
    b"{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"login\",\"params\":{\"login\":\"x\",\"pass\":\"x\"}}\n";

/// Enough for these tests, and quicker to clear than the tables of a live run.
pub(crate) const SMALL: Limits = Limits { flows: 4096, watched: 64, ring: 1 << 20, blocks: 0 };

pub(crate) const SECOND: u64 = 1_000_000_000;

pub(crate) fn ends(v6: bool) -> [SocketAddr; 2] {
    let text = if v6 {
        ["[2001:db8::1]:40000", "[2001:db8::2]:3333"]
    } else {
        ["10.77.0.2:40000", "203.0.113.9:3333"]
    };
    text.map(|end| end.parse().unwrap())
}

pub(crate) fn v4() -> Frame {
    let [client, server] = ends(false);
    Frame::tcp(client, server).flags(PSH | ACK)
}

pub(crate) fn v6() -> Frame {
    let [client, server] = ends(true);
    Frame::tcp(client, server).flags(PSH | ACK)
}

/// A frame to the server from a client port.
pub(crate) fn from_port(port: u16) -> Frame {
    let [mut client, server] = ends(false);
    client.set_port(port);
    Frame::tcp(client, server).flags(PSH | ACK)
}

pub(crate) fn key() -> FlowKey {
    let [client, server] = ends(false);
    FlowKey::tcp(client.into(), server.into()).0
}

/// The engine, and what the last packet changed.
pub(crate) struct Kernel {
    pub(crate) engine: KernelEngine,
    pub(crate) time: u64,
}

/// An event in short.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) kind: EventKind,
    pub(crate) from: SocketAddr,
    pub(crate) sequence: u32,
    pub(crate) answers_tls: bool,
    pub(crate) payload: Vec<u8>,
}

/// What became of a packet.
pub(crate) struct Fate {
    /// The counters it changed, other than `packets`.
    pub(crate) counted: Vec<&'static str>,
    pub(crate) sent: Vec<Sent>,
}

impl Kernel {
    pub(crate) fn load() -> Self {
        let signatures = Signatures::built_in().unwrap();
        let engine = KernelEngine::load(signatures.automaton(), &SMALL).unwrap();
        Self { engine, time: SECOND }
    }

    /// Runs the program on a frame. That it passes the packet on is checked by the engine.
    pub(crate) fn run(&mut self, frame: &[u8]) -> Fate {
        let before = self.engine.counters().unwrap();
        let mut sent = Vec::new();
        let mut sink = |event: &Event<'_>| {
            assert_eq!(event.header.time(), self.time);
            let from = event.header.key().sender(event.header.direction()).into();
            let payload = event.payload.to_vec();
            let (sequence, answers_tls) = (event.header.sequence(), event.header.answers_tls());
            sent.push(Sent { kind: event.kind, from, sequence, answers_tls, payload });
        };
        self.engine.frame(frame, self.time, &mut sink).unwrap();
        let after = self.engine.counters().unwrap();
        assert_eq!(after.get(Counter::Packets), before.get(Counter::Packets) + 1);
        let changed = Counter::ALL.iter().filter(|counter| {
            assert!(after.get(**counter) - before.get(**counter) <= 1, "{counter:?} counted twice");
            after.get(**counter) > before.get(**counter)
        });
        let counted = changed.map(|counter| counter.name()).filter(|name| *name != "packets").collect();
        Fate { counted, sent }
    }

    pub(crate) fn feedback(&mut self, feedback: Feedback) {
        self.engine.feedback(feedback).unwrap();
    }
}

/// A ping of discv4 as far as the kernel reads it.
pub(crate) fn ping(length: usize) -> Vec<u8> {
    let mut ping = Noise::new(3).bytes(length);
    let list = match length - 99 {
        short @ 0..=55 => 0xc0 + u8::try_from(short).unwrap(),
        56..=256 => 0xf8,
        _ => 0xf9,
    };
    ping[96..99].copy_from_slice(&[1, 1, list]);
    ping
}

pub(crate) fn udp(v6: bool) -> Frame {
    let [client, server] = ends(v6);
    Frame::udp(client, server)
}

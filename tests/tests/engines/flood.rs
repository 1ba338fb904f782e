//! Floods of new flows against flows that are slow.

use std::net::{Ipv4Addr, SocketAddr};

use detector::kernel::{Limits, Program};
use detector::replay::engine::{Engine, HostEngine, KernelEngine};
use detector::signature::Signatures;
use detector_common::event::{Event, EventKind};
use detector_common::flow::FlowKey;
use detector_common::settings::Settings;
use firedamp_tests::packet::{ACK, Frame, PSH};
use firedamp_tests::privileges;

const LIMITS: Limits = Limits { flows: 4096, watched: 64, ring: 1 << 20, blocks: 0 };
const SECOND: u64 = 1_000_000_000;

/// Cut within the name of the method.
const LOGIN: &[u8] = b"\n{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[]}\n";

/// How many slow hosts there are.
const SLOW: u16 = 20;

fn pool() -> SocketAddr {
    "203.0.113.9:3333".parse().unwrap()
}

fn host(number: u32, port: u16) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::from(0x0a00_0000 + number).into(), port)
}

fn segment(from: SocketAddr, sequence: u32, payload: &[u8]) -> Vec<u8> {
    Frame::tcp(from, pool()).flags(PSH | ACK).sequence(sequence).payload(payload).bytes()
}

/// Ten times as many new flows as there is room for, from hosts that were not seen before.
fn flood(engine: &mut dyn Engine, time: u64, number: u32) {
    for flow in 0..10 * LIMITS.flows {
        let from = host(1 + number * 10 * LIMITS.flows + flow, 40_000);
        engine.frame(&segment(from, 1, b"short"), time, &mut |_| panic!("the flood says nothing")).unwrap();
    }
}

/// The slow hosts of which events came.
fn say(engine: &mut dyn Engine, time: u64, sequence: u32, payload: &[u8]) -> Vec<(SocketAddr, EventKind)> {
    let mut heard = Vec::new();
    for port in 1..=SLOW {
        let mut sink = |event: &Event<'_>| {
            heard.push((event.header.key().sender(event.header.direction()).into(), event.kind));
        };
        engine.frame(&segment(host(0, port), sequence, payload), time, &mut sink).unwrap();
    }
    heard
}

/// Miners that send half a message a minute are found, and stay under watch.
fn slow_miners_survive(engine: &mut dyn Engine) {
    let hosts = |kind| (1..=SLOW).map(|port| (host(0, port), kind)).collect::<Vec<_>>();
    for (time, sequence) in [(0, 1), (10, 7), (20, 13), (30, 19), (40, 25)] {
        assert_eq!(say(engine, time * SECOND, sequence, b"hello "), []);
    }
    flood(engine, 41 * SECOND, 0);
    let (first, second) = LOGIN.split_at(31);
    assert_eq!(say(engine, 70 * SECOND, 31, first), []);
    flood(engine, 71 * SECOND, 1);
    assert_eq!(say(engine, 130 * SECOND, 62, second), hosts(EventKind::First));
    flood(engine, 131 * SECOND, 2);
    assert_eq!(say(engine, 190 * SECOND, 81, b"{\"id\""), hosts(EventKind::Segment));
}

#[test]
fn a_flood_of_new_flows_hides_no_slow_miner_from_the_host_engine() {
    let signatures = Signatures::built_in().unwrap();
    slow_miners_survive(&mut HostEngine::new(signatures.automaton(), &LIMITS));
}

#[test]
fn a_flood_of_new_flows_hides_no_slow_miner_from_the_kernel() {
    if privileges::granted("a_flood_of_new_flows_hides_no_slow_miner_from_the_kernel") {
        let signatures = Signatures::built_in().unwrap();
        slow_miners_survive(&mut KernelEngine::load(signatures.automaton(), &LIMITS).unwrap());
    }
}

#[test]
fn what_a_flood_pushes_out_is_counted() {
    if !privileges::granted("what_a_flood_pushes_out_is_counted") {
        return;
    }
    let signatures = Signatures::built_in().unwrap();
    let settings = Settings { replay: 1, ..Settings::DEFAULT };
    let mut program = Program::load(&settings, &LIMITS, signatures.automaton()).unwrap();
    let mut watches = program.take_watches().unwrap();
    let mut run = |number| {
        program.test_run(&segment(host(number, 40_000), 1, b"short"), SECOND, 1).unwrap();
        program.counters().unwrap()
    };
    let full = (1..=LIMITS.flows).map(&mut run).last().unwrap();
    assert_eq!(watches.evicted(&full), 0);
    for number in 1..=10 {
        let key = FlowKey::tcp(host(LIMITS.flows + 1 - number, 40_000).into(), pool().into()).0;
        watches.forget(&key).unwrap();
    }
    let counters = (0..100).map(|number| run(LIMITS.flows + 1 + number)).last().unwrap();
    assert_eq!(watches.evicted(&counters), 90, "there was room for ten");
}

//! The gate before the program, packet by packet.

use std::net::SocketAddr;

use detector::block::Target;
use detector::kernel::{Gate, Limits, Program, TestRunError};
use detector_common::automaton::Automaton;
use detector_common::block::{Control, DRY_RUN, ENFORCE, Kinds, Network};
use detector_common::counters::Counter;
use detector_common::settings::Settings;
use firedamp_tests::packet::{Frame, Outer, QINQ, VLAN, Wrapping, cut, fragmentable, fragments};
use firedamp_tests::privileges;
use nix::time::{ClockId, clock_gettime};

use crate::seat::{LOGIN, SECOND, SMALL, ends, from_port, udp, v4, v6};

const XDP_DROP: u32 = 1;

/// Blocks for which there is room.
const ROOM: u32 = 4;

/// The program with the gate before it, and what the agent says of blocks.
struct Seat {
    program: Program,
    gate: Gate,
    control: Control,
}

impl Seat {
    /// Everything is enforced, and nothing is too much.
    fn load() -> Self {
        let limits = Limits { blocks: ROOM, ..SMALL };
        let mut program = Program::load(&Settings::DEFAULT, &limits, &Automaton::EMPTY).unwrap();
        let gate = program.put_gate_before().unwrap();
        let kinds = Kinds::FLOWS.and(Kinds::PAIRS).and(Kinds::NETWORKS);
        let control = Control { mode: ENFORCE, kinds, until: u64::MAX, share: 1000, free: 1000, packets: 0 };
        let mut seat = Self { program, gate, control };
        seat.say(control);
        seat
    }

    fn say(&mut self, control: Control) {
        self.control = control;
        self.gate.set_control(&control).unwrap();
    }

    /// Blocks for so many seconds, or until so many ago.
    fn block(&mut self, target: &str, seconds: i64) {
        let expires = now().saturating_add_signed(seconds * 1_000_000_000);
        self.gate.block(&place(target), expires).unwrap();
    }

    fn unblock(&mut self, target: &str) {
        self.gate.unblock(&place(target)).unwrap();
    }

    fn drops(&mut self, frame: &[u8]) -> bool {
        match self.program.test_run(frame, SECOND, 1) {
            Ok(_) => false,
            Err(TestRunError::NotPassed(XDP_DROP)) => true,
            Err(error) => panic!("{error}"),
        }
    }

    fn hits(&self, target: &str) -> u64 {
        self.gate.get(&place(target)).unwrap().unwrap().hits
    }

    fn count(&self, counter: Counter) -> u64 {
        self.program.counters().unwrap().get(counter)
    }
}

fn place(target: &str) -> detector::kernel::Place {
    target.parse::<Target>().unwrap().place()
}

fn now() -> u64 {
    let clock: std::time::Duration = clock_gettime(ClockId::CLOCK_BOOTTIME).unwrap().into();
    u64::try_from(clock.as_nanos()).unwrap()
}

fn network(address: &str, bits: u8) -> Network {
    Network::new(address.parse().unwrap(), bits)
}

/// What the server answers.
fn back(v6: bool) -> Frame {
    let [client, server] = ends(v6);
    Frame::tcp(server, client)
}

fn from(client: &str) -> Frame {
    Frame::tcp(SocketAddr::new(client.parse().unwrap(), 40_000), ends(false)[1])
}

const FLOW: &str = "10.77.0.2:40000-203.0.113.9:3333";
const PAIR: &str = "10.77.0.2-203.0.113.9:3333";
const POOL: &str = "203.0.113.9";

#[test]
fn each_kind_drops_what_it_names_and_nothing_else() {
    if !privileges::granted("each_kind_drops_what_it_names_and_nothing_else") {
        return;
    }
    let mut seat = Seat::load();
    let login = v4().payload(LOGIN).bytes();
    let answer = back(false).payload(LOGIN).bytes();
    let another = from_port(40_001).bytes();
    let neighbour = from("10.77.0.3").bytes();
    let datagram = udp(false).bytes();
    for (target, drops) in [
        (FLOW, [true, true, false, false, false]),
        (PAIR, [true, true, true, false, true]),
        (POOL, [true; 5]),
        ("203.0.113.0/24", [true; 5]),
        ("10.77.0.3", [false, false, false, true, false]),
        ("203.0.113.9-10.77.0.2:3333", [false; 5]),
    ] {
        seat.block(target, 60);
        let frames = [&login, &answer, &another, &neighbour, &datagram];
        assert_eq!(frames.map(|frame| seat.drops(frame)), drops, "{target}");
        seat.unblock(target);
        assert!(frames.iter().all(|frame| !seat.drops(frame)), "{target}");
    }
}

#[test]
fn both_families_are_blocked_and_mapped_addresses_are_those_of_ipv4() {
    if !privileges::granted("both_families_are_blocked_and_mapped_addresses_are_those_of_ipv4") {
        return;
    }
    let mut seat = Seat::load();
    for target in [
        "[2001:db8::1]:40000-[2001:db8::2]:3333",
        "2001:db8::1-[2001:db8::2]:3333",
        "2001:db8::2",
        "2001:db8::/48",
    ] {
        seat.block(target, 60);
        assert!(seat.drops(&v6().bytes()) && seat.drops(&back(true).bytes()), "{target}");
        assert!(!seat.drops(&v4().bytes()), "{target}");
        seat.unblock(target);
    }
    let mapped = |end: SocketAddr| match end {
        SocketAddr::V4(v4) => SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port()),
        v6 @ SocketAddr::V6(_) => v6,
    };
    let [client, server] = ends(false).map(mapped);
    let frame = Frame::tcp(client, server).bytes();
    for target in [FLOW, PAIR, POOL, "203.0.113.0/24"] {
        seat.block(target, 60);
        assert!(seat.drops(&frame), "{target}");
        seat.unblock(target);
    }
}

#[test]
fn a_block_ends_by_itself_and_can_be_extended() {
    if !privileges::granted("a_block_ends_by_itself_and_can_be_extended") {
        return;
    }
    let mut seat = Seat::load();
    for target in [FLOW, PAIR, POOL] {
        seat.block(target, -1);
        assert!(!seat.drops(&v4().bytes()), "{target}: it is over");
        assert_eq!(seat.hits(target), 0);
        seat.block(target, 60);
        assert!(seat.drops(&v4().bytes()), "{target}");
        seat.block(target, 120);
        assert!(seat.drops(&v4().bytes()), "{target}");
        assert_eq!(seat.hits(target), 2, "{target}: the count goes on");
        seat.unblock(target);
    }
    seat.block(FLOW, 60);
    seat.say(Control { until: now(), ..seat.control });
    assert!(!seat.drops(&v4().bytes()), "the agent's word is over");
    seat.say(Control { mode: DRY_RUN, until: u64::MAX, ..seat.control });
    assert!(!seat.drops(&v4().bytes()));
    assert_eq!((seat.hits(FLOW), seat.count(Counter::WouldBlock)), (1, 1));
    // The longest prefix counts, until the agent takes it away.
    seat.unblock(FLOW);
    seat.say(Control { mode: ENFORCE, ..seat.control });
    seat.block("203.0.113.0/24", 60);
    seat.block(POOL, -1);
    assert!(!seat.drops(&v4().bytes()));
    seat.unblock(POOL);
    assert!(seat.drops(&v4().bytes()));
}

#[test]
fn what_is_allowed_passes_whatever_is_blocked() {
    if !privileges::granted("what_is_allowed_passes_whatever_is_blocked") {
        return;
    }
    let mut seat = Seat::load();
    seat.block(PAIR, 60);
    seat.block("203.0.113.0/24", 60);
    for allowed in [network("10.77.0.2", 32), network("10.0.0.0", 8), network("203.0.113.9", 32)] {
        seat.gate.allow_only(&[allowed]).unwrap();
        let before = seat.count(Counter::BlockAllowed);
        assert!(!seat.drops(&v4().bytes()) && !seat.drops(&back(false).bytes()), "{allowed:?}");
        assert_eq!(seat.count(Counter::BlockAllowed), before + 2);
    }
    seat.gate.allow_only(&[network("10.77.0.3", 32)]).unwrap();
    assert!(seat.drops(&v4().bytes()), "it is not allowed any more");
    assert!(!seat.drops(&from("10.77.0.3").bytes()));
}

#[test]
fn full_tables_take_no_more_and_keep_what_they_have() {
    if !privileges::granted("full_tables_take_no_more_and_keep_what_they_have") {
        return;
    }
    let mut seat = Seat::load();
    for first in ["203.0.113.", "198.51.100."] {
        let pairs = first.starts_with("198");
        let target = |host: u32| {
            let suffix = if pairs { ":3333" } else { "" };
            format!("{}{first}{host}{suffix}", if pairs { "10.77.0.2-" } else { "" })
        };
        // A table of networks has one place more: in older kernels a full one cannot be changed.
        let room = if pairs { ROOM } else { ROOM + 1 };
        (1..room).for_each(|host| seat.block(&target(host), 60));
        seat.block(&target(1), 120);
        seat.block(&target(room), 60);
        let expires = now() + 60 * SECOND;
        let full = place(&target(room + 1));
        assert!(seat.gate.block(&full, expires).is_err(), "{first}: there is no more room");
        assert_eq!(seat.gate.get(&full).unwrap(), None);
        let to = |host: u32| {
            let server = SocketAddr::new(format!("{first}{host}").parse().unwrap(), 3333);
            Frame::tcp(ends(false)[0], server).bytes()
        };
        assert!((1..=room).all(|host| seat.drops(&to(host))), "{first}");
        assert!(!seat.drops(&to(room + 1)), "{first}");
        seat.unblock(&target(1));
        seat.gate.block(&full, expires).unwrap();
        assert!(seat.drops(&to(room + 1)), "{first}: there is room again");
    }
}

#[test]
fn what_a_packet_is_wrapped_in_does_not_matter() {
    if !privileges::granted("what_a_packet_is_wrapped_in_does_not_matter") {
        return;
    }
    let mut seat = Seat::load();
    let login = v4().payload(LOGIN).bytes();
    let wrapped = [
        ("a VLAN", vec![Wrapping::Tags(&[VLAN])]),
        ("two", vec![Wrapping::Tags(&[QINQ, VLAN])]),
        ("PPPoE", vec![Wrapping::Pppoe]),
        ("PPPoE in a VLAN", vec![Wrapping::Pppoe, Wrapping::Tags(&[VLAN])]),
        ("options", vec![Wrapping::Options]),
        ("IP in IP", vec![Wrapping::Ip(Outer::V4)]),
        ("GRE over IPv6", vec![Wrapping::Gre(Outer::V6, [false; 3])]),
        ("VXLAN", vec![Wrapping::Vxlan(Outer::V4, 4789)]),
        ("GTP-U", vec![Wrapping::Gtp(Outer::V4, [false; 2])]),
    ];
    for target in [FLOW, PAIR, POOL] {
        seat.block(target, 60);
        for (name, wrappings) in &wrapped {
            let frame = Wrapping::wrap_in(wrappings, login.clone());
            assert!(seat.drops(&frame), "{target} in {name}");
            let other = Wrapping::wrap_in(wrappings, from("10.77.0.3").payload(LOGIN).bytes());
            assert_eq!(seat.drops(&other), target == POOL, "{target}: another in {name}");
        }
        seat.unblock(target);
    }
}

#[test]
fn of_a_fragmented_packet_the_first_fragment_is_dropped() {
    if !privileges::granted("of_a_fragmented_packet_the_first_fragment_is_dropped") {
        return;
    }
    let mut seat = Seat::load();
    for whole in [v4().payload(LOGIN).bytes(), v6().payload(LOGIN).bytes()] {
        let pieces = fragments(&whole, &cut(fragmentable(&whole), 40, 40), 7);
        let [first, rest @ ..] = pieces.as_slice() else { panic!("no fragments") };
        for target in [PAIR, "2001:db8::1-[2001:db8::2]:3333"] {
            seat.block(target, 60);
        }
        assert!(seat.drops(first));
        assert!(rest.iter().all(|piece| !seat.drops(piece)), "without ports they belong to nobody");
        for target in [POOL, "2001:db8::2"] {
            seat.block(target, 60);
        }
        assert!(pieces.iter().all(|piece| seat.drops(piece)), "addresses are in all of them");
        for target in [POOL, "2001:db8::2"] {
            seat.unblock(target);
        }
    }
}

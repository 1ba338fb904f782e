//! What the loaded program reads through, and what the agent learns of it.

#![cfg(test)]

use std::net::SocketAddr;

use detector::kernel::{Limits, Program};
use detector::replay::engine::{Engine, HostEngine, KernelEngine};
use detector::signature::Signatures;
use detector_common::counters::Counter;
use detector_common::event::{Event, EventKind};
use detector_common::packet::{Encapsulation, LayerKind};
use detector_common::settings::Settings;
use firedamp_tests::packet::{ACK, Extension, Frame, PSH, VLAN};
use firedamp_tests::privileges;

const LOGIN: &[u8] =
    b"{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"login\",\"params\":{\"login\":\"x\",\"pass\":\"x\"}}\n";

const SMALL: Limits = Limits { flows: 4096, watched: 64, ring: 1 << 20, blocks: 0 };

/// Where an Ethernet header without tags ends.
const ETHERNET: usize = 14;

/// What an event says of its packet.
#[derive(Debug, PartialEq)]
struct Told {
    kind: EventKind,
    sequence: u32,
    total: Option<u16>,
    outer: Encapsulation,
    payload: Vec<u8>,
}

/// What both engines tell of a frame, and the counters that it changed in both, other than `packets`.
struct Both<'a> {
    engines: [Box<dyn Engine + 'a>; 2],
}

impl<'a> Both<'a> {
    fn load(signatures: &'a Signatures) -> Self {
        let kernel = KernelEngine::load(signatures.automaton(), &SMALL).unwrap();
        Self { engines: [Box::new(kernel), Box::new(HostEngine::new(signatures.automaton(), &SMALL))] }
    }

    fn read(&mut self, frame: &[u8]) -> (Vec<Told>, Vec<&'static str>) {
        let [kernel, host] = self.engines.each_mut().map(|engine| {
            engine.clear().unwrap();
            let before = engine.counters().unwrap();
            let mut told = Vec::new();
            let mut sink = |event: &Event<'_>| {
                let (sequence, total) = (event.header.sequence(), event.header.total());
                let (kind, outer, payload) = (event.kind, event.outer, event.payload.to_vec());
                told.push(Told { kind, sequence, total, outer, payload });
            };
            engine.frame(frame, 1_000_000_000, &mut sink).unwrap();
            let after = engine.counters().unwrap();
            let changed = Counter::ALL.iter().filter(|counter| after.get(**counter) > before.get(**counter));
            let names = changed.map(|counter| counter.name()).filter(|name| *name != "packets").collect();
            (told, names)
        });
        assert_eq!(kernel, host, "kernel, host");
        host
    }

    /// The login is found in this frame; what it was wrapped in.
    fn found(&mut self, name: &str, frame: &[u8]) -> Encapsulation {
        let (told, counted) = self.read(frame);
        assert_eq!(counted, ["flows", "scanned", "matches"], "{name}");
        let [Told { kind, outer, payload, .. }] = told.as_slice() else { panic!("{name}: {told:?}") };
        assert_eq!((*kind, payload.as_slice()), (EventKind::First, LOGIN), "{name}");
        *outer
    }
}

fn ends(v6: bool) -> [SocketAddr; 2] {
    let ends = if v6 {
        ["[2001:db8::1]:40000", "[2001:db8::2]:3333"]
    } else {
        ["10.77.0.2:40000", "203.0.113.9:3333"]
    };
    ends.map(|end| end.parse().unwrap())
}

fn login(v6: bool) -> Frame {
    let [client, server] = ends(v6);
    Frame::tcp(client, server).flags(PSH | ACK).payload(LOGIN)
}

/// The IP packet in a frame without tags.
fn packet(frame: &Frame) -> Vec<u8> {
    frame.bytes()[ETHERNET..].to_vec()
}

fn tunnel(port: u16) -> Frame {
    Frame::udp("192.0.2.1:50000".parse().unwrap(), SocketAddr::from(([192, 0, 2, 2], port)))
}

fn vxlan(vni: u8, inner: &[u8]) -> Vec<u8> {
    tunnel(4789).payload(&[&[8, 0, 0, 0, 0, 0, vni, 0], inner].concat()).bytes()
}

fn gtp(inner: &[u8]) -> Vec<u8> {
    tunnel(2152).payload(&[&[0x30, 255, 0, 0, 0, 0, 0, 9], inner].concat()).bytes()
}

fn geneve(inner: &[u8]) -> Vec<u8> {
    let options = [0xee; 252];
    tunnel(6081).payload(&[&[63, 0, 0x65, 0x58, 0, 0, 5, 0], &options[..], inner].concat()).bytes()
}

/// An IPv6 packet from `fd00::1` to `fd00::2` in a frame.
fn over_v6(next: u8, inner: &[u8]) -> Vec<u8> {
    let [mut from, mut to] = [[0; 16]; 2];
    (from[0], from[15], to[0], to[15]) = (0xfd, 1, 0xfd, 2);
    let length = u16::try_from(inner.len()).unwrap().to_be_bytes();
    [&[0; 12], &[0x86, 0xdd, 0x60, 0, 0, 0][..], &length, &[next, 64], &from, &to, inner].concat()
}

/// In front of a packet, another header of Ethernet and what else stands there.
fn link(kind: u16, header: &[u8], packet: &[u8]) -> Vec<u8> {
    [&[2; 12], &kind.to_be_bytes()[..], header, packet].concat()
}

/// Eight extension headers of 2,048 bytes each.
fn long_extensions(next: u8, inner: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for index in 0..8 {
        bytes.extend([if index == 7 { next } else { 60 }, 255]);
        bytes.extend([0; 2046]);
    }
    bytes.extend(inner);
    bytes
}

#[test]
fn logins_are_found_in_tunnels_and_events_name_them() {
    if !privileges::granted("logins_are_found_in_tunnels_and_events_name_them") {
        return;
    }
    let signatures = Signatures::built_in().unwrap();
    let mut both = Both::load(&signatures);
    let (four, six) = (packet(&login(false)), packet(&login(true)));
    let gre = |protocol: u16, inner: &[u8]| {
        [&[0x20, 0], &protocol.to_be_bytes()[..], &[0, 0, 0, 77], inner].concat()
    };
    let tagged = login(false).tag(VLAN, 6).bytes();
    let outer = |frame: &[u8], both: &mut Both<'_>, name: &str| format!("{:?}", both.found(name, frame));
    for (frame, expected) in [
        (login(true).bytes(), "no tunnel"),
        (login(true).tag(VLAN, 5).bytes(), "vlan 5 / no tunnel"),
        (
            link(0x8100, &[0, 5, 0x81, 0, 0, 6, 0x81, 0, 0, 7, 8, 0], &four),
            "vlan 5 / vlan 6 / vlan 7 / no tunnel",
        ),
        (link(0x8847, &[0, 1, 0, 64, 0, 2, 1, 64], &six), "mpls 32 / no tunnel"),
        (link(0x8847, &[[0, 2, 1, 64], [0; 4]].concat(), &tagged), "mpls 32 / vlan 6 / no tunnel"),
        (link(0x8864, &[0x11, 0, 0, 3, 0, 0, 0, 0x57], &six), "pppoe 3 / no tunnel"),
        (link(0x8864, &[0x11, 0, 0, 3, 0, 0, 0x21], &four), "pppoe 3 / no tunnel"),
        (vxlan(7, &tagged), "vxlan 7 / vlan 6 / from 192.0.2.1 to 192.0.2.2, depth 1"),
        (gtp(&six), "gtp-u 9 / from 192.0.2.1 to 192.0.2.2, depth 1"),
        (geneve(&login(true).bytes()), "geneve 5 / from 192.0.2.1 to 192.0.2.2, depth 1"),
        (over_v6(47, &gre(0x0800, &four)), "gre 77 / from fd00::1 to fd00::2, depth 1"),
        (over_v6(47, &gre(0x6558, &tagged)), "gre 77 / vlan 6 / from fd00::1 to fd00::2, depth 1"),
        (over_v6(4, &four), "ip-in-ip / from fd00::1 to fd00::2, depth 1"),
        (over_v6(41, &six), "ipv6-in-ip / from fd00::1 to fd00::2, depth 1"),
        (vxlan(7, &over_v6(41, &six)), "vxlan 7 / ipv6-in-ip / from fd00::1 to fd00::2, depth 2"),
    ] {
        assert_eq!(outer(&frame, &mut both, expected), expected);
    }
}

#[test]
fn plain_packets_after_wrapped_ones_are_plain() {
    if !privileges::granted("plain_packets_after_wrapped_ones_are_plain") {
        return;
    }
    let signatures = Signatures::built_in().unwrap();
    let mut both = Both::load(&signatures);
    both.found("VXLAN", &vxlan(7, &login(false).tag(VLAN, 6).bytes()));
    assert_eq!(both.found("plain", &login(false).bytes()), Encapsulation::NONE);
    let mut tag = Encapsulation::NONE;
    tag.push(LayerKind::Vlan, Some(9));
    assert_eq!(both.found("a tag", &login(false).tag(VLAN, 9).bytes()), tag);
}

#[test]
fn headers_are_read_wherever_they_lie_in_a_packet_of_many_buffers() {
    if !privileges::granted("headers_are_read_wherever_they_lie_in_a_packet_of_many_buffers") {
        return;
    }
    let signatures = Signatures::built_in().unwrap();
    let mut both = Both::load(&signatures);
    // Every header once across the end of the first buffer, which is less than a page.
    for units in 0..40 {
        let frame = login(true)
            .extension(Extension::destination(200))
            .extension(Extension::destination(200))
            .extension(Extension::destination(units));
        both.found(&format!("{units} units"), &frame.bytes());
        both.found(&format!("{units} units in a tunnel"), &gtp(&packet(&frame)));
    }
    let six = packet(&login(true));
    let far = long_extensions(41, &six);
    let farther = long_extensions(41, &over_v6(60, &far)[ETHERNET..]);
    let outer = both.found("33,000 bytes of headers", &over_v6(60, &farther));
    assert_eq!(outer.tunnel().map(|tunnel| tunnel.depth), Some(2));
}

#[test]
fn what_is_not_read_is_counted_by_reason() {
    if !privileges::granted("what_is_not_read_is_counted_by_reason") {
        return;
    }
    let signatures = Signatures::built_in().unwrap();
    let mut both = Both::load(&signatures);
    let six = packet(&login(true));
    let mut three = over_v6(41, &six);
    for _ in 0..2 {
        three = over_v6(41, &three[ETHERNET..]);
    }
    for (name, frame, reason) in [
        ("three tunnels", three, "too_deep"),
        ("nine labels", link(0x8847, &[0, 1, 0, 64].repeat(9), &six), "too_deep"),
        ("PPPoE of version 2", link(0x8864, &[0x21, 0, 0, 3, 0, 0, 0, 0x57], &six), "tunnels_malformed"),
        ("LCP", link(0x8864, &[0x11, 0, 0, 3, 0, 0, 0xc0, 0x21], &[0; 40]), "not_ip"),
        ("VXLAN without a VNI", tunnel(4789).payload(&[0; 90]).bytes(), "udp"),
        ("ARP in VXLAN", vxlan(7, &link(0x0806, &[0; 28], &[])), "not_tcp"),
        ("PPTP", over_v6(47, &[0x30, 1, 0x88, 0x0b, 0, 0, 0, 0]), "not_tcp"),
        ("a tunnel that is cut", vxlan(7, &login(false).bytes())[..100].to_vec(), "truncated"),
    ] {
        let (told, counted) = both.read(&frame);
        assert_eq!((told.len(), counted), (0, vec![reason]), "{name}");
    }
}

#[test]
fn fragments_of_tcp_are_copied_with_their_place() {
    if !privileges::granted("fragments_of_tcp_are_copied_with_their_place") {
        return;
    }
    let signatures = Signatures::built_in().unwrap();
    let mut both = Both::load(&signatures);
    let copied = |both: &mut Both<'_>, frame: &[u8], counted: &[&str]| {
        let (mut told, names) = both.read(frame);
        assert_eq!(names, counted);
        let last = told.pop().unwrap();
        assert_eq!(last.kind, EventKind::Fragment);
        (last.sequence, last.total, last.payload)
    };
    for (first, later) in [
        (login(false).fragment(0, true), login(false).fragment(5, false)),
        (
            login(true).extension(Extension::fragment(0, true)),
            login(true).extension(Extension::fragment(5, false)),
        ),
    ] {
        let bytes = packet(&first);
        let whole = bytes[bytes.len() - 20 - LOGIN.len()..].to_vec();
        let told = copied(&mut both, &first.bytes(), &["fragments", "fragments_copied"]);
        assert_eq!(told, (0, None, whole.clone()));
        let total = u16::try_from(40 + whole.len()).unwrap();
        let told = copied(&mut both, &later.bytes(), &["fragments", "fragments_copied"]);
        assert_eq!(told, (40, Some(total), whole.clone()));
        let told = copied(&mut both, &gtp(&packet(&later)), &["fragments", "fragments_copied"]);
        assert_eq!(told, (40, Some(total), whole));
    }
}

#[test]
fn a_long_fragment_comes_in_parts_and_fragments_have_a_budget() {
    if !privileges::granted("a_long_fragment_comes_in_parts_and_fragments_have_a_budget") {
        return;
    }
    let signatures = Signatures::built_in().unwrap();
    let settings = Settings { replay: 1, fragment_burst: 16 * 6000, fragment_rate: 0, ..Settings::DEFAULT };
    let mut program = Program::load(&settings, &SMALL, signatures.automaton()).unwrap();
    let mut events = program.take_events().unwrap();
    let frame = login(false).payload(&[b'x'; 4980]).fragment(100, true).bytes();
    for _ in 0..3 {
        program.test_run(&frame, 1_000_000_000, 1).unwrap();
    }
    let mut sent = Vec::new();
    while let Some(item) = events.next() {
        let event = Event::decode(&item).unwrap();
        sent.push((event.header.sequence(), event.payload.len()));
    }
    let once = [(800, 2048), (2848, 2048), (4896, 904)];
    assert_eq!(sent, [once, once].concat());
    let counters = program.counters().unwrap();
    let counted =
        [Counter::Fragments, Counter::FragmentsCopied, Counter::FragmentsSpent].map(|one| counters.get(one));
    assert_eq!(counted, [3, 2, 1]);
}

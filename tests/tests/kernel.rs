//! The program in the kernel, packet by packet: what it makes of each kind, and what of full tables.

#![cfg(test)]

use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use detector::kernel::{Limits, Program};
use detector::pipeline::Feedback;
use detector::replay::engine::{Engine, KernelEngine};
use detector::signature::Signatures;
use detector_common::counters::Counter;
use detector_common::event::{Event, EventKind};
use detector_common::flow::FlowKey;
use detector_common::settings::Settings;
use firedamp_tests::noise::Noise;
use firedamp_tests::packet::{ACK, Extension, FIN, Frame, PSH, QINQ, RST, SHORTEST, SYN, VLAN};
use firedamp_tests::patience::patience;
use firedamp_tests::privileges;

/// The most instructions the verifier may walk through: a quarter of what kernels allow.
const MOST_INSTRUCTIONS: u32 = 250_000;

const LOGIN: &[u8] =
    b"{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"login\",\"params\":{\"login\":\"x\",\"pass\":\"x\"}}\n";

/// Enough for these tests, and quicker to clear than the tables of a live run.
const SMALL: Limits = Limits { flows: 4096, watched: 64, ring: 1 << 20 };

const SECOND: u64 = 1_000_000_000;

fn ends(v6: bool) -> [SocketAddr; 2] {
    let text = if v6 {
        ["[2001:db8::1]:40000", "[2001:db8::2]:3333"]
    } else {
        ["10.77.0.2:40000", "203.0.113.9:3333"]
    };
    text.map(|end| end.parse().unwrap())
}

fn v4() -> Frame {
    let [client, server] = ends(false);
    Frame::tcp(client, server).flags(PSH | ACK)
}

fn v6() -> Frame {
    let [client, server] = ends(true);
    Frame::tcp(client, server).flags(PSH | ACK)
}

/// A frame to the server from a client port.
fn from_port(port: u16) -> Frame {
    let [mut client, server] = ends(false);
    client.set_port(port);
    Frame::tcp(client, server).flags(PSH | ACK)
}

fn key() -> FlowKey {
    let [client, server] = ends(false);
    FlowKey::tcp(client.into(), server.into()).0
}

/// The engine, and what the last packet changed.
struct Kernel {
    engine: KernelEngine,
    time: u64,
}

/// An event in short.
#[derive(Debug, PartialEq, Eq)]
struct Sent {
    kind: EventKind,
    from: SocketAddr,
    sequence: u32,
    answers_tls: bool,
    payload: Vec<u8>,
}

/// What became of a packet.
struct Fate {
    /// The counters it changed, other than `packets`.
    counted: Vec<&'static str>,
    sent: Vec<Sent>,
}

impl Kernel {
    fn load() -> Self {
        let signatures = Signatures::built_in().unwrap();
        let engine = KernelEngine::load(signatures.automaton(), &SMALL).unwrap();
        Self { engine, time: SECOND }
    }

    /// Runs the program on a frame. That it passes the packet on is checked by the engine.
    fn run(&mut self, frame: &[u8]) -> Fate {
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

    fn feedback(&mut self, feedback: Feedback) {
        self.engine.feedback(feedback).unwrap();
    }
}

/// What a frame is to lead to: the counters it changes, and the payload that is sent.
struct Case {
    name: &'static str,
    frame: Vec<u8>,
    counted: &'static [&'static str],
    sent: Vec<u8>,
}

fn dismissed(name: &'static str, frame: Vec<u8>, counted: &'static [&'static str]) -> Case {
    Case { name, frame, counted, sent: Vec::new() }
}

/// A miner's login, however it is wrapped.
fn found(name: &'static str, frame: &Frame) -> Case {
    Case {
        name,
        frame: frame.clone().payload(LOGIN).bytes(),
        counted: &["flows", "scanned", "matches"],
        sent: LOGIN.to_vec(),
    }
}

/// A payload in whose first bytes only the agent can read what it is.
fn doubted(name: &'static str, payload: Vec<u8>) -> Case {
    let frame = v4().payload(&payload).bytes();
    Case { name, frame, counted: &["flows", "scanned", "doubtful"], sent: payload }
}

/// A datagram that looks like node discovery.
fn datagram(name: &'static str, frame: &Frame, length: usize) -> Case {
    let payload = ping(length);
    let frame = frame.clone().payload(&payload).bytes();
    Case { name, frame, counted: &["datagrams", "flows"], sent: payload }
}

/// A ping of discv4 as far as the kernel reads it.
fn ping(length: usize) -> Vec<u8> {
    let mut ping = Noise::new(3).bytes(length);
    let list = match length - 99 {
        short @ 0..=55 => 0xc0 + u8::try_from(short).unwrap(),
        56..=256 => 0xf8,
        _ => 0xf9,
    };
    ping[96..99].copy_from_slice(&[1, 1, list]);
    ping
}

fn udp(v6: bool) -> Frame {
    let [client, server] = ends(v6);
    Frame::udp(client, server)
}

/// Random bytes behind these.
fn filled(head: &[u8], length: usize) -> Vec<u8> {
    [head, &Noise::new(4).bytes(length - head.len())].concat()
}

/// Changes a byte of the login over IPv4.
fn with(at: usize, value: u8) -> Vec<u8> {
    let mut frame = v4().payload(LOGIN).bytes();
    frame[at] = value;
    frame
}

fn arp() -> Vec<u8> {
    let mut frame = vec![0; SHORTEST];
    frame[12..14].copy_from_slice(&[8, 6]);
    frame
}

fn headers_in_a_row(count: usize) -> Frame {
    (0..count).fold(v6(), |frame, _| frame.extension(Extension::destination(0)))
}

/// A frame with the login at the very end of `length` bytes.
fn long(name: &'static str, length: usize) -> Case {
    let payload = [vec![b'x'; length - 54 - LOGIN.len()].as_slice(), LOGIN].concat();
    let frame = v4().payload(&payload).bytes();
    assert_eq!(frame.len(), length);
    Case { name, frame, counted: &["flows", "scanned", "matches"], sent: payload }
}

fn without_payload() -> Vec<Case> {
    let login = v4().payload(LOGIN).bytes();
    let mut padded = v4().bytes();
    padded.extend_from_slice(LOGIN);
    vec![
        dismissed("ARP", arp(), &["not_ip"]),
        dismissed(
            "five tags",
            (1..=5).fold(v4(), |frame, id| frame.tag(VLAN, id)).payload(LOGIN).bytes(),
            &["too_deep"],
        ),
        dismissed("ICMP", with(23, 1), &["not_tcp"]),
        dismissed("no header of UDP", udp(false).bytes()[..41].to_vec(), &["truncated"]),
        dismissed("a datagram of DNS", udp(false).payload(&[0xb5; 60]).bytes(), &["udp"]),
        dismissed("a datagram of QUIC", udp(true).payload(&[0xb5; 1200]).bytes(), &["udp"]),
        dismissed("a ping that is too long", udp(false).payload(&ping(1281)).bytes(), &["udp"]),
        dismissed("a ping that is cut", udp(false).payload(&ping(130)).bytes()[..171].to_vec(), &["udp"]),
        dismissed(
            "UDP behind IPv6 extension headers",
            udp(true).extension(Extension::hop_by_hop(1)).payload(&[0xb5; 200]).bytes(),
            &["udp"],
        ),
        dismissed(
            "a later fragment of a ping",
            udp(false).fragment(3, true).payload(&ping(130)).bytes(),
            &["fragments"],
        ),
        dismissed("an Ethernet header alone", login[..14].to_vec(), &["truncated"]),
        dismissed("cut in the IP header", login[..33].to_vec(), &["truncated"]),
        dismissed("cut in the TCP header", login[..53].to_vec(), &["truncated"]),
        dismissed("cut after it", login[..54].to_vec(), &["no_payload"]),
        dismissed("an IP header of 16 bytes", with(14, 0x44), &["malformed"]),
        dismissed("a TCP header of 16 bytes", with(46, 0x40), &["malformed"]),
        dismissed(
            "nine IPv6 extension headers",
            headers_in_a_row(9).payload(LOGIN).bytes(),
            &["extension_headers"],
        ),
        dismissed("SYN", v4().flags(SYN).bytes(), &["no_payload"]),
        dismissed("ACK", v4().flags(ACK).bytes(), &["no_payload"]),
        dismissed("FIN of an unwatched flow", v4().flags(FIN | ACK).bytes(), &["no_payload"]),
        dismissed("RST of an unwatched flow", v6().flags(RST).bytes(), &["no_payload"]),
        dismissed("a login in the padding", padded, &["no_payload"]),
    ]
}

fn with_payload() -> Vec<Case> {
    let mut offloaded = with(16, 0);
    offloaded[17] = 0;
    let offloaded = Case { frame: offloaded, ..found("a total length of zero", &v4()) };
    let mut endless = v4().payload(b"x").bytes();
    endless[16..18].fill(0);
    endless.resize(65_700, b'x');
    let cut = "{\"id\":1,\"jsonrpc\":\"2.0\"";
    vec![
        dismissed("TLS", v4().payload(&[0x16, 3, 1, 0, 40, 1, 0, 0, 36, 3, 3]).bytes(), &["flows", "tls"]),
        dismissed("binary", v4().payload(&[0xb5; 1448]).bytes(), &["flows", "scanned"]),
        dismissed("more than the kernel reads", endless, &["flows", "scanned", "unreadable"]),
        dismissed("one byte", v4().payload(b"x").bytes(), &["flows", "scanned"]),
        dismissed("ordinary JSON", v6().payload(b"{\"method\":\"status\"}\n").bytes(), &["flows", "scanned"]),
        Case {
            name: "a cut opening of JSON",
            frame: v4().payload(cut.as_bytes()).bytes(),
            counted: &["flows", "scanned", "doubtful"],
            sent: cut.as_bytes().to_vec(),
        },
        doubted("a masked WebSocket frame", filled(&[0x81, 0xfe, 0, 200], 208)),
        doubted("JSON in a WebSocket frame", filled(b"\x81\x50{\"type\":\"job\"", 82)),
        doubted("DATUM", filled(&(0xdc87_1829_u32 ^ (0x0b00_0000 + 396)).to_le_bytes(), 400)),
        doubted("Duino-Coin", b"JOB,revox,LOW,None\n".to_vec()),
        doubted("the challenge of P2Pool", filled(&[0], 17)),
        doubted("RLPx", filled(&[1, 0x90, 4], 402)),
        doubted("the key of Stratum V2", Noise::new(5).bytes(64)),
        doubted("the greeting of ZMQ", vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f]),
        datagram("discovery over IPv4", &udp(false), 130),
        datagram("discovery over IPv6", &udp(true).tag(VLAN, 5), 104),
        datagram(
            "discovery behind IPv6 extension headers",
            &udp(true).extension(Extension::destination(2)),
            1280,
        ),
        found("IPv4", &v4()),
        found("IPv6", &v6()),
        found("VLAN", &v4().tag(VLAN, 5)),
        found("QinQ", &v6().tag(QINQ, 5).tag(VLAN, 6)),
        found("40 bytes of IPv4 options", &v4().ip_options(&[1; 40])),
        found("40 bytes of TCP options", &v6().tcp_options(&[1; 40])),
        found("four tags", &(1..=4).fold(v4(), |frame, id| frame.tag(VLAN, id))),
        found("an atomic fragment", &v6().extension(Extension::fragment(0, false))),
        found(
            "IPv6 extension headers",
            &v6()
                .extension(Extension::hop_by_hop(1))
                .extension(Extension::routing(2))
                .extension(Extension::destination(9)),
        ),
        found("eight IPv6 extension headers", &headers_in_a_row(8)),
        found("data in the SYN", &v4().flags(SYN)),
        offloaded,
        long("a jumbo frame", 9000),
        long("60,000 bytes", 60_000),
        long("the longest packet", 65_535 + 14),
    ]
}

#[test]
fn each_kind_of_packet_is_passed_and_counted_and_sent_if_it_is_a_login() {
    if !privileges::granted("each_kind_of_packet_is_passed_and_counted_and_sent_if_it_is_a_login") {
        return;
    }
    let mut kernel = Kernel::load();
    for case in without_payload().into_iter().chain(with_payload()) {
        let fate = kernel.run(&case.frame);
        assert_eq!(fate.counted, case.counted, "{}", case.name);
        let sent: Vec<u8> = fate.sent.iter().flat_map(|event| event.payload.clone()).collect();
        assert!(sent == case.sent, "{}: {} bytes sent", case.name, sent.len());
        let mut next = fate.sent.first().map_or(0, |event| event.sequence);
        for event in &fate.sent {
            let kind =
                if fate.counted.contains(&"datagrams") { EventKind::Datagram } else { EventKind::First };
            assert_eq!((event.kind, event.sequence), (kind, next), "{}", case.name);
            next += u32::try_from(event.payload.len()).unwrap();
        }
        kernel.engine.clear().unwrap();
    }
}

#[test]
fn only_what_both_sides_call_tls_is_not_read() {
    if !privileges::granted("only_what_both_sides_call_tls_is_not_read") {
        return;
    }
    let mut kernel = Kernel::load();
    let [client, server] = ends(false);
    let hello = [0x16, 3, 1, 0, 40, 1, 0, 0, 36, 3, 3];
    let up = |sequence, payload: &[u8]| v4().sequence(sequence).payload(payload).bytes();
    let down =
        |sequence, payload: &[u8]| Frame::tcp(server, client).sequence(sequence).payload(payload).bytes();
    let refusal = b"{\"id\":0,\"result\":null,\"error\":[20,\"Parse error\",null]}\n";

    assert_eq!(kernel.run(&up(1, &hello)).counted, ["flows", "tls"]);
    let sealed = [&[0x17, 3, 3, 0, 80], LOGIN].concat();
    assert_eq!(kernel.run(&up(12, &sealed)).counted, ["tls"]);
    assert_eq!(kernel.run(&down(1, &hello)).counted, ["tls"]);
    assert_eq!(kernel.run(&down(12, &sealed)).counted, ["tls"]);
    assert_eq!(kernel.run(&up(100, LOGIN)).counted, ["scanned", "matches"], "it was no TLS");
    kernel.engine.clear().unwrap();

    assert_eq!(kernel.run(&up(1, &hello)).counted, ["flows", "tls"]);
    let fate = kernel.run(&down(1, refusal));
    assert_eq!(fate.counted, ["scanned", "doubtful"]);
    let [sent] = fate.sent.as_slice() else { panic!("{:?}", fate.sent) };
    assert_eq!((sent.kind, sent.from, sent.answers_tls), (EventKind::First, server, true));
    assert!(!kernel.run(&down(60, refusal)).sent[0].answers_tls);
    kernel.engine.clear().unwrap();

    assert_eq!(kernel.run(&up(1, &hello)).counted, ["flows", "tls"]);
    assert_eq!(kernel.run(&down(1, b"ok\n")).counted, ["scanned"]);
    assert_eq!(kernel.run(&up(12, LOGIN)).counted, ["scanned", "matches"]);
}

#[test]
fn of_each_flow_one_datagram_is_sent_in_ten_minutes() {
    if !privileges::granted("of_each_flow_one_datagram_is_sent_in_ten_minutes") {
        return;
    }
    let mut kernel = Kernel::load();
    let [client, server] = ends(false);
    let there = udp(false).payload(&ping(130)).bytes();
    let back = Frame::udp(server, client).payload(&ping(150)).bytes();
    let fate = kernel.run(&there);
    assert_eq!(fate.counted, ["datagrams", "flows"]);
    assert_eq!((fate.sent[0].kind, fate.sent[0].from), (EventKind::Datagram, client));
    for frame in [&there, &back] {
        let fate = kernel.run(frame);
        assert_eq!((fate.counted, fate.sent.len()), (vec!["ignored"], 0));
    }
    assert_eq!(kernel.run(&v4().payload(LOGIN).bytes()).counted, ["flows", "scanned", "matches"]);
    kernel.time += 11 * 60 * SECOND;
    let fate = kernel.run(&back);
    assert_eq!((fate.counted, fate.sent[0].from), (vec!["datagrams"], server));
}

#[test]
fn a_token_is_found_across_the_buffers_of_a_long_packet() {
    if !privileges::granted("a_token_is_found_across_the_buffers_of_a_long_packet") {
        return;
    }
    let mut kernel = Kernel::load();
    // The kernel's first buffer is under a page, the others are pages; the program's own are 2,048 bytes.
    for before in (1900..2100).chain(3200..4100).chain(7400..7700) {
        let payload = [vec![b'x'; before].as_slice(), LOGIN, &[b'y'; 700]].concat();
        let fate = kernel.run(&v4().payload(&payload).bytes());
        assert_eq!(fate.counted, ["flows", "scanned", "matches"], "{before} bytes before it");
        let sent: Vec<u8> = fate.sent.iter().flat_map(|event| event.payload.clone()).collect();
        assert!(sent == payload, "{before} bytes before it");
        kernel.feedback(Feedback::Forget(key()));
    }
}

#[test]
fn the_end_of_a_watched_flow_is_told() {
    if !privileges::granted("the_end_of_a_watched_flow_is_told") {
        return;
    }
    let mut kernel = Kernel::load();
    let [client, server] = ends(false);
    kernel.run(&v4().sequence(100).payload(LOGIN).bytes());
    let end = |kind, from, sequence| Sent { kind, from, sequence, answers_tls: false, payload: Vec::new() };
    let fin = kernel.run(&v4().sequence(200).flags(FIN | ACK).bytes());
    assert_eq!(fin.counted, ["no_payload"]);
    assert_eq!(fin.sent, [end(EventKind::Closed, client, 200)]);
    let reset = kernel.run(&Frame::tcp(server, client).sequence(7).flags(RST).bytes());
    assert_eq!(reset.sent, [end(EventKind::Reset, server, 7)]);
}

#[test]
fn the_agent_may_put_a_flow_under_watch() {
    if !privileges::granted("the_agent_may_put_a_flow_under_watch") {
        return;
    }
    let mut kernel = Kernel::load();
    let says = |kernel: &mut Kernel, sequence| {
        let fate = kernel.run(&v4().sequence(sequence).payload(b"abc\n").bytes());
        (fate.counted, fate.sent.iter().map(|sent| sent.kind).collect::<Vec<_>>())
    };
    assert_eq!(says(&mut kernel, 100), (vec!["flows", "scanned"], vec![]));
    for _ in 0..2 {
        kernel.feedback(Feedback::Watch(key()));
        assert_eq!(says(&mut kernel, 104), (vec!["watched"], vec![EventKind::Segment]));
    }
    for port in 1..=SMALL.watched {
        let [client, server] = ends(false);
        let client = SocketAddr::new(client.ip(), u16::try_from(port).unwrap());
        kernel.feedback(Feedback::Watch(FlowKey::tcp(client.into(), server.into()).0));
    }
    assert_eq!(kernel.engine.counters().unwrap().get(Counter::WatchRefused), 1, "the table is full");
    assert_eq!(says(&mut kernel, 108), (vec!["watched"], vec![EventKind::Segment]));
    kernel.feedback(Feedback::Forget(key()));
    assert_eq!(says(&mut kernel, 112), (vec!["flows", "scanned"], vec![]));
}

#[test]
fn a_dismissed_flow_is_left_alone_and_a_forgotten_one_is_new() {
    if !privileges::granted("a_dismissed_flow_is_left_alone_and_a_forgotten_one_is_new") {
        return;
    }
    let mut kernel = Kernel::load();
    let mut sequence = 0;
    let mut login = |kernel: &mut Kernel| {
        sequence += 1000;
        let fate = kernel.run(&v4().sequence(sequence).payload(LOGIN).bytes());
        (fate.counted, fate.sent.len())
    };
    assert_eq!(login(&mut kernel), (vec!["flows", "scanned", "matches"], 1));
    assert_eq!(login(&mut kernel), (vec!["watched"], 1));
    kernel.feedback(Feedback::Dismiss(key()));
    assert_eq!(login(&mut kernel), (vec!["ignored"], 0));
    assert_eq!(login(&mut kernel), (vec!["ignored"], 0));
    kernel.time += 9 * 60 * SECOND;
    assert_eq!(login(&mut kernel), (vec!["ignored"], 0));
    kernel.time += 2 * 60 * SECOND;
    assert_eq!(login(&mut kernel), (vec!["scanned", "gaps", "matches"], 1), "ten minutes are over");
    kernel.feedback(Feedback::Forget(key()));
    assert_eq!(login(&mut kernel), (vec!["flows", "scanned", "matches"], 1));
    // Neither is an error for a flow that nobody knows.
    kernel.feedback(Feedback::Forget(key()));
    kernel.feedback(Feedback::Forget(key()));
    kernel.feedback(Feedback::Dismiss(key()));
}

#[test]
fn a_flood_of_short_flows_does_not_end_a_watch() {
    if !privileges::granted("a_flood_of_short_flows_does_not_end_a_watch") {
        return;
    }
    let mut kernel = Kernel::load();
    kernel.run(&v4().sequence(1).payload(LOGIN).bytes());
    for port in 1..=3 * u16::try_from(SMALL.flows).unwrap() {
        assert_eq!(kernel.run(&from_port(port).payload(b"x").bytes()).counted, ["flows", "scanned"]);
    }
    let fate = kernel.run(&v4().sequence(100).payload(b"more").bytes());
    assert_eq!((fate.counted, fate.sent.len()), (vec!["watched"], 1));
}

#[test]
fn when_the_table_of_watches_is_full_it_is_counted_and_the_login_is_still_sent() {
    if !privileges::granted("when_the_table_of_watches_is_full_it_is_counted_and_the_login_is_still_sent") {
        return;
    }
    let mut kernel = Kernel::load();
    let room = u16::try_from(SMALL.watched).unwrap();
    for port in 1..=room + 10 {
        let fate = kernel.run(&from_port(port).payload(LOGIN).bytes());
        let refused = fate.counted.contains(&"watch_refused");
        assert_eq!((refused, fate.sent.len()), (port > room, 1), "flow {port}");
    }
}

#[test]
fn what_does_not_fit_into_the_ring_is_counted() {
    if !privileges::granted("what_does_not_fit_into_the_ring_is_counted") {
        return;
    }
    let signatures = Signatures::built_in().unwrap();
    let settings = Settings { replay: 1, ..Settings::DEFAULT };
    let limits = Limits { ring: 4096, ..SMALL };
    let mut program = Program::load(&settings, &limits, signatures.automaton()).unwrap();
    let mut events = program.take_events().unwrap();
    let sent = 100;
    for port in 1..=sent {
        program.test_run(&from_port(port).payload(LOGIN).bytes(), SECOND, 1).unwrap();
    }
    let mut heard = 0;
    while let Some(item) = events.next() {
        assert_eq!(Event::decode(&item).unwrap().payload, LOGIN);
        heard += 1;
    }
    let counters = program.counters().unwrap();
    assert!(heard > 0);
    assert_eq!(heard + counters.get(Counter::RingFull), u64::from(sent));
    program.test_run(&v4().payload(LOGIN).bytes(), SECOND, 1).unwrap();
    assert!(events.next().is_some(), "there is room again");
    assert_eq!(program.counters().unwrap().get(Counter::RingFull), counters.get(Counter::RingFull));
}

#[test]
fn the_verifier_has_room_to_spare() {
    if !privileges::granted("the_verifier_has_room_to_spare") {
        return;
    }
    let signatures = Signatures::built_in().unwrap();
    let start = Instant::now();
    let mut program = Program::load(&Settings::DEFAULT, &Limits::default(), signatures.automaton()).unwrap();
    let load: Duration = start.elapsed();
    let instructions = program.verified_instructions().unwrap().expect("kernels from 5.16 on tell");
    let kernel = nix::sys::utsname::uname().unwrap();
    let release = kernel.release().display();
    let load_time = load.as_millis();
    // Past the capture of the test runner: who tests another kernel wants to see it.
    writeln!(
        std::io::stderr(),
        "kernel {release}: {instructions} verified instructions, loaded in {load_time} ms"
    )
    .unwrap();
    assert!(instructions <= MOST_INSTRUCTIONS, "{instructions}");
    assert!(load < patience(Duration::from_secs(5)), "{load:?}");
}

#[test]
fn a_table_that_cannot_be_made_is_named() {
    if !privileges::granted("a_table_that_cannot_be_made_is_named") {
        return;
    }
    let signatures = Signatures::built_in().unwrap();
    let limits = Limits { flows: u32::MAX, ..SMALL };
    let error = Program::load(&Settings::DEFAULT, &limits, signatures.automaton()).err().unwrap();
    let told = error.to_string();
    assert!(told.contains("FLOWS") || told.contains("LASTING"), "{told}");
    assert!(told.contains("make it smaller with --flows"), "{told}");
}

#[test]
fn another_automaton_takes_the_place_of_the_one_in_use() {
    if !privileges::granted("another_automaton_takes_the_place_of_the_one_in_use") {
        return;
    }
    let (head, tail) = (b"say \"method\":\"lo", b"gin\" and more");
    let mut kernel = Kernel::load();
    let mut old = Signatures::built_in().unwrap();
    for port in 1..=3 {
        let segment = |sequence: usize, payload: &[u8]| {
            from_port(port).sequence(u32::try_from(sequence).unwrap()).payload(payload).bytes()
        };
        assert!(kernel.run(&segment(1, head)).sent.is_empty());
        if port > 1 {
            let mut new = Signatures::built_in().unwrap();
            new.succeed(&old);
            kernel.engine.program().set_automaton(new.automaton()).unwrap();
            old = new;
        }
        let fate = kernel.run(&segment(1 + head.len(), tail));
        assert_eq!(
            fate.sent.is_empty(),
            port > 1,
            "a state of the old automaton is not stepped in the new one"
        );
        let whole = [head.as_slice(), tail].concat();
        let fate = kernel.run(&segment(1 + whole.len(), &whole));
        assert_eq!(fate.sent.len(), 1, "the new automaton finds a whole token, in order: {:?}", fate.counted);
        assert!(!fate.counted.contains(&"gaps"), "{:?}", fate.counted);
    }
}

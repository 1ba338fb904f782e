//! Each kind of packet by itself.

use detector::replay::engine::Engine;
use detector_common::event::EventKind;
use firedamp_tests::noise::Noise;
use firedamp_tests::packet::{ACK, Extension, FIN, Frame, QINQ, RST, SHORTEST, SYN, VLAN};
use firedamp_tests::privileges;

use crate::seat::{Kernel, LOGIN, ping, udp, v4, v6};

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

//! What packets of one flow are to each other.

use detector::pipeline::Feedback;
use detector::replay::engine::Engine;
use detector::signature::Signatures;
use detector_common::event::EventKind;
use firedamp_tests::packet::Frame;
use firedamp_tests::privileges;

use crate::seat::{Kernel, LOGIN, SECOND, ends, from_port, key, ping, udp, v4};

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

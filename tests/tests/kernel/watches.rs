//! Flows under watch, and what the agent says of them.

use std::net::SocketAddr;

use detector::pipeline::Feedback;
use detector::replay::engine::Engine;
use detector_common::counters::Counter;
use detector_common::event::EventKind;
use detector_common::flow::FlowKey;
use firedamp_tests::packet::{ACK, FIN, Frame, RST};
use firedamp_tests::privileges;

use crate::seat::{Kernel, LOGIN, SECOND, SMALL, Sent, ends, from_port, key, v4};

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

//! The end of a watched flow is told, that of others is not.

use super::*;

fn end(kind: EventKind, direction: Direction, sequence: u32) -> Sent {
    Sent { kind, direction, sequence, accept: None, answers_tls: false, payload: Vec::new() }
}

#[test]
fn of_a_watched_flow_each_end_is_told() {
    let mut world = World::new();
    world.say(Client, 1, MESSAGE);
    world.say(Server, 1, b"{}\n");
    world.sent();
    assert_eq!(world.segment(Client, FIN | ACK, 47, b""), Outcome::Passed);
    assert_eq!(world.segment(Server, FIN | ACK, 4, b""), Outcome::Passed);
    assert_eq!(world.segment(Client, RST, 48, b""), Outcome::Passed);
    assert_eq!(world.segment(Client, FIN | RST, 48, b""), Outcome::Passed);
    assert_eq!(
        world.sent(),
        [
            end(EventKind::Closed, Direction::Up, 47),
            end(EventKind::Closed, Direction::Down, 4),
            end(EventKind::Reset, Direction::Up, 48),
            end(EventKind::Reset, Direction::Up, 48),
        ]
    );
}

#[test]
fn an_end_comes_after_the_payload_of_its_segment() {
    let mut world = World::new();
    world.say(Client, 1, MESSAGE);
    world.sent();
    world.segment(Client, FIN | ACK, 47, b"bye");
    assert_eq!(world.sent(), [whole(47, None, b"bye"), end(EventKind::Closed, Direction::Up, 50)]);
}

#[test]
fn the_segment_that_starts_the_watch_may_be_the_last() {
    let mut world = World::new();
    assert_eq!(world.segment(Client, FIN | ACK, 1, MESSAGE), Outcome::WatchStarted);
    let sent = world.sent();
    assert_eq!(sent[0], whole(1, Some(NUMBER), MESSAGE));
    assert_eq!((sent[1].kind, sent[1].sequence, sent.len()), (EventKind::Closed, 47, 2));
}

#[test]
fn a_watched_flow_that_cannot_be_copied_still_tells_its_end() {
    let mut world = World::with(Settings { watch_burst: 1, watch_rate: 0, ..Settings::DEFAULT });
    world.say(Client, 1, MESSAGE);
    world.sent();
    world.segment(Client, FIN | ACK, 47, b"bye");
    assert_eq!(world.sent(), [end(EventKind::Closed, Direction::Up, 50)]);
}

#[test]
fn a_flood_of_ends_is_limited_and_the_real_end_is_told() {
    let mut world = World::with(Settings { watch_rate: 0, ..Settings::DEFAULT });
    world.say(Client, 1, MESSAGE);
    world.sent();
    for round in 0..100_000 {
        world.segment(Client, RST, round * 9973, b"");
        world.segment(Server, FIN | ACK, round * 9973, b"");
    }
    assert!(world.sent().len() < 2000);
    assert!(world.count(Counter::WatchSpent) > 198_000);
    world.segment(Client, FIN | ACK, 47, b"");
    assert_eq!(world.sent(), [end(EventKind::Closed, Direction::Up, 47)]);
}

#[test]
fn ends_share_the_budget_of_all_watched_flows() {
    let mut world = World::with(Settings { budget_burst: 300, budget_rate: 0, ..Settings::DEFAULT });
    world.say(Client, 1, MESSAGE);
    for _ in 0..10 {
        world.segment(Client, RST, 47, b"");
    }
    assert_eq!((world.sent().len(), world.count(Counter::BudgetSpent)), (2, 9));
}

#[test]
fn a_fragment_ends_nothing_because_more_is_to_come() {
    let mut world = World::new();
    world.say(Client, 1, MESSAGE);
    world.sent();
    let mut first = frame(Client, FIN | ACK, 47, b"some of it");
    first[20] |= 0x20;
    world.packet(&first.as_slice());
    let kinds: Vec<EventKind> = world.sent().iter().map(|sent| sent.kind).collect();
    assert_eq!(kinds, [EventKind::Fragment]);
}

#[test]
fn of_other_flows_nothing_is_told() {
    let mut world = World::new();
    world.segment(Client, FIN | ACK, 1, b"");
    world.say(Client, 1, b"hello");
    world.segment(Client, FIN | ACK, 6, b"");
    world.segment(Server, RST, 1, b"");
    assert_eq!(world.sent(), []);
    world.say(Client, 7, TOKEN);
    world.dismiss();
    world.sent();
    world.segment(Client, FIN | ACK, 22, b"");
    assert_eq!(world.sent(), []);
}

#[test]
fn an_acknowledgement_makes_no_flow() {
    let mut world = World::new();
    for flags in [SYN, ACK, FIN | ACK, RST] {
        world.segment(Client, flags, 1, b"");
    }
    assert_eq!((world.count(Counter::NoPayload), world.count(Counter::Flows)), (4, 0));
    assert!(world.flows.entries.is_empty());
}

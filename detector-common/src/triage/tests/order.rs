//! What is read when segments are repeated, missing or out of order.

use super::*;

/// A world in which the client has said so much that it is no longer early; the next byte is 2001.
fn late() -> World {
    let mut world = World::new();
    assert_eq!(world.say(Client, 1, &[b'x'; 2000]), Outcome::Passed);
    world
}

#[test]
fn a_retransmission_does_not_move_the_position() {
    let mut world = late();
    let (head, tail) = TOKEN.split_at(6);
    assert_eq!(world.say(Client, 2001, head), Outcome::Passed);
    for _ in 0..3 {
        assert_eq!(world.say(Client, 2001, head), Outcome::Passed);
    }
    assert_eq!(world.count(Counter::Retransmitted), 3);
    assert_eq!(world.say(Client, 2007, tail), Outcome::WatchStarted, "the state is that after the original");
}

#[test]
fn of_an_overlapping_segment_only_the_new_part_is_read() {
    for overlap in 1..8 {
        let mut world = late();
        let text = [b"yyyy", TOKEN].concat();
        assert_eq!(world.say(Client, 2001, &text[..8]), Outcome::Passed);
        let sequence = 2009 - u32::try_from(overlap).unwrap();
        assert_eq!(world.say(Client, sequence, &text[8 - overlap..]), Outcome::WatchStarted);
        assert_eq!(world.sent(), [whole(sequence, Some(NUMBER), &text[8 - overlap..])], "sent whole");
    }
}

#[test]
fn a_gap_makes_the_automaton_start_again() {
    let mut world = late();
    let (head, tail) = TOKEN.split_at(6);
    assert_eq!(world.say(Client, 2001, head), Outcome::Passed);
    assert_eq!(world.say(Client, 2008, tail), Outcome::Passed, "a byte is missing in between");
    assert_eq!(world.count(Counter::Gaps), 1);
    assert_eq!(world.say(Client, 2017, TOKEN), Outcome::WatchStarted);
}

#[test]
fn disorder_early_on_is_a_reason_to_watch() {
    for (first, second) in [(100, 300), (300, 100), (100, 100)] {
        let mut world = World::new();
        assert_eq!(world.say(Server, first, &[b'x'; 50]), Outcome::Passed);
        assert_eq!(world.say(Server, second, &[b'y'; 50]), Outcome::WatchStarted, "{first}, then {second}");
        assert_eq!(world.count(Counter::Doubtful), 1);
        assert_eq!(world.count(Counter::Gaps) + world.count(Counter::Retransmitted), 1);
        assert_eq!(world.sent()[0].payload, [b'y'; 50]);
    }
}

#[test]
fn what_was_missing_is_read_when_it_comes() {
    let mut world = late();
    assert_eq!(world.say(Client, 2001 + 46, b"the next message"), Outcome::Passed);
    assert_eq!(world.say(Client, 2001, MESSAGE), Outcome::WatchStarted);
}

#[test]
fn each_direction_is_early_by_itself() {
    let mut world = late();
    assert_eq!(world.say(Server, 1, b"x"), Outcome::Passed);
    assert_eq!(world.say(Server, 3, b"x"), Outcome::WatchStarted);
}

#[test]
fn a_direction_is_early_for_as_many_bytes_as_the_settings_say() {
    for (said, outcome) in [(999, Outcome::WatchStarted), (1000, Outcome::Passed)] {
        let mut world = World::with(Settings { early_bytes: 1000, ..Settings::DEFAULT });
        assert_eq!(world.say(Client, 1, &[b'x'].repeat(said)), Outcome::Passed);
        assert_eq!(world.say(Client, 5000, b"y"), outcome, "after {said} bytes");
    }
}

#[test]
fn disorder_later_on_is_no_reason_to_watch() {
    let mut world = late();
    for sequence in [3000, 1, 5000, 2001] {
        assert_eq!(world.say(Client, sequence, &[b'y'; 50]), Outcome::Passed);
    }
    assert_eq!(world.count(Counter::Doubtful), 0);
}

#[test]
fn an_opening_of_json_that_is_cut_is_a_reason_to_watch() {
    for opening in ["{\"id\":1,\"met", "[{\"id\"", " {\"id\"", "\r\n{\"id\"", "\u{feff}{\"id\"", "{"] {
        let mut world = World::new();
        assert_eq!(world.say(Client, 1, opening.as_bytes()), Outcome::WatchStarted, "{opening:?}");
        assert_eq!(world.count(Counter::Doubtful), 1);
        let first = Sent { kind: EventKind::First, ..whole(1, None, opening.as_bytes()) };
        assert_eq!(world.sent(), [first]);
    }
}

#[test]
fn a_whole_message_of_json_is_none() {
    for message in ["{\"id\":1}", "{\"id\":1}\n", "{\"id\":1}\r\n", "[1]", "{\"id\":1} "] {
        let mut world = World::new();
        assert_eq!(world.say(Client, 1, message.as_bytes()), Outcome::Passed, "{message:?}");
    }
    let mut world = World::new();
    assert_eq!(world.say(Client, 1, b"GET / HTTP/1.1\r\n"), Outcome::Passed);
    assert_eq!(world.say(Client, 17, b"{\"cut"), Outcome::Passed, "it is not the opening");
}

#[test]
fn another_connection_of_the_same_ends_is_read() {
    let mut world = late();
    assert_eq!(world.say(Client, 900_000_000, TOKEN), Outcome::WatchStarted);
}

//! What is read when segments are repeated, missing or out of order.

use super::*;

/// A world in which the client has said so much that it is no longer early; the next byte is 2001.
fn late() -> World {
    let mut world = World::new();
    assert_eq!(world.say(Client, 1, &[b'x'; 2000]), Outcome::Passed);
    world
}

/// A world in which the client was watched for a doubt that the agent dismissed a moment ago, so that disorder is no
/// reason to watch; the next byte is 2001.
fn undoubted() -> World {
    let mut world = World::new();
    world.say(Client, 1, b"a");
    assert_eq!(world.say(Client, 3, b"c"), Outcome::WatchStarted);
    world.dismiss();
    world.sent();
    assert_eq!(world.say(Client, 1001, &[b'x'; 1000]), Outcome::Passed);
    world
}

#[test]
fn a_retransmission_does_not_move_the_position() {
    let mut world = undoubted();
    let (head, tail) = TOKEN.split_at(6);
    assert_eq!(world.say(Client, 2001, head), Outcome::Passed);
    for _ in 0..3 {
        assert_eq!(world.say(Client, 2001, head), Outcome::Passed);
    }
    assert_eq!(world.count(Counter::Retransmitted), 3);
    assert_eq!(world.say(Client, 2007, tail), Outcome::WatchStarted, "the state is that after the original");
    assert_eq!(world.count(Counter::Matches), 1);
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
    let mut world = undoubted();
    let (head, tail) = TOKEN.split_at(6);
    assert_eq!(world.say(Client, 2001, head), Outcome::Passed);
    assert_eq!(world.say(Client, 2008, tail), Outcome::Passed, "a byte is missing in between");
    assert_eq!(world.count(Counter::Gaps), 3);
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
    assert_eq!(world.say(Client, 2001 + 46, &[b'x'; 64]), Outcome::Passed);
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
        assert_eq!(world.say(Client, 5000, &[b'y'; 64]), outcome, "after {said} bytes");
    }
}

#[test]
fn disorder_that_hides_no_token_is_no_reason_to_watch_later_on() {
    let mut world = late();
    for sequence in [3000, 1, 5000, 2001] {
        assert_eq!(world.say(Client, sequence, &[b'y'; 64]), Outcome::Passed);
    }
    assert_eq!(world.count(Counter::Doubtful), 0);
}

/// The token in two parts, behind which something else is said.
fn parts() -> [(u32, Vec<u8>); 3] {
    let (head, tail) = TOKEN.split_at(6);
    [(2001, [b"yyyy", head].concat()), (2011, tail.to_vec()), (2020, b"yyyy".to_vec())]
}

/// How often the flow was put under watch for a doubt, and for a token.
fn reasons(world: &World) -> (u64, u64) {
    (world.count(Counter::Doubtful), world.count(Counter::Matches))
}

#[test]
fn disorder_that_may_hide_a_token_is_a_reason_to_watch_at_any_time() {
    for order in [[1, 0, 2], [2, 1, 0], [0, 2, 1], [1, 2, 0], [2, 0, 1]] {
        let mut world = late();
        for part in order {
            let (sequence, text) = &parts()[part];
            world.say(Client, *sequence, text);
        }
        assert_eq!(reasons(&world), (1, 0), "{order:?}");
    }
}

#[test]
fn a_short_segment_after_a_gap_is_a_reason_to_watch() {
    for (length, reason) in [(63, 1), (64, 0)] {
        let mut world = late();
        world.say(Client, 2010, &[b'y'].repeat(length));
        assert_eq!(reasons(&world), (reason, 0), "{length} bytes");
    }
}

#[test]
fn an_overlap_may_hide_a_token_that_is_in_the_later_copy() {
    let mut world = late();
    world.say(Client, 2001, b"yyyyyyyyyyyy");
    assert_eq!(world.say(Client, 2001, &TOKEN[..14]), Outcome::WatchStarted);
    assert_eq!(reasons(&world), (1, 0));
}

#[test]
fn what_is_dismissed_after_a_doubt_is_still_scanned() {
    let mut world = undoubted();
    assert_eq!(world.say(Client, 2001, &MESSAGE[..20]), Outcome::Passed);
    assert_eq!(world.say(Client, 2021, &MESSAGE[20..]), Outcome::WatchStarted);
    assert_eq!((reasons(&world), world.count(Counter::Ignored)), ((1, 1), 0));
    world.dismiss();
    assert_eq!(world.say(Client, 2047, MESSAGE), Outcome::Passed, "as it was watched for a token");
    assert_eq!(world.count(Counter::Ignored), 1);
}

#[test]
fn what_is_dismissed_after_a_doubt_has_no_opening_any_more() {
    let mut world = undoubted();
    assert_eq!(world.say(Server, 1, b"{\"id\":1,\"met"), Outcome::Passed);
    assert_eq!(world.say(Server, 1000, b"x"), Outcome::Passed, "nor is it early");
}

#[test]
fn disorder_is_a_reason_again_after_a_while() {
    for (seconds, doubts) in [(55, 1), (56, 2)] {
        let mut world = undoubted();
        world.time += seconds * SECOND;
        let [(_, head), (sequence, tail), _] = parts();
        world.say(Client, sequence, &tail);
        world.say(Client, 2001, &head);
        assert_eq!(reasons(&world), (doubts, 0), "after {seconds} s");
    }
}

#[test]
fn a_doubt_that_the_agent_never_heard_of_is_raised_again() {
    let mut world = World::new();
    world.ring.room = 0;
    world.say(Client, 1, b"a");
    assert_eq!(world.say(Client, 3, b"c"), Outcome::WatchStarted);
    world.ring.room = usize::MAX;
    assert_eq!(world.say(Client, 5, b"e"), Outcome::WatchStarted);
    assert_eq!(world.sent()[0].payload, b"e");
}

#[test]
fn an_opening_of_json_that_is_cut_is_a_reason_to_watch() {
    let cut = ["{\"id\":1,\"met", "[{\"id\"", " {\"id\"", "\r\n{\"id\"", "\u{feff}{\"id\"", "{"];
    for opening in cut.into_iter().chain(["{\n", "[\r\n", "{\"id\":1,\n", "{\"id\":1,\r\n", " {\"id\"\n"]) {
        let mut world = World::new();
        assert_eq!(world.say(Client, 1, opening.as_bytes()), Outcome::WatchStarted, "{opening:?}");
        assert_eq!(world.count(Counter::Doubtful), 1);
        let first = Sent { kind: EventKind::First, ..whole(1, None, opening.as_bytes()) };
        assert_eq!(world.sent(), [first]);
    }
}

#[test]
fn a_whole_message_of_json_is_none() {
    for message in ["{\"id\":1}", "{\"id\":1}\n", "{\"id\":1}\r\n", "[1]", "{\"id\":1} ", "{\n}\n", "[]\r\n"]
    {
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

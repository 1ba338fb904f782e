//! TLS is not scanned; what only one side calls TLS is.

use super::*;

/// The header of a handshake record, and a little of it.
fn hello() -> Vec<u8> {
    [&[0x16, 3, 1, 2, 0][..], &[1; 60]].concat()
}

/// A record of what may be anything.
fn sealed() -> Vec<u8> {
    [&[0x17, 3, 3, 0, 46][..], MESSAGE].concat()
}

/// A whole line without a token.
const LINE: &[u8] = b"{\"id\":0,\"result\":null,\"error\":[20,\"Parse error\",null]}\n";

#[test]
fn tls_is_not_scanned() {
    for (first, second) in [(Client, Server), (Server, Client)] {
        let mut world = World::new();
        assert_eq!(world.say(first, 1, &hello()), Outcome::Passed);
        assert_eq!(world.say(first, 66, &sealed()), Outcome::Passed);
        assert_eq!(world.say(second, 1, &hello()), Outcome::Passed);
        assert_eq!(world.say(second, 66, &sealed()), Outcome::Passed);
        assert_eq!(world.say(first, 200, &sealed()), Outcome::Passed);
        assert_eq!((world.count(Counter::Tls), world.count(Counter::Scanned)), (5, 0));
    }
}

#[test]
fn every_record_opens_tls() {
    for head in [[0x14, 3, 0, 0, 1], [0x15, 3, 3, 0, 2], [0x17, 3, 4, 0x48, 0], [0x16, 3, 3, 1, 0]] {
        let mut world = World::new();
        world.say(Client, 1, &head);
        assert_eq!(world.count(Counter::Tls), 1, "{head:?}");
    }
}

#[test]
fn what_only_begins_like_tls_is_scanned() {
    for opening in [[0x16, 3, 1, 0, 0], [0x16, 3, 5, 0, 1], [0x18, 3, 1, 0, 1], [0x16, 3, 1, 0x48, 1]] {
        let mut world = World::new();
        world.say(Client, 1, &[&opening, TOKEN].concat());
        assert_eq!(world.count(Counter::Matches), 1, "{opening:?}");
    }
    let mut world = World::new();
    world.say(Client, 1, b"x");
    world.say(Client, 2, &[0x16, 3, 1, 2, 0]);
    assert_eq!(world.count(Counter::Tls), 0, "it is not the opening");
}

#[test]
fn a_side_that_does_not_answer_as_tls_is_read() {
    let mut world = World::new();
    world.say(Client, 1, &hello());
    assert_eq!(world.say(Server, 1, b"220 mail.example.org\r\n"), Outcome::Passed);
    assert_eq!((world.count(Counter::Tls), world.count(Counter::Scanned)), (1, 1));
    assert_eq!(world.say(Server, 23, MESSAGE), Outcome::WatchStarted);
    assert_eq!(
        world.sent(),
        [Sent { direction: Direction::Down, answers_tls: true, ..whole(23, Some(NUMBER), MESSAGE) }]
    );
}

#[test]
fn the_answer_itself_is_read() {
    let mut world = World::new();
    world.say(Client, 1, &hello());
    assert_eq!(world.say(Server, 1, MESSAGE), Outcome::WatchStarted);
    assert!(world.sent()[0].answers_tls);
}

#[test]
fn a_line_of_json_in_answer_to_tls_is_a_reason_to_watch() {
    let mut world = World::new();
    assert_eq!(world.say(Server, 1, LINE), Outcome::Passed, "by itself it is none");
    world.evict();
    world.say(Client, 1, &hello());
    assert_eq!(world.say(Server, 100, LINE), Outcome::WatchStarted);
    assert_eq!(world.count(Counter::Doubtful), 1);
    let sent = world.sent();
    assert_eq!((sent[0].answers_tls, sent[0].payload.as_slice()), (true, LINE));
    world.say(Server, 156, LINE);
    assert!(!world.sent()[0].answers_tls, "said of the first only");
}

#[test]
fn one_record_of_tls_hides_nothing_for_long() {
    for opening in [hello(), Vec::from([0x17, 3, 3, 0, 9])] {
        let mut world = World::new();
        world.say(Client, 1, &opening);
        assert_eq!(world.say(Client, 1000, TOKEN), Outcome::Passed, "nobody answered yet");
        assert_eq!(world.say(Server, 1, b"ok\n"), Outcome::Passed);
        assert_eq!(world.say(Client, 2000, MESSAGE), Outcome::WatchStarted);
        assert!(!world.sent()[0].answers_tls, "the server did not open as TLS");
    }
}

#[test]
fn who_speaks_first_in_the_clear_is_not_hidden_by_tls_either() {
    let mut world = World::new();
    assert_eq!(world.say(Server, 1, b"welcome\n"), Outcome::Passed);
    world.say(Client, 1, &hello());
    assert_eq!(world.say(Server, 9, MESSAGE), Outcome::WatchStarted);
    assert_eq!(world.count(Counter::Tls), 0);
    assert!(world.sent()[0].answers_tls);
}

#[test]
fn a_new_connection_opens_anew() {
    let mut world = World::new();
    world.say(Client, 1, &hello());
    world.say(Server, 1, &hello());
    world.segment(Client, SYN, 70_000, b"");
    world.segment(Server, SYN | ACK, 90_000, b"");
    assert_eq!(world.say(Server, 90_001, MESSAGE), Outcome::WatchStarted);
    assert!(!world.sent()[0].answers_tls, "that was another connection");
}

#[test]
fn what_both_sides_only_call_tls_is_read_once_it_speaks_json() {
    let mut world = World::new();
    world.say(Client, 1, &hello());
    world.say(Server, 1, &hello());
    assert_eq!(world.say(Client, 66, &sealed()), Outcome::Passed);
    assert_eq!(world.say(Client, 117, MESSAGE), Outcome::WatchStarted);
    assert_eq!(world.sent(), [whole(117, Some(NUMBER), MESSAGE)]);
    let mut world = World::new();
    world.say(Client, 1, &hello());
    world.say(Server, 1, &hello());
    assert_eq!(world.say(Client, 66, b"{\"id\""), Outcome::WatchStarted, "cut within the message");
    assert_eq!(world.count(Counter::Doubtful), 1, "it opens anew");
}

#[test]
fn tls_that_is_not_where_the_stream_is_was_forged() {
    let mut world = World::new();
    world.say(Client, 700_000_000, &hello());
    world.say(Server, 900_000_000, &hello());
    assert_eq!(world.say(Client, 1, b"some text "), Outcome::Passed);
    world.say(Server, 900_000_065, &hello());
    assert_eq!(world.say(Client, 11, MESSAGE), Outcome::WatchStarted);
    assert_eq!((world.count(Counter::Matches), world.count(Counter::Tls)), (1, 2));
}

#[test]
fn a_long_download_stays_tls() {
    let mut world = World::new();
    world.say(Client, 1, &hello());
    world.say(Server, 1, &hello());
    for segment in 0..20_000_u32 {
        // A segment in ten is late, and now and then there is a large hole.
        let late = if segment % 10 == 0 { 100_000 } else { 0 };
        world.say(Server, (1000 * segment + segment / 1000 * 1_500_000).wrapping_sub(late), &sealed());
    }
    assert_eq!(world.count(Counter::Tls), 20_002);
}

#[test]
fn what_is_sealed_and_begins_like_json_stays_tls() {
    let mut world = World::new();
    world.say(Client, 1, &hello());
    world.say(Server, 1, &hello());
    let sealed = [&b"{\""[..], &[0xb5; 40], TOKEN].concat();
    assert_eq!(world.say(Client, 66, &sealed), Outcome::Passed);
    assert_eq!((world.count(Counter::Tls), world.count(Counter::Scanned)), (3, 0));
}

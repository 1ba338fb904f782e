//! Tokens are found wherever they stand and however they are cut.

use super::*;

#[test]
fn a_token_puts_the_flow_under_watch_and_its_segment_is_sent_whole() {
    let mut world = World::new();
    assert_eq!(world.say(Client, 100, MESSAGE), Outcome::WatchStarted);
    assert_eq!(world.sent(), [whole(100, Some(NUMBER), MESSAGE)]);
    assert_eq!(world.count(Counter::Matches), 1);
    assert_eq!(world.count(Counter::Doubtful), 0);
}

#[test]
fn both_directions_of_a_watched_flow_are_sent() {
    let mut world = World::new();
    world.say(Client, 100, MESSAGE);
    assert_eq!(world.say(Server, 900, b"no token"), Outcome::Watched);
    assert_eq!(world.say(Client, 146, b"none here either"), Outcome::Watched);
    let sent = world.sent();
    assert_eq!(sent[1].direction, Direction::Down);
    assert_eq!(sent[1], Sent { direction: Direction::Down, ..whole(900, None, b"no token") });
    assert_eq!(sent[2], whole(146, None, b"none here either"));
    assert_eq!(world.count(Counter::Watched), 2);
}

#[test]
fn a_token_in_two_segments_is_found_wherever_the_cut_is() {
    let text = [b"xx", TOKEN, b"yy"].concat();
    // The sequence number wraps around within the token.
    let first = 5_u32.wrapping_neg();
    for cut in 1..text.len() {
        let mut world = World::new();
        let (head, tail) = text.split_at(cut);
        let complete = cut >= 2 + TOKEN.len();
        let after = first.wrapping_add(u32::try_from(cut).unwrap());
        let expected = if complete { Outcome::WatchStarted } else { Outcome::Passed };
        assert_eq!(world.say(Server, first, head), expected, "cut at {cut}");
        let expected = if complete { Outcome::Watched } else { Outcome::WatchStarted };
        assert_eq!(world.say(Server, after, tail), expected, "cut at {cut}");
    }
}

#[test]
fn a_token_in_segments_of_one_byte_is_found_with_its_last() {
    let mut world = World::new();
    let text = [b"xx", TOKEN].concat();
    for (sequence, byte) in (7..).zip(&text) {
        let last = sequence as usize == 7 + text.len() - 1;
        let expected = if last { Outcome::WatchStarted } else { Outcome::Passed };
        assert_eq!(world.say(Client, sequence, &[*byte]), expected);
    }
    assert_eq!(world.sent(), [whole(23, Some(NUMBER), b"\"")]);
}

#[test]
fn the_halves_of_a_token_in_two_directions_are_no_token() {
    let mut world = World::new();
    let (head, tail) = TOKEN.split_at(6);
    assert_eq!(world.say(Client, 1, head), Outcome::Passed);
    assert_eq!(world.say(Server, 7, tail), Outcome::Passed);
    assert_eq!(world.say(Client, 7, tail), Outcome::WatchStarted);
}

#[test]
fn the_halves_of_a_token_in_two_flows_are_no_token() {
    let mut world = World::new();
    let (head, tail) = TOKEN.split_at(6);
    let mut other = frame(Client, ACK, 7, tail);
    other[29] = 3;
    assert_eq!(world.say(Client, 1, head), Outcome::Passed);
    assert_eq!(world.packet(&other.as_slice()), Outcome::Passed);
    assert_eq!(world.count(Counter::Flows), 2);
}

#[test]
fn a_long_segment_is_read_to_its_end_and_sent_in_parts() {
    for before in [EVENT_PAYLOAD - 7, EVENT_PAYLOAD, 3 * EVENT_PAYLOAD, 9000] {
        let mut world = World::new();
        let text = [std::vec![b'x'; before].as_slice(), TOKEN].concat();
        let first = 3_u32.wrapping_neg();
        assert_eq!(world.say(Client, first, &text), Outcome::WatchStarted, "{before} bytes before it");
        let sent = world.sent();
        let mut next = first;
        for (part, expected) in sent.iter().zip(text.chunks(EVENT_PAYLOAD)) {
            assert_eq!(*part, whole(next, Some(NUMBER), expected));
            next = next.wrapping_add(u32::try_from(expected.len()).unwrap());
        }
        assert_eq!(sent.len(), text.len().div_ceil(EVENT_PAYLOAD));
    }
}

#[test]
fn the_longest_segment_is_sent_to_its_last_byte() {
    let mut world = World::with(Settings { watch_burst: 1 << 20, ..Settings::DEFAULT });
    world.say(Client, 1, MESSAGE);
    world.sent();
    let text: Vec<u8> = (0..65_495_u32).map(|at| at.to_le_bytes()[0]).collect();
    assert_eq!(world.say(Client, 1000, &text), Outcome::Watched);
    let sent: Vec<u8> = world.sent().into_iter().flat_map(|part| part.payload).collect();
    assert!(sent == text);
}

#[test]
fn a_syn_may_carry_the_beginning_of_a_token() {
    let mut world = World::new();
    let (head, tail) = TOKEN.split_at(6);
    assert_eq!(world.segment(Client, SYN, 100, head), Outcome::Passed);
    assert_eq!(world.say(Client, 107, tail), Outcome::WatchStarted);
    assert_eq!(world.sent()[0].sequence, 107);
}

//! How conversations end, and what is read of them then.

use jiff::{SignedDuration, Timestamp};

use super::super::Conversation;
use super::{MINER, POOL, Talk, XMRIG, fill};
use crate::stream::{Connection, Limits};

const START: Timestamp = Timestamp::UNIX_EPOCH;

/// A conversation in which the login is held behind lost bytes.
fn held() -> Conversation {
    let mut conversation = Conversation::new(Limits::default());
    conversation.segment(MINER, 1, b"{}\n", START);
    conversation.segment(MINER, 100, format!("\n{}\n", fill(XMRIG)).as_bytes(), START);
    assert!(conversation.assessment().is_none() && conversation.waiting());
    conversation
}

#[test]
fn what_is_held_is_read_at_the_end() {
    let mut conversation = held();
    conversation.finish();
    assert!(conversation.assessment().is_some() && !conversation.waiting());
    assert_eq!(conversation.losses().gaps, 1);
    assert!(conversation.buffered() <= 1024, "only what later copies are compared with");
    conversation.finish();
    assert_eq!(conversation.losses().gaps, 1);
}

#[test]
fn a_gap_is_given_up_although_nothing_comes_after_it() {
    let mut conversation = held();
    conversation.pass(START + SignedDuration::from_millis(1_999));
    assert!(conversation.waiting());
    conversation.pass(START + SignedDuration::from_secs(2));
    assert!(conversation.assessment().is_some() && !conversation.waiting());
}

#[test]
fn the_end_completes_the_last_line() {
    let mut talk = Talk::new().raw(MINER, fill(XMRIG).as_bytes());
    talk.conversation.finish();
    assert!(!talk.silent());
    let mut cut = Talk::new().miner(XMRIG).raw(MINER, br#"{"id":2,"method":"#);
    let before = cut.judged().confidence;
    cut.conversation.finish();
    assert!((cut.judged().confidence - before).abs() < 1e-12, "a line cut short is nothing foreign");
}

#[test]
fn another_connection_is_not_mixed_into_this_one() {
    let mut talk = Talk::new().miner(XMRIG);
    let judged = talk.judged();
    let revision = talk.conversation.revision();
    for direction in [MINER, POOL] {
        talk = talk.says(direction, "{}");
        let far = talk.sequence[direction as usize].wrapping_add(1 << 30);
        let line = b"GET / HTTP/1.1\r\n\r\n";
        assert_eq!(talk.conversation.segment(direction, far, line, START), Connection::Another);
        assert_eq!(talk.conversation.closed(direction, far, START), Connection::Another);
    }
    assert_eq!((talk.judged().facts, talk.judged().verdict), (judged.facts, judged.verdict));
    assert!(talk.conversation.revision() <= revision + 2 && talk.conversation.losses().gaps == 0);
    let next = talk.sequence[MINER as usize];
    assert_eq!(talk.conversation.segment(MINER, next, b"{}\n", START), Connection::Same);
}

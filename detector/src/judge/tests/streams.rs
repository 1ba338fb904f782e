//! Segments that come late, twice, in the wrong order, or with other contents than before.

use detector_common::flow::Direction;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::super::{Conversation, Shares, Side, Verdict};
use super::{MINER, POOL, XMRIG, fill, wallet};
use crate::stream::Limits;

const JOB: &str = r#"{"jsonrpc":"2.0","method":"job","params":{"blob":"BLOB","job_id":"j2","target":"711b0d00","algo":"rx/0"}}"#;
const LOGIN_ANSWER: &str = r#"{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"s1","job":{"blob":"BLOB","job_id":"j1","target":"711b0d00","algo":"rx/0"},"status":"OK"}}"#;

fn share(id: u32) -> String {
    format!(
        r#"{{"id":{id},"jsonrpc":"2.0","method":"submit","params":{{"id":"s1","job_id":"j2","nonce":"{id:08x}","result":"HEX64"}}}}"#
    )
}

fn accepted(id: u32) -> String {
    format!(r#"{{"id":{id},"jsonrpc":"2.0","error":null,"result":{{"status":"OK"}}}}"#)
}

/// Two sides whose segments come as the test likes.
struct Wire {
    conversation: Conversation,
    next: [u32; 2],
    now: Timestamp,
}

impl Wire {
    fn new() -> Self {
        let conversation = Conversation::new(Limits::default());
        Self { conversation, next: [u32::MAX - 300, 7], now: Timestamp::UNIX_EPOCH }
    }

    fn at(&mut self, direction: Direction, sequence: u32, bytes: &[u8]) {
        self.conversation.segment(direction, sequence, bytes, self.now);
    }

    /// Takes the next sequence numbers without a segment.
    fn skip(&mut self, direction: Direction, length: usize) -> u32 {
        let next = &mut self.next[direction as usize];
        let sequence = *next;
        *next = next.wrapping_add(u32::try_from(length).unwrap());
        sequence
    }

    fn line(&mut self, direction: Direction, line: &str) {
        let bytes = line_of(line);
        let sequence = self.skip(direction, bytes.len());
        self.at(direction, sequence, &bytes);
    }

    fn wait(&mut self, milliseconds: i64) {
        self.now += SignedDuration::from_millis(milliseconds);
        self.conversation.pass(self.now);
    }

    fn shares(&self) -> Shares {
        self.conversation.assessment().expect("mining is found").facts.shares
    }

    fn conflict(&self) -> Option<Side> {
        let judged = self.conversation.assessment()?;
        judged.evidence.iter().find(|reason| reason.kind == "overlap-conflict").map(|reason| reason.side)
    }
}

fn line_of(line: &str) -> Vec<u8> {
    (fill(line) + "\n").into_bytes()
}

const fn shares(submitted: u64, accepted: u64) -> Shares {
    Shares { submitted, accepted, rejected: 0 }
}

/// Sends `real` in pieces of `cut` bytes, each after `garbage` with the same sequence numbers that never reaches the pool.
fn disguised(
    wire: &mut Wire,
    direction: Direction,
    real: &str,
    garbage: &dyn Fn(usize) -> Vec<u8>,
    cut: usize,
) {
    for piece in line_of(real).chunks(cut) {
        let sequence = wire.skip(direction, piece.len());
        wire.at(direction, sequence, &garbage(piece.len()));
        wire.at(direction, sequence, piece);
    }
}

fn letters(length: usize) -> Vec<u8> {
    vec![b'x'; length]
}

fn foreign(length: usize) -> Vec<u8> {
    b"this is no mining\n".iter().copied().cycle().take(length).collect()
}

fn lookalike(length: usize) -> Vec<u8> {
    b"{\"a\":[\"".iter().copied().chain(std::iter::repeat(b'y')).take(length).collect()
}

#[test]
fn who_sends_garbage_before_each_segment_is_heard_all_the_same() {
    let garbages: [&dyn Fn(usize) -> Vec<u8>; 6] = [
        &letters,
        &foreign,
        &lookalike,
        &|length| lookalike(length + 100),
        &|length| foreign(length + 5000),
        &|length| letters((length / 2).max(1)),
    ];
    for (number, garbage) in garbages.into_iter().enumerate() {
        for cut in [2000, 300, 100, 7, 1] {
            let mut wire = Wire::new();
            disguised(&mut wire, MINER, XMRIG, garbage, cut);
            wire.line(POOL, LOGIN_ANSWER);
            for id in 2..5 {
                wire.wait(10_000);
                disguised(&mut wire, MINER, &share(id), garbage, cut);
                wire.line(POOL, &accepted(id));
            }
            let judged = wire.conversation.assessment().unwrap_or_else(|| panic!("{number} {cut}"));
            assert_eq!(judged.verdict, Verdict::Confirmed, "{number} {cut}");
            assert_eq!(judged.facts.wallet, Some(wallet()), "{number} {cut}");
            assert_eq!(judged.facts.shares, shares(3, 3), "{number} {cut}");
            assert_eq!(wire.conflict(), Some(Side::Miner), "{number} {cut}");
            assert!(wire.conversation.buffered() < 64 * 1024);
        }
    }
}

#[test]
fn garbage_far_ahead_does_not_hide_what_comes_after_it() {
    let mut wire = Wire::new();
    wire.line(MINER, "{}");
    let ahead = wire.next[MINER as usize].wrapping_add(900_000);
    wire.at(MINER, ahead, b"nobody gets this\n");
    wire.wait(3_000);
    wire.line(MINER, XMRIG);
    wire.line(POOL, LOGIN_ANSWER);
    wire.line(MINER, &share(2));
    wire.line(POOL, &accepted(2));
    assert_eq!(wire.shares(), shares(1, 1));
    let judged = wire.conversation.assessment().unwrap();
    assert_eq!((judged.verdict, judged.facts.wallet), (Verdict::Confirmed, Some(wallet())));
}

#[test]
fn a_stream_joined_far_ahead_is_read_where_it_is() {
    let mut wire = Wire::new();
    let ahead = wire.next[MINER as usize].wrapping_add(900_000);
    wire.at(MINER, ahead, b"a word with \"mining.subscribe\"\n");
    wire.wait(3_000);
    wire.line(MINER, XMRIG);
    wire.line(POOL, LOGIN_ANSWER);
    wire.line(MINER, &share(2));
    assert_eq!(wire.shares(), shares(1, 0));
}

#[test]
fn a_conflict_is_told_and_weighs_nothing() {
    let mut wire = Wire::new();
    wire.line(MINER, XMRIG);
    let before = wire.conversation.assessment().unwrap();
    assert_eq!(wire.conflict(), None);
    let revision = wire.conversation.revision();
    let sequence = wire.next[MINER as usize].wrapping_sub(20);
    wire.at(MINER, sequence, b"other bytes");
    assert_eq!(wire.conflict(), Some(Side::Miner));
    assert!(wire.conversation.revision() > revision, "it is news");
    let after = wire.conversation.assessment().unwrap();
    assert!((after.confidence - before.confidence).abs() < 1e-12);
    assert_eq!((after.verdict, after.facts), (before.verdict, before.facts));
    wire.line(POOL, JOB);
    let sequence = wire.next[POOL as usize].wrapping_sub(20);
    wire.at(POOL, sequence, b"of the pool");
    let judged = wire.conversation.assessment().unwrap();
    let sides: Vec<Side> =
        judged.evidence.iter().filter(|it| it.kind == "overlap-conflict").map(|it| it.side).collect();
    assert_eq!(sides.len(), 2);
    assert!(sides.contains(&Side::Pool));
}

#[test]
fn retransmissions_and_keep_alives_are_no_conflict_and_count_nothing_twice() {
    let mut wire = Wire::new();
    let mut sent = Vec::new();
    for (direction, line) in [
        (MINER, XMRIG.to_owned()),
        (POOL, LOGIN_ANSWER.to_owned()),
        (POOL, JOB.to_owned()),
        (MINER, share(2)),
        (POOL, accepted(2)),
        (MINER, share(3)),
        (POOL, accepted(3)),
        (POOL, JOB.replace("j2", "j3")),
        (POOL, JOB.replace("j2", "j4")),
    ] {
        sent.push((direction, wire.next[direction as usize], line_of(&line)));
        wire.line(direction, &line);
    }
    let judged = wire.conversation.assessment().unwrap();
    assert_eq!(judged.facts.shares, shares(2, 2));
    for (direction, sequence, bytes) in sent.iter().chain(sent.iter().rev()) {
        wire.at(*direction, *sequence, bytes);
        let (half, rest) = bytes.split_at(bytes.len() / 2);
        wire.at(*direction, sequence.wrapping_add(u32::try_from(half.len()).unwrap()), rest);
    }
    for direction in [MINER, POOL] {
        let probe = wire.next[direction as usize].wrapping_sub(1);
        wire.at(direction, probe, b"\0");
    }
    assert_eq!(wire.conversation.assessment().unwrap(), judged);
}

#[test]
fn two_shares_in_the_same_place_are_one() {
    let mut wire = Wire::new();
    wire.line(MINER, XMRIG);
    wire.line(POOL, LOGIN_ANSWER);
    let sequence = wire.next[MINER as usize];
    wire.line(MINER, &share(2));
    wire.at(MINER, sequence, &line_of(&share(2).replace("00000002", "cafecafe")));
    wire.line(POOL, &accepted(2));
    assert_eq!((wire.shares(), wire.conflict()), (shares(1, 1), Some(Side::Miner)));
    let twice = wire.next[MINER as usize];
    wire.at(MINER, twice, &line_of("{}"));
    wire.at(MINER, twice, &[line_of(&share(3)), line_of(&share(4))].concat());
    wire.skip(MINER, line_of(&share(3)).len() + line_of(&share(4)).len());
    wire.line(POOL, &accepted(3));
    wire.line(POOL, &accepted(4));
    assert_eq!(wire.shares(), shares(3, 3));
}

#[test]
fn an_answer_that_is_read_before_its_share_meets_it() {
    let mut wire = Wire::new();
    wire.line(POOL, JOB);
    for id in 2..6 {
        let late = line_of(&share(id));
        let sequence = wire.skip(MINER, late.len());
        wire.line(POOL, &accepted(id));
        wire.wait(500);
        wire.at(MINER, sequence, &late);
    }
    assert_eq!(wire.shares(), shares(4, 4));

    let stratum = |id: u32| {
        format!(
            r#"{{"id":{id},"method":"mining.submit","params":["u.w","j","00000001","65f00000","{id:08x}"]}}"#
        )
    };
    let mut wire = Wire::new();
    wire.line(MINER, r#"{"id":1,"method":"mining.authorize","params":["u.w","x"]}"#);
    for id in 2..6 {
        let late = line_of(&stratum(id));
        let sequence = wire.skip(MINER, late.len());
        wire.line(POOL, &format!(r#"{{"id":{id},"result":{},"error":null}}"#, id != 3));
        wire.wait(500);
        wire.at(MINER, sequence, &late);
    }
    assert_eq!(wire.shares(), Shares { submitted: 4, accepted: 3, rejected: 1 });
}

#[test]
fn shares_behind_a_gap_and_their_answers_count_once() {
    let mut wire = Wire::new();
    wire.line(MINER, "{}");
    wire.line(POOL, JOB);
    wire.skip(MINER, 100);
    for id in 2..6 {
        wire.line(MINER, &share(id));
        wire.line(POOL, &accepted(id));
    }
    wire.wait(2_000);
    assert_eq!(wire.shares(), shares(4, 4));
    wire.line(MINER, &share(6));
    wire.line(POOL, &accepted(6));
    assert_eq!(wire.shares(), shares(5, 5));
}

#[test]
fn an_answer_does_not_wait_for_ever() {
    let mut wire = Wire::new();
    wire.line(MINER, XMRIG);
    wire.line(POOL, LOGIN_ANSWER);
    wire.line(POOL, &accepted(2));
    wire.wait(60_000);
    wire.line(MINER, &share(2));
    assert_eq!(wire.shares(), shares(1, 0));
}

#[test]
fn a_login_in_two_segments_of_which_the_second_comes_first_is_read_whole() {
    let login = line_of(XMRIG);
    for joined_later in [false, true] {
        for cut in 1..login.len() {
            let mut wire = Wire::new();
            if !joined_later {
                wire.line(MINER, "{}");
            }
            let sequence = wire.skip(MINER, login.len());
            let (first, second) = login.split_at(cut);
            wire.at(MINER, sequence.wrapping_add(u32::try_from(cut).unwrap()), second);
            wire.at(MINER, sequence, first);
            wire.line(POOL, LOGIN_ANSWER);
            let facts = wire.conversation.assessment().unwrap_or_else(|| panic!("{cut}")).facts;
            assert_eq!(facts.wallet, Some(wallet()), "cut at {cut}, joined later: {joined_later}");
            assert!(facts.agent.is_some(), "cut at {cut}, joined later: {joined_later}");
        }
    }
}

#[test]
fn with_every_nth_segment_lost_a_miner_is_found_and_no_share_is_invented() {
    for nth in 2..=10 {
        for offset in 0..nth {
            let mut wire = Wire::new();
            let mut lines = vec![(MINER, XMRIG.to_owned()), (POOL, LOGIN_ANSWER.to_owned())];
            for id in 2..22 {
                lines.push((MINER, share(id)));
                lines.push((POOL, accepted(id)));
                if id % 5 == 0 {
                    lines.push((POOL, JOB.replace("j2", &format!("j{id}"))));
                }
            }
            let mut seen = 0;
            for (number, (direction, line)) in lines.iter().enumerate() {
                wire.wait(2_500);
                if number % nth == offset {
                    wire.skip(*direction, line_of(line).len());
                } else {
                    wire.line(*direction, line);
                    seen += u64::from(line.contains("submit"));
                }
            }
            wire.conversation.finish();
            let judged = wire.conversation.assessment().unwrap_or_else(|| panic!("{nth} {offset}"));
            assert!(judged.verdict >= Verdict::Probable, "{nth} {offset}");
            let Shares { submitted, accepted, rejected } = judged.facts.shares;
            let answers = 20;
            assert!(submitted >= seen && submitted <= answers, "{nth} {offset}: {submitted} of {seen}");
            assert!(accepted <= submitted && rejected == 0, "{nth} {offset}: {accepted} of {submitted}");
        }
    }
}

proptest! {
    /// However a conversation is cut, repeated and shaken within a direction, each share counts once.
    #[test]
    fn order_and_repetition_change_no_count(
        cut in 1..400usize,
        swaps in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let mut wire = Wire::new();
        let mut lines = vec![(MINER, XMRIG.to_owned()), (POOL, LOGIN_ANSWER.to_owned())];
        for id in 2..6 {
            lines.extend([(MINER, share(id)), (POOL, accepted(id))]);
        }
        let mut segments = Vec::new();
        for (direction, line) in lines {
            for piece in line_of(&line).chunks(cut) {
                segments.push((direction, wire.skip(direction, piece.len()), piece.to_vec()));
            }
        }
        for swap in swaps {
            let place = swap.index(segments.len() - 1);
            segments.swap(place, place + 1);
        }
        for repeat in again {
            let place = repeat.index(segments.len());
            let copy = segments[place].clone();
            segments.insert(segments.len().min(place + 3), copy);
        }
        for (direction, sequence, bytes) in &segments {
            wire.at(*direction, *sequence, bytes);
        }
        wire.conversation.finish();
        prop_assert_eq!(wire.shares(), shares(4, 4));
        prop_assert_eq!(wire.conflict(), None);
    }
}

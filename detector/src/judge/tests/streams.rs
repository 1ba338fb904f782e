//! Segments that come late, twice or in the wrong order.

use proptest::prelude::*;

use super::super::{Shares, Verdict};
use super::wire::{JOB, LOGIN_ANSWER, Wire, accepted, line_of, share, shares};
use super::{MINER, POOL, XMRIG, wallet};

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

//! Segments with other contents than those before them.

use detector_common::flow::Direction;

use super::super::{Side, Verdict};
use super::wire::{JOB, LOGIN_ANSWER, Wire, accepted, line_of, share, shares};
use super::{MINER, POOL, Talk, XMRIG, fill, wallet};

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

/// In the place of `payload`.
fn other(payload: &[u8]) -> Vec<u8> {
    letters(payload.len())
}

#[test]
fn halves_of_a_line_are_read_in_whatever_order_their_copies_come() {
    let login = line_of(XMRIG);
    let orders: [&[(usize, bool)]; 9] = [
        &[(0, false), (0, true), (1, false), (1, true)],
        &[(0, false), (1, false), (0, true), (1, true)],
        &[(0, false), (1, false), (1, true), (0, true)],
        &[(1, false), (0, false), (0, true), (1, true)],
        &[(1, false), (0, false), (1, true), (0, true)],
        &[(1, false), (1, true), (0, false), (0, true)],
        &[(0, false), (1, true), (0, true)],
        &[(1, true), (0, false), (0, true)],
        &[(1, false), (1, true), (0, true)],
    ];
    for cut in [20, login.len() / 2, login.len() - 20] {
        for order in orders {
            let mut wire = Wire::new();
            wire.line(MINER, "{}");
            let sequence = wire.skip(MINER, login.len());
            let halves = [&login[..cut], &login[cut..]];
            for &(half, real) in order {
                let at = sequence.wrapping_add(if half == 0 { 0 } else { u32::try_from(cut).unwrap() });
                let bytes = if real { halves[half].to_vec() } else { other(halves[half]) };
                wire.at(MINER, at, &bytes);
            }
            wire.line(POOL, LOGIN_ANSWER);
            let judged = wire.conversation.assessment().unwrap_or_else(|| panic!("{cut} {order:?}"));
            assert_eq!(judged.facts.wallet, Some(wallet()), "{cut} {order:?}");
            assert_eq!(judged.verdict, Verdict::Confirmed, "{cut} {order:?}");
        }
    }
}

#[test]
fn halves_of_which_one_was_received_first_and_one_last_are_one_line() {
    for first_half_first in [true, false] {
        let mut wire = Wire::new();
        wire.line(MINER, "{}");
        let login = line_of(XMRIG);
        let (first, second) = login.split_at(login.len() / 2);
        for (half, real_first) in [(first, first_half_first), (second, !first_half_first)] {
            let sequence = wire.skip(MINER, half.len());
            let copies = [half.to_vec(), other(half)];
            for copy in if real_first { [0, 1] } else { [1, 0] } {
                wire.at(MINER, sequence, &copies[copy]);
            }
        }
        wire.line(POOL, LOGIN_ANSWER);
        let judged = wire.conversation.assessment().unwrap();
        assert_eq!(judged.facts.wallet, Some(wallet()), "{first_half_first}");
    }
}

#[test]
fn what_lies_before_a_gap_is_no_part_of_what_lies_behind_it() {
    let mut wire = Wire::new();
    wire.line(MINER, "{}");
    let part = wire.skip(MINER, 10);
    wire.at(MINER, part, b"some words");
    wire.skip(MINER, 30);
    let login = line_of(XMRIG);
    let sequence = wire.skip(MINER, login.len());
    let (first, second) = login.split_at(100);
    wire.at(MINER, sequence, &other(first));
    wire.at(MINER, sequence, first);
    wire.at(MINER, sequence.wrapping_add(100), second);
    wire.line(POOL, LOGIN_ANSWER);
    assert_eq!(wire.conversation.assessment().unwrap().facts.wallet, Some(wallet()));
}

#[test]
fn old_bytes_that_are_repeated_take_no_room_from_copies() {
    for junk in 1..7 {
        let mut wire = Wire::new();
        let old = wire.next[MINER as usize];
        for _ in 0..40 {
            wire.line(MINER, &format!(r#"{{"a":"{}"}}"#, "x".repeat(80)));
        }
        for (number, piece) in line_of(XMRIG).chunks(40).enumerate() {
            let sequence = wire.skip(MINER, piece.len());
            wire.at(MINER, sequence, &other(piece));
            wire.at(MINER, sequence, piece);
            for place in 0..junk {
                let at = u32::try_from(number * 40 + 2 * place).unwrap();
                wire.at(MINER, old.wrapping_add(at), b"y");
            }
        }
        wire.line(POOL, LOGIN_ANSWER);
        let judged = wire.conversation.assessment().unwrap();
        assert_eq!(judged.facts.wallet, Some(wallet()), "{junk}");
    }
}

/// What a page or a file says of mining.
fn transcript() -> String {
    let lines = [
        r#"{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}"#,
        r#"{"id":2,"method":"mining.authorize","params":["WALLET.rig","x"]}"#,
        XMRIG,
        &share(2),
    ];
    let text: Vec<String> = lines.iter().map(|line| format!("A miner says:\n{}\n", fill(line))).collect();
    text.concat()
}

/// The same, as a device makes it that puts another name into pages.
fn altered(text: &str) -> String {
    text.replace("A miner", "One who").replace("cgminer", "sgminer").replace("rig7", "pc04")
}

#[test]
fn a_page_that_is_altered_on_its_way_stays_a_page() {
    let page = transcript();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n", page.len());
    for asked in [true, false] {
        for cut in [10_000, 400, 100, 33] {
            let mut wire = Wire::new();
            if asked {
                let request = b"GET /stratum.txt HTTP/1.1\r\nHost: docs.example\r\n\r\n";
                let sequence = wire.skip(MINER, request.len());
                wire.at(MINER, sequence, request);
            }
            let sequence = wire.skip(POOL, head.len());
            wire.at(POOL, sequence, head.as_bytes());
            for (first, copy) in page.as_bytes().chunks(cut).zip(altered(&page).as_bytes().chunks(cut)) {
                let sequence = wire.skip(POOL, first.len());
                wire.at(POOL, sequence, first);
                wire.at(POOL, sequence, copy);
            }
            let judged = wire.conversation.assessment();
            assert!(judged.is_none(), "{asked} {cut}: {:?}", judged.map(|it| it.evidence));
        }
    }
}

/// The transcript as somebody sends it without HTTP, in segments that come again altered, `times` times each.
fn resent(times: usize) -> Wire {
    let text = transcript();
    let altered = [altered(&text), text.replace("A miner", "Two men")];
    let mut wire = Wire::new();
    for at in (0..text.len()).step_by(300) {
        let end = text.len().min(at + 300);
        let sequence = wire.skip(MINER, end - at);
        wire.at(MINER, sequence, &text.as_bytes()[at..end]);
        for copy in 0..times {
            wire.at(MINER, sequence, &altered[copy % 2].as_bytes()[at..end]);
        }
    }
    wire
}

#[test]
fn copies_take_no_weight_from_what_speaks_against_mining() {
    let weight = |times| {
        let wire = resent(times);
        wire.conversation.assessment().map(|judged| judged.confidence)
    };
    let plain = weight(0);
    for times in [1, 2, 3, 8, 30] {
        assert_eq!(weight(times), plain, "{times}");
    }
}

#[test]
fn the_same_copy_again_forgives_nothing() {
    let foreign = |copies: usize| {
        let mut wire = Wire::new();
        wire.line(MINER, r#"{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}"#);
        for _ in 0..20 {
            wire.line(MINER, "words of another kind");
        }
        let sequence = wire.next[MINER as usize].wrapping_sub(44);
        for copy in 0..copies {
            wire.at(MINER, sequence, if copy % 3 == 1 { &[b'z'; 44] } else { &[b'x'; 44] });
        }
        wire.conversation.hopeless()
    };
    assert!(foreign(0) && foreign(1) && foreign(50));
}

#[test]
fn a_body_that_comes_before_its_head_is_a_body() {
    let body = fill(&share(2)) + "\n";
    let head = format!("POST /quoted HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len());
    let mut wire = Wire::new();
    let first = wire.skip(MINER, head.len());
    let second = wire.skip(MINER, body.len());
    wire.at(MINER, second, body.as_bytes());
    wire.at(MINER, first, head.as_bytes());
    let judged = wire.conversation.assessment();
    assert!(judged.is_none(), "{:?}", judged.map(|it| it.evidence));
}

#[test]
fn shares_that_are_repeated_late_count_once() {
    let mut wire = Wire::new();
    wire.line(MINER, XMRIG);
    wire.line(POOL, LOGIN_ANSWER);
    let mut sent = Vec::new();
    for id in 2..3002 {
        sent.push((wire.next[MINER as usize], line_of(&share(id))));
        wire.line(MINER, &share(id));
        wire.line(POOL, &accepted(id));
    }
    assert_eq!(wire.shares(), shares(3000, 3000));
    for (sequence, bytes) in sent.iter().step_by(7) {
        wire.at(MINER, *sequence, bytes);
    }
    assert_eq!(wire.shares(), shares(3000, 3000));
}

#[test]
fn copies_hold_little_memory() {
    let mut wire = Wire::new();
    wire.line(MINER, XMRIG);
    for number in 0..3000_u32 {
        let sequence = wire.next[MINER as usize];
        let at = sequence.wrapping_add(number.wrapping_mul(0x9e37_79b9) % 60_000).wrapping_sub(20_000);
        wire.at(MINER, at, &vec![u8::try_from(number % 251).unwrap(); 700]);
    }
    assert!(wire.conversation.buffered() < 200 * 1024, "{}", wire.conversation.buffered());
    let talk = Talk::new().miner(XMRIG);
    assert!(talk.conversation.buffered() < 4096, "plain traffic holds nothing of this");
}

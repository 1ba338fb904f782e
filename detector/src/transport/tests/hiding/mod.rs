//! Two sides that mine hide what they say in the form of something else, and play along with each other.

mod forms;

use forms::{Form, OK, POST, UPGRADED, forms, sealed};
use jiff::Timestamp;

use super::{CLIENT, Direction, SERVER};
use crate::judge::{Conversation, Verdict};
use crate::stream::Limits;

const SESSION: [(Direction, &str); 9] = [
    (CLIENT, r#"{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}"#),
    (SERVER, r#"{"id":1,"result":[[["mining.notify","ae6812eb4cd7735a"]],"08000002",4],"error":null}"#),
    (CLIENT, r#"{"id":2,"method":"mining.authorize","params":["alice.rig7","x"]}"#),
    (SERVER, r#"{"id":2,"result":true,"error":null}"#),
    (SERVER, r#"{"id":null,"method":"mining.set_difficulty","params":[2048]}"#),
    (
        SERVER,
        r#"{"id":null,"method":"mining.notify","params":["bf","4d16b6f85af6e2198f44ae2a6de67f78487ae5611b77c6c0440b921e00000000","01000000","ffffffff",[],"00000002","1c2ac4af","504e86b9",false]}"#,
    ),
    (
        CLIENT,
        r#"{"id":3,"method":"mining.submit","params":["alice.rig7","bf","00000001","504e86ed","b2957c02"]}"#,
    ),
    (SERVER, r#"{"id":3,"result":true,"error":null}"#),
    (
        CLIENT,
        r#"{"id":4,"method":"mining.submit","params":["alice.rig7","bf","00000002","504e86ed","b2957c03"]}"#,
    ),
];

/// The judgement on the session in this form, if what `seen` says is heard, in pieces of at most `size` bytes.
fn judged(form: &Form, size: usize, seen: &[Direction]) -> Option<Verdict> {
    let mut conversation = Conversation::new(Limits::default());
    let mut sequence = [7u32; 2];
    let mut say = |side: Direction, bytes: &[u8]| {
        for piece in bytes.chunks(size).filter(|_| seen.contains(&side)) {
            let sequence = &mut sequence[side as usize];
            conversation.segment(side, *sequence, piece, Timestamp::UNIX_EPOCH);
            *sequence = sequence.wrapping_add(u32::try_from(piece.len()).unwrap());
        }
    };
    let turn = |side| usize::from(side == SERVER);
    for side in [CLIENT, SERVER] {
        say(side, &form.opens[turn(side)]);
    }
    for (side, line) in SESSION {
        say(side, &form.wraps[turn(side)](format!("{line}\n").as_bytes()));
    }
    assert!(conversation.buffered() < 64 * 1024, "{}", form.name);
    conversation.assessment().map(|judged| judged.verdict)
}

const BOTH: [Direction; 2] = [CLIENT, SERVER];
const SIZES: [usize; 4] = [1, 7, 40, 10_000];

#[test]
fn who_converses_in_lines_is_heard_whatever_they_open_with() {
    let missed: Vec<_> = forms()
        .iter()
        .flat_map(|form| SIZES.map(|size| (form.name, size, judged(form, size, &BOTH))))
        .filter(|(.., verdict)| *verdict != Some(Verdict::Confirmed))
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn one_side_is_enough_where_no_text_can_be() {
    for form in sealed() {
        for (side, size) in BOTH.into_iter().flat_map(|side| SIZES.map(|size| (side, size))) {
            let verdict = judged(&form, size, &[side]);
            assert!(verdict >= Some(Verdict::Probable), "{}, {side:?}, {size}: {verdict:?}", form.name);
        }
    }
}

#[test]
fn who_only_quotes_is_not_heard() {
    let all: String = SESSION.map(|(_, line)| format!("{line}\n")).concat();
    for (name, said) in [
        ("a page", vec![(CLIENT, "GET / HTTP/1.1\r\n\r\n".to_owned()), (SERVER, format!("{OK}{all}"))]),
        ("an upload", vec![(CLIENT, format!("{POST}{all}"))]),
        ("both", vec![(CLIENT, format!("{POST}{all}")), (SERVER, format!("{OK}{all}"))]),
        ("a message", vec![(SERVER, format!("{UPGRADED}\u{1}\u{1} ")), (SERVER, all)]),
    ] {
        for size in SIZES {
            let mut conversation = Conversation::new(Limits::default());
            let mut sequence = [7u32; 2];
            for (side, bytes) in &said {
                for piece in bytes.as_bytes().chunks(size) {
                    let sequence = &mut sequence[*side as usize];
                    conversation.segment(*side, *sequence, piece, Timestamp::UNIX_EPOCH);
                    *sequence += u32::try_from(piece.len()).unwrap();
                }
            }
            assert_eq!(conversation.assessment(), None, "{name}, {size}");
        }
    }
}

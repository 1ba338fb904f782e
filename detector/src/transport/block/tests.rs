use proptest::prelude::*;

use crate::stream::Piece;
use crate::transport::lines::{Lines, Origin};

const LOGIN: &str = r#"{"id":1,"method":"login","params":{"login":"a","pass":["x",0.5e1,null]}}"#;
const SUBMIT: &str = r#"{"id":2,"method":"submit","params":["a",{"b":[]},true,-7]}"#;

/// The whole lines that are given when the text comes in such pieces.
fn given(text: &str, size: usize) -> Vec<String> {
    let mut lines = Lines::new(4096, Origin::Joined);
    let mut given = Vec::new();
    let mut out = |line: super::Line<'_>| {
        if line.whole {
            given.push(String::from_utf8_lossy(line.text).into_owned());
        }
    };
    for piece in text.as_bytes().chunks(size) {
        lines.take(Piece::Next(piece), &mut out);
    }
    lines.finish(&mut out);
    assert_eq!(lines.held_bytes(), 0);
    given
}

fn alike(text: &str, expected: &[&str]) {
    for size in [1, 2, 3, 7, 50, 100_000] {
        assert_eq!(given(text, size), expected, "pieces of {size}");
    }
}

/// As `json.dumps(indent=1)` writes it.
fn pretty(line: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(line).unwrap();
    serde_json::to_string_pretty(&value).unwrap()
}

/// The ways to write a message over several lines.
fn written(line: &str) -> Vec<String> {
    let after = |mark: char, text: &str| line.replace(mark, text);
    vec![
        pretty(line),
        after(',', ",\n"),
        after(',', "\r\n,\r\n\r\n\t"),
        after(':', "\n:\n"),
        line.replacen('{', "{\n", 1),
        after('}', "\n}"),
        format!("[\n{}]", pretty(line)),
    ]
}

#[test]
fn a_message_over_several_lines_is_one() {
    for (login, submit) in written(LOGIN).into_iter().zip(written(SUBMIT)) {
        let both: [&str; 2] = [&login, &submit];
        alike(&format!("{login}\n{submit}\n"), &both);
        alike(&format!("{login}\r\n\r\n{submit}"), &both);
        alike(&format!("{LOGIN}\n{login}\n{submit}\n{SUBMIT}\n"), &[LOGIN, &login, &submit, SUBMIT]);
        alike(&format!("text\n{login}\nmore text\n{submit}\n"), &["text", &login, "more text", &submit][1..]);
    }
}

#[test]
fn a_message_may_begin_in_the_line_in_which_another_ends() {
    let [login, submit] = [LOGIN, SUBMIT].map(pretty);
    for size in [1, 3, 10_000] {
        let given = given(&format!("{LOGIN}{login}{submit}{login}\n{SUBMIT}\n"), size);
        assert_eq!(given.concat(), format!("{LOGIN}{login}{submit}{login}{SUBMIT}"), "{given:?}");
        assert_eq!(given.last().map(String::as_str), Some(SUBMIT));
    }
}

#[test]
fn a_line_that_is_not_completed_hides_none_behind_it() {
    for broken in [r#"{"id":"#, "{", "[", "[[[{", r#"{"id":1,"params":["a","#, r#"{"a":"text"#, r#"{"a":[}"#]
    {
        let begun = format!("first\n{broken}\n");
        let mut lines = Lines::new(4096, Origin::Line);
        let mut given = Vec::new();
        for text in [&begun, LOGIN, "\n", SUBMIT, "\nJOB,alice,LOW\n"] {
            lines.take(Piece::Next(text.as_bytes()), &mut |line| given.push(line.text.to_vec()));
            let last = given.last().map(|line| String::from_utf8_lossy(line).into_owned());
            let said = text.trim();
            if text.len() > 1 && *text != begun {
                assert_eq!(last.as_deref(), Some(said), "behind {broken}");
            }
        }
        let expected = ["first", broken, LOGIN, SUBMIT, "JOB,alice,LOW"].map(|line| line.as_bytes().to_vec());
        assert_eq!(given.len(), expected.len(), "behind {broken}");
        assert!(expected.iter().all(|line| given.contains(line)), "behind {broken}");
        assert_eq!(lines.held_bytes(), 0);
    }
}

#[test]
fn what_is_no_message_together_stays_lines() {
    let long = format!("{{\n\"a\":[\n{}1]}}", "1,\n".repeat(1400));
    for text in [
        "{\n\"level\":\"info\",\n\"method\":\"login\"\n}",
        "{\n\"method\":\"login\"\n} he said",
        "{\n\"method\":\"lo\ngin\"\n}",
        "{\n\"method\" \"login\"\n}",
        "{\n\"method\":login\n}",
        "[\n1,\n2\n]",
        "[\n\"method\",\n{\"a\":1}\n]",
        "he said {\n\"method\":\"login\"\n}",
        &long,
    ] {
        // A message that is complete needs no line feed.
        let smallest = if text.ends_with("he said") { 10_000 } else { 1 };
        for size in [smallest, 10_000] {
            let lines: Vec<_> = text.lines().collect();
            assert_eq!(given(&format!("-\n{text}\n-\n"), size)[..lines.len()], lines, "{text}");
        }
    }
}

#[test]
fn a_gap_in_a_message_ends_it() {
    let mut lines = Lines::new(4096, Origin::Line);
    let mut given = Vec::new();
    let text = pretty(LOGIN);
    let text = text.as_bytes();
    let pieces = [Piece::Next(&text[..40]), Piece::Gap, Piece::Next(&text[44..])];
    for piece in pieces.into_iter().chain([Piece::Next(b"\n"), Piece::Next(LOGIN.as_bytes())]) {
        lines.take(piece, &mut |line| given.push(String::from_utf8_lossy(line.text).into_owned()));
    }
    assert!(!given.iter().any(|line| line.contains('\n')), "{given:?}");
    assert_eq!(given.last().map(String::as_str), Some(LOGIN));
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(LOGIN.to_owned()),
        Just(SUBMIT.to_owned()),
        Just(pretty(SUBMIT)),
        r#"[\[\]{}",:1 a]{0,6}"#,
        Just("some text".to_owned()),
        Just(r#"{"id":"#.to_owned()),
    ]
}

#[test]
fn what_a_batch_says_in_lines_of_its_own_is_said_once() {
    for batch in [format!("[\n{SUBMIT}\n]"), format!("[\n{LOGIN},\n{SUBMIT}\n]")] {
        for size in [1, 7, 1000] {
            let given = given(&format!("-\n{batch}\n"), size);
            let said: usize = given.iter().map(|line| line.matches("submit").count()).sum();
            assert_eq!(said, SUBMIT.matches("submit").count(), "{given:?}");
        }
    }
}

proptest! {
    #[test]
    fn nothing_is_lost(lines in prop::collection::vec(line(), 0..12), size in 1_usize..80) {
        // At its beginning a stream is given only from the first whole line on.
        let text = format!("-\n{}\n", lines.join("\n"));
        let given = given(&text, size);
        let shown = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
        prop_assert!(given.iter().map(|line| shown(line)).sum::<usize>() + 1 >= shown(&text), "{given:?}");
        for message in [LOGIN, SUBMIT] {
            let said = text.lines().filter(|line| *line == message).count();
            let heard = given.iter().filter(|line| *line == message).count();
            prop_assert!(heard >= said, "{message}: {heard} of {said}: {given:?}");
        }
    }
}

use std::fs;
use std::path::Path;

use detector_common::automaton::ACCEPT;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::problem::Problem;

fn found(signatures: &Signatures, text: &[u8]) -> Vec<(usize, String)> {
    let mut state = 0;
    let mut found = Vec::new();
    for (at, byte) in text.iter().enumerate() {
        state = signatures.automaton().step(state, *byte);
        if state & ACCEPT != 0 {
            let accept = signatures.automaton().accept(state);
            found.extend(signatures.ending(accept).map(|one| (at, one.name.clone())));
        }
    }
    found
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// The files of a folder and nothing else.
fn alone(folder: &TempDir) -> Sources {
    Sources { built_in: false, paths: vec![folder.path().to_owned()] }
}

fn beside(folder: &TempDir) -> Sources {
    Sources { built_in: true, ..alone(folder) }
}

/// A signature with further keys.
fn signature(name: &str, token: &str, more: &str) -> String {
    format!(
        "[[signature]]\nname = \"{name}\"\nprotocol = \"p\"\nside = \"either\"\ntoken = '''{token}'''\n{more}\n"
    )
}

fn of(tokens: &[&str]) -> Result<Signatures, SignatureError> {
    let texts = tokens.iter().enumerate().map(|(number, token)| signature(&format!("t{number}"), token, ""));
    Signatures::load(&alone(&folder(&[("test.toml", &texts.collect::<String>())])))
}

/// What is said of files, with the folder's name left out.
fn said(folder: &TempDir, problems: &[Problem]) -> Vec<String> {
    let prefix = format!("{}/", folder.path().display());
    problems.iter().map(|problem| problem.to_string().replace(&prefix, "")).collect()
}

fn complaints(text: &str) -> Vec<String> {
    let folder = folder(&[("test.toml", text)]);
    said(&folder, &Signatures::load(&alone(&folder)).err().unwrap().0)
}

fn warnings(text: &str) -> Vec<String> {
    let folder = folder(&[("test.toml", text)]);
    let check = check(&beside(&folder));
    assert_eq!(check.problems, []);
    said(&folder, &check.warnings)
}

#[test]
fn the_built_in_signatures_fit() {
    let signatures = Signatures::built_in().unwrap();
    assert!(signatures.size().states > 100);
    let line = br#"{"id": 1, "method": "mining.subscribe", "params": []}"#;
    assert_eq!(found(&signatures, line), [(37, "stratum-request".to_owned())]);
}

#[test]
fn a_token_is_found_with_its_last_byte_and_again_after_it() {
    let signatures = of(&["abcdef", "cdefgh"]).unwrap();
    let hits = found(&signatures, b"xxabcdefghabcdef");
    assert_eq!(hits, [(7, "t0".to_owned()), (9, "t1".to_owned()), (15, "t0".to_owned())]);
}

#[test]
fn tokens_that_end_together_are_all_found() {
    let hits = found(&of(&["xabcdef", "abcdef", "[a-z]bcdef"]).unwrap(), b"xabcdef");
    assert_eq!(hits, [(6, "t0".to_owned()), (6, "t1".to_owned()), (6, "t2".to_owned())]);
}

#[test]
fn case_and_white_space_are_ignored_on_request() {
    let text = signature("loose", r#""method":\["zork",\{"#, "case = \"ignore\"\nspaces = \"ignore\"")
        + &signature("strict", r#""method":\["zork",\{"#, "");
    let signatures = Signatures::load(&alone(&folder(&[("test.toml", &text)]))).unwrap();
    let finds =
        |text: &str| found(&signatures, text.as_bytes()).into_iter().map(|hit| hit.1).collect::<Vec<_>>();
    assert_eq!(finds(r#""method":["zork",{"#), ["loose", "strict"]);
    assert_eq!(finds("\"METHOD\" :\t[ \r\n\"Zork\" , {"), ["loose"]);
    assert_eq!(finds(r#""method":["zo rk",{"#), [""; 0], "white space within a text is another text");
}

#[test]
fn all_that_is_wrong_is_told_with_its_line() {
    let text = "[[signature]]
name = \"two words\"
protocol = \"p\"
side = \"both\"
token = '(unclosed'
weight = 21

[[signature]]
nam = 1
token = '^anchored'
case = true
coin = \"zork\"
unless = ['(', '.*']
with = 'x'

[other]
x = 1
";
    let complaints = complaints(text);
    for (complaint, expected) in complaints.iter().zip([
        "test.toml:2: name \"two words\" must be 1 to 64 letters",
        "test.toml:4: side \"both\" must be miner, pool or either",
        "test.toml:5: token is not a regular expression: unclosed group",
        "test.toml:6: weight must be a number from 0 to 20",
        "test.toml:8: this signature has no name; add one",
        "test.toml:8: this signature has no protocol",
        "test.toml:8: this signature has no side",
        "test.toml:9: unknown key \"nam\"; did you mean name? there are name, protocol",
        "test.toml:10: token has an anchor",
        "test.toml:11: case is a text in quotes, not boolean",
        "test.toml:12: coin \"zork\" must be a ticker symbol",
        "test.toml:13: unless is not a regular expression",
        "test.toml:13: unless matches nothing at all, or every message",
        "test.toml:14: with must be a list of at most 16",
        "test.toml:16: unknown key \"other\"",
    ]) {
        assert!(complaint.starts_with(expected), "{complaint}\n{expected}");
    }
    assert_eq!(complaints.len(), 15, "{complaints:#?}");
}

#[test]
fn what_is_no_toml_is_told_beside_what_is() {
    let broken = "[[signature]]\nname = \n".to_owned() + &signature("b", "ab", "weight = 1e400");
    let complaints = complaints(&broken);
    assert!(complaints.iter().any(|one| one.starts_with("test.toml:2: string values")), "{complaints:?}");
    assert!(complaints.iter().any(|one| one.starts_with("test.toml:7: token matches fewer than 6 bytes")));
    assert!(complaints.iter().any(|one| one.starts_with("test.toml:8: weight must be a number")));
}

#[test]
fn a_file_without_signatures_is_an_error() {
    assert_eq!(complaints(""), ["test.toml: no signature in this file; write a [[signature]] table"]);
    assert!(complaints("signature = 5")[0].starts_with("test.toml:1: signature is a list"));
    assert!(complaints("signature = [5]")[0].starts_with("test.toml:1: a signature is a table"));
}

#[test]
fn a_name_is_taken_once() {
    let text = signature("stratum-request", "abcdefg", "") + &signature("b", "abcdefg", "");
    let folder = folder(&[("a.toml", &text), ("b.toml", &signature("b", "abcdefgh", ""))]);
    let error = Signatures::load(&beside(&folder)).err().unwrap();
    let complaints = said(&folder, &error.0);
    let built_in = "a.toml:2: the name \"stratum-request\" is taken by built-in:stratum.toml:";
    assert!(complaints[0].starts_with(built_in), "{complaints:?}");
    assert!(complaints[0].ends_with("or leave the built-in ones out with --no-built-in-signatures"));
    assert_eq!(complaints[1], "b.toml:2: the name \"b\" is taken by a.toml:8; choose another");
    assert!(error.to_string().starts_with("2 mistakes in the signatures:\n"));
    assert_eq!(Signatures::load(&alone(&folder)).err().unwrap().0.len(), 1);
}

#[test]
fn sources_that_cannot_be_read_are_all_named() {
    let folder = folder(&[("a.toml", "\n\u{0}"), ("b.toml", &signature("b", "abcdefgh", ""))]);
    fs::write(folder.path().join("c.toml"), b"\n\n# \xff").unwrap();
    fs::write(folder.path().join("d.toml"), vec![b' '; (1 << 20) + 1]).unwrap();
    fs::create_dir(folder.path().join("e.toml")).unwrap();
    fs::create_dir(folder.path().join("bare")).unwrap();
    let paths = [".", "nowhere", "bare", "b.toml", "/dev/null"].map(|name| folder.path().join(name));
    let error = Signatures::load(&Sources { built_in: false, paths: paths.into() }).err().unwrap();
    let said = said(&folder, &error.0).join("\n");
    for expected in [
        "c.toml:3: is not UTF-8",
        "d.toml: has 1048577 bytes, and a signature file may have 1048576",
        "e.toml: is no plain file",
        "nowhere: cannot read signatures: No such file",
        "bare: no *.toml file in this directory",
        "b.toml: is given twice",
        "/dev/null: is no plain file",
        "a.toml:2: ",
    ] {
        assert!(said.contains(expected), "{expected} in:\n{said}");
    }
    assert!(Signatures::load(&Sources { built_in: false, paths: Vec::new() }).is_err());
}

#[test]
fn the_token_that_does_not_fit_is_named() {
    let text = signature("small", "abcdefgh", "")
        + &signature("large", "a[ab]{12}bcdefg", "")
        + &signature("z", "zzzzzzz", "");
    let complaint = complaints(&text);
    assert_eq!(complaint.len(), 1);
    let expected = "test.toml:8: token large does not fit: the 1 tokens before it need ";
    assert!(complaint[0].starts_with(expected), "{complaint:?}");
    assert!(
        complaint[0].contains("and with it they need more than 4096 states; shorten it"),
        "{complaint:?}"
    );
    let many = (0..=1000).map(|number| signature(&format!("t{number}"), &format!("token{number}"), ""));
    let many = complaints(&many.collect::<String>());
    assert_eq!(many, ["test.toml:6002: this is signature 1001; there may be 1000 in all"]);
}

#[test]
fn every_byte_may_be_a_class_of_its_own() {
    let text = (0..=255).map(|byte| format!("\\x{byte:02x}")).collect::<Vec<_>>().concat();
    let complaint = complaints(&signature("all", &text, "")).remove(0);
    assert!(complaint.contains("they tell 256 classes of bytes apart, and the table has 128"), "{complaint}");
}

#[test]
fn a_check_tells_what_each_file_adds() {
    let folder = folder(&[("a.toml", &signature("a", "\"zork_signOn\"", ""))]);
    let check = check(&beside(&folder));
    assert_eq!(check.problems, []);
    let (file, added) = check.sizes.last().unwrap();
    assert!(file.ends_with("a.toml"));
    assert_eq!(added.signatures, 1);
    assert!((10..30).contains(&added.states), "{added:?}");
    assert_eq!(check.total, Signatures::load(&beside(&folder)).unwrap().size());
    let sum: usize = check.sizes.iter().map(|(_, size)| size.signatures).sum();
    assert_eq!(sum, check.total.signatures);
}

#[test]
fn likely_mistakes_are_warned_of() {
    let with = |protocol: &str, token: &str, more: &str| {
        signature("a", token, more).replace("\"p\"", &format!("\"{protocol}\""))
    };
    let long = r#""zork_signOn""#;
    for (text, expected) in [
        (
            with("cryptonite", long, "weight = 12"),
            "test.toml:2: a: protocol \"cryptonite\" is not known; is \"cryptonote\" meant?",
        ),
        (with("zork", long, ""), "test.toml:2: a: no part of firedamp reads protocol \"zork\""),
        (
            with("cryptonote", "\"method\"", ""),
            "test.toml:2: a: the token is in ordinary traffic, such as a JSON-RPC request",
        ),
        (
            with("cryptonote", "\"zork\":", "weight = 5"),
            "test.toml:2: a: has a weight and no guard, and 7 bytes",
        ),
        (with("cryptonote", long, "with = ['x']"), "test.toml:2: a: with and unless have no effect"),
        (
            with("cryptonote", r#""EthereumStratum/[12]\.0\.0""#, ""),
            "test.toml:2: a: the same token as ethereumstratum-version at built-in:stratum.toml:",
        ),
    ] {
        let warnings = warnings(&text);
        assert!(warnings.len() == 1 && warnings[0].starts_with(expected), "{warnings:?}\n{expected}");
    }
    assert_eq!(warnings(&with("zork", long, "weight = 12")), [""; 0]);
    assert_eq!(warnings(&with("cryptonote", "\"zork\":", "weight = 5\nwith = ['\"job\"']")), [""; 0]);
}

#[test]
fn what_changed_is_told() {
    let first = signature("a", "abcdefgh", "") + &signature("b", "abcdefghi", "");
    let second = signature("b", "abcdefghi", "weight = 3") + &signature("c", "abcdefghij", "");
    let [old, mut new] =
        [first, second].map(|text| Signatures::load(&alone(&folder(&[("a.toml", &text)]))).unwrap());
    assert_eq!(new.changes_since(&old).to_string(), "1 added (c), 1 changed (b), 1 removed (a)");
    assert_eq!(new.changes_since(&new).to_string(), "nothing changed");
    new.succeed(&old);
    assert_ne!(new.automaton().generation(), old.automaton().generation());
}

#[test]
fn automata_are_numbered_by_what_is_in_them() {
    let number = |tokens: &[&str]| of(tokens).unwrap().automaton().generation();
    assert_eq!(number(&["\"login\":"]), number(&["\"login\":"]), "another agent goes on where this one was");
    assert_ne!(number(&["\"login\":"]), number(&["\"logon\":"]));
}

#[test]
fn every_token_of_a_stream_is_found_with_its_place() {
    let signatures = of(&["\"login\":", "login\":[0-9]{1,9}", "never there"]).unwrap();
    let text = b"{\"login\":17,\"login\":1}";
    for size in 1..text.len() {
        let search = Search::new(&signatures);
        let mut stream = Stream::default();
        let mut hits = Vec::new();
        for piece in text.chunks(size) {
            search.read(&mut stream, piece, &mut |hit| {
                hits.push((hit.signature.name.clone(), hit.offset, String::from_utf8(hit.text).unwrap()));
            });
        }
        let hit = |name: &str, offset, text: &str| (name.to_owned(), offset, text.to_owned());
        assert_eq!(
            hits,
            [
                hit("t0", 1, "\"login\":"),
                hit("t1", 2, "login\":1"),
                hit("t0", 12, "\"login\":"),
                hit("t1", 13, "login\":1"),
            ]
        );
    }
    let search = Search::new(&signatures);
    let mut stream = Stream::default();
    let mut hits = 0;
    search.read(&mut stream, b"\"log", &mut |_| hits += 1);
    stream.gap();
    search.read(&mut stream, b"in\": never ", &mut |_| hits += 1);
    assert_eq!(hits, 0, "nothing goes on behind a gap");
}

proptest! {
    /// The table finds exactly what a search at every offset finds.
    #[test]
    fn agrees_with_a_search_at_every_offset(text in "[abcd]{0,60}") {
        let tokens = ["abcabc", "bcabca", "aaabbb", "dabcda"];
        let signatures = of(&tokens).unwrap();
        let expected: Vec<usize> = (1..=text.len())
            .filter(|end| tokens.iter().any(|token| text[..*end].ends_with(token)))
            .map(|end| end - 1)
            .collect();
        let hits: Vec<usize> = found(&signatures, text.as_bytes()).into_iter().map(|(at, _)| at).collect();
        prop_assert_eq!(hits, expected);
    }

    /// Whatever a file holds, it is read or refused.
    #[test]
    fn no_file_is_too_odd(
        text in "(\\[\\[signature\\]\\]|name|token|=|'a{9}'|\"|\\{|\\[|,|weight|1|\n| |unless){0,40}"
    ) {
        file::parse(Path::new("x.toml"), &text, &mut Vec::new());
    }
}

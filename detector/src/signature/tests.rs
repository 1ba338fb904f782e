use std::fs;

use detector_common::automaton::ACCEPT;
use proptest::prelude::*;

use super::*;

fn found(signatures: &Signatures, text: &[u8]) -> Vec<(usize, String)> {
    let mut state = 0;
    let mut found = Vec::new();
    for (at, byte) in text.iter().enumerate() {
        state = signatures.automaton().step(state, *byte);
        if state & ACCEPT != 0 {
            let accept = signatures.automaton().accept(state);
            found.push((at, signatures.get(accept).unwrap().name.clone()));
        }
    }
    found
}

fn of(tokens: &[&str]) -> Result<Signatures, SignatureError> {
    let directory = tempfile::tempdir().unwrap();
    let signature = |(number, token): (usize, &&str)| {
        format!(
            "[[signature]]\nname = \"t{number}\"\nprotocol = \"p\"\nside = \"either\"\ntoken = '''{token}'''\n"
        )
    };
    let text = tokens.iter().enumerate().map(signature).collect::<Vec<_>>().concat();
    fs::write(directory.path().join("test.toml"), text).unwrap();
    Signatures::from_directory(directory.path())
}

fn complaint(text: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("test.toml"), text).unwrap();
    let error = Signatures::from_directory(directory.path()).err().unwrap().to_string();
    error.replace(&format!("{}/", directory.path().display()), "")
}

#[test]
fn the_built_in_signatures_fit() {
    let signatures = Signatures::built_in().unwrap();
    assert!(signatures.states() > 100);
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
fn says_where_a_file_is_broken() {
    let whole = "[[signature]]\nname = \"a\"\nprotocol = \"p\"\nside = \"miner\"\n";
    assert!(complaint(&format!("{whole}token = '(unclosed'\n")).starts_with("test.toml:5: token is not a"));
    assert!(
        complaint(&format!("{whole}token = '^anchored'\n")).starts_with("test.toml:5: token has an anchor")
    );
    assert!(complaint(&format!("{whole}token = 'ab'\n")).starts_with("test.toml:5: token matches fewer"));
    assert!(complaint(&whole.replace("miner", "both")).starts_with("test.toml:4: unknown variant"));
    assert!(complaint("[[signature]]\nnam = 1\n").starts_with("test.toml:2: unknown field"));
    assert!(complaint("").starts_with("no signature in"));
    let twice = format!("{whole}token = 'abcdefg'\n{whole}token = 'abcdefg'\n");
    assert_eq!(complaint(&twice), "test.toml:7: the name \"a\" is taken by test.toml:2; choose another");
}

#[test]
fn says_that_the_table_is_full() {
    let error = of(&["a[ab]{12}bcdefg"]).err().unwrap().to_string();
    assert!(error.contains("more than 2048 states"), "{error}");
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let error = Signatures::from_directory(Path::new("/nowhere")).err().unwrap().to_string();
    assert!(error.starts_with("cannot read signatures from /nowhere: No such file"), "{error}");
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
}

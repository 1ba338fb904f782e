//! A dialect that only a user's signatures know.

use std::sync::Arc;

use super::super::{Carrier, Protocol, Side, Stage};
use super::{MINER, POOL, Talk, Verdict};
use crate::signature::{Signatures, Sources};

/// An invented coin's dialect.
const ZORK: &str = r#"
[[signature]]
name = "zork-login"
protocol = "zork"
side = "miner"
weight = 12
coin = "ZRK"
spaces = "ignore"
token = '"method":"zork_signOn"'
with = ['"params"\s*:\s*\[']
unless = ['"wallet_version"']

[[signature]]
name = "zork-work"
protocol = "zork"
side = "pool"
weight = 6
token = '"zork_newWork"'

[[signature]]
name = "zork-share"
protocol = "zork"
side = "miner"
token = '"zork_handIn"'

[[signature]]
name = "zork-version"
protocol = "zork"
side = "either"
weight = 10
token = '"zork/1\.0"'
"#;

const LOGIN: &str = r#"{"id":1,"method" : "zork_signOn","params":["Zabc.rig1"]}"#;
const WORK: &str = r#"{"id":0,"method":"zork_newWork","params":["aa","bb"]}"#;
const SHARE: &str = r#"{"id":2,"method":"zork_handIn","params":["aa","00"]}"#;
const HELLO: &str = r#"{"id":3,"result":"zork/1.0"}"#;

fn signatures(text: &str) -> Arc<Signatures> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("zork.toml");
    std::fs::write(&file, text).unwrap();
    Arc::new(Signatures::load(&Sources { built_in: true, paths: vec![file] }).unwrap())
}

fn talk() -> Talk {
    let mut talk = Talk::new();
    talk.conversation.set_signatures(&signatures(ZORK));
    talk
}

#[test]
fn one_side_is_probable_and_both_are_confirmed() {
    let judged = talk().miner(LOGIN).judged();
    assert_eq!((judged.verdict, judged.stage), (Verdict::Probable, Stage::Attempt));
    assert_eq!((judged.protocol.name(), judged.facts.coin), ("zork", Some("ZRK")));
    let login = &judged.evidence[0];
    assert_eq!(
        (login.kind, login.side, login.weight.to_bits()),
        ("signature-zork-login", Side::Miner, 12f64.to_bits())
    );
    let judged = talk().miner(LOGIN).pool(r#"{"id":1,"result":true}"#).pool(WORK).judged();
    assert_eq!(
        (judged.verdict, judged.stage, judged.miner_sends),
        (Verdict::Confirmed, Stage::Handshake, MINER)
    );
    assert_eq!(judged.protocol, Protocol::named("zork"));
}

#[test]
fn without_the_signatures_nothing_is_found() {
    assert!(Talk::new().miner(LOGIN).pool(WORK).silent());
    let mut later = Talk::new().pool(r#"{"id":1,"result":true}"#);
    later.conversation.set_signatures(&signatures(ZORK));
    assert_eq!(later.miner(LOGIN).judged().verdict, Verdict::Probable, "from then on they count");
}

#[test]
fn guards_tell_look_alikes() {
    assert!(talk().miner(r#"{"id":1,"method":"zork_signOn","params":{}}"#).silent(), "with");
    let wallet = r#"{"id":1,"method":"zork_signOn","params":["a"],"wallet_version":2}"#;
    assert!(talk().miner(wallet).silent(), "unless");
}

#[test]
fn a_quotation_is_not_said() {
    for quotation in [
        format!("12:00 sent {LOGIN}"),
        format!(r#"{{"level":"info","time":1,"sent":{LOGIN}}}"#),
        format!("[\"note\", {LOGIN}]"),
        "say \"zork_newWork\" and \"zork/1.0\"".to_owned(),
    ] {
        assert!(talk().miner(&quotation).pool(&quotation).silent(), "{quotation}");
    }
}

#[test]
fn an_echo_weighs_nothing() {
    assert!(talk().miner(LOGIN).pool(LOGIN).silent());
    assert!(talk().miner(HELLO).pool(HELLO).silent());
    assert!(talk().miner(HELLO).pool(HELLO).miner(LOGIN).pool(LOGIN).silent());
}

#[test]
fn a_body_of_http_is_a_message() {
    let post = |body: &str| {
        format!("POST /zork HTTP/1.1\r\nHost: pool.example\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    let answer = |body: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let judged = talk().raw(MINER, post(LOGIN).as_bytes()).raw(POOL, answer(WORK).as_bytes()).judged();
    assert_eq!((judged.verdict, judged.carrier), (Verdict::Confirmed, Carrier::Http));
    let page = answer(&format!("<p>A miner says {LOGIN}</p>"));
    assert!(talk().raw(POOL, page.as_bytes()).silent());
}

#[test]
fn each_token_counts_once() {
    let once = talk().miner(LOGIN).judged();
    assert_eq!(talk().miner(LOGIN).miner(LOGIN).judged().evidence, once.evidence);
}

#[test]
fn a_token_of_either_side_counts_for_one() {
    // Nothing else is known: who says it is the miner.
    let judged = talk().miner(HELLO).miner(HELLO).judged();
    assert_eq!((judged.verdict, judged.miner_sends, judged.evidence.len()), (Verdict::Suspected, MINER, 1));
    // Both say it: the login tells them apart.
    let judged = talk().miner(HELLO).pool(HELLO).miner(LOGIN).judged();
    assert_eq!((judged.verdict, judged.miner_sends), (Verdict::Probable, MINER));
    assert_eq!(judged.evidence.iter().filter(|reason| reason.kind == "signature-zork-version").count(), 1);
    // The pool says it, as is known from the login.
    let judged = talk().miner(LOGIN).pool(HELLO).judged();
    assert_eq!((judged.verdict, judged.miner_sends), (Verdict::Confirmed, MINER));
    // The same message tells both.
    let both = r#"{"id":1,"method":"zork_newWork","params":["zork/1.0"]}"#;
    let judged = talk().says(POOL, both).judged();
    assert!(judged.evidence.iter().all(|reason| reason.side == Side::Pool), "{:?}", judged.evidence);
}

#[test]
fn a_message_with_a_token_without_weight_is_not_foreign() {
    let mut zork = talk().miner(LOGIN);
    for _ in 0..50 {
        zork = zork.miner(SHARE);
    }
    assert_eq!(zork.judged().evidence, talk().miner(LOGIN).judged().evidence);
    let mut other = talk().miner(LOGIN);
    for _ in 0..50 {
        other = other.miner(r#"{"id":2,"method":"quux_submitWork","params":[]}"#);
    }
    assert!(other.silent(), "messages that nobody knows count against it");
}

#[test]
fn a_signature_may_speak_for_a_protocol_that_is_built_in() {
    let text = ZORK.replace("\"zork\"", "\"stratum-v1\"");
    let mut talk = Talk::new();
    talk.conversation.set_signatures(&signatures(&text));
    let judged = talk.miner(LOGIN).pool(WORK).judged();
    assert_eq!((judged.verdict, judged.protocol), (Verdict::Confirmed, Protocol::StratumV1));
}

//! Stratum's dialects through the whole way, however their bytes come.

use super::super::{Protocol, Stage, Verdict};
use super::{MINER, POOL, Talk};

const KAWPOW_NOTIFY: &str = r#"{"id":null,"method":"mining.notify","params":["j1","HEX64","HEX64","000000HEX58",true,3300001,"1b001234"]}"#;
const KAWPOW_SHARE: &str = r#"{"id":4,"method":"mining.submit","params":["RVz3nventedAddre55ofNobodyatA11abc.rig7","j1","0xHEX16","0xHEX64","0xHEX64"]}"#;

/// Both sides of a session of `KawPow`.
fn session() -> Vec<(detector_common::flow::Direction, String)> {
    [
        (MINER, r#"{"id":1,"method":"mining.subscribe","params":["T-Rex/0.26.8"]}"#),
        (POOL, r#"{"id":1,"result":[null,"64290b"],"error":null}"#),
        (MINER, r#"{"id":2,"method":"mining.authorize","params":["RVz3nventedAddre55ofNobodyatA11abc.rig7","x"]}"#),
        (POOL, r#"{"id":2,"result":true,"error":null}"#),
        (POOL, KAWPOW_NOTIFY),
        (MINER, KAWPOW_SHARE),
        (POOL, r#"{"id":4,"result":null,"error":[21,"Job not found",null]}"#),
    ]
    .map(|(direction, line)| (direction, super::fill(line)))
    .to_vec()
}

fn check(talk: &Talk, how: &str) {
    let judged = talk.judged();
    assert_eq!((judged.protocol, judged.verdict), (Protocol::KawPow, Verdict::Confirmed), "{how}");
    assert_eq!((judged.stage, judged.miner_sends), (Stage::Submitting, MINER), "{how}");
    assert_eq!(judged.facts.worker.as_deref(), Some("rig7"), "{how}");
    let shares = judged.facts.shares;
    assert_eq!((shares.submitted, shares.accepted, shares.rejected), (1, 0, 1), "{how}");
    assert!(talk.kinds().contains(&"share-stale"), "{how}");
}

#[test]
fn a_dialect_is_read_however_its_bytes_come() {
    let cut = |size: usize, end: &str| {
        session().iter().fold(Talk::new(), |talk, (direction, line)| {
            format!("{line}{end}").as_bytes().chunks(size).fold(talk, |talk, part| talk.raw(*direction, part))
        })
    };
    for (size, end) in [(1, "\n"), (7, "\n"), (4096, "\r\n"), (4096, "\n\n"), (4096, "")] {
        check(&cut(size, end), &format!("{size} {end:?}"));
    }
    let marked = session().iter().fold(Talk::new(), |talk, (direction, line)| {
        talk.raw(*direction, format!("\u{feff} {line}\n").as_bytes())
    });
    check(&marked, "byte order marks");
    let spaced = session().iter().fold(Talk::new(), |talk, (direction, line)| {
        talk.raw(*direction, format!("{}\n", line.replace("\":", "\"\t : ").replace(',', " , ")).as_bytes())
    });
    check(&spaced, "white space");
    let escaped = session().iter().fold(Talk::new(), |talk, (direction, line)| {
        talk.raw(*direction, format!("{}\n", line.replace("mining", "\\u006dini\\u006eg")).as_bytes())
    });
    check(&escaped, "escapes");
    let keys = session().iter().fold(Talk::new(), |talk, (direction, line)| {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        let object: Vec<_> = object
            .as_object()
            .unwrap()
            .iter()
            .rev()
            .map(|(key, value)| format!("\"{key}\":{value}"))
            .collect();
        talk.raw(*direction, format!("{{{}}}\n", object.join(",")).as_bytes())
    });
    check(&keys, "keys in another order");
    let named = session().iter().fold(Talk::new(), |talk, (direction, line)| {
        talk.raw(*direction, format!("{}\n", line.replace("\"id\":4", "\"id\":\"s-4\"")).as_bytes())
    });
    check(&named, "numbers that are text");
}

#[test]
fn several_messages_come_at_once() {
    let all = |direction, batch: bool| {
        let lines: Vec<_> =
            session().into_iter().filter(|(way, _)| *way == direction).map(|(_, line)| line).collect();
        if batch { format!("[{}]\n", lines.join(",")) } else { lines.join("\n") + "\n" }
    };
    for batch in [false, true] {
        let talk =
            Talk::new().raw(MINER, all(MINER, batch).as_bytes()).raw(POOL, all(POOL, batch).as_bytes());
        check(&talk, if batch { "a batch" } else { "lines of one segment" });
    }
}

#[test]
fn joined_in_the_middle_of_a_message_the_next_one_counts() {
    let notify = super::fill(KAWPOW_NOTIFY) + "\n";
    for joined in [1, 20, 60, notify.len() - 2] {
        let talk = Talk::new().raw(POOL, &notify.as_bytes()[joined..]);
        let judged = talk.pool(KAWPOW_NOTIFY).judged();
        assert_eq!((judged.protocol, judged.verdict), (Protocol::KawPow, Verdict::Probable), "{joined}");
    }
    assert!(
        Talk::new().raw(POOL, &notify.as_bytes()[..notify.len() / 2]).silent(),
        "half a message says nothing"
    );
}

#[test]
fn a_refused_login_stays_an_attempt() {
    let talk = Talk::new()
        .miner(r#"{"id":2,"method":"mining.authorize","params":["alice.rig7","x"]}"#)
        .pool(r#"{"id":2,"result":null,"error":[24,"Unauthorized worker",null]}"#);
    let judged = talk.judged();
    assert_eq!((judged.verdict, judged.stage), (Verdict::Confirmed, Stage::Attempt));
    assert!(talk.kinds().contains(&"pool-unauthorized"));
}

#[test]
fn the_wish_for_a_difficulty_holds_until_the_pool_sets_one() {
    let talk = Talk::new().miner(r#"{"id":2,"method":"mining.authorize","params":["alice","d=4096"]}"#);
    assert_eq!(talk.judged().facts.difficulty, Some(4096.0));
    let talk = talk.pool(r#"{"id":null,"method":"mining.set_difficulty","params":[512]}"#);
    let talk = talk.miner(r#"{"id":3,"method":"mining.suggest_difficulty","params":[9999]}"#);
    assert_eq!(talk.judged().facts.difficulty, Some(512.0));
}

#[test]
fn a_password_asks_for_the_coin_that_is_mined() {
    let litecoin = "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9";
    let coin = |user: &str, password: &str| {
        let line = format!(r#"{{"id":2,"method":"mining.authorize","params":["{user}","{password}"]}}"#);
        Talk::new().miner(&line).judged().facts.coin
    };
    assert_eq!(coin(litecoin, "c=LTC,mc=DOGE"), Some("DOGE"));
    assert_eq!(coin(litecoin, "c=DGB"), Some("LTC"));
    assert_eq!(coin("alice", "c=RVN"), Some("RVN"));
    assert_eq!(coin("alice", "x"), None);
}

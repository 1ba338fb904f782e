//! Conversations over WebSocket and through proxies.

use super::super::{Carrier, Protocol, Stage, Verdict};
use super::{MINER, POOL, Talk, XMRIG, fill};

const UPGRADE: &[u8] =
    b"GET /proxy HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n";
const AGREED: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
const HELLO: &[u8] = b"\x16\x03\x01\0\x05hello";

const AUTH: &str = r#"{"type":"auth","params":{"site_key":"k","type":"anonymous","user":null,"goal":0}}"#;
const SUBMIT: &str =
    r#"{"type":"submit","params":{"job_id":"j","nonce":"0a0b0c0d","result":"HEX64","version":7}}"#;
const JOB: &str = r#"{"type":"job","params":{"job_id":"j","blob":"BLOB","target":"ffffff00"}}"#;

impl Talk {
    /// A frame, masked if it is the miner's.
    fn frame(self, first: u8, direction: super::Direction, text: &[u8]) -> Self {
        let (flag, key) = if direction == MINER { (0x80, [0x51, 7, 0xff, 0x22]) } else { (0, [0; 4]) };
        let mut frame = vec![first];
        if let Ok(length @ 0..=125) = u8::try_from(text.len()) {
            frame.push(flag | length);
        } else {
            frame.push(flag | 0x7e);
            frame.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
        }
        frame.extend(key.iter().take(usize::from(flag) / 32));
        frame.extend(text.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        self.raw(direction, &frame)
    }

    fn message(self, direction: super::Direction, text: &str) -> Self {
        self.frame(0x81, direction, fill(text).as_bytes())
    }

    fn upgraded() -> Self {
        Self::new().raw(MINER, UPGRADE).raw(POOL, AGREED)
    }
}

#[test]
fn a_page_that_mines_is_found_from_its_upgrade_on_or_joined() {
    for talk in [Talk::upgraded(), Talk::new()] {
        let talk = talk.message(MINER, AUTH);
        assert_eq!(talk.judged().stage, Stage::Attempt);
        let talk = talk.message(POOL, JOB).message(MINER, SUBMIT);
        let talk = talk.message(POOL, r#"{"type":"hash_accepted","params":{"hashes":1}}"#);
        let judged = talk.judged();
        assert_eq!((judged.protocol, judged.verdict), (Protocol::BrowserMiner, Verdict::Confirmed));
        assert_eq!((judged.carrier, judged.stage), (Carrier::WebSocket, Stage::Submitting));
        assert_eq!(judged.miner_sends, MINER);
        assert_eq!((judged.facts.shares.submitted, judged.facts.shares.accepted), (1, 1));
        assert_eq!(judged.facts.wallet.as_deref(), Some("k"));
    }
}

#[test]
fn one_side_of_a_page_that_mines_is_enough() {
    let miner = Talk::new().raw(MINER, UPGRADE).message(MINER, AUTH).message(MINER, SUBMIT);
    assert_eq!(miner.judged().verdict, Verdict::Probable);
    let pool = (0..3).fold(Talk::new().raw(POOL, AGREED), |talk, _| talk.message(POOL, JOB));
    assert_eq!(pool.judged().verdict, Verdict::Confirmed);
}

#[test]
fn fragments_pings_and_white_space_do_not_matter() {
    let talk = Talk::upgraded()
        .frame(1, MINER, b" {\"params\": {\"goal\": 0, \"site_key\":\t\"k\",")
        .frame(0x89, MINER, b"ping")
        .frame(0, MINER, b" \"type\": \"\\u0061nonymous\"},")
        .frame(0x80, MINER, b" \"type\": \"auth\"}\r\n")
        .frame(0x82, POOL, fill(JOB).as_bytes());
    assert_eq!(talk.kinds(), ["client-page-auth", "client-page-auth-form", "pool-page-job"]);
}

#[test]
fn a_refused_page_stays_an_attempt() {
    let talk = Talk::upgraded().message(MINER, AUTH);
    let talk = talk.message(POOL, r#"{"type":"error","params":{"error":"invalid_site_key"}}"#);
    assert_eq!(talk.judged().stage, Stage::Attempt);
}

/// What later copies are compared with, in both directions.
const REMEMBERED: usize = 2 * 1024;

#[test]
fn a_websocket_without_mining_is_given_up_soon() {
    let chatty = (0..40).fold(Talk::upgraded(), |talk, _| {
        talk.message(
            POOL,
            r#"{"type":"message","room":"lobby","text":"hello, who is there?","from":"alice"}"#,
        )
        .message(MINER, r#"{"type":"typing"}"#)
    });
    assert!(chatty.silent() && chatty.conversation.hopeless());
    for first in [0xc1, 0x82] {
        let talk = (0..30).fold(Talk::upgraded(), |talk, _| talk.frame(first, POOL, &[0xaa; 140]));
        assert!(talk.silent() && talk.conversation.hopeless(), "{first:x}");
        assert!(
            talk.conversation.buffered() <= REMEMBERED + 200,
            "what was said last, and the head of the upgrade"
        );
    }
    let endless = (0..60).fold(Talk::upgraded(), |talk, _| talk.frame(0, POOL, &[b'x'; 2000]));
    assert!(endless.conversation.hopeless() && endless.conversation.buffered() <= REMEMBERED + 200);
}

#[test]
fn lines_and_messages_of_other_families_are_heard_over_websocket() {
    let talk = Talk::upgraded().message(MINER, XMRIG);
    assert_eq!(talk.kinds(), Talk::new().miner(XMRIG).kinds());
    assert_eq!(talk.judged().carrier, Carrier::WebSocket);
}

#[test]
fn a_path_can_tell_the_miner() {
    let address = format!("dero1qy{}", "x".repeat(59));
    let request = |path: &str, upgrade: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n{upgrade}\r\n");
    let upgrade = "Upgrade: websocket\r\n";
    let dero = Talk::new().raw(MINER, request(&format!("/ws/{address}.rig7"), upgrade).as_bytes());
    assert_eq!((dero.judged().protocol, dero.judged().verdict), (Protocol::Dero, Verdict::Probable));
    let facts = dero.judged().facts;
    assert_eq!((facts.wallet, facts.worker.as_deref()), (Some(address.clone()), Some("rig7")));
    for (path, upgrade) in [
        (format!("/ws/{address}"), ""),
        ("/ws/dero1".to_owned(), upgrade),
        ("/ws/chat".to_owned(), upgrade),
        ("/getwork/alice/1".to_owned(), upgrade),
    ] {
        let talk = Talk::new().raw(MINER, request(&path, upgrade).as_bytes());
        assert!(talk.silent(), "{path}");
    }
}

#[test]
fn a_target_is_evidence_only_in_company() {
    let connect = |host: &str| {
        Talk::new().raw(MINER, format!("CONNECT {host}:443 HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes())
    };
    let known = connect("pool.supportxmr.com");
    assert!(known.silent(), "the name alone");
    let known = known.raw(MINER, HELLO);
    let judged = known.judged();
    assert_eq!((judged.verdict, judged.stage, judged.encrypted), (Verdict::Suspected, Stage::Attempt, true));
    assert_eq!(judged.facts.pool_name.as_deref(), Some("pool.supportxmr.com"));
    assert!(connect("www.example.org").raw(MINER, HELLO).silent());
    assert!(connect("www.supportxmr.com").raw(MINER, HELLO).silent());
    let login = connect("proxy.example").miner(XMRIG).judged();
    assert_eq!((login.verdict, login.protocol), (Verdict::Probable, Protocol::CryptoNote));
    assert_eq!(login.facts.pool_name.as_deref(), Some("proxy.example"));
    let dero = r#"{"jobid":"1","mbl_blob":"BLOB"}"#.replace("BLOB", &"ab".repeat(48));
    let dero = connect("pool.supportxmr.com").miner(&dero).judged();
    assert_eq!(dero.protocol, Protocol::Dero, "a target tells no protocol");
}

#[test]
fn a_pool_behind_a_proxy_is_found_without_the_request() {
    let job = r#"{"jsonrpc":"2.0","method":"job","params":{"blob":"BLOB","job_id":"j","target":"711b0d00"}}"#;
    for granted in [
        &b"HTTP/1.1 200 Connection established\r\n\r\n"[..],
        b"\x05\0\0\x01\xcb\0\x71\x09\x0d\x05",
        b"\0\x5a\0\0\0\0\0\0",
    ] {
        let talk = Talk::new().raw(POOL, granted).pool(job);
        assert_eq!(talk.judged().verdict, Verdict::Probable, "{granted:x?}");
    }
    let page = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";
    assert!(Talk::new().raw(POOL, page).pool(job).silent(), "a page quotes");
}

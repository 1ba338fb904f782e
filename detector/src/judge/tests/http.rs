//! Mining over HTTP, in the forms that clients and servers give it.

use super::super::{Assessment, Carrier, Protocol, Stage, Verdict};
use super::{MINER, POOL, Talk, fill};

const TEMPLATE: &str =
    r#"{"id":0,"method":"getblocktemplate","params":[{"capabilities":["coinbasetxn","workid"]}]}"#;

impl Talk {
    fn posts(self, fields: &str, body: &str) -> Self {
        let body = fill(body);
        let head = format!("POST / HTTP/1.1\r\nHost: pool.example.org:8332\r\n{fields}Content-Length: ");
        self.raw(MINER, format!("{head}{}\r\n\r\n{body}", body.len()).as_bytes())
    }

    fn answers(self, fields: &str, body: &str) -> Self {
        let body = fill(body);
        let head = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {}\r\n\r\n", body.len());
        self.raw(POOL, format!("{head}{body}").as_bytes())
    }
}

/// An answer to getwork with a target of which `zeros` bytes at the most significant end are zero.
fn work(id: &str, zeros: usize) -> String {
    let target = "ff".repeat(32 - zeros) + &"00".repeat(zeros);
    let data = "0a".repeat(128);
    format!(
        r#"{{"result":{{"data":"{data}","midstate":"HEX64","target":"{target}"}},"error":null,"id":{id}}}"#
    )
}

fn share(id: &str) -> String {
    format!(r#"{{"method":"getwork","params":["{}"],"id":{id}}}"#, "0b".repeat(128))
}

fn judged(talk: &Talk) -> Assessment {
    talk.judged()
}

#[test]
fn a_session_of_getwork_counts_jobs_and_shares() {
    let fields = "Authorization: Basic Ym9iLnJpZzc6c2VjcmV0\r\nUser-Agent: cgminer 2.11.4\r\n\
                  X-Mining-Extensions: longpoll\r\nX-Mining-Hashrate: 860000000\r\n";
    let talk = Talk::new()
        .posts(fields, r#"{"method": "getwork", "params": [], "id":0}"#)
        .answers("X-Long-Polling: /LP\r\n", &work("0", 4))
        .posts(fields, &share("1"))
        .answers("", r#"{"result":true,"error":null,"id":1}"#)
        .posts(fields, &share("1"))
        .answers("X-Reject-Reason: stale\r\n", r#"{"result":false,"error":null,"id":1}"#);
    let judged = judged(&talk);
    assert_eq!(
        (judged.protocol, judged.verdict, judged.stage),
        (Protocol::GetWork, Verdict::Confirmed, Stage::Submitting)
    );
    assert_eq!((judged.carrier, judged.miner_sends), (Carrier::Http, MINER));
    let facts = judged.facts;
    assert_eq!((facts.wallet.as_deref(), facts.worker.as_deref()), (Some("bob"), Some("rig7")));
    assert_eq!(facts.agent.as_deref(), Some("cgminer 2.11.4"));
    assert_eq!(facts.pool_name.as_deref(), Some("pool.example.org"));
    assert_eq!(facts.jobs, 1);
    assert_eq!((facts.shares.submitted, facts.shares.accepted, facts.shares.rejected), (2, 1, 1));
    assert!(!format!("{:?}", talk.judged()).contains("secret"), "the password is nobody's business");
}

#[test]
fn the_difficulty_is_the_hashes_that_a_share_takes() {
    let talk = Talk::new().posts("", r#"{"method":"getwork","params":[],"id":0}"#).answers("", &work("0", 4));
    assert_eq!(talk.judged().facts.difficulty, Some(2f64.powi(32)));
}

#[test]
fn odd_forms_of_json_and_http_are_read() {
    for body in [
        r#"{"params":[],"method":"getwork","id":"a"}"#,
        "\u{feff}{\"id\":null,\"method\":\"getwork\",\"params\":[]}\r\n",
        " [ {\"id\":1,\"method\":\"getwork\",\"params\":[]} ]\n",
        r#"{"jsonrpc":"2.0","method":"\u0067etwork","params":[]}"#,
    ] {
        let id = if body.contains("\"a\"") { "\"a\"" } else { "1" };
        let talk = Talk::new().posts("", body).answers("", &work(id, 4));
        assert_eq!(talk.judged().verdict, Verdict::Confirmed, "{body}");
    }
    let body = r#"{"method":"getwork","params":[],"id":0}"#;
    let pieces: Vec<String> = body
        .as_bytes()
        .chunks(7)
        .map(|it| format!("{:x};a=b\r\n{}\r\n", it.len(), String::from_utf8_lossy(it)))
        .collect();
    let chunked =
        format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\nX: y\r\n\r\n", pieces.concat());
    let cut = chunked.as_bytes().chunks(3).fold(Talk::new(), |talk, part| talk.raw(MINER, part));
    assert_eq!(cut.answers("", &work("0", 4)).judged().verdict, Verdict::Confirmed);
    let old = format!("POST / HTTP/1.0\nContent-length: {}\n\n{body}", body.len());
    let endless = fill(&format!("HTTP/1.0 200 OK\n\n{}", work("0", 4)));
    let mut talk = Talk::new().raw(MINER, old.as_bytes()).raw(POOL, endless.as_bytes());
    talk.conversation.finish();
    assert_eq!(talk.judged().stage, Stage::Working);
}

#[test]
fn pipelined_requests_are_told_apart_by_the_order_of_their_responses() {
    let blob = "Host: node\r\nUser-Agent: Sia-Agent\r\n";
    let ask = format!(
        "GET /miner/header HTTP/1.1\r\n{blob}\r\nGET /consensus HTTP/1.1\r\n{blob}\r\nGET /miner/header HTTP/1.1\r\n{blob}\r\n"
    );
    let bytes = "\0".repeat(8) + &"z".repeat(104);
    let talk = Talk::new()
        .raw(MINER, ask.as_bytes())
        .answers("", "{\"height\":1}")
        .answers("", &bytes)
        .answers("", &bytes);
    assert_eq!(talk.judged().facts.jobs, 1, "the second response is not for a miner");
    let talk =
        Talk::new().raw(MINER, ask.as_bytes()).answers("", &bytes).answers("", "{}").answers("", &bytes);
    assert_eq!(talk.judged().facts.jobs, 2);
}

#[test]
fn one_side_of_getwork_is_enough_to_suspect_it() {
    let fields = "X-Mining-Extensions: longpoll\r\n";
    let miner = Talk::new().posts(fields, r#"{"method":"getwork","params":[],"id":0}"#);
    assert_eq!((miner.judged().verdict, miner.judged().stage), (Verdict::Probable, Stage::Attempt));
    let pool = Talk::new().answers("X-Long-Polling: /LP\r\n", &work("0", 4));
    assert_eq!((pool.judged().verdict, pool.judged().stage), (Verdict::Probable, Stage::Working));
    assert_eq!(pool.judged().miner_sends, MINER);
}

#[test]
fn a_body_whose_head_was_not_seen_is_read_once_its_response_comes() {
    let talk = Talk::new().miner(r#"{"method":"getwork","params":[],"id":0}"#);
    assert!(talk.silent(), "nobody says getwork over TCP alone");
    let talk = talk.answers("", &work("0", 4));
    assert_eq!((talk.judged().verdict, talk.judged().carrier), (Verdict::Confirmed, Carrier::Http));
    let quoted = Talk::new().miner(r#"{"method":"getwork","params":[],"id":0}"#).answers("", "{}");
    assert!(quoted.silent());
}

#[test]
fn a_pool_of_stratum_refuses_http() {
    for body in [TEMPLATE, r#"{"method":"getwork","params":[],"id":0}"#] {
        let talk = Talk::new()
            .posts("X-Mining-Extensions: longpoll\r\nUser-Agent: bfgminer/5.2.0\r\n", body)
            .pool(r#"{"id":0,"result":null,"error":[20,"Parse error",null]}"#);
        assert_eq!((talk.judged().verdict, talk.judged().stage), (Verdict::Confirmed, Stage::Attempt));
        assert!(talk.kinds().contains(&"pool-error"));
    }
    let page = Talk::new()
        .raw(MINER, b"GET / HTTP/1.1\r\n\r\n")
        .pool(r#"{"id":0,"result":null,"error":[20,"Parse error",null]}"#);
    assert!(page.silent());
}

#[test]
fn a_pool_of_stratum_refuses_tls() {
    let error = r#"{"id":0,"result":null,"error":[20,"Parse error",null]}"#;
    let mut talk = Talk::new();
    talk.conversation.refuses_tls(POOL);
    let talk = talk.pool(error).pool(error);
    assert_eq!((talk.judged().verdict, talk.judged().stage), (Verdict::Probable, Stage::Attempt));
    assert_eq!((talk.judged().protocol, talk.judged().miner_sends), (Protocol::StratumV1, MINER));
    assert!(Talk::new().pool(error).silent(), "without TLS it answers anything");
    for other in [
        r#"{"error":"TLS expected"}"#,
        r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}"#,
    ] {
        let mut talk = Talk::new();
        talk.conversation.refuses_tls(POOL);
        assert!(talk.pool(other).silent(), "{other}");
    }
}

#[test]
fn a_template_is_asked_for_once_by_anybody_and_again_and_again_by_a_miner() {
    let template = r#"{"result":{"previousblockhash":"HEX64","coinbasevalue":5000000000,"bits":"1d7b5889","height":9},"error":null,"id":0}"#;
    let mut talk = Talk::new().posts("", TEMPLATE).answers("", template);
    assert!(talk.silent());
    assert_eq!(talk.conversation.habit().unwrap().requests, 1);
    talk.conversation.repeated();
    assert_eq!((talk.judged().verdict, talk.judged().stage), (Verdict::Probable, Stage::Working));
    let told = format!("{:?}", talk.judged().evidence);
    assert!(told.contains("solo") && told.contains("pool at its node"), "{told}");
}

#[test]
fn what_a_template_weighs_does_not_end_the_watch() {
    let transactions = r#"{"data":"HEX64"},"#.repeat(3000);
    let template = format!(
        r#"{{"result":{{"previousblockhash":"HEX64","transactions":[{transactions}{{}}],"coinbasevalue":1,"bits":"1d7b5889"}},"error":null,"id":0}}"#
    );
    let mut talk = Talk::new();
    for _ in 0..3 {
        talk = talk.posts("", TEMPLATE).answers("", &template);
        assert!(!talk.conversation.hopeless());
    }
    assert_eq!(talk.conversation.habit().unwrap().requests, 3);
    assert_eq!(talk.conversation.losses().overlong_lines, 3, "they are counted");
    let page = format!("{{\"page\":\"{}\"}}", "x".repeat(5000));
    assert!(talk.posts("", "{}").answers("", &page).conversation.hopeless());
}

#[test]
fn a_suite_of_tests_for_nodes_is_not_mining() {
    let suite = [
        "eth_chainId",
        "eth_accounts",
        "net_version",
        "web3_sha3",
        "eth_getWork",
        "eth_call",
        "eth_gasPrice",
    ];
    let mut talk = suite.iter().fold(Talk::new(), |talk, method| {
        talk.posts("", &format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":[]}}"#))
            .answers("", r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}"#)
    });
    talk.conversation.repeated();
    assert!(talk.silent(), "{:?}", talk.conversation.assessment());
}

#[test]
fn stratum_in_the_bodies_of_http_is_a_quotation() {
    let lines = format!(
        "{}\n{}\n",
        r#"{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}"#,
        fill(r#"{"id":null,"method":"mining.notify","params":NOTIFY}"#)
    );
    assert!(Talk::new().posts("", &lines).answers("", &lines).silent());
    let endless = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n{lines}");
    let mut talk = Talk::new().raw(MINER, b"GET /t HTTP/1.1\r\n\r\n").raw(POOL, endless.as_bytes());
    talk.conversation.finish();
    assert!(talk.silent());
}

#[test]
fn a_proxy_is_asked_with_the_whole_address() {
    let talk = Talk::new().raw(
        MINER,
        b"GET http://node.example.org:1848/chainweb/0.0/mainnet01/mining/updates HTTP/1.1\r\nHost: node.example.org\r\n\r\n",
    );
    assert!(talk.silent(), "waiting for work alone");
    let solved = "POST http://node.example.org/chainweb/0.0/mainnet01/mining/solved HTTP/1.1\r\nContent-Length: 286\r\n\r\n".to_owned() + &"s".repeat(286);
    let talk = talk.raw(MINER, solved.as_bytes());
    assert_eq!((talk.judged().protocol, talk.judged().facts.coin), (Protocol::GetWork, Some("KDA")));
}

//! What is not mining although it looks like it.

use sha2::{Digest as _, Sha256};

use super::super::{Stage, Verdict};
use super::{MINER, POOL, Talk, XMRIG, fill, only};

const SUBSCRIBE: &str = r#"{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}"#;
const NOTIFY: &str = r#"{"id":null,"method":"mining.notify","params":NOTIFY}"#;

#[test]
fn other_protocols_with_the_same_words_are_not_mining() {
    for line in [
        // An exchange.
        r#"{"id":1,"method":"login","api_key":"k","sign":"HEX64","nonce":1700000000}"#,
        // A web application.
        r#"{"jsonrpc":"2.0","id":1,"method":"login","params":{"login":"alice","pass":"secret"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"login","params":{"username":"alice","password":"secret"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"submit","params":{"job_id":"17","result":"done"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"job","params":{"job_id":"17","target":"x","blob":"aGVsbG8="}}"#,
        r#"{"id":1,"method":"getjob","params":{"id":"17"}}"#,
        // Electrum, which is called Stratum too.
        r#"{"id":0,"method":"server.version","params":["electrum/4.5",["1.4","1.4"]]}"#,
        r#"{"id":1,"method":"blockchain.scripthash.subscribe","params":["HEX64"]}"#,
        // Wallet software and nodes.
        r#"{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0xHEX64"]}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":["0xHEX64","0xHEX64","0xffHEX58ffff"]}"#,
        r#"{"method":"getblocktemplate","params":[],"id":1}"#,
        // Editors and agents.
        r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"processId":1,"capabilities":{}}}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"mining.subscribe","arguments":{}}}"#,
        // Too little to speak of.
        r#"{"method":"keepalived","params":{"id":"x"}}"#,
        r#"{"worker": "", "jsonrpc": "2.0", "params": [], "id": 3, "method": "eth_getWork"}"#,
        // The right method in the wrong form.
        r#"{"method":"mining.subscribe"}"#.replace("mining.subscribe", "mining.authorize").as_str(),
        r#"{"method":"mining.configure","params":{"a":1}}"#,
        r#"{"method":"mining.notify","params":[]}"#,
        r#"{"method":["mining.subscribe"],"params":["x"]}"#,
    ] {
        for direction in [MINER, POOL] {
            let talk = Talk::new().says(direction, line);
            assert!(talk.silent(), "{line}: {:?}", talk.conversation.assessment());
        }
    }
}

#[test]
fn the_login_of_an_application_is_not_mining_whatever_its_server_says() {
    for login in [
        r#"{"jsonrpc":"2.0","id":1,"method":"login","params":{"login":"alice@example.org","pass":"Summer2024","agent":"BackOffice/3.1"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"login","params":{"login":"alice","pass":"Summer2024"}}"#,
    ] {
        for answer in [
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":401,"message":"bad password"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"bad password"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"error":[401,"bad password"]}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{"token":"abc","status":"OK"}}"#,
        ] {
            let talk = Talk::new().miner(login);
            assert!(talk.silent(), "{login}: {:?}", talk.conversation.assessment());
            let talk = talk.pool(answer);
            assert!(talk.silent(), "{login} {answer}: {:?}", talk.conversation.assessment());
        }
        let job = r#"{"id":1,"result":{"id":"s","job":{"blob":"BLOB","job_id":"j","target":"711b0d00"},"status":"OK"}}"#;
        assert_eq!(Talk::new().miner(login).pool(job).judged().verdict, Verdict::Confirmed, "a job is a job");
    }
}

#[test]
fn the_answer_to_another_request_is_no_work() {
    let hashes = r#"{"jsonrpc":"2.0","id":7,"result":["0xHEX64","0xHEX64","0x0000HEX58ff"]}"#;
    let filter = r#"{"jsonrpc":"2.0","id":7,"method":"eth_getFilterChanges","params":["0x1"]}"#;
    let talk = Talk::new().miner(filter).pool(hashes);
    assert!(talk.silent(), "{:?}", talk.conversation.assessment());
    let work = r#"{"id":8,"method":"eth_getWork","params":[]}"#;
    let joined = Talk::new().miner(work).pool(&hashes.replace('7', "8")).judged();
    assert_eq!((joined.verdict, joined.stage), (Verdict::Confirmed, Stage::Working));
}

#[test]
fn a_quotation_is_not_mining() {
    let escaped = SUBSCRIBE.replace('"', "\\\"");
    for line in [
        format!(r#"{{"level":"info","msg":"{escaped}"}}"#),
        format!(r#"{{"method":"chat.post","params":["{escaped}"],"id":1}}"#),
        format!("12:00 <alice> {SUBSCRIBE}"),
        format!("{SUBSCRIBE} is what a miner says first"),
        format!("'{SUBSCRIBE}'"),
        format!("<pre>{SUBSCRIBE}</pre>"),
        format!(r#"{{"wrapped":{SUBSCRIBE}}}"#),
        r#"{"ts":"2024-01-01","method":"mining.subscribe","params":["x"]}"#.to_owned(),
    ] {
        assert!(Talk::new().says(MINER, "{}").says(MINER, &line).silent(), "{line}");
    }
}

#[test]
fn a_message_among_other_text_loses_its_weight() {
    let talk = Talk::new().says(POOL, "a").says(POOL, "Miners open with this line:").says(POOL, SUBSCRIBE);
    assert_eq!(talk.kinds().last(), Some(&"client-foreign-lines"));
    let talk = talk.says(POOL, "and the pool answers.").says(POOL, "End of chapter.");
    assert!(talk.silent() && talk.conversation.hopeless());
}

#[test]
fn a_transcript_from_one_side_is_a_quotation() {
    let talk = Talk::new().says(POOL, SUBSCRIBE).says(POOL, NOTIFY).says(POOL, XMRIG);
    let talk = talk.says(POOL, r#"{"method":"mining.set_difficulty","params":[1]}"#);
    let talk = talk.says(
        POOL,
        r#"{"jsonrpc":"2.0","method":"job","params":{"blob":"BLOB","job_id":"j","target":"711b0d00"}}"#,
    );
    assert!(talk.silent(), "{:?}", talk.conversation.assessment());
    assert!(talk.conversation.hopeless());
}

#[test]
fn an_echo_is_no_pool() {
    let talk = Talk::new().miner(XMRIG).pool(XMRIG);
    assert!(talk.silent() && talk.conversation.hopeless());
}

#[test]
fn a_message_from_the_wrong_side_lowers_the_confidence() {
    let talk = || Talk::new().miner(r#"{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}"#);
    let wrong = talk().pool(r#"{"id":1,"method":"eth_getWork","params":[]}"#);
    assert!(wrong.judged().confidence < talk().judged().confidence);
    assert!(wrong.kinds().contains(&"wrong-side"));
    assert_eq!(wrong.judged().miner_sends, MINER);
    let full = talk().pool(NOTIFY).pool(r#"{"id":2,"method":"mining.subscribe","params":[]}"#);
    assert_eq!(full.judged().verdict, Verdict::Confirmed, "one odd message does not hide a pool");
}

#[test]
fn a_pools_greeting_does_not_hide_the_miner() {
    let greeting = (0..20).fold(Talk::new(), |talk, _| talk.pool("Welcome to the pool"));
    let talk = greeting.miner(SUBSCRIBE).pool(NOTIFY);
    assert!(talk.judged().verdict >= Verdict::Probable);
}

#[test]
fn a_wallet_at_its_node_is_not_mining() {
    let body =
        r#"{"jsonrpc":"2.0","id":1,"method":"eth_submitWork","params":["0xHEX16","0xHEX64","0xHEX64"]}"#;
    let request =
        format!("POST / HTTP/1.1\r\nHost: node\r\nContent-Length: {}\r\n\r\n", fill(body).len() + 1);
    let talk = Talk::new().raw(MINER, request.as_bytes()).miner(body);
    assert!(talk.silent());
    let answered = Talk::new().miner(body).raw(POOL, b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
    assert!(answered.silent());
    let founded = Talk::new().miner(XMRIG).raw(POOL, b"HTTP/1.1 400 Bad Request\r\n\r\n").judged();
    assert_eq!((founded.verdict, founded.stage), (Verdict::Probable, Stage::Attempt));
}

#[test]
fn tunnels_and_proxy_headers_are_looked_through() {
    let tunnel = Talk::new()
        .raw(MINER, b"CONNECT pool.example:3333 HTTP/1.1\r\nHost: pool.example\r\nUser-Agent: x\r\n\r\n")
        .raw(POOL, b"HTTP/1.1 200 OK\r\nVia: proxy\r\n\r\n")
        .miner(SUBSCRIBE)
        .pool(NOTIFY);
    assert_eq!(tunnel.judged().verdict, Verdict::Confirmed);
    assert!(!tunnel.kinds().iter().any(|kind| kind.contains("foreign")));
    let socks = Talk::new()
        .raw(MINER, &[5, 1, 0])
        .raw(POOL, &[5, 0])
        .raw(MINER, b"\x05\x01\0\x03\x0cpool.example\x0d\x05")
        .raw(POOL, &[5, 0, 0, 1, 192, 0, 2, 1, 13, 5])
        .miner(SUBSCRIBE)
        .pool(NOTIFY);
    assert_eq!(socks.judged().verdict, Verdict::Confirmed);
    for address in [[10, 0, 0, 5], [10, 1, 2, 3], [192, 10, 2, 10]] {
        let [a, b, c, d] = address;
        let socks = Talk::new()
            .raw(MINER, &[5, 1, 0])
            .raw(POOL, &[5, 0])
            .raw(MINER, &[5, 1, 0, 1, a, b, c, d, 13, 5])
            .raw(POOL, &[5, 0, 0, 1, a, b, c, d, 13, 5])
            .miner(SUBSCRIBE)
            .pool(NOTIFY);
        assert_eq!(socks.judged().verdict, Verdict::Confirmed, "a line feed in {address:?}");
        assert!(!socks.kinds().iter().any(|kind| kind.contains("foreign")));
    }
    let proxy = Talk::new().raw(MINER, b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 3333\r\n").miner(SUBSCRIBE);
    assert_eq!(proxy.kinds(), Talk::new().miner(SUBSCRIBE).kinds());
}

#[test]
fn a_flow_that_says_nothing_of_mining_becomes_hopeless() {
    let line = r#"{"jsonrpc":"2.0","id":1,"method":"status","params":[]}"#;
    let mut talk = Talk::new();
    for _ in 0..70 {
        assert!(!talk.conversation.hopeless());
        talk = talk.miner(line);
    }
    let talk = (0..20).fold(talk, |talk, _| talk.miner(line));
    assert!(talk.conversation.hopeless() && talk.silent());
    assert_eq!(talk.conversation.revision(), 0);
    let binary = Talk::new().raw(POOL, &[0x16; 5000]);
    assert!(binary.conversation.hopeless());
    let text = (0..60).fold(Talk::new(), |talk, _| talk.raw(POOL, &[b'x'; 1200]));
    assert!(text.conversation.hopeless(), "a line that does not end");
}

#[test]
fn behind_other_text_only_those_who_converse_are_miners() {
    let greeted = || {
        let mut talk = Talk::new();
        talk.conversation.opened_as_text(MINER);
        talk.conversation.opened_as_text(POOL);
        talk
    };
    let quoted = greeted().miner(SUBSCRIBE).miner(XMRIG).pool(NOTIFY).pool(NOTIFY);
    assert!(quoted.silent(), "{:?}", quoted.conversation.assessment());
    let miner = greeted()
        .miner(SUBSCRIBE)
        .pool(r#"{"id":1,"result":[[["mining.notify","s"]],"0011aabb",4],"error":null}"#)
        .miner(r#"{"id":2,"method":"mining.authorize","params":["u.w","x"]}"#)
        .pool(r#"{"id":2,"result":true,"error":null}"#)
        .pool(NOTIFY)
        .miner(
            r#"{"id":3,"method":"mining.submit","params":["u.w","job1","00000001","65f00000","0a0b0c0d"]}"#,
        )
        .pool(r#"{"id":3,"result":true,"error":null}"#);
    assert_eq!(miner.judged().verdict, Verdict::Confirmed);
}

#[test]
fn a_login_and_a_keepalive_are_not_certain_before_there_is_work() {
    let talk = Talk::new()
        .miner(r#"{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"alice","pass":"x","agent":"BackOffice/3.1"}}"#)
        .pool(r#"{"id":1,"jsonrpc":"2.0","result":{"id":"s1","status":"OK"}}"#)
        .miner(r#"{"id":2,"jsonrpc":"2.0","method":"keepalived","params":{"id":"s1"}}"#)
        .pool(r#"{"id":2,"jsonrpc":"2.0","result":{"status":"KEEPALIVED"}}"#);
    assert_eq!(talk.judged().verdict, Verdict::Probable);
    let job = r#"{"jsonrpc":"2.0","method":"job","params":{"blob":"BLOB","job_id":"j","target":"711b0d00"}}"#;
    assert_eq!(talk.pool(job).judged().verdict, Verdict::Confirmed);
}

#[test]
fn a_queue_with_a_status_is_not_certain() {
    let talk = Talk::new()
        .miner(r#"{"id":"Stratum","jsonrpc":"2.0","method":"login","params":{"login":"alice","pass":"x","agent":"queue/1"}}"#)
        .pool(r#"{"id":"Stratum","jsonrpc":"2.0","method":"login","result":"ok","error":null}"#)
        .miner(r#"{"id":"0","jsonrpc":"2.0","method":"status"}"#)
        .pool(r#"{"id":"0","jsonrpc":"2.0","method":"status","result":{"accepted":1,"rejected":0,"stale":0}}"#);
    assert!(talk.judged().verdict < Verdict::Confirmed, "{:?}", talk.judged());
}

#[test]
fn the_first_exchange_of_duino_coin_is_not_certain() {
    let digests = format!("{},{},1500", "0a".repeat(20), "fe".repeat(20));
    let talk = Talk::new().miner("JOB,alice,MEDIUM").pool(&digests);
    assert_eq!(talk.judged().verdict, Verdict::Probable);
    let talk = talk.miner("184,123456.7,Official PC Miner 4.3,rig1").pool("GOOD");
    assert_eq!(talk.judged().verdict, Verdict::Confirmed);
}

#[test]
fn a_service_for_mining_data_is_no_mining() {
    let talk = Talk::new()
        .miner(r#"{"id":1,"jsonrpc":"2.0","method":"mining.configure","params":[["apriori","min-support"]]}"#)
        .pool(r#"{"id":1,"jsonrpc":"2.0","result":{"apriori":true,"min-support":0.2}}"#);
    assert!(talk.silent(), "{:?}", talk.conversation.assessment());
    let talk = Talk::new()
        .miner(r#"{"id":1,"method":"mining.configure","params":[["version-rolling","x"],{"version-rolling.mask":"1fffe000"}]}"#)
        .pool(r#"{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}"#);
    assert_eq!(talk.judged().verdict, Verdict::Confirmed);
}

#[test]
fn three_common_words_are_no_miner_in_a_page() {
    let three = r#"{"identifier":"handshake","login":"alice","pool":"north"}"#;
    assert!(Talk::new().miner(three).silent());
    let whole = r#"{"identifier":"handshake","pool":"pool.example","login":"WALLET","password":"x","userid":"","version":7}"#;
    assert_eq!(only(whole).verdict, Verdict::Probable);
}

#[test]
fn a_refused_login_takes_no_stage_back() {
    let talk = Talk::new()
        .miner(SUBSCRIBE)
        .pool(r#"{"id":1,"result":[[["mining.notify","s"]],"0011aabb",4],"error":null}"#)
        .miner(r#"{"id":2,"method":"mining.authorize","params":["u.w","x"]}"#)
        .pool(r#"{"id":2,"result":null,"error":[24,"Unauthorized worker",null]}"#);
    assert_eq!(talk.judged().stage, Stage::Handshake, "the pool answered");
    assert!(talk.kinds().contains(&"pool-unauthorized"), "and said no");
}

/// A version message of Bitcoin's network with a right checksum.
fn version() -> Vec<u8> {
    let body = [vec![0; 80], vec![0], vec![0; 5]].concat();
    let sum = Sha256::digest(Sha256::digest(&body));
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    [&[0xf9, 0xbe, 0xb4, 0xd9][..], b"version\0\0\0\0\0", &length, &sum[..4], &body].concat()
}

#[test]
fn a_miner_that_opens_as_a_node_is_a_miner() {
    let opened = || Talk::new().raw(MINER, &version());
    let node = opened();
    assert_eq!(node.judged().verdict, Verdict::Node);
    assert!(!node.conversation.is_settled_node(), "nobody answered");
    let answered = opened().raw(POOL, &version());
    assert!(answered.conversation.is_settled_node());
    let talk = opened().miner(SUBSCRIBE);
    assert_eq!(talk.judged().verdict, Verdict::Probable);
    let talk =
        talk.pool(r#"{"id":1,"result":[[["mining.notify","s"]],"0011aabb",4],"error":null}"#).pool(NOTIFY);
    assert_eq!(talk.judged().verdict, Verdict::Confirmed);
    let talk = (0..100).fold(talk, |talk, _| talk.pool(NOTIFY));
    assert!(!talk.conversation.is_settled_node() && !talk.conversation.hopeless());
    let later = Talk::new().miner(SUBSCRIBE).raw(MINER, &version()).raw(POOL, &version());
    assert_eq!(later.judged().verdict, Verdict::Probable, "it said so before");
    assert!(!later.conversation.is_settled_node());
}

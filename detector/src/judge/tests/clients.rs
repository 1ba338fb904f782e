//! The first lines of real clients: one of them alone must be enough.

use super::super::{Protocol, Stage, Verdict};
use super::{MINER, POOL, Talk, XMRIG, fill, only};

const V1: Protocol = Protocol::StratumV1;
const ETHEREUM: Protocol = Protocol::EthereumStratum;
const CRYPTONOTE: Protocol = Protocol::CryptoNote;
const PROXY: Protocol = Protocol::EthProxy;

const FIRST_LINES: &[(&str, Protocol, &str)] = &[
    ("xmrig", CRYPTONOTE, XMRIG),
    ("xmrig ethash", V1, r#"{"id":1,"jsonrpc":"2.0","method":"mining.subscribe","params":["XMRig/6.22.2"]}"#),
    (
        "xmr-stak",
        CRYPTONOTE,
        r#"{"method":"login","params":{"login":"WALLET","pass":"x","rigid":"","agent":"xmr-stak-cpu/1.3.0-1.5.0"},"id":1}"#,
    ),
    (
        "deepMiner",
        CRYPTONOTE,
        r#"{"method":"login","params":{"login":"user1","pass":"x","rigid":"","agent":"deepMiner"},"id":"0123456789abcdef0123456789abcdef"}"#,
    ),
    (
        "cpuminer-multi",
        CRYPTONOTE,
        r#"{"method": "login", "params": {"login": "user1", "pass": "x", "agent": "cpuminer-multi/1.3.7"}, "id": 1}"#,
    ),
    ("coinhive proxy", CRYPTONOTE, r#"{"id":1,"method":"login","params":{"login":"WALLET","pass":"x"}}"#),
    ("cpuminer", V1, r#"{"id": 1, "method": "mining.subscribe", "params": ["cpuminer-multi/1.3.7"]}"#),
    (
        "cgminer",
        V1,
        r#"{"id": 0, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "ffffffff"}]}"#,
    ),
    ("cgminer, no agent", V1, r#"{"id": 0, "method": "mining.subscribe", "params": []}"#),
    (
        "cgminer share",
        V1,
        r#"{"params": ["u.1", "job", "00000000", "65f00000", "deadbeef"], "id": 7, "method": "mining.submit"}"#,
    ),
    ("bfgminer target", V1, r#"{"id": null, "method": "mining.suggest_target", "params": ["HEX64"]}"#),
    ("bfgminer", V1, r#"{"id":null,"method":"mining.capabilities","params":[{"notify":[]}]}"#),
    ("bfgminer login", V1, r#"{"id": "auth", "method": "mining.authorize", "params": ["u", "123"]}"#),
    (
        "bitaxe",
        V1,
        r#"{"id": 1, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "ffffffff"}]}"#,
    ),
    ("bitaxe difficulty", V1, r#"{"id": 4, "method": "mining.suggest_difficulty", "params": [1000]}"#),
    (
        "antminer",
        V1,
        r#"{"id":1,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"ffffffff","version-rolling.min-bit-count":2}]}"#,
    ),
    ("extranonce", V1, r#"{"id": 3, "method": "mining.extranonce.subscribe", "params": []}"#),
    ("ethminer", PROXY, r#"{"id":1,"method":"eth_submitLogin","params":["0xADDR40"],"worker":"rig"}"#),
    (
        "ethminer hello",
        ETHEREUM,
        r#"{"id":1,"method":"mining.hello","params":{"agent":"ethminer-0.19","host":"eth.pool.example","port":"d05","proto":"EthereumStratum/2.0.0"}}"#,
    ),
    ("ethminer dwarf", V1, r#"{"id":1,"jsonrpc":"2.0","method":"mining.subscribe","params":[]}"#),
    (
        "nicehash",
        ETHEREUM,
        r#"{"id":1,"method":"mining.subscribe","params":["MinerName/1.0.0","EthereumStratum/1.0.0"]}"#,
    ),
    ("claymore", PROXY, r#"{"id":2,"jsonrpc":"2.0","method":"eth_login","params":["0xADDR40","x"]}"#),
    (
        "claymore worker",
        PROXY,
        r#"{"worker": "eth1.0", "jsonrpc": "2.0", "params": ["0xADDR40.rig2", "x"], "id": 2, "method": "eth_submitLogin"}"#,
    ),
    (
        "phoenixminer",
        PROXY,
        r#"{"id":1,"jsonrpc":"2.0","method":"eth_submitLogin","worker":"eth1.0","params":["0xADDR40","x"]}"#,
    ),
    (
        "nbminer",
        PROXY,
        r#"{"id":1,"method":"eth_submitLogin","params":["0xADDR40.w"],"worker":"w","compact":true}"#,
    ),
    ("gminer", PROXY, r#"{"id":1,"method":"eth_submitLogin","params":["0xADDR40.w"],"jsonrpc":"2.0"}"#),
    (
        "nanominer",
        PROXY,
        r#"{"jsonrpc": "2.0", "method": "eth_submitLogin", "params": ["0xADDR40.w", "x"], "id": 2, "worker": "w"}"#,
    ),
    (
        "ewbf",
        V1,
        r#"{"id":1,"method":"mining.subscribe","params":["EWBF 0.3.4b",null,"zec.pool.example","6666"]}"#,
    ),
    (
        "nicehash buyer",
        V1,
        r#"{"id":1,"method":"mining.subscribe","params":["NiceHash/1.0.0","1700000000000","HEX64"]}"#,
    ),
    ("odd spacing", V1, "{ \"id\" : 1 ,\t\"method\"\t:  \"mining.subscribe\" , \"params\" : [ \"a\" ] }"),
    ("escaped", V1, r#"{"id":1,"method":"\u006dining.subscr\u0069be","params":["a"]}"#),
    ("batch", V1, r#"[{"id":1,"method":"mining.subscribe","params":["a"]}]"#),
];

#[test]
fn the_first_line_of_every_client_is_probable_mining() {
    for &(client, protocol, line) in FIRST_LINES {
        let judged = only(line);
        assert_eq!(
            (judged.protocol, judged.stage.min(Stage::Attempt)),
            (protocol, Stage::Attempt),
            "{client}"
        );
        assert_eq!(judged.verdict, Verdict::Probable, "{client}: {}", judged.confidence);
        assert!(judged.confidence > 0.5, "{client}: {}", judged.confidence);
        assert_eq!(judged.miner_sends, MINER, "{client}");
    }
}

#[test]
fn who_connected_does_not_matter() {
    assert_eq!(Talk::new().says(POOL, XMRIG).judged().miner_sends, POOL);
}

#[test]
fn a_lone_weak_message_is_only_suspected() {
    for line in [
        r#"{"id":4,"method":"eth_submitWork","params":["0xHEX16","0xHEX64","0xHEX64"]}"#,
        r#"{"id":2,"jsonrpc":"2.0","method":"submit","params":{"id":"s","job_id":"j","nonce":"d0030040","result":"HEX64"}}"#,
    ] {
        let judged = only(line);
        assert_eq!(judged.verdict, Verdict::Suspected, "{line}");
        assert!((0.1..0.5).contains(&judged.confidence), "{line}: {}", judged.confidence);
    }
}

#[test]
fn the_miner_alone_is_confirmed_by_subscribe_authorize_and_submit() {
    let talk = Talk::new()
        .miner(r#"{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}"#)
        .miner(r#"{"id":2,"method":"mining.authorize","params":["bc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq.s19","x"]}"#);
    assert_eq!(talk.judged().verdict, Verdict::Probable);
    let talk = talk
        .miner(r#"{"params":["bc1q.s19","j","00","65f00000","deadbeef"],"id":3,"method":"mining.submit"}"#);
    let judged = talk.judged();
    assert_eq!((judged.verdict, judged.stage), (Verdict::Confirmed, Stage::Submitting));
    let facts = judged.facts;
    assert_eq!((facts.coin, facts.worker.as_deref()), (Some("BTC"), Some("s19")));
    assert_eq!(facts.agent.as_deref(), Some("cgminer/4.11.1"));
    assert_eq!((facts.shares.submitted, facts.shares.accepted), (1, 0));
}

#[test]
fn the_pools_name_is_taken_from_the_miner() {
    for line in [
        r#"{"id":1,"method":"mining.subscribe","params":["GMiner/2.09",null,"kawpow.pool.example",3333]}"#,
        r#"{"id":1,"method":"mining.subscribe","params":["GMiner/2.09",null,"stratum+tcp://kawpow.pool.example","3333"]}"#,
        r#"{"id":1,"method":"mining.hello","params":{"agent":"x","host":"kawpow.pool.example","port":"d05","proto":"EthereumStratum/2.0.0"}}"#,
    ] {
        assert_eq!(only(line).facts.pool_name.as_deref(), Some("kawpow.pool.example"), "{line}");
    }
    let buyer =
        only(r#"{"id":1,"method":"mining.subscribe","params":["NiceHash/1.0.0","1700000000000","HEX64"]}"#);
    assert_eq!(buyer.facts.pool_name, None, "an authentication code is no name");
}

#[test]
fn names_and_workers_are_found_where_clients_put_them() {
    let worker = |line: &str| only(line).facts.worker;
    assert_eq!(
        worker(
            r#"{"id":1,"method":"login","params":{"login":"WALLET.a","pass":"b","rigid":"c","agent":"x"}}"#
        )
        .as_deref(),
        Some("c")
    );
    assert_eq!(
        worker(r#"{"id":1,"method":"login","params":{"login":"WALLET.aa","pass":"bb","agent":"x"}}"#)
            .as_deref(),
        Some("aa")
    );
    assert_eq!(
        worker(r#"{"id":1,"method":"login","params":{"login":"WALLET","pass":"rig-1","agent":"x"}}"#)
            .as_deref(),
        Some("rig-1")
    );
    assert_eq!(
        worker(r#"{"id":1,"method":"login","params":{"login":"WALLET","pass":"x","agent":"x"}}"#),
        None
    );
    assert_eq!(
        worker(r#"{"id":1,"method":"eth_submitLogin","params":["0xADDR40"],"worker":"rig"}"#).as_deref(),
        Some("rig")
    );
    assert_eq!(
        worker(r#"{"id":1,"method":"eth_submitLogin","params":["0xADDR40"],"worker":"eth1.0"}"#),
        None
    );
    let single =
        only(r#"{"id":1,"method":"login","params":{"login":"u","pass":"x","agent":"x","algo":["rx/wow"]}}"#);
    assert_eq!(single.facts.algorithm.as_deref(), Some("rx/wow"));
    assert_eq!(only(XMRIG).facts.algorithm, None, "a list of everything it can is no choice");
}

#[test]
fn wallets_and_workers_of_different_users_are_not_combined() {
    let named = |lines: &[&str]| {
        let facts = lines.iter().fold(Talk::new(), |talk, line| talk.miner(line)).judged().facts;
        (facts.wallet.unwrap(), facts.worker)
    };
    let bob = r#"{"id":1,"method":"mining.authorize","params":["bob","x"]}"#;
    let alice = r#"{"id":2,"method":"mining.authorize","params":["alice.rig1","x"]}"#;
    let paid = r#"{"id":3,"method":"mining.authorize","params":["0xADDR40","x"]}"#;
    let rig1 = Some("rig1".to_owned());
    assert_eq!(named(&[bob, alice]), ("bob".to_owned(), None));
    assert_eq!(named(&[alice, bob]), ("alice".to_owned(), rig1.clone()));
    assert_eq!(named(&[alice, paid, bob]), (fill("0xADDR40"), None), "an address is more than a name");
    assert_eq!(named(&[paid, alice]), (fill("0xADDR40"), None));
    let share = r#"{"id":4,"method":"mining.submit","params":["bob.rig1","j","00","65f00000","deadbeef"]}"#;
    assert_eq!(named(&[bob, share]), ("bob".to_owned(), rig1), "the same user said more");
}

#[test]
fn a_wallet_in_the_place_of_the_software_is_a_wallet() {
    let conflux = "cfx:aak2rra2njvd77ezwjvx04kkds9fzagfe6ku8scz91";
    for (line, wallet, worker) in [
        (
            format!(r#"{{"id":1,"method":"mining.subscribe","params":["{conflux}.rig7",""]}}"#),
            conflux,
            Some("rig7"),
        ),
        (
            format!(r#"{{"id":1,"method":"mining.subscribe","params":{{"agent":"{conflux}"}}}}"#),
            conflux,
            None,
        ),
        (r#"{"id":1,"method":"mining.subscribe","params":["0xADDR40"]}"#.to_owned(), "0xADDR40", None),
        (
            r#"{"id":1,"method":"mining.subscribe","params":["kaspa:qq0.rig7"]}"#.to_owned(),
            "kaspa:qq0",
            Some("rig7"),
        ),
        (r#"{"id":1,"method":"mining.subscribe","params":["WALLET+5000"]}"#.to_owned(), "WALLET", None),
        (
            r#"{"id":1,"method":"mining.hello","params":{"agent":"WALLET","proto":"EthereumStratum/2.0.0"}}"#
                .to_owned(),
            "WALLET",
            None,
        ),
        (
            r#"{"id":1,"method":"login","params":{"login":"WALLET","pass":"x","agent":"WALLET"}}"#.to_owned(),
            "WALLET",
            None,
        ),
    ] {
        let facts = only(&line).facts;
        assert_eq!(facts.agent, None, "{line}");
        assert_eq!((facts.wallet, facts.worker.as_deref()), (Some(fill(wallet)), worker), "{line}");
    }
    for agent in ["cgminer/4.11.1", "NiceHash/1.0.0", "ExcavatorWithAVeryLongName/1.9.9.99", "x"] {
        let line = format!(r#"{{"id":1,"method":"mining.subscribe","params":["{agent}"]}}"#);
        assert_eq!(only(&line).facts.agent.as_deref(), Some(agent));
    }
}

#[test]
fn what_is_dropped_of_a_large_batch_is_counted() {
    let share = |id| {
        format!(r#"{{"id":{id},"method":"mining.submit","params":["u","j","00","65f00000","deadbeef"]}}"#)
    };
    let batch: Vec<String> = (0..100).map(share).collect();
    let talk = Talk::new().miner(&format!("[{}]", batch.join(",")));
    assert_eq!((talk.judged().facts.shares.submitted, talk.conversation.losses().messages), (64, 36));
}

#[test]
fn a_password_is_not_told() {
    for (login, password) in [("WALLET", "hunter2"), ("WALLET", "Summer2024"), ("alice", "rig-1")] {
        let line = format!(
            r#"{{"id":1,"method":"login","params":{{"login":"{login}","pass":"{password}","agent":"XMRig/6"}}}}"#
        );
        let told = format!("{:?}", only(&line));
        assert!(!told.contains(password), "{told}");
    }
}

#[test]
fn hostile_values_are_bounded() {
    let agent = "\\u001b[2J\\n".repeat(100) + &"A".repeat(5000);
    let line = format!(r#"{{"id":1,"method":"mining.subscribe","params":["{agent}"]}}"#);
    let told = only(&line).facts.agent.unwrap();
    assert!(told.chars().count() <= 256 && !told.contains(['\u{1b}', '\n']), "{told:?}");
}

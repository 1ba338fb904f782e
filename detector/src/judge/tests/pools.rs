//! What pools say, with and without the miner in sight.

use super::super::{Protocol, Stage, Verdict};
use super::{MINER, POOL, Talk, XMRIG, notify};

const SUBSCRIBED: &str =
    r#"{"result":[[["mining.notify","1"],["mining.set_difficulty","2"]],"00b61738",4],"error":null,"id":0}"#;
const DIFFICULTY: &str = r#"{"id":null,"method":"mining.set_difficulty","params":[4096]}"#;
const NOTIFY: &str = r#"{"params":NOTIFY,"id":null,"method":"mining.notify"}"#;

#[test]
fn a_pools_message_alone_is_enough() {
    let (v1, ethereum) = (Protocol::StratumV1, Protocol::EthereumStratum);
    for (protocol, line) in [
        (v1, SUBSCRIBED),
        (v1, r#"{"id":1,"result":[["mining.notify","ae68"],"08000002",4],"error":null}"#),
        (v1, DIFFICULTY),
        (v1, NOTIFY),
        (v1, r#"{"id":null,"method":"mining.set_version_mask","params":["1fffe000"]}"#),
        (
            ethereum,
            r#"{"id":1,"result":[["mining.notify","ae68","EthereumStratum/1.0.0"],"080c"],"error":null}"#,
        ),
        (ethereum, r#"{"id":null,"method":"mining.notify","params":["bf","HEX64","HEX64",true]}"#),
        (
            ethereum,
            r#"{"method":"mining.set","params":{"epoch":"dc","target":"0112e0be826d694b2e62d01511f12a6061fbaec8bc02357593e70e52ba","algo":"ethash","extranonce":"af4c"}}"#,
        ),
        (
            Protocol::CryptoNote,
            r#"{"jsonrpc":"2.0","method":"job","params":{"blob":"BLOB","job_id":"j","target":"711b0d00"}}"#,
        ),
        (
            Protocol::CryptoNote,
            r#"{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"s","job":{"blob":"BLOB","job_id":"j","target":"711b0d0000000000"},"status":"OK"}}"#,
        ),
    ] {
        let judged = Talk::new().pool(line).judged();
        assert_eq!((judged.protocol, judged.verdict), (protocol, Verdict::Probable), "{line}");
        assert_eq!(judged.miner_sends, MINER, "{line}");
        assert!(judged.stage >= Stage::Handshake);
    }
}

#[test]
fn the_pool_alone_is_confirmed_by_several_jobs() {
    let talk = Talk::new().pool(DIFFICULTY).pool(NOTIFY).pool(NOTIFY);
    assert_eq!(talk.judged().verdict, Verdict::Probable);
    let judged = talk.pool(NOTIFY).judged();
    assert_eq!((judged.verdict, judged.stage), (Verdict::Confirmed, Stage::Working));
    assert_eq!((judged.facts.jobs, judged.facts.difficulty), (3, Some(4096.0)));
}

#[test]
fn a_pool_with_large_jobs_is_found_from_its_side() {
    let coinbase = "01".repeat(3500);
    let notify = NOTIFY.replace("NOTIFY", &notify().replace("01000000", &coinbase)) + "\n";
    for joined in [0, 1448, 2896] {
        let mut talk = Talk::new();
        for part in notify.as_bytes()[joined..].chunks(1448).chain(notify.as_bytes().chunks(1448)) {
            assert!(!talk.conversation.hopeless(), "joined at {joined}");
            talk = talk.raw(POOL, part);
        }
        assert_eq!(talk.judged().stage, Stage::Working);
    }
}

#[test]
fn the_fields_of_a_block_make_a_job_more_certain() {
    let certain = |line: &str| Talk::new().pool(line).kinds().contains(&"pool-notify-fields");
    assert!(certain(NOTIFY));
    assert!(!certain(
        r#"{"method":"mining.notify","params":["j","x","y","z",[],"20000000","1702a3b4","65f00000",true]}"#
    ));
    assert!(!certain(r#"{"method":"mining.notify","params":["j",17,"HEX64"]}"#), "another coin's job");
}

#[test]
fn bitcoin_shares_are_paired_with_their_answers() {
    let share = |id: u32| {
        format!(r#"{{"params":["u","j","00","65f00000","deadbeef"],"id":{id},"method":"mining.submit"}}"#)
    };
    let talk = Talk::new()
        .miner(r#"{"id":0,"method":"mining.subscribe","params":["cgminer/3.7.2"]}"#)
        .pool(SUBSCRIBED)
        .miner(r#"{"id":1,"method":"mining.authorize","params":["u.w","x"]}"#)
        .pool(r#"{"id":1,"result":true,"error":null}"#)
        .pool(NOTIFY)
        .miner(&share(2))
        .miner(&share(3))
        .miner(&share(4))
        .pool(r#"{"id":3,"result":null,"error":[23,"Low difficulty share",null]}"#)
        .pool(r#"{"id":2,"result":true,"error":null}"#)
        .pool(r#"{"id":9,"result":true,"error":null}"#);
    let judged = talk.judged();
    assert_eq!((judged.verdict, judged.stage), (Verdict::Confirmed, Stage::Submitting));
    let shares = judged.facts.shares;
    assert_eq!((shares.submitted, shares.accepted, shares.rejected), (3, 1, 1));
    assert!(judged.confidence > 0.999);
}

#[test]
fn a_refused_share_is_rejected_in_whatever_form() {
    for answer in [
        r#""result":null,"error":{"code":23,"message":"Low difficulty share"}"#,
        r#""result":null,"error":"Invalid share""#,
        r#""result":null,"error":[23,"Low difficulty share",null]"#,
        r#""result":false,"error":null"#,
    ] {
        let shares = Talk::new()
            .miner(r#"{"params":["u","j","00","65f00000","deadbeef"],"id":4,"method":"mining.submit"}"#)
            .pool(&format!(r#"{{"id":4,{answer}}}"#))
            .judged()
            .facts
            .shares;
        assert_eq!((shares.submitted, shares.accepted, shares.rejected), (1, 0, 1), "{answer}");
    }
}

#[test]
fn eth_proxy_jobs_are_answers_without_a_method() {
    let work = |header: &str| {
        format!(r#"{{"id":0,"jsonrpc":"2.0","result":["0x{header}","0xHEX64","0xHEX58","0x492609"]}}"#)
    };
    let talk = Talk::new()
        .miner(r#"{"id":2,"method":"eth_submitLogin","params":["0xADDR40.rig2","x"]}"#)
        .pool(r#"{"id":2,"jsonrpc":"2.0","result":true}"#);
    assert_eq!((talk.judged().verdict, talk.judged().stage), (Verdict::Confirmed, Stage::Handshake));
    let (first, second) = ("1f".repeat(32), "2f".repeat(32));
    let talk = talk
        .pool(&work(&first))
        .pool(&work(&first))
        .pool(&work(&second))
        .miner(
            r#"{"id":4,"method":"eth_submitWork","params":["0xHEX16","0xHEX64","0xHEX64"],"worker":"rig2"}"#,
        )
        .pool(r#"{"id":4,"jsonrpc":"2.0","result":true}"#);
    let judged = talk.judged();
    assert_eq!((judged.protocol, judged.stage), (Protocol::EthProxy, Stage::Submitting));
    assert_eq!((judged.facts.jobs, judged.facts.shares.accepted), (2, 1), "a repeated header is no new job");
    assert_eq!(judged.facts.worker.as_deref(), Some("rig2"));
    assert!(judged.facts.difficulty.unwrap() > 1e9);
    assert_eq!(judged.facts.coin, None);

    let alone = ["1f", "2f", "3f"].iter().fold(Talk::new(), |talk, byte| talk.pool(&work(&byte.repeat(32))));
    assert_eq!(alone.judged().verdict, Verdict::Probable);
}

#[test]
fn with_the_miner_out_of_sight_an_ok_after_a_job_is_a_share() {
    let job = r#"{"jsonrpc":"2.0","method":"job","params":{"blob":"BLOB","job_id":"j","target":"711b0d00"}}"#;
    let ok = r#"{"id":5,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}"#;
    let shares = Talk::new().pool(ok).pool(job).pool(ok).judged().facts.shares;
    assert_eq!((shares.submitted, shares.accepted), (1, 1));
    let seen = Talk::new().miner(XMRIG).pool(job).pool(ok).judged().facts.shares;
    assert_eq!((seen.submitted, seen.accepted), (0, 0), "the miner is in sight and handed in nothing");
}

#[test]
fn a_server_that_does_not_know_the_method_is_no_pool() {
    let talk = Talk::new()
        .miner(XMRIG)
        .pool(r#"{"id":1,"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"}}"#);
    let judged = talk.judged();
    assert_eq!((judged.verdict, judged.stage), (Verdict::Probable, Stage::Attempt));
    let refused = Talk::new()
        .miner(XMRIG)
        .pool(r#"{"id":1,"jsonrpc":"2.0","error":{"code":-1,"message":"Invalid payment address provided"}}"#);
    assert_eq!((refused.judged().verdict, refused.judged().stage), (Verdict::Confirmed, Stage::Attempt));
}

#[test]
fn the_miner_tells_its_version_when_asked() {
    let talk = Talk::new()
        .pool(r#"{"id":7,"method":"client.get_version","params":[]}"#)
        .miner(r#"{"id":7,"result":"cgminer/4.11.1","error":null}"#)
        .pool(NOTIFY);
    assert_eq!(talk.judged().facts.agent.as_deref(), Some("cgminer/4.11.1"));
    assert_eq!(talk.judged().miner_sends, MINER);
}

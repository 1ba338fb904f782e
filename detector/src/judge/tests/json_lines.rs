//! Families of JSON lines that are no Stratum, and Duino-Coin, in odd forms, cut anyhow and from one side.

use super::super::{Protocol, Stage, Verdict};
use super::{MINER, POOL, Talk, XMRIG, only, wallet};

const BEAM_LOGIN: &str = r#"{"method":"login","api_key":"abcdef.rig7","id":"login","jsonrpc":"2.0"}"#;
const BEAM_JOB: &str =
    r#"{"difficulty":167772160,"height":7,"id":"9","input":"HEX64","jsonrpc":"2.0","method":"job"}"#;
const GRIN_JOB: &str = r#"{"id":"Stratum","jsonrpc":"2.0","method":"job","params":{"difficulty":16,"height":7,"job_id":3,"pre_pow":"HEX64HEX64HEX64"}}"#;
const DUINO_JOB: &str =
    "0123456789abcdef0123456789abcdef01234567,fedcba9876543210fedcba9876543210fedcba98,1500";

#[test]
fn one_message_tells_the_protocol_and_the_side() {
    let computor = "COMPUTORID".repeat(6);
    let edges = ["7"; 42].join(",");
    for (protocol, side, line) in [
        (Protocol::Beam, MINER, BEAM_LOGIN.to_owned()),
        (Protocol::Beam, POOL, BEAM_JOB.to_owned()),
        (
            Protocol::Beam,
            MINER,
            format!(
                r#"{{"jsonrpc":"2.0","id":"9","output":"{}","nonce":"HEX16","method":"solution"}}"#,
                "ab".repeat(104)
            ),
        ),
        (Protocol::Grin, POOL, GRIN_JOB.to_owned()),
        (
            Protocol::Grin,
            MINER,
            format!(
                r#"{{"id":null,"jsonrpc":"2.0","method":"submit","params":{{"pow":[{edges}],"nonce":1,"height":7}}}}"#
            ),
        ),
        (
            Protocol::Ckb,
            MINER,
            r#"{"params":{"worker":"w","agent":"a","login":"b"},"method":"ckb_submitLogin","id":"1"}"#
                .to_owned(),
        ),
        (Protocol::Ckb, POOL, r#"{"id":0,"result":{"target":"0x00HEX58","pow_hash":"0xHEX64"}}"#.to_owned()),
        (
            Protocol::IronFish,
            MINER,
            r#"{"body":{"publicAddress":"HEX64"},"method":"mining.subscribe","id":0}"#.to_owned(),
        ),
        (
            Protocol::IronFish,
            POOL,
            r#"{"id":1,"method":"mining.notify","body":{"header":"HEX64","miningRequestId":1}}"#.to_owned(),
        ),
        (Protocol::Qubic, MINER, format!(r#"{{"worker":"w","wallet":"{computor}","id":1}}"#)),
        (
            Protocol::Qubic,
            MINER,
            format!(r#"{{"computorId":"{computor}","seed":"HEX64","nonce":"HEX64","id":4}}"#),
        ),
        (
            Protocol::Aleo,
            POOL,
            r#"{"difficulty":1,"epoch_challenge":{"epoch_number":0},"type":"task"}"#.to_owned(),
        ),
        (
            Protocol::P2Pool,
            MINER,
            r#"{"jsonrpc":"2.0","id":"0","method":"merge_mining_get_chain_id"}"#.to_owned(),
        ),
        (
            Protocol::EthProxy,
            MINER,
            r#"{"id":1,"method":"xyz_submitLogin","params":["0xADDR40"]}"#.to_owned(),
        ),
    ] {
        let judged = Talk::new().says(side, &line).judged();
        assert_eq!((judged.protocol, judged.verdict), (protocol, Verdict::Probable), "{line}");
        assert_eq!(judged.miner_sends, MINER, "{line}");
        for odd in [
            format!("\u{feff} {line}\r"),
            format!("[{line}]"),
            line.replace(':', " :  ").replace(',', "\t, "),
            line.replace("\"method\"", "\"m\\u0065thod\""),
        ] {
            let judged = Talk::new().says(side, &odd).judged();
            assert_eq!((judged.protocol, judged.miner_sends), (protocol, MINER), "{odd}");
        }
        let whole = super::fill(&line);
        for end in ["\n", ""] {
            let bytes = format!("{whole}{end}");
            let talk = bytes.as_bytes().chunks(7).fold(Talk::new(), |talk, part| talk.raw(side, part));
            assert_eq!(talk.judged().protocol, protocol, "{line} in pieces");
        }
        assert!(Talk::new().says(side, whole.get(9..).unwrap()).silent(), "{line}, joined within");
        assert!(
            Talk::new().raw(side, whole.get(..whole.len() - 1).unwrap().as_bytes()).silent(),
            "{line}, cut"
        );
    }
}

#[test]
fn messages_in_the_wrong_form_are_nothing() {
    let edges = ["7"; 12].join(",");
    for line in [
        r#"{"method":"login","api_key":"abcdef","id":"login"}"#.to_owned(),
        r#"{"method":"login","api_key":"abcdef","id":"login","jsonrpc":"2.0","sign":"x"}"#.to_owned(),
        r#"{"method":"login","api_key":"abcdef","id":1,"jsonrpc":"2.0"}"#.to_owned(),
        r#"{"id":"9","jsonrpc":"2.0","method":"job","input":"abc","difficulty":1}"#.to_owned(),
        r#"{"id":"9","jsonrpc":"2.0","method":"job","input":"HEX64","difficulty":-1}"#.to_owned(),
        r#"{"id":"9","jsonrpc":"2.0","method":"result","code":1,"description":"accepted"}"#.to_owned(),
        format!(
            r#"{{"id":"1","jsonrpc":"2.0","method":"submit","params":{{"pow":[{edges}],"nonce":1,"height":7}}}}"#
        ),
        r#"{"id":1,"wallet":"W-17","worker":"w"}"#.to_owned(),
        r#"{"id":2,"computorId":"desk"}"#.to_owned(),
        r#"{"id":6,"difficulty":3}"#.to_owned(),
        r#"{"type":"auth_request","username":"alice"}"#.to_owned(),
        r#"{"type":"auth_response","result":true,"address":"alice","message":null}"#.to_owned(),
        r#"{"id":1,"method":"user_submitLogin","params":{"name":"alice"}}"#.to_owned(),
        r#"{"id":1,"method":"do_login","params":["0xADDR40"]}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"result":{"chain_id":"1"}}"#.to_owned(),
        "GOOD".to_owned(),
        "3.0".to_owned(),
        DUINO_JOB.to_owned(),
        "JOB,alice,MEDIUM,None".to_owned(),
    ] {
        for side in [MINER, POOL] {
            let talk = Talk::new().says(side, &line);
            assert!(talk.silent(), "{line}: {:?}", talk.conversation.assessment());
        }
    }
}

#[test]
fn a_refusal_leaves_the_miner_at_its_attempt() {
    let computor = "COMPUTORID".repeat(6);
    for (login, answer) in [
        (XMRIG.to_owned(), r#"{"id":1,"jsonrpc":"2.0","error":{"code":-1,"message":"IP address banned"}}"#),
        (BEAM_LOGIN.to_owned(), r#"{"code":-32003,"description":"Login failed","id":"login","jsonrpc":"2.0","method":"result"}"#),
        (
            r#"{"id":1,"method":"eth_submitLogin","params":["0xADDR40"]}"#.to_owned(),
            r#"{"id":1,"jsonrpc":"2.0","result":false}"#,
        ),
        (
            r#"{"id":"Stratum","jsonrpc":"2.0","method":"login","params":{"login":"a","pass":"x","agent":"bminer"}}"#
                .to_owned(),
            r#"{"id":"Stratum","jsonrpc":"2.0","method":"login","result":null,"error":{"code":-32500,"message":"login first"}}"#,
        ),
        (
            r#"{"id":1,"method":"ckb_submitLogin","params":{"login":"ckb1q"}}"#.to_owned(),
            r#"{"id":1,"error":{"code":"101","message":"unknown"}}"#,
        ),
        (
            r#"{"id":7,"method":"mining.subscribe","body":{"publicAddress":"HEX64"}}"#.to_owned(),
            r#"{"id":7,"error":{"id":1,"message":"bad address"}}"#,
        ),
        (
            format!(r#"{{"id":1,"wallet":"{computor}","worker":"w"}}"#),
            r#"{"id":1,"result":false,"error":"Invalid wallet"}"#,
        ),
    ] {
        let judged = Talk::new().miner(&login).pool(answer).judged();
        assert_eq!((judged.verdict, judged.stage), (Verdict::Confirmed, Stage::Attempt), "{answer}");
        let kinds: Vec<_> = judged.evidence.iter().map(|reason| reason.kind).collect();
        assert!(kinds.contains(&"pool-error"), "{answer}: {kinds:?}");
    }
}

#[test]
fn shares_are_rejected_in_whatever_form() {
    let submit =
        r#"{"id":2,"method":"submit","params":{"id":"s","job_id":"j","nonce":"d0030040","result":"HEX64"}}"#;
    for answer in [
        r#"{"id":2,"jsonrpc":"2.0","error":{"code":-1,"message":"Low difficulty share"}}"#,
        r#"{"id":2,"jsonrpc":"2.0","result":null,"error":{"code":-1,"message":"Block expired"}}"#,
        r#"{"id":2,"result":{"status":"rejected"}}"#,
        r#"{"id":2,"result":{"status":"REJECTED","reason":"stale"},"error":null}"#,
    ] {
        let shares = Talk::new().miner(XMRIG).miner(submit).pool(answer).judged().facts.shares;
        assert_eq!((shares.submitted, shares.accepted, shares.rejected), (1, 0, 1), "{answer}");
    }
    let job = r#"{"jsonrpc":"2.0","method":"job","params":{"blob":"BLOB","job_id":"j","target":"711b0d00"}}"#;
    let pool = Talk::new().pool(job).pool(r#"{"id":2,"result":{"status":"OK"}}"#);
    let shares =
        pool.pool(r#"{"id":3,"error":{"code":-1,"message":"Duplicate share"}}"#).judged().facts.shares;
    assert_eq!((shares.submitted, shares.accepted, shares.rejected), (2, 1, 1), "the miner out of sight");
}

#[test]
fn grins_own_words_decide_over_moneros() {
    let login = format!(
        r#"{{"id":1,"method":"login","params":{{"login":"{}","pass":"x","agent":"GMiner"}},"jsonrpc":"2.0"}}"#,
        wallet()
    );
    assert_eq!(only(&login).protocol, Protocol::CryptoNote);
    assert_eq!(Talk::new().miner(&login).pool(GRIN_JOB).judged().protocol, Protocol::Grin);
}

#[test]
fn duino_coin_needs_no_line_ends() {
    let result = "184,1823456.7,Official PC Miner 4.3,desk,,1234";
    for end in ["", "\n", "\r\n"] {
        let said = |talk: Talk, side, text: &str| talk.raw(side, format!("{text}{end}").as_bytes());
        let talk = said(Talk::new(), POOL, "3.0");
        let talk = said(talk, MINER, "JOB,alice,MEDIUM,None");
        let talk = said(said(talk, POOL, DUINO_JOB), MINER, result);
        let talk = said(said(talk, POOL, "GOOD"), MINER, "JOB,alice,MEDIUM,None");
        let talk = said(said(said(talk, POOL, DUINO_JOB), MINER, result), POOL, "BAD,Too fast");
        let judged = talk.judged();
        assert_eq!((judged.protocol, judged.verdict), (Protocol::DuinoCoin, Verdict::Confirmed), "{end:?}");
        let shares = judged.facts.shares;
        assert_eq!((shares.submitted, shares.accepted, shares.rejected), (2, 1, 1), "{end:?}");
        assert_eq!(judged.facts.worker.as_deref(), Some("desk"));
        assert_eq!(judged.facts.claimed_hash_rate, Some(1_823_456.7));
    }
}

#[test]
fn a_table_of_digests_is_no_pool() {
    let talk = (0..20).fold(Talk::new(), |talk, _| talk.pool(DUINO_JOB));
    assert!(talk.silent());
}

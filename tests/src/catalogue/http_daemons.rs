//! Mining over HTTP at the daemons of single coins.

use detector::judge::{Protocol, Verdict};

use super::Entry;
use crate::talk::Talk;
use crate::talk_http::{chunked, get, ok, post};

const JSON: &str = "Content-Type: application/json";

pub(super) fn entries() -> Vec<Entry> {
    vec![signum(), kadena(), sia(), chia(), gram()]
}

fn signum() -> Entry {
    let fields = "Host: signapool.example.org:8080\r\nUser-Agent: signum-miner/2.0.0\r\nX-Capacity: 18000\r\nX-Miner: signum-miner/2.0.0\r\nX-MinerAlias: rig7";
    let info = |height: u32| {
        format!(
            r#"{{"height":"{height}","generationSignature":"{}","baseTarget":"312345","targetDeadline":"8640000","requestProcessingTime":0}}"#,
            "60".repeat(32)
        )
    };
    let talk = (1..=3).fold(Talk::new(), |talk, height| {
        let share = format!("/burst?requestType=submitNonce&accountId=12345678901234567890&nonce=9876543210{height}&blockheight={height}&deadline=123456");
        talk.client_bytes(&get("/burst?requestType=getMiningInfo", fields))
            .server_bytes(&ok(JSON, info(height).as_bytes()))
            .client_bytes(&post(&share, fields, b""))
            .server_bytes(&ok(JSON, br#"{"result":"success","deadline":123456,"deadlineText":"1 day"}"#))
    });
    Entry::new(
        Protocol::Signum,
        "Signum (Burst): signum-miner",
        "`requestType=getMiningInfo` and `submitNonce`; the header fields `X-Capacity`, `X-Miner`",
    )
    .talk(talk)
    .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), Some(Verdict::Suspected))
    .fact("wallet", "12345678901234567890")
    .fact("worker", "rig7")
    .fact("agent", "signum-miner/2.0.0")
    .fact("pool_name", "signapool.example.org")
}

fn kadena() -> Entry {
    let account = format!("k:{}", "70".repeat(32));
    let fields = "Host: node.example.org:1848\r\nAccept: application/octet-stream\r\nContent-Type: application/json;charset=utf-8";
    let body =
        format!(r#"{{"predicate":"keys-all","account":"{account}","public-keys":["{}"]}}"#, "70".repeat(32));
    let base = "/chainweb/0.0/mainnet01/mining";
    let octets = "Content-Type: application/octet-stream";
    let talk = (0..3u8).fold(Talk::new(), |talk, chain| {
        let work: Vec<u8> = [[chain, 0, 0, 0].as_slice(), &[0x71; 32], &[0x72; 286]].concat();
        talk.client_bytes(&post(&format!("{base}/work"), fields, body.as_bytes()))
            .server_bytes(&ok(octets, &work))
            .client_bytes(&post(&format!("{base}/solved"), octets, &[0x72; 286]))
            .server_bytes(b"HTTP/1.1 204 No Content\r\n\r\n")
    });
    let talk = talk
        .client_bytes(&get(&format!("{base}/updates"), "Host: node.example.org:1848"))
        .server_bytes(&chunked("Content-Type: text/event-stream", b"event:New Cut\n\n", 100));
    Entry::new(
        Protocol::GetWork,
        "Kadena: chainweb-miner at a node",
        "the paths `/chainweb/0.0/.../mining/work`, `solved` and `updates`; work of 322 bytes",
    )
    .talk(talk)
    .verdicts(Some(Verdict::Confirmed), Some(Verdict::Confirmed), None)
    .fact("wallet", account)
    .fact("coin", "KDA")
}

fn sia() -> Entry {
    let fields = "Host: 127.0.0.1:9980\r\nUser-Agent: Sia-Agent";
    let work = [[0; 8].as_slice(), &[0x5a; 24], &[0x80; 80]].concat();
    let talk = (0..3).fold(Talk::new(), |talk, _| {
        talk.client_bytes(&get("/miner/header", fields))
            .server_bytes(&ok("Content-Type: application/octet-stream", &work))
            .client_bytes(&post("/miner/header", fields, &[0x81; 80]))
            .server_bytes(b"HTTP/1.1 204 No Content\r\n\r\n")
    });
    Entry::new(
        Protocol::GetWork,
        "Sia: a miner at its node",
        "the path `/miner/header`; target and header as 112 bytes",
    )
    .talk(talk)
    .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), None)
}

fn chia() -> Entry {
    let fields = "Host: xchpool.example.org\r\nAccept: */*\r\nUser-Agent: Chia Blockchain v.2.4.3\r\nContent-Type: application/json";
    let launcher = "0x".to_owned() + &"90".repeat(32);
    let info = format!(
        r#"{{"description": "a pool", "fee": "0.01", "logo_url": "https://xchpool.example.org/logo.svg", "minimum_difficulty": 10, "name": "a pool", "protocol_version": 1, "relative_lock_height": 100, "target_puzzle_hash": "0x{}", "authentication_token_timeout": 5}}"#,
        "91".repeat(32)
    );
    let payout = "92".repeat(32);
    let farmer = format!(
        r#"{{"authentication_public_key": "0x{}", "payout_instructions": "{payout}", "current_difficulty": 10, "current_points": 5}}"#,
        "93".repeat(48)
    );
    let join = format!(
        r#"{{"payload": {{"launcher_id": "{launcher}", "authentication_token": 28000000, "authentication_public_key": "0x{}", "payout_instructions": "{payout}", "suggested_difficulty": null}}, "signature": "0x{}"}}"#,
        "93".repeat(48),
        "94".repeat(96)
    );
    let partial = |number: u32| {
        format!(
            r#"{{"payload": {{"launcher_id": "{launcher}", "authentication_token": 28000000, "proof_of_space": {{"challenge": "0x{number:064x}", "pool_contract_puzzle_hash": "0x{}", "plot_public_key": "0x{}", "size": 32, "proof": "0x{}"}}, "sp_hash": "0x{}", "end_of_sub_slot": false, "harvester_id": "0x{}"}}, "aggregate_signature": "0x{}"}}"#,
            "91".repeat(32),
            "93".repeat(48),
            "95".repeat(256),
            "96".repeat(32),
            "97".repeat(32),
            "94".repeat(96)
        )
    };
    let query =
        format!("/farmer?launcher_id={launcher}&authentication_token=28000000&signature={}", "94".repeat(96));
    let talk = Talk::new()
        .client_bytes(&get("/pool_info", fields))
        .server_bytes(&ok(JSON, info.as_bytes()))
        .client_bytes(&post("/farmer", fields, join.as_bytes()))
        .server_bytes(&ok(JSON, br#"{"welcome_message": "Welcome"}"#))
        .client_bytes(&get(&query, fields))
        .server_bytes(&ok(JSON, farmer.as_bytes()));
    let talk = (0..3).fold(talk, |talk, number| {
        talk.client_bytes(&post("/partial", fields, partial(number).as_bytes()))
            .server_bytes(&ok(JSON, br#"{"new_difficulty": 10}"#))
    });
    Entry::new(
        Protocol::Chia,
        "Chia: a farmer at its pool, in the clear",
        "`/pool_info`, `/farmer` and `/partial` with a proof of space",
    )
    .talk(talk)
    .verdicts(Some(Verdict::Confirmed), Some(Verdict::Confirmed), Some(Verdict::Probable))
    .fact("wallet", payout)
    .fact("pool_name", "xchpool.example.org")
}

fn gram() -> Entry {
    let address = "EQAinventedAddressOfNobodyInTheNetworkOfTON_0000";
    let fields = "Host: api-pool.example.org\r\nX-MINER-VERSION: EXTERNAL-bc10c1fa\r\nAccept: */*";
    let work = format!(
        r#"{{"task":{{"id":"7","seed":"{}","complexity":"{}","pool_address":"EQBpool"}},"tick":5000}}"#,
        "a0".repeat(16),
        "00ff".repeat(16)
    );
    let solution = format!(r#"{{"id":"7","solution":"{}"}}"#, "a1".repeat(60));
    let talk = (0..3).fold(Talk::new(), |talk, _| {
        talk.client_bytes(&get(&format!("/v2/task/{address}"), fields))
            .server_bytes(&ok(JSON, work.as_bytes()))
            .client_bytes(&post(&format!("/v2/solution/{address}"), fields, solution.as_bytes()))
            .server_bytes(&ok(JSON, b"{}"))
    });
    Entry::new(
        Protocol::GetWork,
        "TON: Gram, a miner at its pool, in the clear",
        "the header field `X-MINER-VERSION` with the paths `/v2/task` and `/v2/solution`; the pool's task",
    )
    .talk(talk)
    .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), Some(Verdict::Probable))
    .fact("wallet", address)
    .fact("agent", "EXTERNAL-bc10c1fa")
}

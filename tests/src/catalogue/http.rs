//! Mining over HTTP: getwork, block templates and the interfaces like them.

use detector::judge::{Protocol, Stage, Verdict};

use super::Entry;
use crate::talk::Talk;
use crate::talk_http::{chunked, get, ok, post};

const JSON: &str = "Content-Type: application/json";

/// A Monero address that nobody has.
fn monero() -> String {
    format!("4{}", "7Qz".repeat(31) + "w")
}

pub(super) fn entries() -> Vec<Entry> {
    [getwork(), templates(), ethereum(), monero_nodes()].concat()
}

/// Block header and target as a pool of getwork gives them.
fn work(number: u32) -> String {
    format!(
        r#"{{"error": null, "id": 0, "result": {{"midstate": "{}", "data": "{:08x}{}", "hash1": "{}", "target": "{}"}}}}"#,
        "5c".repeat(32),
        number,
        "0a".repeat(124),
        "00".repeat(64),
        "f".repeat(56) + "00000000"
    )
}

/// A client of getwork: asks, works, hands in, thrice.
fn getwork_talk(request: impl Fn(&str) -> Vec<u8>, end: &str) -> Talk {
    let fields =
        "Server: pool\r\nX-Long-Polling: /LP\r\nX-Roll-NTime: expire=120\r\nContent-Type: application/json";
    (1..=3).fold(Talk::new(), |talk, number| {
        let share = format!("{number:08x}{}", "0b".repeat(124));
        talk.client_bytes(&request(&format!(r#"{{"method": "getwork", "params": [], "id":0}}{end}"#)))
            .server_bytes(&ok(fields, work(number).as_bytes()))
            .client_bytes(&request(&format!(
                r#"{{"method": "getwork", "params": [ "{share}" ], "id":1}}{end}"#
            )))
            .server_bytes(&ok(fields, br#"{"error": null, "id": 1, "result": true}"#))
    })
}

fn getwork() -> Vec<Entry> {
    let how =
        "`getwork` over HTTP and the header fields `X-Mining-Extensions`, `X-Long-Polling`, `X-Roll-NTime`";
    // bob.rig7:x
    let cgminer = |body: &str| {
        let fields = "Authorization: Basic Ym9iLnJpZzc6eA==\r\nHost: pool.example.org:8332\r\n\
                      Accept-Encoding: deflate, gzip\r\nContent-type: application/json\r\n\
                      X-Mining-Extensions: longpoll midstate rollntime submitold\r\nX-Mining-Hashrate: 860000000\r\n\
                      User-Agent: cgminer 2.11.4";
        post("/", fields, body.as_bytes())
    };
    let cpuminer = |body: &str| {
        let fields = "Host: pool.example.org:9332\r\nAuthorization: Basic Ym9iLnJpZzc6eA==\r\n\
                      Accept-Encoding: deflate, gzip\r\nContent-Type: application/json\r\n\
                      User-Agent: cpuminer/2.5.1\r\nX-Mining-Extensions: longpoll reject-reason";
        post("/", fields, body.as_bytes())
    };
    let plain =
        |body: &str| post("/", "Host: 192.0.2.7:8332\r\nContent-Type: application/json", body.as_bytes());
    let entry = |title, talk| Entry::new(Protocol::GetWork, title, how).talk(talk);
    let known = |entry: Entry| {
        entry.fact("wallet", "bob").fact("worker", "rig7").fact("pool_name", "pool.example.org")
    };
    vec![
        known(entry("Bitcoin: cgminer, getwork", getwork_talk(cgminer, "\n")))
            .fact("agent", "cgminer 2.11.4"),
        known(entry("Litecoin: cpuminer, getwork", getwork_talk(cpuminer, "\r\n")))
            .fact("agent", "cpuminer/2.5.1"),
        entry("getwork without header fields of mining", getwork_talk(plain, "")).verdicts(
            Some(Verdict::Confirmed),
            Some(Verdict::Probable),
            Some(Verdict::Confirmed),
        ),
    ]
}

fn template(height: u32) -> String {
    format!(
        r#"{{"result":{{"capabilities":["proposal"],"version":536870912,"rules":["csv","segwit"],"vbavailable":{{}},"vbrequired":0,"previousblockhash":"{height:08x}{}","transactions":[],"coinbaseaux":{{}},"coinbasevalue":312500000,"longpollid":"{}17","target":"{}","mintime":1760000000,"mutable":["time","transactions","prevblock"],"noncerange":"00000000ffffffff","sigoplimit":80000,"sizelimit":4000000,"weightlimit":4000000,"curtime":1760000100,"bits":"1702a3b4","height":{height}}},"error":null,"id":0}}
"#,
        "0c".repeat(28),
        "0c".repeat(32),
        "00".repeat(10) + &"f".repeat(44),
    )
}

/// `count` requests for a template, each answered.
fn template_talk(count: u32, request: &[u8], talk: Talk) -> Talk {
    (1..=count).fold(talk, |talk, height| {
        talk.client_bytes(request).server_bytes(&ok(JSON, template(900_000 + height / 3).as_bytes()))
    })
}

fn templates() -> Vec<Entry> {
    let how = "`getblocktemplate` with what only mining software can do, or again and again; `submitblock`";
    let entry = |title, talk| Entry::new(Protocol::GetBlockTemplate, title, how).talk(talk);
    // rpc:secret
    let node =
        "Host: 192.0.2.7:8332\r\nAuthorization: Basic cnBjOnNlY3JldA==\r\nContent-Type: application/json";
    let cpuminer = post(
        "/",
        &format!("{node}\r\nUser-Agent: cpuminer/2.5.1\r\nX-Mining-Extensions: longpoll reject-reason"),
        b"{\"method\": \"getblocktemplate\", \"params\": [{\"capabilities\": [\"coinbasetxn\", \"coinbasevalue\", \
          \"longpoll\", \"workid\"], \"rules\": [\"segwit\"]}], \"id\":0}\r\n",
    );
    let bfgminer = format!(
        "{node}\r\nUser-Agent: bfgminer/5.2.0\r\nX-Mining-Extensions: longpoll midstate rollntime submitold"
    );
    let asked = br#"{"id": 0, "method": "getblocktemplate", "params": [{"capabilities": ["coinbasetxn", "workid", "longpoll", "coinbase/append", "time/increment", "version/force", "version/reduce", "submit/coinbase", "submit/truncate"], "maxversion": 4}]}"#;
    let bfgminer = post("/", &bfgminer, asked);
    let (head, body) = bfgminer.split_at(bfgminer.len() - asked.len());
    let pool = post(
        "/",
        node,
        br#"{"jsonrpc":"1.0","id":0,"method":"getblocktemplate","params":[{"capabilities":["coinbasetxn","workid","coinbase/append"],"rules":["segwit"]}]}"#,
    );
    let gateway = post("/", node, br#"{"method":"getblocktemplate","params":[{"rules":["segwit"]}],"id":0}"#);
    let block = format!(r#"{{"method":"submitblock","params":["{}"],"id":1}}"#, "0d".repeat(200));
    let submit = |talk: Talk| {
        talk.client_bytes(&post("/", node, block.as_bytes()))
            .server_bytes(&ok(JSON, b"{\"result\":null,\"error\":null,\"id\":1}\n"))
    };
    let aux = post(
        "/",
        node,
        br#"{"id":1,"method":"createauxblock","params":["N5fBmYw9qMcVnQnb9Wd1Xw2vhEJ5jUQZbK"]}"#,
    );
    let aux_share = format!(
        r#"{{"id":2,"method":"submitauxblock","params":["{}","{}"]}}"#,
        "0e".repeat(32),
        "0f".repeat(150)
    );
    let aux_work = format!(
        r#"{{"result":{{"hash":"{}","chainid":1,"previousblockhash":"{}","coinbasevalue":625000000,"bits":"1702a3b4","height":700000,"_target":"{}"}},"error":null,"id":1}}"#,
        "0e".repeat(32),
        "0c".repeat(32),
        "f".repeat(56) + "00000000"
    );
    vec![
        entry("Bitcoin: cpuminer at its node", submit(template_talk(3, &cpuminer, Talk::new())))
            .verdicts(Some(Verdict::Confirmed), Some(Verdict::Confirmed), None)
            .fact("agent", "cpuminer/2.5.1"),
        entry(
            "Bitcoin: bfgminer asks a port of Stratum over HTTP",
            Talk::new()
                .client_bytes(head)
                .client_bytes(body)
                .server(r#"{"id":0,"result":null,"error":[20,"Parse error",null]}"#),
        )
        .stage(Stage::Attempt)
        .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), None)
        .fact("agent", "bfgminer/5.2.0"),
        entry("Bitcoin: a pool at its node (NOMP, ckpool, Miningcore)", template_talk(8, &pool, Talk::new()))
            .stage(Stage::Working)
            .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), None),
        entry("Bitcoin: the DATUM gateway at its node", submit(template_talk(8, &gateway, Talk::new())))
            .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), None),
        Entry::new(
            Protocol::GetBlockTemplate,
            "Namecoin: merged mining (createauxblock)",
            "`getauxblock`, `createauxblock`, `submitauxblock`; answers with a hash and the chain's number",
        )
        .talk(
            (0..6)
                .fold(Talk::new(), |talk, _| {
                    talk.client_bytes(&aux).server_bytes(&ok(JSON, aux_work.as_bytes()))
                })
                .client_bytes(&post("/", node, aux_share.as_bytes()))
                .server_bytes(&ok(JSON, br#"{"result":true,"error":null,"id":2}"#)),
        )
        .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), Some(Verdict::Probable)),
    ]
}

fn eth_work(number: u32) -> Vec<u8> {
    let work = format!(
        r#"{{"jsonrpc":"2.0","id":1,"result":["0x{number:08x}{}","0x{}","0x0000000112e0be826d694b2e62d01511f12a6061fbaec8bc02357593e70e52ba"]}}"#,
        "1a".repeat(28),
        "2b".repeat(32)
    );
    ok(JSON, work.as_bytes())
}

fn ethereum() -> Vec<Entry> {
    let how = "`eth_getWork` again and again, `eth_submitWork` and `eth_submitHashrate`, with the prefix of any coin";
    let talk = |path: &str, host: &str, prefix: &str| {
        let ask = |method: &str, params: &str| {
            let body =
                format!(r#"{{"id":1,"jsonrpc":"2.0","method":"{prefix}_{method}","params":[{params}]}}"#);
            post(path, &format!("Host: {host}\r\nContent-Type: application/json"), body.as_bytes())
        };
        let hash = format!(r#""0x{}""#, "3c".repeat(32));
        (1..=6).fold(Talk::new(), |talk, number| {
            let talk = talk.client_bytes(&ask("getWork", "")).server_bytes(&eth_work(number / 2));
            if number % 2 == 1 {
                return talk;
            }
            talk.client_bytes(&ask("submitHashrate", &format!(r#""0x{:064x}",{hash}"#, 30_000_000)))
                .server_bytes(&ok(JSON, br#"{"jsonrpc":"2.0","id":1,"result":true}"#))
                .client_bytes(&ask("submitWork", &format!(r#""0x{number:016x}",{hash},{hash}"#)))
                .server_bytes(&ok(JSON, br#"{"jsonrpc":"2.0","id":1,"result":true}"#))
        })
    };
    let wallet = "0x00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee";
    let entry = |title, talk| Entry::new(Protocol::GetWork, title, how).talk(talk);
    let verdicts =
        |entry: Entry, miner| entry.verdicts(Some(Verdict::Confirmed), Some(miner), Some(Verdict::Suspected));
    vec![
        verdicts(
            entry("Ethereum: ethminer at its node, getwork", talk("/", "127.0.0.1:8545", "eth")),
            Verdict::Confirmed,
        ),
        verdicts(
            entry(
                "Ethereum: ethminer at a pool, getwork",
                talk(&format!("/{wallet}/rig7"), "eth.example.org", "eth"),
            ),
            Verdict::Confirmed,
        )
        .fact("wallet", wallet)
        .fact("worker", "rig7")
        .fact("pool_name", "eth.example.org"),
        verdicts(
            entry("Aquachain: aquachain-miner, getwork", talk("/", "192.0.2.7:8543", "aqua")),
            Verdict::Confirmed,
        ),
    ]
}

fn monero_nodes() -> Vec<Entry> {
    let wallet = monero();
    let entry = |title, how, talk| Entry::new(Protocol::GetBlockTemplate, title, how).talk(talk);
    let xmrig = |extra: &str, body: &str| {
        let fields = format!(
            "Connection: keep-alive\r\nHost: 192.0.2.7:18081\r\nUser-Agent: XMRig/6.22.2 (Linux x86_64) libuv/1.48.0 gcc/13.3.0{extra}"
        );
        if body.is_empty() { get("/getheight", &fields) } else { post("/json_rpc", &fields, body.as_bytes()) }
    };
    let ask = format!(
        r#"{{"id":1,"jsonrpc":"2.0","method":"getblocktemplate","params":{{"wallet_address":"{wallet}","extra_nonce":"{}"}}}}"#,
        "4d".repeat(8)
    );
    let blob = |number: u32| {
        format!(
            r#"{{"id":1,"jsonrpc":"2.0","result":{{"blockhashing_blob":"1010{}","blocktemplate_blob":"1010{number:08x}{}","difficulty":{}00000,"difficulty_top64":0,"expected_reward":600000000000,"height":3200000,"next_seed_hash":"","prev_hash":"{}","reserved_offset":131,"seed_hash":"{}","seed_height":3198976,"status":"OK","untrusted":false,"wide_difficulty":"0x4a817c800"}}}}"#,
            "4e".repeat(74),
            "4e".repeat(200),
            200_000 + number,
            "4f".repeat(32),
            "50".repeat(32)
        )
    };
    let block =
        format!(r#"{{"id":2,"jsonrpc":"2.0","method":"submitblock","params":["1010{}"]}}"#, "4e".repeat(200));
    let solo = (1..=3).fold(Talk::new(), |talk, number| {
        talk.client_bytes(&xmrig("", &ask))
            .server_bytes(&ok(JSON, blob(number).as_bytes()))
            .client_bytes(&xmrig("", ""))
            .server_bytes(&ok(JSON, br#"{"hash": "00","height": 3200000,"status": "OK","untrusted": false}"#))
    });
    let solo = solo
        .client_bytes(&xmrig("\r\nX-Hash-Difficulty: 312345678901", &block))
        .server_bytes(&ok(JSON, br#"{"id":2,"jsonrpc":"2.0","result":{"status":"OK","untrusted":false}}"#));
    let p2pool =
        |body: &str| post("/json_rpc", "Host: 192.0.2.7\r\nContent-Type: application/json", body.as_bytes());
    let data = format!(
        r#"{{"id":"0","jsonrpc":"2.0","result":{{"already_generated_coins":18446744073709551615,"difficulty":"0x4a817c800","height":3200000,"major_version":16,"median_weight":300000,"prev_id":"{}","seed_hash":"{}","status":"OK","tx_backlog":[],"untrusted":false}}}}"#,
        "4f".repeat(32),
        "50".repeat(32)
    );
    let at_node = (0..6).fold(Talk::new(), |talk, _| {
        talk.client_bytes(&p2pool(r#"{"jsonrpc":"2.0","id":"0","method":"get_miner_data"}"#))
            .server_bytes(&ok(JSON, data.as_bytes()))
    });
    let chain = format!(r#"{{"jsonrpc":"2.0","id":"0","result":{{"chain_id":"{}"}}}}"#, "51".repeat(32));
    let aux = format!(
        r#"{{"jsonrpc":"2.0","id":"0","result":{{"aux_blob":"4c6f72656d","aux_diff":123456,"aux_hash":"{}"}}}}"#,
        "52".repeat(32)
    );
    let merge = (0..3).fold(
        Talk::new()
            .client_bytes(&p2pool(r#"{"jsonrpc":"2.0","id":"0","method":"merge_mining_get_chain_id"}"#))
            .server_bytes(&chunked(JSON, chain.as_bytes(), 50)),
        |talk, height| {
            let ask = format!(
                r#"{{"jsonrpc":"2.0","id":"0","method":"merge_mining_get_aux_block","params":{{"address":"aux-wallet-of-nobody","aux_hash":"{}","height":{height},"prev_id":"{}"}}}}"#,
                "52".repeat(32),
                "4f".repeat(32)
            );
            talk.client_bytes(&p2pool(&ask)).server_bytes(&chunked(JSON, aux.as_bytes(), 50))
        },
    );
    let solution = format!(
        r#"{{"jsonrpc":"2.0","id":"0","method":"merge_mining_submit_solution","params":{{"aux_blob":"4c6f72656d","aux_hash":"{}","blob":"{}","merkle_proof":[],"path":0,"seed_hash":"{}"}}}}"#,
        "52".repeat(32),
        "53".repeat(90),
        "50".repeat(32)
    );
    let merge = merge.client_bytes(&p2pool(&solution)).server_bytes(&chunked(
        JSON,
        br#"{"jsonrpc":"2.0","id":"0","result":{"status":"accepted"}}"#,
        50,
    ));
    vec![
        entry(
            "Monero: XMRig at its node (daemon mode)",
            "a block template that pays a wallet, asked for by mining software or again and again; `X-Hash-Difficulty`",
            solo,
        )
        .verdicts(Some(Verdict::Confirmed), Some(Verdict::Confirmed), Some(Verdict::Suspected))
        .fact("wallet", wallet.as_str())
        .fact("coin", "XMR")
        .fact("agent", "XMRig/6.22.2 (Linux x86_64) libuv/1.48.0 gcc/13.3.0"),
        entry("Monero: P2Pool at its node", "`get_miner_data` again and again", at_node)
            .stage(Stage::Working)
            .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), Some(Verdict::Suspected)),
        Entry::new(
            Protocol::P2Pool,
            "P2Pool: merge mining over HTTP, in chunks",
            "the methods `merge_mining_*` and their answers",
        )
        .talk(merge)
            .fact("wallet", "aux-wallet-of-nobody"),
    ]
}

//! HTTP that speaks of mining, or in its words, and does not mine.

use super::Lookalike;
use crate::talk::Talk;
use crate::talk_http::{chunked, get, ok, post};

const JSON: &str = "Content-Type: application/json";
const NODE: &str =
    "Host: 127.0.0.1:8332\r\nAuthorization: Basic cnBjOnNlY3JldA==\r\nContent-Type: application/json";

/// What a pool and a miner say, line by line.
const TRANSCRIPT: &str = r#"{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}
{"id":1,"result":[[["mining.notify","1"],["mining.set_difficulty","2"]],"00b61738",4],"error":null}
{"id":2,"method":"mining.authorize","params":["alice.rig1","x"]}
{"id":2,"result":true,"error":null}
{"id":null,"method":"mining.set_difficulty","params":[4096]}
{"method":"getwork","params":[],"id":0}
{"id":4,"method":"mining.submit","params":["alice.rig1","1","00000001","65f00000","0a0b0c0d"]}
"#;

pub(super) fn all() -> Vec<Lookalike> {
    let rpc = |talk: Talk, body: &str, answer: &str| {
        talk.client_bytes(&post("/", NODE, body.as_bytes())).server_bytes(&ok(JSON, answer.as_bytes()))
    };
    let one = |body: &str, answer: &str| rpc(Talk::new(), body, answer);
    let look = |title, talk| Lookalike { title, talk };
    let template = format!(
        r#"{{"result":{{"capabilities":["proposal"],"version":536870912,"previousblockhash":"{}","transactions":[],"coinbasevalue":312500000,"target":"{}","noncerange":"00000000ffffffff","bits":"1702a3b4","height":900000}},"error":null,"id":1}}"#,
        "0c".repeat(32),
        "0d".repeat(32)
    );
    let dashboard = [
        (
            r#"{"method":"getblockchaininfo","params":[],"id":1}"#,
            r#"{"result":{"chain":"main","blocks":900000},"error":null,"id":1}"#,
        ),
        (
            r#"{"method":"getmininginfo","params":[],"id":1}"#,
            r#"{"result":{"blocks":900000,"difficulty":1.1e14,"networkhashps":8e20,"pooledtx":3000},"error":null,"id":1}"#,
        ),
        (r#"{"method":"getblocktemplate","params":[{"rules":["segwit"]}],"id":1}"#, template.as_str()),
        (r#"{"method":"getnetworkhashps","params":[],"id":1}"#, r#"{"result":8e20,"error":null,"id":1}"#),
    ];
    let hashes = format!(
        r#"{{"jsonrpc":"2.0","id":7,"result":["0x{0}","0x{0}","0x00{1}"]}}"#,
        "1a".repeat(32),
        "2b".repeat(31)
    );
    let work = hashes.replace(":7,", ":1,");
    let wallet = [
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":"0x1"}"#,
        ),
        (
            r#"{"jsonrpc":"2.0","id":2,"method":"eth_hashrate","params":[]}"#,
            r#"{"jsonrpc":"2.0","id":2,"result":"0x0"}"#,
        ),
        (
            r#"{"jsonrpc":"2.0","id":3,"method":"eth_mining","params":[]}"#,
            r#"{"jsonrpc":"2.0","id":3,"result":false}"#,
        ),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_getWork","params":[]}"#, work.as_str()),
        (r#"{"jsonrpc":"2.0","id":7,"method":"eth_getFilterChanges","params":["0x1"]}"#, hashes.as_str()),
    ];
    let browser = "Host: www.example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*";
    let page = format!("<html><body><h1>Stratum</h1>\n<pre>\n{TRANSCRIPT}</pre></body></html>\n");
    let plain = [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n".as_slice(),
        TRANSCRIPT.as_bytes(),
    ]
    .concat();
    let quoted = format!(r#"{{"channel":"mining","text":{}}}"#, serde_json::Value::from(TRANSCRIPT));
    let summary = r#"{"id":"c1","worker_id":"rig7","uptime":100,"version":"6.22.2","kind":"miner","ua":"XMRig/6.22.2","algo":"rx/0","connection":{"pool":"pool.example.org:3333","accepted":5,"rejected":0,"diff":5000},"hashrate":{"total":[100.0,100.0,100.0]}}"#;
    let job = r#"{"jobs":[{"id":17,"title":"Geologist","work":"mining","baseTarget":"n/a"}],"generationSignature":"x"}"#;
    let signum =
        format!(r#"{{"height":"1","generationSignature":"{}","baseTarget":"312345"}}"#, "60".repeat(32));
    let monero = r#"{"jsonrpc":"2.0","id":"0","method":"get_info"}"#;
    let info =
        r#"{"id":"0","jsonrpc":"2.0","result":{"difficulty":300000000000,"height":3200000,"status":"OK"}}"#;
    vec![
        look("A dashboard at a Bitcoin node asks for a block template once", dashboard.iter().fold(Talk::new(), |talk, (ask, answer)| rpc(talk, ask, answer))),
        look("An operator tries getblocktemplate with capabilities once", one(r#"{"method":"getblocktemplate","params":[{"capabilities":["coinbasetxn","workid","longpoll"],"rules":["segwit"]}],"id":1}"#, &template)),
        look("A tool proposes a block to a node", one(&format!(r#"{{"method":"getblocktemplate","params":[{{"mode":"proposal","data":"{}"}}],"id":1}}"#, "0e".repeat(200)), r#"{"result":"bad-txns","error":null,"id":1}"#)),
        look("A relay hands a block to a node", one(&format!(r#"{{"method":"submitblock","params":["{}"],"id":1}}"#, "0e".repeat(200)), r#"{"result":"duplicate","error":null,"id":1}"#)),
        look("A pool's accounting asks a node about blocks and addresses", (0..8).fold(Talk::new(), |talk, _| rpc(talk, r#"[{"method":"validateaddress","params":["mk8JqN1kNWju8o3DXEijiJyn7iqkwktAWq"],"id":1},{"method":"submitblock","params":[],"id":2}]"#, r#"[{"result":{"isvalid":true},"error":null,"id":1},{"result":null,"error":{"code":-1,"message":"submitblock <hex data>"},"id":2}]"#))),
        look("A wallet at an Ethereum node asks for its work once", wallet.iter().fold(Talk::new(), |talk, (ask, answer)| rpc(talk, ask, answer))),
        look("A Monero wallet looks at the height of its node", (0..10).fold(Talk::new(), |talk, _| {
            talk.client_bytes(&get("/getheight", "Host: 127.0.0.1:18081\r\nUser-Agent: monero-wallet"))
                .server_bytes(&ok(JSON, br#"{"hash":"00","height":3200000,"status":"OK"}"#))
                .client_bytes(&post("/json_rpc", "Host: 127.0.0.1:18081", monero.as_bytes()))
                .server_bytes(&ok(JSON, info.as_bytes()))
        })),
        look("A web page quotes a conversation over Stratum", Talk::new().client_bytes(&get("/stratum.html", browser)).server_bytes(&chunked("Content-Type: text/html", page.as_bytes(), 90))),
        look("A text file of a conversation over Stratum, as long as the connection", Talk::new().client_bytes(&get("/stratum.txt", browser)).server_bytes(&plain)),
        look("A chat over HTTP quotes Stratum and getwork", Talk::new().client_bytes(&post("/messages", browser, quoted.as_bytes())).server_bytes(&ok(JSON, quoted.as_bytes()))),
        look("A form hands in a conversation over Stratum", (0..3).fold(Talk::new(), |talk, _| talk.client_bytes(&post("/paste", browser, TRANSCRIPT.as_bytes())).server_bytes(&ok(JSON, TRANSCRIPT.as_bytes())))),
        look("A job portal has a page about mining work", Talk::new().client_bytes(&get("/mining/work", browser)).server_bytes(&ok(JSON, job.as_bytes())).client_bytes(&get("/jobs/mining/updates", browser)).server_bytes(&ok(JSON, b"[]"))),
        look("curl fetches a page under a miner's name", Talk::new().client_bytes(&get("/cgminer/", "Host: www.example.org\r\nUser-Agent: cgminer 4.11.1\r\nAccept: */*")).server_bytes(&ok("Content-Type: text/html", b"<h1>cgminer</h1><pre>\"getwork\"</pre>"))),
        look("A monitor scrapes XMRig's own interface", (0..10).fold(Talk::new(), |talk, _| {
            talk.client_bytes(&get("/2/summary", "Host: rig7:8080\r\nUser-Agent: Prometheus/2.53.0\r\nAccept: application/json")).server_bytes(&ok(JSON, summary.as_bytes()))
        })),
        look("A Signum wallet shows the state of mining once", Talk::new().client_bytes(&get("/api?requestType=getMiningInfo", browser)).server_bytes(&ok(JSON, signum.as_bytes()))),
        look("Someone looks at what a Chia pool says of itself", Talk::new().client_bytes(&get("/pool_info", browser)).server_bytes(&ok(JSON, format!(r#"{{"name":"a pool","minimum_difficulty":10,"relative_lock_height":100,"protocol_version":1,"target_puzzle_hash":"0x{}"}}"#, "91".repeat(32)).as_bytes()))),
        look("A package with miner in its name is fetched from a registry", Talk::new().client_bytes(&get("/coin-hive-stratum/-/coin-hive-stratum-2.6.8.tgz", "Host: registry.example.org\r\nUser-Agent: npm/10.8.2 node/v20.18.0")).server_bytes(&ok("Content-Type: application/octet-stream\r\nContent-Encoding: gzip", &[0x1f; 900]))),
        look("GraphQL asks about work", Talk::new().client_bytes(&post("/graphql", browser, br#"{"query":"query { getWork(id: 1) { midstate target data } }","variables":{"launcher_id":1}}"#)).server_bytes(&ok(JSON, br#"{"data":{"getWork":{"midstate":"x","target":"y","data":"z"}}}"#))),
        look("Electrum's interface over HTTP", Talk::new().client_bytes(&post("/", NODE, br#"{"id":1,"method":"getbalance","params":[]}"#)).server_bytes(&ok(JSON, br#"{"id":1,"jsonrpc":"2.0","result":{"confirmed":"0.1"}}"#))),
        look("Logs with the words of miners are sent to a collector", Talk::new().client_bytes(&post("/loki/api/v1/push", browser, br#"{"level":"info","ts":1760000000,"method":"getwork","params":[],"msg":"getblocktemplate"}"#)).server_bytes(b"HTTP/1.1 204 No Content\r\n\r\n")),
    ]
}

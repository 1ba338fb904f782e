//! Nodes, explorers and statistics of pools: what those say who watch mining and do not mine.

use super::Lookalike;
use super::wire::{lines, pages, service, websocket};
use crate::talk::Talk;

pub(super) fn all() -> Vec<Lookalike> {
    [rpc(), explorers(), pools()].concat()
}

/// `bitcoin-cli` closes the connection after its one call.
fn bitcoin_cli(question: &str, answer: &str) -> Talk {
    use super::wire::filled;
    let (question, answer) = (filled(question), filled(answer));
    let request = format!(
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Authorization: Basic X19jb29raWVfXzpub2JvZHk=\r\nContent-Length: {}\r\n\r\n{question}",
        question.len()
    );
    let response = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Sun, 22 Nov 2026 18:14:09 GMT\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{answer}",
        answer.len()
    );
    Talk::new().client_bytes(request.as_bytes()).server_bytes(response.as_bytes())
}

fn rpc() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "Bitcoin: somebody calls getblocktemplate once",
            bitcoin_cli(
                r#"{"method":"getblocktemplate","params":[{"rules":["segwit"]}],"id":1}"#,
                r#"{"result":{"capabilities":["proposal"],"version":536870912,"rules":["csv","!segwit","taproot"],"vbavailable":{},"vbrequired":0,"previousblockhash":"%64%","transactions":[{"data":"02000000%200%","txid":"%64%","hash":"%64%","depends":[],"fee":1130,"sigops":4,"weight":561}],"coinbaseaux":{},"coinbasevalue":312501130,"longpollid":"%64%17","target":"0000000000000000000%45%","mintime":1753171200,"mutable":["time","transactions","prevblock"],"noncerange":"00000000ffffffff","sigoplimit":80000,"sizelimit":4000000,"weightlimit":4000000,"curtime":1753171203,"bits":"1702a0f1","height":871204,"default_witness_commitment":"6a24aa21a9ed%64%"},"error":null,"id":1}
"#,
            ),
        ),
        Lookalike::new(
            "Bitcoin: a developer submits one block on regtest",
            bitcoin_cli(
                r#"{"method":"submitblock","params":["00000030%500%"],"id":1}"#,
                "{\"result\":\"duplicate\",\"error\":null,\"id\":1}\n",
            ),
        ),
        Lookalike::new(
            "Bitcoin: Prometheus' exporter asks the node about mining and fees, many times",
            service(
                "127.0.0.1:8332",
                &[
                    (
                        "/",
                        r#"{"version":"1.1","method":"getmininginfo","params":[],"id":1}"#,
                        r#"{"result":{"blocks":871204,"difficulty":95672703408223.94,"networkhashps":7.024e+20,"pooledtx":41288,"chain":"main","warnings":""},"error":null,"id":1}"#,
                    ),
                    (
                        "/",
                        r#"{"version":"1.1","method":"getnetworkhashps","params":[-1],"id":2}"#,
                        r#"{"result":7.1e+20,"error":null,"id":2}"#,
                    ),
                    (
                        "/",
                        r#"{"version":"1.1","method":"getdifficulty","params":[],"id":3}"#,
                        r#"{"result":95672703408223.94,"error":null,"id":3}"#,
                    ),
                    (
                        "/",
                        r#"{"version":"1.1","method":"getblockheader","params":["%64%"],"id":4}"#,
                        r#"{"result":{"hash":"%64%","confirmations":1,"height":871204,"version":536870912,"versionHex":"20000000","merkleroot":"%64%","time":1753171200,"nonce":2083236893,"bits":"1702a0f1","difficulty":95672703408223.94,"previousblockhash":"%64%"},"error":null,"id":4}"#,
                    ),
                    (
                        "/",
                        r#"{"version":"1.1","method":"getmininginfo","params":[],"id":5}"#,
                        r#"{"result":{"blocks":871205,"difficulty":95672703408223.94,"networkhashps":7.025e+20,"pooledtx":38211,"chain":"main","warnings":""},"error":null,"id":5}"#,
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "Bitcoin: an application generates blocks on regtest for its tests",
            service(
                "127.0.0.1:18443",
                &[
                    (
                        "/wallet/test",
                        r#"{"jsonrpc":"1.0","id":"t","method":"getnewaddress","params":[]}"#,
                        r#"{"result":"bcrt1qnobody","error":null,"id":"t"}"#,
                    ),
                    (
                        "/wallet/test",
                        r#"{"jsonrpc":"1.0","id":"t","method":"generatetoaddress","params":[101,"bcrt1qnobody"]}"#,
                        r#"{"result":["%64%","%64%","%64%"],"error":null,"id":"t"}"#,
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "Monero: a monitor asks its node, among others once for a block template",
            service(
                "node.example:18081",
                &[
                    (
                        "/json_rpc",
                        r#"{"jsonrpc":"2.0","id":"0","method":"get_info"}"#,
                        r#"{"id":"0","jsonrpc":"2.0","result":{"difficulty":412345678901,"height":3277123,"incoming_connections_count":12,"mainnet":true,"target":120,"top_block_hash":"%64%","status":"OK"}}"#,
                    ),
                    (
                        "/json_rpc",
                        r#"{"jsonrpc":"2.0","id":"0","method":"get_last_block_header"}"#,
                        r#"{"id":"0","jsonrpc":"2.0","result":{"block_header":{"difficulty":412345678901,"hash":"%64%","height":3277122,"miner_tx_hash":"%64%","nonce":1717,"pow_hash":"","reward":600000000000,"timestamp":1753171200},"status":"OK","untrusted":false}}"#,
                    ),
                    (
                        "/json_rpc",
                        r#"{"jsonrpc":"2.0","id":"0","method":"get_block_template","params":{"wallet_address":"47firedampLaboratoryXnobodyXownsXthisXaddressX1111111111111111111111111111111111111111111111111","reserve_size":8}}"#,
                        r#"{"id":"0","jsonrpc":"2.0","result":{"blockhashing_blob":"1010%148%","blocktemplate_blob":"1010%500%","difficulty":412345678901,"expected_reward":600000000000,"height":3277123,"next_seed_hash":"","prev_hash":"%64%","reserved_offset":130,"seed_hash":"%64%","seed_height":3276800,"status":"OK","untrusted":false,"wide_difficulty":"0x60019aa1b5"}}"#,
                    ),
                    (
                        "/mining_status",
                        "{}",
                        r#"{"active":false,"address":"","bg_idle_threshold":0,"block_reward":0,"block_target":120,"difficulty":412345678901,"is_background_mining_enabled":false,"pow_algorithm":"RandomX","speed":0,"status":"OK","threads_count":0}"#,
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "Bitcoin: an administrator speaks getmininginfo as bare lines through socat",
            lines(
                r#"
                > {"jsonrpc":"1.0","id":"admin","method":"getmininginfo","params":[]}
                < {"result":{"blocks":871204,"currentblockweight":3993000,"currentblocktx":4117,"difficulty":95672703408223.94,"networkhashps":7.024e+20,"pooledtx":41288,"chain":"main"},"error":null,"id":"admin"}
                > {"jsonrpc":"1.0","id":"admin","method":"getblockstats","params":[871204]}
                < {"result":{"avgfee":4271,"blockhash":"%64%","height":871204,"subsidy":312500000},"error":null,"id":"admin"}
                > {"jsonrpc":"1.0","id":"admin","method":"prioritisetransaction","params":["%64%",0,1000]}
                < {"result":true,"error":null,"id":"admin"}
                "#,
            ),
        ),
    ]
}

fn explorers() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "Explorer: mempool.space's page over WebSocket",
            websocket(
                "/api/v1/ws",
                r#"
                > {"action":"init"}
                > {"action":"want","data":["blocks","stats","mempool-blocks","live-2h-chart","watch-mempool"]}
                < {"mempoolInfo":{"loaded":true,"size":41288,"bytes":21021021},"blocks":[{"id":"%64%","height":871204,"version":536870912,"timestamp":1753171200,"bits":386006257,"nonce":2083236893,"difficulty":95672703408223.94,"merkle_root":"%64%","tx_count":4117,"extras":{"pool":{"id":111,"name":"Some Pool","slug":"somepool"},"coinbaseRaw":"03e44a0d%60%"}}],"da":{"progressPercent":41.2,"difficultyChange":2.1}}
                < {"block":{"id":"%64%","height":871205,"nonce":1171710,"difficulty":95672703408223.94},"txConfirmed":false}
                > {"action":"ping"}
                < {"pong":true}
                "#,
            ),
        ),
        Lookalike::new(
            "Explorer: Blockbook over WebSocket",
            websocket(
                "/websocket",
                r#"
                > {"id":"0","method":"getInfo","params":{}}
                < {"id":"0","data":{"name":"Bitcoin","shortcut":"BTC","decimals":8,"version":"0.4.0","bestHeight":871204,"bestHash":"%64%","block0Hash":"%64%","testnet":false}}
                > {"id":"1","method":"subscribeNewBlock","params":{}}
                < {"id":"1","data":{"subscribed":true}}
                > {"id":"2","method":"subscribeAddresses","params":{"addresses":["bc1qfiredampxnobody00000000000000000000000"]}}
                < {"id":"2","data":{"subscribed":true}}
                < {"id":"1","data":{"height":871205,"hash":"%64%"}}
                "#,
            ),
        ),
        Lookalike::new(
            "Explorer: transactions and blocks of blockchain.info's kind over WebSocket",
            websocket(
                "/inv",
                r#"
                > {"op":"blocks_sub"}
                > {"op":"addr_sub","addr":"1FiredampNobodyHasThisAddress11111"}
                < {"op":"block","x":{"txIndexes":[3187871,3187868],"nTx":2,"totalBTCSent":0,"reward":312500000,"size":1201,"blockIndex":190460,"prevBlockIndex":190457,"height":871205,"hash":"%64%","mrklRoot":"%64%","version":2,"time":1753171200,"bits":386006257,"nonce":1171710,"foundBy":{"description":"Some Pool"}}}
                > {"op":"ping"}
                < {"op":"pong"}
                "#,
            ),
        ),
        Lookalike::new(
            "ethstats: a node reports to the network's dashboard, hash rate and all",
            websocket(
                "/api",
                r#"
                > {"emit":["hello",{"id":"node-7","info":{"name":"node-7","node":"Geth/v1.13.15","port":30303,"net":"1337","protocol":"eth/68","api":"No","os":"linux","os_v":"amd64","client":"0.1.1","canUpdateHistory":true},"secret":"s3cret"}]}
                < {"emit":["ready"]}
                > {"emit":["stats",{"id":"node-7","stats":{"active":true,"syncing":false,"mining":true,"hashrate":31457,"peers":25,"gasPrice":1000000000,"uptime":100}}]}
                > {"emit":["block",{"block":{"number":20146,"hash":"0x%64%","parentHash":"0x%64%","timestamp":1753171200,"miner":"0x%40%","difficulty":"131072","totalDifficulty":"2641231872","transactions":[],"uncles":[]},"id":"node-7"}]}
                > {"emit":["node-ping",{"clientTime":"2026-11-22 18:14:09","id":"node-7"}]}
                < {"emit":["node-pong",{"id":"node-7","clientTime":"2026-11-22 18:14:09"}]}
                "#,
            ),
        ),
    ]
}

fn pools() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "Pool: its statistics for a miner's address, over HTTP",
            pages(
                "pool.example",
                &[
                    (
                        "/api/miner/47firedampLaboratoryXnobodyXownsXthisXaddressX1111111111111111111111111111111111111111111111111/stats",
                        "application/json",
                        r#"{"hash":4211,"hash2":4198,"identifier":"global","lastHash":1753171200,"totalHashes":91827364551,"validShares":18211,"invalidShares":3,"amtPaid":120000000000,"amtDue":4500000000,"txnCount":7}"#,
                    ),
                    (
                        "/api/network/stats",
                        "application/json",
                        r#"{"difficulty":412345678901,"hash":"%64%","height":3277123,"value":600000000000,"ts":1753171200}"#,
                    ),
                    (
                        "/api/pools/btc1/miners/bc1qfiredampxnobody00000000000000000000000",
                        "application/json",
                        r#"{"pendingShares":11872.5,"pendingBalance":0.00012,"totalPaid":0.01,"performance":{"created":"2026-11-22T18:00:00Z","workers":{"rig7":{"hashrate":512345678.9,"sharesPerSecond":0.055}}}}"#,
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "Pool: a getting-started answer of its support, as JSON with the miner's command line",
            service(
                "support.pool.example",
                &[(
                    "/api/chat",
                    r#"{"session":"c-17","message":"my miner says: {\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"cgminer/4.11.1\"]} and stops"}"#,
                    r#"{"session":"c-17","method":"answer","result":{"text":"After mining.subscribe it must send {\"id\":2,\"method\":\"mining.authorize\",\"params\":[\"user.rig7\",\"x\"]}."}}"#,
                )],
            ),
        ),
    ]
}

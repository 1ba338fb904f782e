//! Wallets: Electrum and its servers, web3 over lines and HTTP, light-wallet servers.

use super::Lookalike;
use super::wire::{lines, service, websocket};

pub(super) fn all() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "Electrum: a wallet at its server, whose protocol is called Stratum too",
            lines(
                r#"
                > {"id": 0, "method": "server.version", "params": ["electrum/4.5.8", ["1.4", "1.4"]]}
                < {"jsonrpc":"2.0","result":["ElectrumX 1.16.0","1.4"],"id":0}
                > {"id": 1, "method": "server.features", "params": []}
                < {"jsonrpc":"2.0","result":{"hosts":{"electrum.example.org":{"tcp_port":50001}},"pruning":null,"server_version":"ElectrumX 1.16.0","protocol_min":"1.4","protocol_max":"1.4.3","genesis_hash":"%64%","hash_function":"sha256"},"id":1}
                > {"id": 2, "method": "blockchain.headers.subscribe", "params": []}
                < {"jsonrpc":"2.0","result":{"hex":"%160%","height":871204},"id":2}
                > {"id": 3, "method": "blockchain.scripthash.subscribe", "params": ["%64%"]}
                < {"jsonrpc":"2.0","result":"%64%","id":3}
                > {"id": 4, "method": "blockchain.scripthash.get_history", "params": ["%64%"]}
                < {"jsonrpc":"2.0","result":[{"tx_hash":"%64%","height":871100}],"id":4}
                > {"id": 5, "method": "mempool.get_fee_histogram", "params": []}
                < {"jsonrpc":"2.0","result":[[12,128812],[4,92524],[2,6478638]],"id":5}
                < {"jsonrpc":"2.0","method":"blockchain.headers.subscribe","params":[{"hex":"%160%","height":871205}]}
                < {"jsonrpc":"2.0","method":"blockchain.scripthash.subscribe","params":["%64%","%64%"]}
                > {"id": 6, "method": "server.ping", "params": []}
                < {"jsonrpc":"2.0","result":null,"id":6}
                "#,
            ),
        ),
        Lookalike::new(
            "Electrum: Sparrow at Fulcrum, in batches",
            lines(
                r#"
                > {"jsonrpc":"2.0","method":"server.version","params":["Sparrow",["1.3","1.4.2"]],"id":0}
                < {"id":0,"jsonrpc":"2.0","result":["Fulcrum 1.11.1","1.4.2"]}
                > [{"jsonrpc":"2.0","method":"blockchain.scripthash.subscribe","params":["%64%"],"id":"m/0/0"},{"jsonrpc":"2.0","method":"blockchain.scripthash.subscribe","params":["%64%"],"id":"m/0/1"},{"jsonrpc":"2.0","method":"blockchain.scripthash.subscribe","params":["%64%"],"id":"m/0/2"}]
                < [{"id":"m/0/0","jsonrpc":"2.0","result":null},{"id":"m/0/1","jsonrpc":"2.0","result":"%64%"},{"id":"m/0/2","jsonrpc":"2.0","result":null}]
                > [{"jsonrpc":"2.0","method":"blockchain.transaction.get","params":["%64%"],"id":"%64%"},{"jsonrpc":"2.0","method":"blockchain.block.header","params":[871100],"id":871100}]
                < [{"id":"%64%","jsonrpc":"2.0","result":"02000000000101%300%"},{"id":871100,"jsonrpc":"2.0","result":"%160%"}]
                > {"jsonrpc":"2.0","method":"blockchain.transaction.broadcast","params":["02000000000101%300%"],"id":9}
                < {"id":9,"jsonrpc":"2.0","error":{"code":1,"message":"the transaction was rejected by network rules.\n\nmin relay fee not met"}}
                "#,
            ),
        ),
        Lookalike::new(
            "Electrum: an exchange's deposit watcher, ids as text and null",
            lines(
                r#"
                > {"method":"server.banner","params":[],"id":"banner"}
                < {"id":"banner","jsonrpc":"2.0","result":"Welcome to this server!\n\nDonations: bc1qfiredampxnobody00000000000000000000000\nmining.subscribe is not spoken here."}
                > {"method":"blockchain.estimatefee","params":[2],"id":null}
                < {"id":null,"jsonrpc":"2.0","result":0.00012}
                > {"method":"blockchain.relayfee","params":[],"id":"fee"}
                < {"id":"fee","jsonrpc":"2.0","result":1e-05}
                > {"method":"server.donation_address","params":[],"id":"d"}
                < {"id":"d","jsonrpc":"2.0","result":"1FiredampNobodyHasThisAddress11111"}
                > {"method":"mining.subscribe.status","params":[],"id":"oops"}
                < {"id":"oops","jsonrpc":"2.0","error":{"code":-32601,"message":"unknown method \"mining.subscribe.status\""}}
                "#,
            ),
        ),
        Lookalike::new(
            "Ethereum: geth's IPC socket forwarded over TCP, new heads and logs",
            lines(
                r#"
                > {"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}
                < {"jsonrpc":"2.0","id":1,"result":"0x9cef478923ff08bf67fde6c64013158d"}
                > {"jsonrpc":"2.0","id":2,"method":"eth_subscribe","params":["logs",{"topics":["0x%64%"]}]}
                < {"jsonrpc":"2.0","id":2,"result":"0x4a8a4c0517381924f9838102c5a4dcb7"}
                < {"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0x9cef478923ff08bf67fde6c64013158d","result":{"parentHash":"0x%64%","sha3Uncles":"0x%64%","miner":"0x%40%","stateRoot":"0x%64%","difficulty":"0x0","number":"0x14a2f3e","gasLimit":"0x1c9c380","gasUsed":"0xa1b2c3","timestamp":"0x66f1d2b7","extraData":"0x","mixHash":"0x%64%","nonce":"0x0000000000000000","hash":"0x%64%"}}}
                < {"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0x4a8a4c0517381924f9838102c5a4dcb7","result":{"address":"0x%40%","topics":["0x%64%","0x%64%","0x%64%"],"data":"0x%64%","blockNumber":"0x14a2f3e","logIndex":"0x6","removed":false}}}
                > {"jsonrpc":"2.0","id":3,"method":"eth_getBlockByNumber","params":["latest",false]}
                < {"jsonrpc":"2.0","id":3,"result":{"difficulty":"0x0","nonce":"0x0000000000000000","mixHash":"0x%64%","transactions":["0x%64%","0x%64%","0x%64%"],"uncles":[]}}
                > {"jsonrpc":"2.0","id":4,"method":"eth_unsubscribe","params":["0x9cef478923ff08bf67fde6c64013158d"]}
                < {"jsonrpc":"2.0","id":4,"result":true}
                "#,
            ),
        ),
        Lookalike::new(
            "Ethereum: a bot polls the pending transactions, three hashes at a time",
            lines(
                r#"
                > {"jsonrpc":"2.0","method":"eth_newPendingTransactionFilter","params":[],"id":73}
                < {"jsonrpc":"2.0","id":73,"result":"0x1"}
                > {"jsonrpc":"2.0","method":"eth_getFilterChanges","params":["0x1"],"id":74}
                < {"jsonrpc":"2.0","id":74,"result":["0x%64%","0x%64%","0xc1%62%"]}
                > {"jsonrpc":"2.0","method":"eth_getFilterChanges","params":["0x1"],"id":75}
                < {"jsonrpc":"2.0","id":75,"result":["0x%64%","0x%64%","0x9b%62%","0x%64%"]}
                > {"jsonrpc":"2.0","method":"eth_getFilterChanges","params":["0x1"],"id":76}
                < {"jsonrpc":"2.0","id":76,"result":[]}
                > {"jsonrpc":"2.0","method":"eth_getFilterChanges","params":["0x1"],"id":77}
                < {"jsonrpc":"2.0","id":77,"result":["0x%64%","0x%64%","0x00%62%"]}
                "#,
            ),
        ),
        Lookalike::new(
            "Ethereum: a dapp asks the node about its mining, over HTTP",
            service(
                "node.example:8545",
                &[
                    (
                        "/",
                        r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#,
                        r#"{"jsonrpc":"2.0","id":1,"result":"0x1"}"#,
                    ),
                    (
                        "/",
                        r#"{"jsonrpc":"2.0","id":2,"method":"eth_mining","params":[]}"#,
                        r#"{"jsonrpc":"2.0","id":2,"result":false}"#,
                    ),
                    (
                        "/",
                        r#"{"jsonrpc":"2.0","id":3,"method":"eth_hashrate","params":[]}"#,
                        r#"{"jsonrpc":"2.0","id":3,"result":"0x38a"}"#,
                    ),
                    (
                        "/",
                        r#"{"jsonrpc":"2.0","id":4,"method":"eth_coinbase","params":[]}"#,
                        r#"{"jsonrpc":"2.0","id":4,"result":"0x%40%"}"#,
                    ),
                    (
                        "/",
                        r#"{"jsonrpc":"2.0","id":5,"method":"eth_getWork","params":[]}"#,
                        r#"{"jsonrpc":"2.0","id":5,"error":{"code":-32000,"message":"no mining work available yet"}}"#,
                    ),
                    (
                        "/",
                        r#"{"jsonrpc":"2.0","id":6,"method":"eth_sendRawTransaction","params":["0x02f87%200%"]}"#,
                        r#"{"jsonrpc":"2.0","id":6,"result":"0x%64%"}"#,
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "Ethereum: an explorer's health check asks a private chain once for its work, over HTTP",
            service(
                "10.0.8.4:8545",
                &[
                    (
                        "/",
                        r#"{"jsonrpc":"2.0","method":"eth_syncing","params":[],"id":1}"#,
                        r#"{"jsonrpc":"2.0","id":1,"result":false}"#,
                    ),
                    (
                        "/",
                        r#"{"jsonrpc":"2.0","method":"eth_getWork","params":[],"id":2}"#,
                        r#"{"jsonrpc":"2.0","id":2,"result":["0x%64%","0x%64%","0x0000000112e0be826d694b2e62d01511f12a6061fbaec8bc02357593e70e52ba","0x4ed2"]}"#,
                    ),
                    (
                        "/",
                        r#"{"jsonrpc":"2.0","method":"net_peerCount","params":[],"id":3}"#,
                        r#"{"jsonrpc":"2.0","id":3,"result":"0x19"}"#,
                    ),
                    (
                        "/",
                        r#"{"jsonrpc":"2.0","method":"eth_blockNumber","params":[],"id":4}"#,
                        r#"{"jsonrpc":"2.0","id":4,"result":"0x4ed2"}"#,
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "Ethereum: a wallet over WebSocket",
            websocket(
                "/",
                r#"
                > {"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}
                < {"jsonrpc":"2.0","id":1,"result":"0xcd0c3e8af590364c09d0fa6a1210faf5"}
                > {"jsonrpc":"2.0","id":2,"method":"eth_subscribe","params":["newPendingTransactions"]}
                < {"jsonrpc":"2.0","id":2,"result":"0xc3b33aa549fb9a60e95d21862596617c"}
                < {"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0xc3b33aa549fb9a60e95d21862596617c","result":"0x%64%"}}
                < {"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0xcd0c3e8af590364c09d0fa6a1210faf5","result":{"difficulty":"0x15d9223a23aa","extraData":"0x","gasLimit":"0x47e7c4","hash":"0x%64%","miner":"0x%40%","mixHash":"0x%64%","nonce":"0x%16%","number":"0x1348c9","parentHash":"0x%64%","timestamp":"0x56ffeff8"}}}
                > {"jsonrpc":"2.0","id":3,"method":"eth_getBalance","params":["0x%40%","latest"]}
                < {"jsonrpc":"2.0","id":3,"result":"0x0234c8a3397aab58"}
                "#,
            ),
        ),
        Lookalike::new(
            "Monero: a phone's wallet logs in at a light-wallet server",
            service(
                "lws.example:8443",
                &[
                    (
                        "/login",
                        r#"{"address":"47firedampLaboratoryXnobodyXownsXthisXaddressX1111111111111111111111111111111111111111111111111","view_key":"%64%","create_account":true,"generated_locally":true}"#,
                        r#"{"new_address":false,"generated_locally":true,"start_height":3210001}"#,
                    ),
                    (
                        "/get_address_info",
                        r#"{"address":"47firedampLaboratoryXnobodyXownsXthisXaddressX1111111111111111111111111111111111111111111111111","view_key":"%64%"}"#,
                        r#"{"locked_funds":"0","total_received":"0","scanned_height":3277123,"scanned_block_height":3277123,"start_height":3210001,"blockchain_height":3277130}"#,
                    ),
                    ("/submit_raw_tx", r#"{"tx":"02000202%300%"}"#, r#"{"status":"OK"}"#),
                ],
            ),
        ),
        Lookalike::new(
            "Monero: monero-wallet-rpc for a shop",
            service(
                "127.0.0.1:18083",
                &[
                    (
                        "/json_rpc",
                        r#"{"jsonrpc":"2.0","id":"0","method":"get_address","params":{"account_index":0}}"#,
                        r#"{"id":"0","jsonrpc":"2.0","result":{"address":"47firedampLaboratoryXnobodyXownsXthisXaddressX1111111111111111111111111111111111111111111111111","addresses":[]}}"#,
                    ),
                    (
                        "/json_rpc",
                        r#"{"jsonrpc":"2.0","id":"0","method":"get_transfers","params":{"in":true,"pool":true}}"#,
                        r#"{"id":"0","jsonrpc":"2.0","result":{"pool":[{"address":"47firedampLaboratoryXnobodyXownsXthisXaddressX1111111111111111111111111111111111111111111111111","amount":200000000000,"height":0,"type":"pool","txid":"%64%"}]}}"#,
                    ),
                    (
                        "/json_rpc",
                        r#"{"jsonrpc":"2.0","id":"0","method":"stop_mining"}"#,
                        r#"{"id":"0","jsonrpc":"2.0","result":{}}"#,
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "Nano: a wallet has its proof of work made by a work server",
            service(
                "work.example:7076",
                &[
                    (
                        "/",
                        r#"{"action":"work_generate","hash":"%64%","difficulty":"fffffff800000000"}"#,
                        r#"{"work":"%16%","difficulty":"fffffff93c41ec94","multiplier":"1.182623871097636","hash":"%64%"}"#,
                    ),
                    (
                        "/",
                        r#"{"action":"work_validate","work":"%16%","hash":"%64%"}"#,
                        r#"{"valid_all":"1","valid_receive":"1","difficulty":"fffffff93c41ec94","multiplier":"1.182623871097636"}"#,
                    ),
                    (
                        "/",
                        r#"{"action":"process","json_block":"true","block":{"type":"state","account":"nano_1nobody","previous":"%64%","balance":"1","link":"%64%","signature":"%128%","work":"%16%"}}"#,
                        r#"{"hash":"%64%"}"#,
                    ),
                ],
            ),
        ),
    ]
}

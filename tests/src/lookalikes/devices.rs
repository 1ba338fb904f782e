//! Things that measure, and the management of mining machines: it says that somebody owns miners, not that this
//! connection mines.

use super::Lookalike;
use super::wire::{lines, pages, service, websocket};
use crate::talk::Talk;

pub(super) fn all() -> Vec<Lookalike> {
    [management(), things()].concat()
}

fn management() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "cgminer's API: summary and pools as JSON",
            Talk::new()
                .client_bytes(b"{\"command\":\"summary\"}")
                .server_bytes(b"{\"STATUS\":[{\"STATUS\":\"S\",\"When\":1753171200,\"Code\":11,\"Msg\":\"Summary\",\"Description\":\"cgminer 4.11.1\"}],\"SUMMARY\":[{\"Elapsed\":171132,\"MHS av\":13500000.12,\"Found Blocks\":0,\"Getworks\":171,\"Accepted\":1711,\"Rejected\":3,\"Hardware Errors\":17,\"Difficulty Accepted\":28032000.0,\"Best Share\":171132000}],\"id\":1}\0"),
        ),
        Lookalike::new(
            "cgminer's API: pools with their Stratum addresses and users",
            Talk::new()
                .client_bytes(b"{\"command\": \"pools\", \"parameter\": \"\"}")
                .server_bytes(b"{\"STATUS\":[{\"STATUS\":\"S\",\"When\":1753171200,\"Code\":7,\"Msg\":\"1 Pool(s)\",\"Description\":\"cgminer 4.11.1\"}],\"POOLS\":[{\"POOL\":0,\"URL\":\"stratum+tcp://pool.example:3333\",\"Status\":\"Alive\",\"Priority\":0,\"Quota\":1,\"Getworks\":171,\"Accepted\":1711,\"User\":\"bc1qfiredampxnobody00000000000000000000000.rig7\",\"Last Share Time\":1753171100,\"Stratum Active\":true,\"Stratum Difficulty\":16384.0,\"Has Stratum\":true}],\"id\":1}\0"),
        ),
        Lookalike::new(
            "cgminer's API in its old form, with bars",
            Talk::new()
                .client_bytes(b"summary|")
                .server_bytes(b"STATUS=S,When=1753171200,Code=11,Msg=Summary,Description=cgminer 4.11.1|SUMMARY,Elapsed=171132,MHS av=13500000.12,Accepted=1711,Rejected=3,Work Utility=188321.1|\0"),
        ),
        Lookalike::new(
            "Whatsminer's management, with token and status",
            Talk::new()
                .client_bytes(b"{\"cmd\":\"get_token\"}\n")
                .server_bytes(b"{\"STATUS\":\"S\",\"When\":1753171200,\"Code\":134,\"Msg\":{\"time\":\"5626\",\"salt\":\"BQ5hoXV9\",\"newsalt\":\"jbzkfQls\"},\"Description\":\"\"}")
                .client_bytes(b"{\"token\":\"nobody\",\"cmd\":\"update_pools\",\"pool1\":\"stratum+tcp://pool.example:3333\",\"worker1\":\"user.rig7\",\"passwd1\":\"x\"}\n")
                .server_bytes(b"{\"STATUS\":\"S\",\"When\":1753171201,\"Code\":131,\"Msg\":\"API command OK\",\"Description\":\"btminer\"}"),
        ),
        Lookalike::new(
            "XMRig's own HTTP interface, scraped",
            pages(
                "rig7.example:8080",
                &[
                    (
                        "/2/summary",
                        "application/json",
                        r#"{"id":"%16%","worker_id":"rig7","uptime":171132,"restricted":true,"resources":{"memory":{"free":1711321711,"total":16711321711},"load_average":[7.9,7.8,7.7],"hardware_concurrency":8},"results":{"diff_current":120001,"shares_good":1711,"shares_total":1714,"avg_time":17,"hashes_total":205321711,"best":[171132171,17113217]},"algo":"rx/0","connection":{"pool":"pool.example:3333","ip":"203.0.113.9","uptime":171132,"ping":17,"failures":0,"tls":null,"algo":"rx/0","diff":120001,"accepted":1711,"rejected":3},"version":"6.22.2","kind":"miner","ua":"XMRig/6.22.2 (Linux x86_64) libuv/1.48.0 gcc/13.3.0","hashrate":{"total":[4211.3,4198.1,null],"highest":4411.7},"hugepages":[1172,1172]}"#,
                    ),
                    (
                        "/1/config",
                        "application/json",
                        r#"{"api":{"id":null,"worker-id":"rig7"},"autosave":true,"pools":[{"algo":null,"coin":"monero","url":"pool.example:3333","user":"47firedampLaboratoryXnobodyXownsXthisXaddressX1111111111111111111111111111111111111111111111111","pass":"x","rig-id":"rig7","nicehash":false,"keepalive":true,"enabled":true,"tls":false,"daemon":false}]}"#,
                    ),
                    (
                        "/metrics",
                        "text/plain; version=0.0.4",
                        "# HELP xmrig_hashrate Hash rate\n# TYPE xmrig_hashrate gauge\nxmrig_hashrate{worker=\"rig7\",algo=\"rx/0\"} 4211.3\nxmrig_shares_good 1711\nxmrig_difficulty 120001\n",
                    ),
                ],
            ),
        ),
        Lookalike::new(
            "A farm's dashboard: workers, hash rates and shares over WebSocket",
            websocket(
                "/live",
                r#"
                > {"type":"auth","params":{"token":"%32%","goal":0}}
                < {"type":"authed","user":"ops"}
                < {"type":"stats","workers":[{"worker":"rig7","hashrate":4211.3,"accepted":1711,"rejected":3,"difficulty":120001,"temperature":67,"algo":"rx/0","pool":"pool.example:3333"}]}
                < {"type":"job","rig":"rig7","text":"new job from pool.example:3333 diff 120001 algo rx/0 height 3277123"}
                < {"type":"share","rig":"rig7","text":"accepted (1712/3) diff 120001 (17 ms)"}
                > {"type":"command","rig":"rig7","command":"restart"}
                < {"type":"result","rig":"rig7","ok":true}
                "#,
            ),
        ),
        Lookalike::new(
            "A farm's operating system reports to its cloud",
            service(
                "api.farm.example",
                &[(
                    "/worker/api?id_rig=1711&method=stats",
                    r#"{"method":"stats","jsonrpc":"2.0","id":0,"params":{"v":2,"rig_id":"1711","passwd":"x","meta":{"fs_id":17,"xmrig":{"coin":"XMR"}},"temp":[0,67],"fan":[0,71],"power":[0,171],"df":"17G","mem":[16384,1711],"cputemp":[67],"cpuavg":[7.9,7.8,7.7],"miner":"xmrig","total_khs":4.2113,"miner_stats":{"hs":[4.2113],"hs_units":"khs","ar":[1711,3],"uptime":171132,"ver":"6.22.2","algo":"rx/0"}}}"#,
                    r#"{"jsonrpc":"2.0","id":0,"result":{"command":"OK","id":17}}"#,
                )],
            ),
        ),
    ]
}

fn things() -> Vec<Lookalike> {
    vec![
        Lookalike::new(
            "Telemetry: sensors with worker, hash, nonce and difficulty in JSON lines",
            lines(
                r#"
                > {"worker":"node-17","hash":"%64%","nonce":"%8%","difficulty":4,"temperature":21.7,"humidity":41}
                < {"ack":"%8%"}
                > {"worker":"node-17","hash":"%64%","nonce":"%8%","difficulty":4,"temperature":21.8,"humidity":41}
                < {"ack":"%8%"}
                > {"worker":"node-17","event":"submit","job_id":"17","result":"%64%","nonce":"%8%"}
                < {"ack":"%8%","status":"OK"}
                > {"worker":"node-17","event":"keepalived","id":"node-17"}
                < {"status":"KEEPALIVED-NODE-17"}
                "#,
            ),
        ),
        Lookalike::new(
            "Boards register with mode nano, address and device id, over WebSocket",
            websocket(
                "/",
                r#"
                > {"message":"register","mode":"nano","address":"192.168.1.17","deviceId":3917,"firmware":"1.4.2"}
                < {"message":"registered","balance":"ok"}
                > {"message":"share","topic":"temperature","value":21.7}
                < {"message":"new-settings","interval":30,"target":"node-17"}
                > {"message":"register","mode":"nano","address":"192.168.1.18","deviceId":3918,"firmware":"1.4.2"}
                < {"message":"error","reason":"Already registered"}
                "#,
            ),
        ),
        Lookalike::new(
            "Modbus over TCP: requests of 17 bytes",
            Talk::new()
                .client_bytes(&[0, 1, 0, 0, 0, 11, 1, 16, 0, 1, 0, 2, 4, 0, 10, 1, 2])
                .server_bytes(&[0, 1, 0, 0, 0, 6, 1, 16, 0, 1, 0, 2])
                .client_bytes(&[0, 2, 0, 0, 0, 6, 1, 3, 0, 0, 0, 4])
                .server_bytes(&[0, 2, 0, 0, 0, 11, 1, 3, 8, 0, 17, 0, 18, 0, 19, 0, 20]),
        ),
        Lookalike::new(
            "JSON over a serial bridge: a PLC's RPC with method get_status, params as list",
            lines(
                r#"
                > {"id":17,"method":"Shelly.GetStatus","src":"hub"}
                < {"id":17,"src":"shellyplus1-nobody","dst":"hub","result":{"switch:0":{"id":0,"output":false,"temperature":{"tC":42.4}},"sys":{"uptime":171132}}}
                < {"src":"shellyplus1-nobody","dst":"hub","method":"NotifyStatus","params":{"ts":1753171200.17,"switch:0":{"id":0,"output":true}}}
                > {"id":18,"method":"Switch.Set","params":{"id":0,"on":true}}
                < {"id":18,"src":"shellyplus1-nobody","dst":"hub","result":{"was_on":false}}
                "#,
            ),
        ),
    ]
}

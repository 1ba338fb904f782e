//! Ethereum's getwork as lines, in the style of each client, and its relatives with another prefix.

use detector::judge::{Protocol, Stage, Verdict};

use super::Entry;
use crate::noise::Noise;
use crate::talk::Talk;

const HOW: &str =
    "the methods `eth_submitLogin` or `eth_login`, `eth_getWork`, `eth_submitWork`; answers of three hashes";
const WALLET: &str = "0xf12edaf12edaf12edaf12edaf12edaf12edaf12e";

/// What one client says; W is the wallet, HEX16 and HEX64 are hashes, ID counts.
struct Client {
    title: &'static str,
    login: &'static str,
    work: &'static str,
    submit: &'static str,
    hashrate: &'static str,
    worker: &'static str,
}

const CLIENTS: [Client; 9] = [
    Client {
        title: "Ethereum: Claymore, eth_login",
        login: r#"{"id":2,"jsonrpc":"2.0","method":"eth_login","params":["W.rig7","x"]}"#,
        work: r#"{"id":3,"jsonrpc":"2.0","method":"eth_getWork","params":[]}"#,
        submit: r#"{"id":4,"jsonrpc":"2.0","method":"eth_submitWork","params":["0xHEX16","0xHEX64","0xHEX64"]}"#,
        hashrate: r#"{"id":6,"jsonrpc":"2.0","method":"eth_submitHashrate","params":["0x1d9f5b0","0xHEX64"]}"#,
        worker: "rig7",
    },
    Client {
        title: "Ethereum: Claymore, method last",
        login: r#"{"worker": "eth1.0", "jsonrpc": "2.0", "params": ["W.rig7", "x"], "id": 2, "method": "eth_submitLogin"}"#,
        work: r#"{"worker": "", "jsonrpc": "2.0", "params": [], "id": 3, "method": "eth_getWork"}"#,
        submit: r#"{"worker": "eth1.0", "jsonrpc": "2.0", "params": ["0xHEX16", "0xHEX64", "0xHEX64"], "id": 4, "method": "eth_submitWork"}"#,
        hashrate: r#"{"worker": "eth1.0", "jsonrpc": "2.0", "params": ["0x1d9f5b0", "0xHEX64"], "id": 6, "method": "eth_submitHashrate"}"#,
        worker: "rig7",
    },
    Client {
        title: "Ethereum: PhoenixMiner",
        login: r#"{"id":1,"jsonrpc":"2.0","method":"eth_submitLogin","worker":"rig7","params":["W","x"]}"#,
        work: r#"{"id":5,"jsonrpc":"2.0","method":"eth_getWork","params":[]}"#,
        submit: r#"{"id":4,"jsonrpc":"2.0","method":"eth_submitWork","worker":"rig7","params":["0xHEX16","0xHEX64","0xHEX64"]}"#,
        hashrate: r#"{"id":6,"jsonrpc":"2.0","method":"eth_submitHashrate","worker":"rig7","params":["0x1d9f5b0","0xHEX64"]}"#,
        worker: "rig7",
    },
    Client {
        title: "Ethereum: NBMiner",
        login: r#"{"id":1,"method":"eth_submitLogin","params":["W.rig7"],"worker":"rig7","compact":true}"#,
        work: r#"{"id":2,"method":"eth_getWork","params":[]}"#,
        submit: r#"{"id":ID,"method":"eth_submitWork","params":["0xHEX16","0xHEX64","0xHEX64"],"worker":"rig7"}"#,
        hashrate: r#"{"id":3,"method":"eth_submitHashrate","params":["0x1d9f5b0","0xHEX64"],"worker":"rig7"}"#,
        worker: "rig7",
    },
    Client {
        title: "Ethereum: GMiner",
        login: r#"{"id":1,"method":"eth_submitLogin","params":["W.rig7"],"jsonrpc":"2.0"}"#,
        work: r#"{"id":2,"method":"eth_getWork","params":[],"jsonrpc":"2.0"}"#,
        submit: r#"{"id":ID,"method":"eth_submitWork","params":["0xHEX16","0xHEX64","0xHEX64"],"jsonrpc":"2.0"}"#,
        hashrate: r#"{"id":3,"method":"eth_submitHashrate","params":["0x1d9f5b0","0xHEX64"],"jsonrpc":"2.0"}"#,
        worker: "rig7",
    },
    Client {
        title: "Ethereum: nanominer",
        login: r#"{"jsonrpc": "2.0", "method": "eth_submitLogin", "params": ["W.rig7", "x"], "id": 2, "worker": "rig7"}"#,
        work: r#"{"jsonrpc": "2.0", "method": "eth_getWork", "params": [], "id": 3, "worker": "rig7"}"#,
        submit: r#"{"jsonrpc": "2.0", "method": "eth_submitWork", "params": ["0xHEX16", "0xHEX64", "0xHEX64"], "id": ID, "worker": "rig7"}"#,
        hashrate: r#"{"jsonrpc": "2.0", "method": "eth_submitHashrate", "params": ["0x1d9f5b0", "0xHEX64"], "id": 6, "worker": "rig7"}"#,
        worker: "rig7",
    },
    Client {
        title: "Zano: ethminer's forks",
        login: r#"{"id":1,"jsonrpc":"2.0","method":"eth_submitLogin","params":["W","x"],"worker":"rig7"}"#,
        work: r#"{"id":5,"jsonrpc":"2.0","method":"eth_getWork","params":[],"worker":"rig7"}"#,
        submit: r#"{"id":4,"jsonrpc":"2.0","method":"eth_submitWork","params":["0xHEX16","0xHEX64","0xHEX64"],"worker":"rig7"}"#,
        hashrate: r#"{"id":9,"jsonrpc":"2.0","method":"eth_submitHashrate","params":["0x1d9f5b0","0xHEX64"],"worker":"rig7"}"#,
        worker: "rig7",
    },
    Client {
        title: "Ethereum Classic: lolMiner",
        login: r#"{"id":1,"worker":"rig7","jsonrpc":"2.0","method":"eth_submitLogin","params":["W","x"]}"#,
        work: r#"{"id":2,"worker":"rig7","jsonrpc":"2.0","method":"eth_getWork","params":[]}"#,
        submit: r#"{"id":ID,"worker":"rig7","jsonrpc":"2.0","method":"eth_submitWork","params":["0xHEX16","0xHEX64","0xHEX64"]}"#,
        hashrate: r#"{"id":3,"worker":"rig7","jsonrpc":"2.0","method":"eth_submitHashrate","params":["0x1d9f5b0","0xHEX64"]}"#,
        worker: "rig7",
    },
    Client {
        title: "Aquachain and others: another prefix before the verbs",
        login: r#"{"id":1,"jsonrpc":"2.0","method":"aqua_submitLogin","params":["W","x"],"worker":"rig7"}"#,
        work: r#"{"id":2,"jsonrpc":"2.0","method":"aqua_getWork","params":[]}"#,
        submit: r#"{"id":ID,"jsonrpc":"2.0","method":"aqua_submitWork","params":["0xHEX16","0xHEX64","0xHEX64"]}"#,
        hashrate: r#"{"id":3,"jsonrpc":"2.0","method":"aqua_submitHashrate","params":["0x1d9f5b0","0xHEX64"]}"#,
        worker: "rig7",
    },
];

fn fill(line: &str, wallet: &str, id: usize, noise: &mut Noise) -> String {
    let mut text = line.replace("\"W", &format!("\"{wallet}")).replace("ID", &id.to_string());
    for (place, digits) in [("HEX16", 16), ("HEX64", 64)] {
        while text.contains(place) {
            text = text.replacen(place, &noise.hex(digits), 1);
        }
    }
    text
}

fn number(line: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
    value.get("id").map_or_else(|| "null".to_owned(), ToString::to_string)
}

fn entry(client: &Client) -> Entry {
    let mut noise = Noise::new(5);
    let wallet = if client.title.starts_with("Zano") {
        format!("Zx{}", "firedampZano".repeat(8).split_at(95).0)
    } else {
        WALLET.to_owned()
    };
    let yes = |line: &str| format!(r#"{{"id":{},"jsonrpc":"2.0","result":true}}"#, number(line));
    let work = |id: &str, noise: &mut Noise| {
        format!(
            r#"{{"id":{id},"jsonrpc":"2.0","result":["0x{}","0x{}","0x00000000{}"]}}"#,
            noise.hex(64),
            noise.hex(64),
            noise.hex(56)
        )
    };
    let login = fill(client.login, &wallet, 1, &mut noise);
    let ask = fill(client.work, &wallet, 2, &mut noise);
    let first = work(&number(&ask), &mut noise);
    let mut talk = Talk::new().client(&login).server(&yes(&login)).client(&ask).server(&first);
    for id in 40..43 {
        let submit = fill(client.submit, &wallet, id, &mut noise);
        talk = talk.server(&work("0", &mut noise)).client(&submit).server(&yes(&submit));
    }
    let hashrate = fill(client.hashrate, &wallet, 3, &mut noise);
    Entry::new(Protocol::EthProxy, client.title, HOW)
        .talk(talk.client(&hashrate).server(&yes(&hashrate)))
        .verdicts(Some(Verdict::Confirmed), Some(Verdict::Confirmed), Some(Verdict::Probable))
        .fact("wallet", wallet)
        .fact("worker", client.worker)
}

fn ckb() -> Entry {
    let wallet = "ckb1qyqfiredampnobodyownsthisaddressxxxxxxxxxxx";
    let mut noise = Noise::new(9);
    let mut work = |id: u32| {
        format!(
            r#"{{"id":{id},"result":{{"pow_hash":"0x{}","target":"0x0000{}"}}}}"#,
            noise.hex(64),
            "f".repeat(60)
        )
    };
    let mut talk = Talk::new()
        .client(&format!(
            r#"{{"id":1,"method":"ckb_submitLogin","params":{{"login":"{wallet}","agent":"NBMiner/42.3","worker":"rig7"}}}}"#
        ))
        .server(r#"{"id":1,"result":true}"#)
        .client(r#"{"id":2,"method":"ckb_getWork","params":null}"#)
        .server(&work(2));
    for id in 3..6 {
        let answer =
            if id == 5 { r#""error":{"code":"101","message":"low difficulty"}"# } else { r#""result":true"# };
        let hash = "6a".repeat(32);
        talk = talk
            .server(&work(0))
            .client(&format!(
                r#"{{"id":{id},"method":"ckb_submitWork","params":{{"pow_hash":"0x{hash}","nonce":"0x9a93e9597317c7{id}"}}}}"#
            ))
            .server(&format!(r#"{{"id":{id},{answer}}}"#));
    }
    talk = talk
        .client(r#"{"id":6,"method":"ckb_submitHashrate","params":"0x12a05f200"}"#)
        .server(r#"{"id":6,"result":true}"#);
    Entry::new(
        Protocol::Ckb,
        "Nervos CKB: NBMiner, ckb_ methods",
        "the methods `ckb_submitLogin`, `ckb_getWork`, `ckb_submitWork`",
    )
    .talk(talk)
    .fact("wallet", wallet)
    .fact("worker", "rig7")
    .fact("agent", "NBMiner/42.3")
    .fact("coin", "CKB")
    .fact("difficulty", "65536.0")
}

fn refused() -> Entry {
    Entry::new(Protocol::EthProxy, "Ethereum: refused by the pool", HOW)
        .talk(
            Talk::new()
                .client(&format!(
                    r#"{{"id":1,"method":"eth_submitLogin","params":["{WALLET}"],"worker":"rig7"}}"#
                ))
                .server(
                    r#"{"id":1,"jsonrpc":"2.0","result":null,"error":{"code":-1,"message":"Invalid login"}}"#,
                ),
        )
        .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), None)
        .stage(Stage::Attempt)
}

pub(super) fn entries() -> Vec<Entry> {
    CLIENTS.iter().map(entry).chain([ckb(), refused()]).collect()
}

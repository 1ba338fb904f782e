//! Mining over WebSocket: in web pages, at nodes, and protocols of TCP that a page or a bridge carries.

use detector::judge::{Protocol, Verdict};

use super::Entry;
use crate::conversation::Speaker;
use crate::dialects::Dialect;
use crate::noise::Noise;
use crate::talk::Talk;

/// The right length and alphabet, paid to nobody.
const MONERO: &str =
    "47firedampWebPageXnobodyXownsXthisXaddressXX111111111111111111111111111111111111111111111111111";
const DERO: &str = "dero1qyfiredampn0b0dy0wnsth1saddressqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq";
const XELIS: &str = "xel:firedampn0b0dy0wnsth1saddressqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq";
const NIMIQ: &str = "NQ07 F1RE DAMP N0B0 DYXX WNST HXSX 0000 0000";
const GENESIS: &str = "Jkqvik+YKKdsVQY12geOtGYwahifzANxC+6fZJyGnRI=";

/// A share and its answer for each of three jobs.
fn shares(talk: Talk, job: impl FnMut(Talk, usize) -> Talk) -> Talk {
    (0..3).fold(talk, job)
}

fn blob(noise: &mut Noise) -> String {
    format!("1010{}", noise.hex(148))
}

fn coinhive(auth: &str, job_extra: &str, seed: u64) -> Talk {
    let mut noise = Noise::new(seed);
    let talk = Talk::new().upgrade("/proxy").client_message(auth);
    let talk = talk.server_message(r#"{"type":"authed","params":{"token":"","hashes":0}}"#);
    shares(talk, |talk, number| {
        let (job, blob) = (noise.hex(28), blob(&mut noise));
        let (nonce, result) = (noise.hex(8), noise.hex(64));
        talk.server_message(&format!(
            r#"{{"type":"job","params":{{"blob":"{blob}","job_id":"{job}","target":"ffffff00"{job_extra}}}}}"#
        ))
        .client_message(&format!(
            r#"{{"type":"submit","params":{{"version":7,"job_id":"{job}","nonce":"{nonce}","result":"{result}"}}}}"#
        ))
        .server_message(&format!(r#"{{"type":"hash_accepted","params":{{"hashes":{}}}}}"#, number + 1))
    })
}

fn socket_io() -> Talk {
    let mut noise = Noise::new(3);
    let talk = Talk::new()
        .upgrade("/socket.io/?EIO=4&transport=websocket")
        .server_message(r#"0{"sid":"Zn9aXwYc","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#)
        .client_message("40")
        .server_message(r#"40{"sid":"aPqLwX2v"}"#)
        .client_message(&format!(
            r#"42["auth",{{"site_key":"{MONERO}","type":"anonymous","user":null,"goal":0}}]"#
        ))
        .server_message(r#"42["authed",{"token":"","hashes":0}]"#);
    shares(talk, |talk, number| {
        let (job, blob) = (noise.hex(28), blob(&mut noise));
        let (nonce, result) = (noise.hex(8), noise.hex(64));
        talk.server_message("2")
            .client_message("3")
            .server_message(&format!(r#"42["job",{{"job_id":"{job}","blob":"{blob}","target":"ffffff00"}}]"#))
            .client_message(&format!(
                r#"42["submit",{{"job_id":"{job}","nonce":"{nonce}","result":"{result}"}}]"#
            ))
            .server_message(&format!(r#"42["hash_accepted",{{"hashes":{}}}]"#, number + 1))
    })
}

fn webminerpool() -> Talk {
    let mut noise = Noise::new(4);
    let talk = Talk::new().upgrade("/").client_message(&format!(
        r#"{{"identifier":"handshake","pool":"moneroocean.stream","login":"{MONERO}","password":"x","userid":"","version":7}}"#
    ));
    shares(talk, |talk, number| {
        let (job, blob) = (noise.hex(16), blob(&mut noise));
        let (nonce, result) = (noise.hex(8), noise.hex(64));
        talk.server_message(&format!(
            r#"{{"identifier":"job","job_id":"{job}","algo":"cn-pico","variant":2,"height":{},"blob":"{blob}","target":"f7d30000"}}"#,
            1_700_000 + number
        ))
        .client_message(&format!(
            r#"{{"identifier":"solved","job_id":"{job}","nonce":"{nonce}","result":"{result}"}}"#
        ))
        .server_message(r#"{"identifier":"hashsolved"}"#)
    })
}

fn dero() -> Talk {
    let mut noise = Noise::new(5);
    let talk = Talk::new().upgrade(&format!("/ws/{DERO}.rig7"));
    shares(talk, |talk, number| {
        let (job, blob) = (format!("{}.0.{}", 1_700_000_000 + number, noise.hex(32)), noise.hex(96));
        talk.server_message(&format!(
            r#"{{"jobid":"{job}","blockhashing_blob":"{blob}","difficulty":"31000","difficultyuint64":31000,"height":{},"prev_hash":"{}","epochmilli":0,"blocks":0,"miniblocks":{number},"rejected":0,"lasterror":"","status":""}}"#,
            2_000_000 + number,
            noise.hex(64)
        ))
        .client_message(&format!(r#"{{"jobid":"{job}","mbl_blob":"{}"}}"#, noise.hex(96)))
    })
}

fn xelis() -> Talk {
    let mut noise = Noise::new(6);
    let talk = Talk::new().upgrade(&format!("/getwork/{XELIS}/rig7"));
    shares(talk, |talk, number| {
        let work = noise.hex(224);
        talk.server_message(&format!(
            r#"{{"new_job":{{"algorithm":"xel/v2","difficulty":"150000","height":{},"miner_work":"{work}","topoheight":{}}}}}"#,
            900_000 + number,
            910_000 + number
        ))
        .client_message(&format!(r#"{{"miner_work":"{work}"}}"#))
        .server_message(r#""block_accepted""#)
    })
}

fn base64(noise: &mut Noise, length: usize) -> String {
    noise.hex(length).replace(['0', '7', 'c'], "K")
}

fn nimiq(register: &str, block: impl Fn(&mut Noise) -> [String; 2]) -> Talk {
    let mut noise = Noise::new(7);
    let talk = Talk::new()
        .upgrade("/")
        .client_message(register)
        .server_message(r#"{"message":"registered"}"#)
        .server_message(&format!(
            r#"{{"message":"settings","address":"{NIMIQ}","extraData":"{}","targetCompact":520159232,"nonce":1030036789885656}}"#,
            base64(&mut noise, 40)
        ))
        .server_message(
            r#"{"message":"balance","balance":123010221,"confirmedBalance":122010202,"payoutRequestActive":false}"#,
        );
    shares(talk, |talk, _| {
        let [job, share] = block(&mut noise);
        talk.server_message(&job).client_message(&share)
    })
}

fn nimiq_nano(noise: &mut Noise) -> [String; 2] {
    let job = format!(
        r#"{{"message":"new-block","bodyHash":"{}=","accountsHash":"{}=","previousBlock":"{}"}}"#,
        base64(noise, 43),
        base64(noise, 43),
        base64(noise, 400)
    );
    [job, format!(r#"{{"message":"share","block":"{}"}}"#, base64(noise, 500))]
}

fn nimiq_dumb(noise: &mut Noise) -> [String; 2] {
    let job = format!(r#"{{"message":"new-block","blockHeader":"{}=="}}"#, base64(noise, 194));
    [job, format!(r#"{{"message":"share","nonce":{}}}"#, noise.next_u64() >> 32)]
}

fn ethereum() -> Talk {
    let mut noise = Noise::new(8);
    let wallet = "0x00000000000000000000000000000000f12eda39";
    let talk = Talk::new()
        .upgrade("/ws")
        .client_message(&format!(
            r#"{{"id":1,"jsonrpc":"2.0","method":"eth_subscribe","params":["newWork","{wallet}.rig7","x"]}}"#
        ))
        .server_message(r#"{"jsonrpc":"2.0","id":1,"result":"0x6245a28462ff2753df66800e89c7fdb5"}"#);
    shares(talk, |talk, number| {
        let header = noise.hex(64);
        talk.server_message(&format!(
            r#"{{"jsonrpc":"2.0","method":"eth_subscription","params":{{"subscription":"0x6245a28462ff2753df66800e89c7fdb5","result":["4orr{number}","0x{header}","0x{}","0x00008{}","0x4d","86a3"]}}}}"#,
            noise.hex(64),
            "0".repeat(59)
        ))
        .client_message(&format!(
            r#"{{"id":{},"jsonrpc":"2.0","method":"eth_submitWork","params":["0x{}","0x{header}","0x{}"]}}"#,
            number + 2,
            noise.hex(16),
            noise.hex(64)
        ))
        .server_message(&format!(r#"{{"jsonrpc":"2.0","id":{},"result":true}}"#, number + 2))
    })
}

/// A protocol of lines as a bridge carries it: a message for a line.
fn bridged(dialect: Dialect) -> Talk {
    let talk = Talk::new().upgrade("/websockify");
    dialect.session(dialect.identity("rig7"), 9, 3).iter().fold(talk, |talk, line| match line.speaker {
        Speaker::Client => talk.client_message(&format!("{}\n", line.text)),
        Speaker::Server => talk.server_message(&format!("{}\n", line.text)),
    })
}

/// Both sides, the miner and the pool: a miner sends but two sorts of messages.
const VERDICTS: [Option<Verdict>; 3] =
    [Some(Verdict::Confirmed), Some(Verdict::Probable), Some(Verdict::Confirmed)];

fn entry(protocol: Protocol, title: &'static str, how: &'static str, talk: Talk) -> Entry {
    let [both, miner, pool] = VERDICTS;
    Entry::new(protocol, title, how).talk(talk).verdicts(both, miner, pool)
}

pub(super) fn entries() -> Vec<Entry> {
    [pages(), nodes(), bridges()].concat()
}

fn pages() -> Vec<Entry> {
    vec![
        entry(
            Protocol::BrowserMiner,
            "Web page: Coinhive, CryptoLoot",
            "messages `auth` with a site's key, `job` with a block template, `submit` with nonce and result, `hash_accepted`",
            coinhive(
            r#"{"type":"auth","params":{"version":7,"site_key":"jcUtG3sofFxd8m1alO58Ra5nUSFWGziP","type":"anonymous","user":null,"goal":0}}"#,
            "",
            1,
        ),
        ),
        entry(
            Protocol::BrowserMiner,
            "Web page: deepMiner",
            "as Coinhive, with an address or a user name in the place of the site's key",
            coinhive(
            r#"{"type":"auth","params":{"version":7,"userID":"deepMiner_wasm"}}"#,
            r#","algo":"cn/r","variant":"r","height":1797516,"id":"9e5e1bbe-601c-4035-bb07-4a2882b4b6e3""#,
            2,
        ),
        )
        .fact("algorithm", "cn/r"),
        entry(
            Protocol::BrowserMiner,
            "Web page: Coinhive's messages in Socket.IO",
            "Socket.IO's events hold the messages; their names are the types",
            socket_io(),
        )
        .fact("wallet", MONERO),
        entry(
            Protocol::BrowserMiner,
            "Web page: webminerpool, MoneroOcean",
            "messages with the identifiers `handshake` (pool and login), `job`, `solved`, `hashsolved`",
            webminerpool(),
        )
        .fact("wallet", MONERO)
        .fact("pool_name", "moneroocean.stream")
        .fact("algorithm", "cn-pico"),
    ]
}

fn nodes() -> Vec<Entry> {
    vec![
        entry(
            Protocol::Dero,
            "Dero: dero-miner",
            "upgrade at `/ws/` and an address; `blockhashing_blob` with a difficulty, `mbl_blob` with a solution",
            dero(),
        )
        .fact("wallet", DERO)
        .fact("worker", "rig7")
        .fact("difficulty", "31000.0")
        .fact("coin", "DERO"),
        entry(
            Protocol::Xelis,
            "Xelis: xelis_miner at a node",
            "upgrade at `/getwork/` and an address; `new_job` and `miner_work`, `block_accepted`",
            xelis(),
        )
        .fact("wallet", XELIS)
        .fact("worker", "rig7")
        .fact("algorithm", "xel/v2")
        .fact("coin", "XEL"),
        entry(
            Protocol::Nimiq,
            "Nimiq: a nano client",
            "messages `register` with an address `NQ`, `settings`, `new-block`, `share`",
            nimiq(
            &format!(
                r#"{{"message":"register","mode":"nano","address":"{NIMIQ}","deviceId":12345678,"genesisHash":"{GENESIS}"}}"#
            ),
            nimiq_nano,
        ),
        )
        .fact("coin", "NIM")
        .fact("wallet", NIMIQ),
        entry(
            Protocol::Nimiq,
            "Nimiq: SushiPool's miner",
            "as a nano client, but the pool sends block headers, and a share is a nonce",
            nimiq(
            &format!(
                r#"{{"message":"register","mode":"dumb","address":"{NIMIQ}","deviceId":1840194,"deviceName":"rig7","startDate":1700000000000,"minerVersion":"GPU Miner 2.0.0","userAgent":"node v10","genesisHash":"{GENESIS}"}}"#
            ),
            nimiq_dumb,
        ),
        )
        .fact("coin", "NIM")
        .fact("wallet", NIMIQ)
        .fact("worker", "rig7")
        .fact("agent", "GPU Miner 2.0.0"),
    ]
}

fn bridges() -> Vec<Entry> {
    vec![
        entry(
            Protocol::EthProxy,
            "Ethereum: stratum over WebSocket",
            "the subscription `newWork`, work packages as its events, `eth_submitWork`",
            ethereum(),
        )
        .fact("wallet", "0x00000000000000000000000000000000f12eda39")
        .fact("worker", "rig7"),
        Entry::new(
            Protocol::StratumV1,
            "Bitcoin: Stratum over WebSocket",
            "the lines of Stratum as messages",
        )
        .talk(bridged(Dialect::Bitcoin)),
        entry(
            Protocol::CryptoNote,
            "Monero: XMRig's protocol over WebSocket",
            "the lines of the protocol as messages",
            bridged(Dialect::Monero),
        )
        .fact("worker", "rig7"),
    ]
}

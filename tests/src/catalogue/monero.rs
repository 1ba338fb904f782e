//! Monero and its relatives: login, job, submit.

use detector::judge::{Protocol, Stage, Verdict};

use super::Entry;
use crate::noise::Noise;
use crate::talk::Talk;

const HOW: &str = "`login` with an algorithm list, a known miner or an address; jobs with a block template; shares with \
                   nonce and 32-byte result";

/// The right length and alphabet, paid to nobody.
pub(super) const MONERO: &str =
    "47firedampMoneroXnobodyXownsXthisXaddressX11111111111111111111111111111111111111111111111111111";

/// An address of `length` that begins with `start`, paid to nobody.
fn invented(start: &str, length: usize) -> String {
    format!("{start}firedamp{}", "x".repeat(length - start.len() - 8))
}

/// What differs from pool to pool.
struct Pool {
    algorithm: &'static str,
    target: &'static str,
    blob: usize,
    nonce: usize,
    noise: Noise,
}

impl Pool {
    fn new(algorithm: &'static str, target: &'static str) -> Self {
        Self { algorithm, target, blob: 148, nonce: 8, noise: Noise::new(3) }
    }

    fn job(&mut self) -> String {
        format!(
            r#"{{"blob":"1010{}","job_id":"{}","target":"{}","algo":"{}","height":3200000,"seed_hash":"{}"}}"#,
            self.noise.hex(self.blob),
            self.noise.hex(15),
            self.target,
            self.algorithm,
            self.noise.hex(64),
        )
    }

    /// The conversation that follows a login; `submit` has the places ID, JOB, NONCE and RESULT.
    fn talk(&mut self, login: &str, submit: &str, keepalive: &str) -> Talk {
        let job = self.job();
        let mut talk = Talk::new().client(login).server(&format!(
            r#"{{"id":1,"jsonrpc":"2.0","error":null,"result":{{"id":"a1b2c3d4","job":{job},"extensions":["algo","nicehash","connect","tls","keepalive"],"status":"OK"}}}}"#
        ));
        for id in 2..5 {
            let job = self.job();
            let submit = submit
                .replace("ID", &id.to_string())
                .replace("JOB", &self.noise.hex(15))
                .replace("NONCE", &self.noise.hex(self.nonce))
                .replace("RESULT", &self.noise.hex(64));
            let answer = if id == 4 {
                r#""error":{"code":-1,"message":"Low difficulty share"}"#
            } else {
                r#""error":null,"result":{"status":"OK"}"#
            };
            talk = talk
                .server(&format!(r#"{{"jsonrpc":"2.0","method":"job","params":{job}}}"#))
                .client(&submit)
                .server(&format!(r#"{{"id":{id},"jsonrpc":"2.0",{answer}}}"#));
        }
        if keepalive.is_empty() {
            return talk;
        }
        talk.client(keepalive)
            .server(r#"{"id":5,"jsonrpc":"2.0","error":null,"result":{"status":"KEEPALIVED"}}"#)
    }
}

const XMRIG_SUBMIT: &str = r#"{"id":ID,"jsonrpc":"2.0","method":"submit","params":{"id":"a1b2c3d4","job_id":"JOB","nonce":"NONCE","result":"RESULT"}}"#;
const XMRIG_KEEPALIVE: &str = r#"{"id":5,"jsonrpc":"2.0","method":"keepalived","params":{"id":"a1b2c3d4"}}"#;

fn entry(title: &'static str, pool: &mut Pool, login: &str, submit: &str, keepalive: &str) -> Entry {
    let talk = pool.talk(login, submit, keepalive);
    let alone = if keepalive.is_empty() { Verdict::Probable } else { Verdict::Confirmed };
    let entry = Entry::new(Protocol::CryptoNote, title, HOW).talk(talk).fact("algorithm", pool.algorithm);
    entry.verdicts(Some(Verdict::Confirmed), Some(alone), Some(Verdict::Confirmed))
}

fn xmrig(title: &'static str, pool: &mut Pool, wallet: &str, agent: &str) -> Entry {
    let login = format!(
        r#"{{"id":1,"jsonrpc":"2.0","method":"login","params":{{"login":"{wallet}","pass":"x","agent":"{agent}","rigid":"rig7","algo":["{}","cn/r","rx/arq"]}}}}"#,
        pool.algorithm
    );
    entry(title, pool, &login, XMRIG_SUBMIT, XMRIG_KEEPALIVE)
        .fact("wallet", wallet)
        .fact("worker", "rig7")
        .fact("agent", agent)
}

fn old_clients() -> Vec<Entry> {
    let monero = || Pool::new("cn/r", "711b0d00");
    vec![
        entry(
            "Monero: xmr-stak",
            &mut monero(),
            &format!(
                r#"{{"method":"login","params":{{"login":"{MONERO}","pass":"x","rigid":"rig7","agent":"xmr-stak/2.10.8/b5d3d6f/master/lin/nvidia-amd-cpu"}},"id":1}}"#
            ),
            r#"{"method":"submit","params":{"id":"a1b2c3d4","job_id":"JOB","nonce":"NONCE","result":"RESULT"},"id":ID}"#,
            "",
        )
        .fact("wallet", MONERO)
        .fact("worker", "rig7")
        .fact("agent", "xmr-stak/2.10.8/b5d3d6f/master/lin/nvidia-amd-cpu")
        .fact("difficulty", "5000.0"),
        entry(
            "Monero: cpuminer-multi",
            &mut monero(),
            &format!(
                r#"{{"method": "login", "params": {{"login": "{MONERO}.rig7", "pass": "x", "agent": "cpuminer-multi/1.3.7"}}, "id": 1}}"#
            ),
            r#"{"method": "submit", "params": {"id": "a1b2c3d4", "job_id": "JOB", "nonce": "NONCE", "result": "RESULT"}, "id":ID}"#,
            "",
        )
        .fact("wallet", MONERO)
        .fact("worker", "rig7")
        .fact("agent", "cpuminer-multi/1.3.7"),
        entry(
            "Monero: deepMiner's server, for browsers",
            &mut monero(),
            &format!(
                r#"{{"method":"login","params":{{"login":"{MONERO}","pass":"x","rigid":"","agent":"deepMiner"}},"id":"0123456789abcdef0123456789abcdef"}}"#
            ),
            r#"{"method":"submit","params":{"id":"a1b2c3d4","job_id":"JOB","nonce":"NONCE","result":"RESULT"},"id":"0123456789abcdef0123456789abcdef"}"#,
            "",
        )
        .fact("wallet", MONERO)
        .fact("agent", "deepMiner"),
        entry(
            "Monero: Claymore's CryptoNote miner",
            &mut monero(),
            &format!(
                r#"{{"method":"login","params":{{"login":"{MONERO}","pass":"rig7","agent":"Claymore CryptoNote GPU Miner v11.3"}},"id":1}}"#
            ),
            r#"{"method":"submit","params":{"id":"a1b2c3d4","job_id":"JOB","nonce":"NONCE","result":"RESULT"},"id":ID}"#,
            "",
        )
        .fact("worker", "rig7"),
    ]
}

fn current_clients() -> Vec<Entry> {
    let monero = || Pool::new("rx/0", "b88d0600");
    vec![
        xmrig(
            "Monero: XMRig with keepalived",
            &mut monero(),
            MONERO,
            "XMRig/6.21.0 (Windows NT 10.0; Win64; x64) libuv/1.44.2 msvc/2019",
        )
        .fact("coin", "XMR"),
        xmrig(
            "Monero: xmrig-proxy",
            &mut monero(),
            MONERO,
            "xmrig-proxy/6.22.0 (Linux x86_64) libuv/1.48.0 gcc/13.3.0",
        )
        .fact("coin", "XMR"),
        entry(
            "Monero: SRBMiner-MULTI",
            &mut monero(),
            &format!(
                r#"{{"id":1,"jsonrpc":"2.0","method":"login","params":{{"login":"{MONERO}","pass":"rig7","rigid":"","agent":"SRBMiner-MULTI/2.6.5","algo":["rx/0"]}}}}"#
            ),
            r#"{"id":ID,"jsonrpc":"2.0","method":"submit","params":{"id":"a1b2c3d4","job_id":"JOB","nonce":"NONCE","result":"RESULT"}}"#,
            XMRIG_KEEPALIVE,
        )
        .fact("worker", "rig7"),
        xmrig("Wownero: XMRig", &mut Pool::new("rx/wow", "711b0d00"), &invented("Wo4", 97), "XMRig/6.22.2")
            .fact("coin", "WOW"),
        xmrig("Zephyr: XMRig", &mut monero(), &invented("ZEPHYR3", 101), "XMRig/6.22.2").fact("coin", "ZEPH"),
        xmrig("Salvium: XMRig", &mut monero(), &invented("SaLvd", 99), "XMRig/6.22.2").fact("coin", "SAL"),
        xmrig("Conceal: XMRig", &mut Pool::new("cn/ccx", "711b0d00"), &invented("ccx7", 98), "XMRig/6.22.2")
            .fact("coin", "CCX"),
        tari(),
    ]
}

/// A job is a hash, a nonce has eight bytes.
fn tari() -> Entry {
    let wallet = invented("14", 91);
    let mut pool = Pool { blob: 60, nonce: 16, ..Pool::new("sha3x", "00000000ffff0000") };
    entry(
        "Tari, SHA3x: SRBMiner-MULTI",
        &mut pool,
        &format!(
            r#"{{"id":1,"jsonrpc":"2.0","method":"login","params":{{"login":"{wallet}.rig7","pass":"x","agent":"SRBMiner-MULTI/2.7.3","algo":["sha3x"]}}}}"#
        ),
        XMRIG_SUBMIT,
        "",
    )
    .fact("wallet", wallet)
    .fact("worker", "rig7")
    .fact("difficulty", "65537.0")
    .fact("coin", "XTM")
}

/// A job is the fields of a block, each by itself.
fn bytom() -> Entry {
    let mut noise = Noise::new(7);
    let mut job = || {
        let (previous, transactions, status) = (noise.hex(64), noise.hex(64), noise.hex(64));
        format!(
            r#"{{"version":"0100000000000000","height":"8c44000000000000","previous_block_hash":"{previous}","timestamp":"4c3afa5a00000000","transactions_merkle_root":"{transactions}","transaction_status_hash":"{status}","nonce":"0000000037780000","bits":"1d7a04000000001d","job_id":"171567","seed":"{previous}","target":"ffff0000"}}"#
        )
    };
    let mut talk = Talk::new()
        .client(r#"{"method": "login", "params": {"login": "antminer_1", "pass": "123", "agent": "bmminer/2.0.0"}, "id": 1}"#)
        .server(&format!(
            r#"{{"id":1,"result":{{"id":"antminer_1","job":{},"status":"OK"}},"error":null}}"#,
            job()
        ));
    for id in 2..5 {
        let result = "7f".repeat(32);
        talk = talk
            .server(&format!(r#"{{"jsonrpc":"2.0","method":"job","params":{}}}"#, job()))
            .client(&format!(r#"{{"method": "submit", "params": {{"id": "antminer_1", "job_id": "4171", "nonce": "bc000d4100000{id}00", "result": "{result}"}}, "id": {id}}}"#))
            .server(&format!(r#"{{"id":{id},"jsonrpc":"2.0","result":{{"status":"OK"}},"error":null}}"#));
    }
    Entry::new(
        Protocol::CryptoNote,
        "Bytom: Antminer B3",
        "login and shares as Monero's; jobs with the fields of a block",
    )
    .talk(talk)
    .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), Some(Verdict::Confirmed))
    .fact("agent", "bmminer/2.0.0")
    .fact("wallet", "antminer_1")
}

fn starcoin() -> Entry {
    let mut pool = Pool::new("cn/r", "711b0d00");
    let login = r#"{"id":0,"method":"login","jsonrpc":"2.0","params":{"login":"0x6dfc7b0b1d8d9d2a3f3f4b7ba9b1e5d8.rig7","pass":"x","agent":"stcbox/1.0","algo":["cn/r"]}}"#;
    entry("Starcoin: stcbox", &mut pool, login, XMRIG_SUBMIT, "")
        .fact("worker", "rig7")
        .fact("agent", "stcbox/1.0")
}

fn refused() -> Entry {
    let login = format!(
        r#"{{"id":1,"jsonrpc":"2.0","method":"login","params":{{"login":"{MONERO}","pass":"x","agent":"XMRig/6.22.2","algo":["rx/0"]}}}}"#
    );
    Entry::new(Protocol::CryptoNote, "Monero: XMRig, refused by the pool", HOW)
        .talk(Talk::new().client(&login).server(
            r#"{"id":1,"jsonrpc":"2.0","error":{"code":-1,"message":"Invalid address used for login"}}"#,
        ))
        .verdicts(Some(Verdict::Confirmed), Some(Verdict::Probable), None)
        .stage(Stage::Attempt)
        .fact("wallet", MONERO)
}

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = old_clients();
    entries.extend(current_clients());
    entries.extend([bytom(), starcoin(), refused()]);
    entries
}

//! `XMRig` (Client.cpp, JsonRequest.cpp) and a Monero pool (xmrig-proxy's STRATUM.md).

use serde_json::Value;

use super::{Identity, Miner, Pool, request};
use crate::noise::Noise;

/// The right length and alphabet, paid to nobody.
pub(super) const WALLET: &str =
    "47firedampLaboratoryXnobodyXownsXthisXaddressX1111111111111111111111111111111111111111111111111";

pub(super) struct Xmrig {
    identity: Identity,
    next_id: u64,
    session: Option<String>,
    job: Option<String>,
    noise: Noise,
}

impl Xmrig {
    pub(super) fn new(identity: Identity, seed: u64) -> Self {
        Self { identity, next_id: 1, session: None, job: None, noise: Noise::new(seed) }
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id - 1
    }
}

impl Miner for Xmrig {
    fn opening(&mut self) -> Option<String> {
        if self.next_id > 1 {
            return None;
        }
        let id = self.id();
        let Identity { wallet, worker, agent } = &self.identity;
        Some(format!(
            concat!(
                r#"{{"id":{},"jsonrpc":"2.0","method":"login","params":{{"login":"{}","pass":"x","agent":"{}","#,
                r#""rigid":"{}","algo":["rx/0","cn/2","cn/r","cn/fast","cn/half","cn/xao","cn/rto","cn/rwz","#,
                r#""cn/zls","cn/double","cn/ccx","rx/wow","rx/arq","rx/graft","rx/sfx","rx/yada","argon2/chukwa"]}}}}"#
            ),
            id, wallet, agent, worker
        ))
    }

    fn hear(&mut self, line: &str) {
        let Ok(object) = serde_json::from_str::<Value>(line) else { return };
        let text = |path: &str| object.pointer(path).and_then(Value::as_str).map(str::to_owned);
        if let Some(session) = text("/result/id") {
            self.session = Some(session);
        }
        if let Some(job) = text("/result/job/job_id").or_else(|| text("/params/job_id")) {
            self.job = Some(job);
        }
    }

    fn share(&mut self) -> Option<String> {
        let (session, job) = (self.session.clone()?, self.job.clone()?);
        let (nonce, result) = (self.noise.hex(8), self.noise.hex(64));
        let id = self.id();
        Some(format!(
            r#"{{"id":{id},"jsonrpc":"2.0","method":"submit","params":{{"id":"{session}","job_id":"{job}","nonce":"{nonce}","result":"{result}"}}}}"#
        ))
    }

    fn keepalive(&mut self) -> Option<String> {
        let session = self.session.clone()?;
        let id = self.id();
        Some(format!(r#"{{"id":{id},"jsonrpc":"2.0","method":"keepalived","params":{{"id":"{session}"}}}}"#))
    }
}

pub(super) struct MoneroPool {
    session: String,
    height: u64,
    noise: Noise,
}

impl MoneroPool {
    pub(super) fn new(seed: u64) -> Self {
        let mut noise = Noise::new(seed ^ 0x706f_6f6c);
        Self { session: noise.hex(8), height: 3_200_000 + noise.next_u64() % 100_000, noise }
    }

    fn work(&mut self) -> String {
        self.height += 1;
        // A hashing blob of 76 bytes: two version bytes, then whatever.
        format!(
            r#"{{"blob":"1010{}","job_id":"{}","target":"b88d0600","algo":"rx/0","height":{},"seed_hash":"{}"}}"#,
            self.noise.hex(148),
            self.noise.hex(16),
            self.height,
            self.noise.hex(64)
        )
    }
}

impl Pool for MoneroPool {
    fn answer(&mut self, line: &str) -> Vec<String> {
        let Some((method, id)) = request(line) else { return Vec::new() };
        let result = match method.as_str() {
            "login" => format!(
                r#"{{"id":"{}","job":{},"extensions":["algo","nicehash","connect","tls","keepalive"],"status":"OK"}}"#,
                self.session.clone(),
                self.work()
            ),
            "submit" => r#"{"status":"OK"}"#.to_owned(),
            "keepalived" => r#"{"status":"KEEPALIVED"}"#.to_owned(),
            _ => return Vec::new(),
        };
        vec![format!(r#"{{"id":{id},"jsonrpc":"2.0","error":null,"result":{result}}}"#)]
    }

    fn job(&mut self) -> String {
        format!(r#"{{"jsonrpc":"2.0","method":"job","params":{}}}"#, self.work())
    }
}

//! ethminer in eth-proxy mode (EthStratumClient.cpp: jsoncpp, keys sorted, no spaces) and its pool.

use serde_json::Value;

use super::{Identity, Miner, Pool, request};
use crate::noise::Noise;

/// The right shape, paid to nobody.
pub(super) const WALLET: &str = "0xf12edaf12edaf12edaf12edaf12edaf12edaf12e";

pub(super) struct Ethminer {
    identity: Identity,
    opened: u64,
    submitted: u64,
    header: Option<String>,
    noise: Noise,
}

impl Ethminer {
    pub(super) fn new(identity: Identity, seed: u64) -> Self {
        Self { identity, opened: 0, submitted: 0, header: None, noise: Noise::new(seed) }
    }
}

impl Miner for Ethminer {
    fn opening(&mut self) -> Option<String> {
        self.opened += 1;
        let Identity { wallet, worker, .. } = &self.identity;
        match self.opened {
            1 => Some(format!(
                r#"{{"id":1,"method":"eth_submitLogin","params":["{wallet}"],"worker":"{worker}"}}"#
            )),
            2 => Some(r#"{"id":5,"method":"eth_getWork","params":[]}"#.to_owned()),
            _ => None,
        }
    }

    fn hear(&mut self, line: &str) {
        let Ok(object) = serde_json::from_str::<Value>(line) else { return };
        if let Some(header) = object.pointer("/result/0").and_then(Value::as_str) {
            self.header = Some(header.to_owned());
        }
    }

    fn share(&mut self) -> Option<String> {
        let header = self.header.clone()?;
        let id = 40 + self.submitted;
        self.submitted += 1;
        let (nonce, mix, worker) = (self.noise.hex(16), self.noise.hex(64), &self.identity.worker);
        Some(format!(
            r#"{{"id":{id},"method":"eth_submitWork","params":["0x{nonce}","{header}","0x{mix}"],"worker":"{worker}"}}"#
        ))
    }

    fn keepalive(&mut self) -> Option<String> {
        let worker = &self.identity.worker;
        Some(format!(
            r#"{{"id":9,"jsonrpc":"2.0","method":"eth_submitHashrate","params":["0x1d9f5b0","0x{}"],"worker":"{worker}"}}"#,
            self.noise.hex(64)
        ))
    }
}

pub(super) struct EthereumPool {
    noise: Noise,
}

impl EthereumPool {
    pub(super) fn new(seed: u64) -> Self {
        Self { noise: Noise::new(seed ^ 0x706f_6f6c) }
    }

    fn work(&mut self, id: &Value) -> String {
        let (header, seed, target) = (self.noise.hex(64), self.noise.hex(64), self.noise.hex(56));
        format!(r#"{{"id":{id},"jsonrpc":"2.0","result":["0x{header}","0x{seed}","0x00000000{target}"]}}"#)
    }
}

impl Pool for EthereumPool {
    fn answer(&mut self, line: &str) -> Vec<String> {
        let Some((method, id)) = request(line) else { return Vec::new() };
        match method.as_str() {
            "eth_getWork" => vec![self.work(&id)],
            "eth_submitLogin" | "eth_submitWork" | "eth_submitHashrate" => {
                vec![format!(r#"{{"id":{id},"jsonrpc":"2.0","result":true}}"#)]
            }
            _ => Vec::new(),
        }
    }

    fn job(&mut self) -> String {
        self.work(&Value::from(0))
    }
}

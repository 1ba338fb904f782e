//! cgminer (util.c, cgminer.c) with a Bitaxe's wish for a difficulty (ESP-Miner, `stratum_api.c`),
//! and a pool that writes `params` first, as ckpool does.

use serde_json::Value;

use super::{Identity, Miner, Pool, request};
use crate::noise::Noise;

/// The example address of BIP 173.
pub(super) const WALLET: &str = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";

pub(super) struct Cgminer {
    identity: Identity,
    next_id: u64,
    job: Option<(String, String)>,
    noise: Noise,
}

impl Cgminer {
    pub(super) fn new(identity: Identity, seed: u64) -> Self {
        Self { identity, next_id: 0, job: None, noise: Noise::new(seed) }
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id - 1
    }
}

impl Miner for Cgminer {
    fn opening(&mut self) -> Option<String> {
        let Identity { wallet, worker, agent } = self.identity.clone();
        let id = self.id();
        let (method, params) = match id {
            0 => ("configure", r#"["version-rolling"], {"version-rolling.mask": "ffffffff"}"#.to_owned()),
            1 => ("subscribe", format!(r#""{agent}""#)),
            2 => ("authorize", format!(r#""{wallet}.{worker}", "x""#)),
            3 => ("suggest_difficulty", "1000".to_owned()),
            _ => return None,
        };
        Some(format!(r#"{{"id": {id}, "method": "mining.{method}", "params": [{params}]}}"#))
    }

    fn hear(&mut self, line: &str) {
        let Ok(object) = serde_json::from_str::<Value>(line) else { return };
        if object.get("method").and_then(Value::as_str) == Some("mining.notify") {
            let text = |path: &str| object.pointer(path).and_then(Value::as_str).map(str::to_owned);
            self.job = text("/params/0").zip(text("/params/7"));
        }
    }

    fn share(&mut self) -> Option<String> {
        let (job, time) = self.job.clone()?;
        let (extranonce, nonce, version) = (self.noise.hex(8), self.noise.hex(8), "0a2b4000");
        let Identity { wallet, worker, .. } = &self.identity;
        let user = format!("{wallet}.{worker}");
        let id = self.id();
        Some(format!(
            r#"{{"params": ["{user}", "{job}", "{extranonce}", "{time}", "{nonce}", "{version}"], "id": {id}, "method": "mining.submit"}}"#
        ))
    }

    fn keepalive(&mut self) -> Option<String> {
        None
    }
}

pub(super) struct BitcoinPool {
    job: u64,
    time: u64,
    noise: Noise,
}

impl BitcoinPool {
    pub(super) fn new(seed: u64) -> Self {
        let mut noise = Noise::new(seed ^ 0x706f_6f6c);
        Self { job: noise.next_u64() & 0xffff_ffff, time: 0x66a0_0000, noise }
    }
}

impl Pool for BitcoinPool {
    fn answer(&mut self, line: &str) -> Vec<String> {
        let Some((method, id)) = request(line) else { return Vec::new() };
        match method.as_str() {
            "mining.configure" => vec![format!(
                r#"{{"result": {{"version-rolling": true, "version-rolling.mask": "1fffe000"}}, "id": {id}, "error": null}}"#
            )],
            "mining.subscribe" => vec![format!(
                r#"{{"result": [[["mining.notify", "{}"]], "{}", 4], "id": {id}, "error": null}}"#,
                self.noise.hex(8),
                self.noise.hex(8)
            )],
            "mining.authorize" => vec![
                format!(r#"{{"result": true, "id": {id}, "error": null}}"#),
                r#"{"params": [8192], "id": null, "method": "mining.set_difficulty"}"#.to_owned(),
                r#"{"params": ["1fffe000"], "id": null, "method": "mining.set_version_mask"}"#.to_owned(),
                self.job(),
            ],
            "mining.suggest_difficulty" => vec![
                format!(r#"{{"result": true, "id": {id}, "error": null}}"#),
                r#"{"params": [1000], "id": null, "method": "mining.set_difficulty"}"#.to_owned(),
            ],
            "mining.submit" => vec![format!(r#"{{"result": true, "id": {id}, "error": null}}"#)],
            _ => Vec::new(),
        }
    }

    fn job(&mut self) -> String {
        self.job += 1;
        self.time += 30;
        let branches: Vec<String> = (0..12).map(|_| format!(r#""{}""#, self.noise.hex(64))).collect();
        format!(
            concat!(
                r#"{{"params": ["{:x}", "{}0000000000000000", "01000000010000000000000000000000000000000000000000"#,
                r#"000000000000000000000000ffffffff35{}", "{}", [{}], "20000000", "17034219", "{:x}", false], "#,
                r#""id": null, "method": "mining.notify"}}"#
            ),
            self.job,
            self.noise.hex(48),
            self.noise.hex(70),
            self.noise.hex(160),
            branches.join(", "),
            self.time
        )
    }
}

//! The login/job/submit protocol of Monero and its relatives.
//!
//! Sources: `XMRig`'s Client.cpp, xmrig-proxy's description of the protocol, `P2Pool`'s stratum server, deepMiner.

use serde_json::{Map, Value};

use super::account;
use super::finding::{Fact, Finding, Kind};
use super::message::Message;
use super::outstanding::Ask;
use super::shape::{clean, hex, is_hex, text};
use crate::judge::{Protocol, Stage};

const PROTOCOL: Protocol = Protocol::CryptoNote;

/// Hexadecimal digits of the smallest block template: a header of 76 bytes.
const MIN_BLOB: usize = 152;

/// Algorithm names looked at in a login.
const MAX_ALGORITHMS: usize = 64;

impl Kind {
    pub(crate) const LOGIN: Self = Self::message("client-login", "method login with login and pass", 6.0);
    pub(crate) const LOGIN_SUBMIT: Self =
        Self::message("client-share", "method submit with job id, 4-byte nonce and 32-byte result", 11.0);
    pub(crate) const KEEPALIVE: Self =
        Self::message("client-keepalive", "method keepalived with a session id", 8.0);
    pub(crate) const GET_JOB: Self = Self::message("client-getjob", "method getjob with a session id", 4.0);
    pub(crate) const LOGIN_ANSWER: Self =
        Self::message("pool-login", "answer to a login with session id and first job", 14.0);
    pub(crate) const JOB: Self =
        Self::message("pool-job", "job with block template, job id and target", 13.0);
    pub(crate) const KEEPALIVE_ANSWER: Self = Self::message("pool-keepalive", "status KEEPALIVED", 8.0);
}

/// Reads a request or notification.
pub(super) fn request(method: &str, message: &Message) -> Option<(Finding, Ask)> {
    let named = message.named()?;
    match method {
        "login" => {
            let finding = login(named)?;
            // Any application logs in with a name and says no with a code of its own.
            let mining = [Kind::AGENT, Kind::ALGORITHM_LIST, Kind::ADDRESS];
            let known = finding.kinds.iter().any(|kind| mining.contains(kind));
            Some((finding, if known { Ask::Admission(PROTOCOL) } else { Ask::Foreign }))
        }
        "submit" => {
            let share =
                named.contains_key("job_id") && hex(named.get("nonce"), 8) && hex(named.get("result"), 64);
            let finding = share.then(|| Finding::miner(PROTOCOL, Kind::LOGIN_SUBMIT))?;
            Some((finding.stage(Stage::Submitting).fact(Some(Fact::Submitted)), Ask::Share(PROTOCOL)))
        }
        "keepalived" => {
            text(named.get("id"))?;
            Some((Finding::miner(PROTOCOL, Kind::KEEPALIVE), Ask::Other))
        }
        "getjob" => {
            text(named.get("id"))?;
            Some((Finding::miner(PROTOCOL, Kind::GET_JOB), Ask::Other))
        }
        "job" => Some((job(named, Kind::JOB)?, Ask::Other)),
        _ => None,
    }
}

fn login(named: &Map<String, Value>) -> Option<Finding> {
    let user = text(named.get("login"))?;
    let password = text(named.get("pass"));
    let agent = text(named.get("agent")).and_then(clean);
    if password.is_none() && agent.is_none() {
        return None;
    }
    let algorithms: Vec<&str> = named
        .get("algo")
        .and_then(Value::as_array)
        .map(|list| list.iter().take(MAX_ALGORITHMS).filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let single = <[&str; 1]>::try_from(algorithms.as_slice()).ok().and_then(|[name]| clean(name));
    let (wallet, suffix) = account::split(user);
    let worker = text(named.get("rigid"))
        .filter(|name| !name.is_empty())
        .or(suffix)
        .or_else(|| account::worker_in_password(wallet, password?));
    let miner = agent.as_deref().is_some_and(is_miner);
    let finding = Finding::miner(PROTOCOL, Kind::LOGIN)
        .with(Kind::AGENT, miner)
        .with(Kind::UNKNOWN_AGENT, agent.is_some() && !miner)
        .with(Kind::ALGORITHM_LIST, algorithms.iter().any(|name| is_algorithm(name)))
        .with(Kind::ADDRESS, account::is_address(wallet))
        .fact(agent.filter(|name| !account::is_user(name)).map(Fact::Agent))
        .fact(account::paid(wallet, worker))
        .fact(single.map(Fact::Algorithm));
    Some(finding)
}

/// Whether the agent is software that is known to mine, by the name before its version.
fn is_miner(agent: &str) -> bool {
    let names = [
        "xmrig",
        "xmr-",
        "xmrstak",
        "deepminer",
        "cpuminer",
        "ccminer",
        "cgminer",
        "bfgminer",
        "sgminer",
        "minerd",
        "srbminer",
        "nanominer",
        "teamredminer",
        "wildrig",
        "lolminer",
        "bminer",
        "gminer",
        "grin-miner",
        "claymore",
        "jceminer",
        "jce_cn",
        "cast_xmr",
        "moneroocean",
        "coinhive",
        "nodeminer",
        "nicehash",
        "stratum",
    ];
    let agent = agent.to_ascii_lowercase();
    names.iter().any(|&name| agent.starts_with(name))
}

/// `XMRig`'s names of algorithms: family and variant.
fn is_algorithm(name: &str) -> bool {
    let families = [
        "rx",
        "cn",
        "cn-lite",
        "cn-heavy",
        "cn-pico",
        "cn-half",
        "argon2",
        "astrobwt",
        "ghostrider",
        "kawpow",
        "panthera",
    ];
    families.contains(&name.split('/').next().unwrap_or(name))
}

/// A job; `kind` is the message that brings it.
pub(super) fn job(job: &Map<String, Value>, kind: Kind) -> Option<Finding> {
    let blob = text(job.get("blob"))?;
    let target = text(job.get("target"))?;
    let named = job.get("job_id").is_some_and(|id| id.is_string() || id.is_number());
    if blob.len() < MIN_BLOB || !is_hex(blob) || !named {
        return None;
    }
    let difficulty = difficulty(target)?;
    let algorithm = text(job.get("algo")).and_then(clean);
    let finding = Finding::pool(PROTOCOL, kind).stage(Stage::Working).fact(Some(Fact::Job));
    Some(finding.fact(Some(Fact::difficulty_hashes(difficulty))).fact(algorithm.map(Fact::Algorithm)))
}

/// The target is the highest 4 or 8 bytes of the hash, least significant byte first.
#[expect(clippy::cast_precision_loss, reason = "difficulty is an estimate")]
fn difficulty(target: &str) -> Option<f64> {
    let value = u64::from_str_radix(target, 16).ok().filter(|&value| value > 0 && is_hex(target))?;
    match target.len() {
        8 => Some((u64::from(u32::MAX) / (value.swap_bytes() >> 32)) as f64),
        16 => Some((u64::MAX / value.swap_bytes()) as f64),
        _ => None,
    }
}

/// Reads a response. `ask` is what it answers, if the request was seen; `share_likely` says that a bare OK can only
/// be for a share.
pub(super) fn answer(ask: Option<Ask>, message: &Message, share_likely: bool) -> Option<Finding> {
    let result = message.result();
    if let Some(finding) =
        result.get("job").and_then(Value::as_object).and_then(|it| job(it, Kind::LOGIN_ANSWER))
    {
        let session = result.get("id").is_some_and(Value::is_string);
        return session.then_some(finding);
    }
    if let Some(finding) = result.as_object().and_then(|it| job(it, Kind::JOB)) {
        return Some(finding);
    }
    let status = text(result.get("status")).unwrap_or_default();
    if status == "KEEPALIVED" {
        return Some(Finding::pool(PROTOCOL, Kind::KEEPALIVE_ANSWER));
    }
    let accepted = status.eq_ignore_ascii_case("OK");
    match ask {
        Some(Ask::Share(PROTOCOL)) if message.error().is_some_and(|error| !is_no_such_method(error)) => {
            Some(Finding::pool(PROTOCOL, Kind::SHARE_ANSWER).fact(Some(Fact::Rejected)))
        }
        Some(Ask::Share(PROTOCOL)) if accepted => {
            Some(Finding::pool(PROTOCOL, Kind::SHARE_ANSWER).fact(Some(Fact::Accepted)))
        }
        Some(Ask::Admission(PROTOCOL)) if message.error().is_some_and(|error| !is_no_such_method(error)) => {
            Some(Finding::pool(PROTOCOL, Kind::ADMISSION))
        }
        None if accepted && share_likely => {
            let finding = Finding::pool(PROTOCOL, Kind::SHARE_ANSWER).stage(Stage::Submitting);
            Some(finding.fact(Some(Fact::Submitted)).fact(Some(Fact::Accepted)))
        }
        _ => None,
    }
}

/// JSON-RPC's own errors come from any server: parse error, invalid request, no such method, invalid parameters.
fn is_no_such_method(error: &Value) -> bool {
    error.get("code").and_then(Value::as_i64).is_none_or(|code| matches!(code, -32700 | -32603..=-32600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_become_difficulties() {
        assert_eq!(difficulty("711b0d00"), Some(5000.0));
        assert_eq!(difficulty("ffffffff"), Some(1.0));
        assert_eq!(difficulty("00000000ffff0000"), Some(65537.0));
        for bad in ["", "00000000", "+1234567", "711b0d", "zz1b0d00", "0000000000000000", "711b0d0000"] {
            assert_eq!(difficulty(bad), None, "{bad}");
        }
    }
}

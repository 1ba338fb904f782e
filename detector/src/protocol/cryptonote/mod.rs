//! The login/job/submit protocol of Monero and its relatives.
//!
//! Sources: `XMRig`'s Client.cpp, xmrig-proxy's description of the protocol, `P2Pool`'s stratum server, deepMiner, the
//! descriptions of Bytom's protocol by its pools.

mod address;
mod algorithm;
mod job;
mod login;

pub(super) use address::{coin as coin_of_address, is_qubic};
pub(super) use job::read as job;
pub(super) use login::is_miner;

use serde_json::Value;

use super::finding::{Fact, Finding, Kind};
use super::message::Message;
use super::outstanding::Ask;
use super::shape::{hex, is_hex, text};
use crate::judge::{Protocol, Stage};

const PROTOCOL: Protocol = Protocol::CryptoNote;

impl Kind {
    pub(crate) const LOGIN_SUBMIT: Self =
        Self::message("client-share", "method submit with job id, nonce and 32-byte result", 11.0);
    pub(crate) const KEEPALIVE: Self =
        Self::message("client-keepalive", "method keepalived with a session id", 8.0);
    pub(crate) const GET_JOB: Self = Self::message("client-getjob", "method getjob with a session id", 1.0);
    pub(crate) const LOGIN_ANSWER: Self =
        Self::message("pool-login", "answer to a login with session id and first job", 14.0);
    pub(crate) const JOB: Self =
        Self::message("pool-job", "job with block template, job id and target", 13.0);
    pub(crate) const KEEPALIVE_ANSWER: Self = Self::message("pool-keepalive", "status KEEPALIVED", 8.0);
}

/// Reads a request or notification.
pub(super) fn request(method: &str, message: &Message) -> Option<(Finding, Ask)> {
    if method == "login" {
        let finding = login::read(message)?;
        // Any application logs in with a name and says no with a code of its own.
        let mining = [Kind::AGENT, Kind::ALGORITHM_LIST, Kind::ADDRESS];
        let known = finding.kinds.iter().any(|kind| mining.contains(kind));
        return Some((finding, if known { Ask::Admission(PROTOCOL) } else { Ask::Foreign }));
    }
    let named = message.named()?;
    match method {
        "submit" => {
            // Monero's nonce has 4 bytes, Bytom's and Tari's have 8.
            let nonce = hex(named.get("nonce"), 8) || hex(named.get("nonce"), 16);
            let share = named.contains_key("job_id") && nonce && hex(named.get("result"), 64);
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
        "job" => Some((job::read(named, Kind::JOB)?, Ask::Other)),
        _ => None,
    }
}

/// Reads a response. `ask` is what it answers, if the request was seen; `share_likely` says that a bare OK can only
/// be for a share.
pub(super) fn answer(ask: Option<Ask>, message: &Message, share_likely: bool) -> Option<Finding> {
    let result = message.result();
    if let Some(finding) =
        result.get("job").and_then(Value::as_object).and_then(|it| job::read(it, Kind::LOGIN_ANSWER))
    {
        let session = result.get("id").is_some_and(Value::is_string);
        return session.then_some(finding);
    }
    if let Some(finding) = result.as_object().and_then(|it| job::read(it, Kind::JOB)) {
        return Some(finding);
    }
    let status = text(result.get("status")).unwrap_or_default();
    if status == "KEEPALIVED" {
        return Some(Finding::pool(PROTOCOL, Kind::KEEPALIVE_ANSWER));
    }
    // Some pools refuse with a text and no code.
    let own = matches!(ask, Some(Ask::Share(PROTOCOL) | Ask::Admission(PROTOCOL)));
    let refused = message
        .error()
        .is_some_and(|error| !is_no_such_method(error) || (own && error.get("code").is_none()))
        || status.eq_ignore_ascii_case("rejected");
    let verdict = match status.eq_ignore_ascii_case("OK") {
        true if !refused => Fact::Accepted,
        _ if refused => Fact::Rejected,
        _ => return None,
    };
    match ask {
        Some(Ask::Share(PROTOCOL)) => Some(Finding::pool(PROTOCOL, Kind::SHARE_ANSWER).fact(Some(verdict))),
        Some(Ask::Admission(PROTOCOL)) if refused => {
            Some(Finding::pool(PROTOCOL, Kind::POOL_ERROR).stage(Stage::Attempt))
        }
        None if share_likely => {
            let finding = Finding::pool(PROTOCOL, Kind::SHARE_ANSWER).stage(Stage::Submitting);
            Some(finding.fact(Some(Fact::Submitted)).fact(Some(verdict)))
        }
        _ => None,
    }
}

/// JSON-RPC's own errors come from any server: parse error, invalid request, no such method, invalid parameters.
pub(super) fn is_no_such_method(error: &Value) -> bool {
    error.get("code").and_then(Value::as_i64).is_none_or(|code| matches!(code, -32700 | -32603..=-32600))
}

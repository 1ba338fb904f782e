//! Stratum of Grin, MWC and other coins of the Cuckoo Cycle: `CryptoNote`'s words, but a share is a cycle in a graph, and
//! an answer repeats the method.
//!
//! Sources: Grin's stratumserver.rs, grin-miner's client.rs and types.rs, logins published of bminer.

use serde_json::{Map, Value};

use super::finding::{Fact, Finding, Kind};
use super::message::Message;
use super::outstanding::Ask;
use super::shape::{is_hex, number, text};
use crate::judge::{Protocol, Stage};

const PROTOCOL: Protocol = Protocol::Grin;

/// Hexadecimal digits of the smallest header without its proof of work.
const MIN_HEADER: usize = 128;

impl Kind {
    pub(crate) const GRIN_GET_JOB: Self =
        Self::message("client-getjobtemplate", "method getjobtemplate without parameters", 8.0);
    pub(crate) const GRIN_SUBMIT: Self =
        Self::message("client-cycle", "method submit with height, nonce and the edges of a cycle", 13.0);
    pub(crate) const GRIN_KEEPALIVE: Self =
        Self::message("client-grin-keepalive", "method keepalive without parameters", 0.5);
    pub(crate) const GRIN_STATUS: Self =
        Self::message("client-grin-status", "method status without parameters", 0.4);
    pub(crate) const GRIN_JOB: Self = Self::message(
        "pool-grin-job",
        "job with a header before its proof of work, height and difficulty",
        13.0,
    );
    pub(crate) const GRIN_ECHO: Self =
        Self::message("pool-grin-answer", "an answer of ok that repeats the method", 0.5);
    pub(crate) const GRIN_STATUS_ANSWER: Self =
        Self::message("pool-grin-status", "status with accepted, rejected and stale shares", 11.0);
}

/// Reads a request or notification.
pub(super) fn request(method: &str, message: &Message) -> Option<(Finding, Ask)> {
    let plain = |kind| {
        let bare = text(message.value("jsonrpc")) == Some("2.0") && !message.has_params();
        bare.then(|| (Finding::miner(PROTOCOL, kind), Ask::Other))
    };
    match method {
        "getjobtemplate" => plain(Kind::GRIN_GET_JOB),
        "keepalive" => plain(Kind::GRIN_KEEPALIVE),
        "status" => plain(Kind::GRIN_STATUS),
        "submit" => {
            let finding = is_share(message.named()?).then(|| Finding::miner(PROTOCOL, Kind::GRIN_SUBMIT))?;
            Some((finding.stage(Stage::Submitting).fact(Some(Fact::Submitted)), Ask::Share(PROTOCOL)))
        }
        "job" => Some((job(message.named()?)?, Ask::Other)),
        _ => None,
    }
}

/// Grin's cycles have 42 edges, those of others 32, 40 or 48.
fn is_share(named: &Map<String, Value>) -> bool {
    let numbered = |key: &str| named.get(key).is_some_and(|value| value.is_number() || value.is_string());
    let cycle = named.get("pow").and_then(Value::as_array);
    numbered("nonce")
        && (numbered("height") || numbered("job_id"))
        && cycle.is_some_and(|edges| (32..=48).contains(&edges.len()) && edges.iter().all(Value::is_u64))
}

fn job(named: &Map<String, Value>) -> Option<Finding> {
    let header = text(named.get("pre_pow"))?;
    let difficulty = number(named.get("difficulty"))?;
    let known = is_hex(header) && header.len() >= MIN_HEADER && named.contains_key("height");
    let finding = known.then(|| Finding::pool(PROTOCOL, Kind::GRIN_JOB))?.stage(Stage::Working);
    Some(finding.fact(Some(Fact::Job)).fact(Some(Fact::difficulty_hashes(difficulty))))
}

/// Reads a response. `ask` is what it answers, if that is known: most clients use one id for all requests, which is why
/// the method is repeated. `working` says that jobs came before it, `alone` that the miner is out of sight.
pub(super) fn answer(ask: Option<Ask>, message: &Message, working: bool, alone: bool) -> Option<Finding> {
    let method = message.method()?;
    let result = message.result();
    let ok = result.as_str();
    let refused = message.error().is_some_and(is_refusal);
    match method {
        "getjobtemplate" | "job" => job(result.as_object()?),
        "status" => {
            let known = ["accepted", "rejected", "stale"].iter().all(|&key| result.get(key).is_some());
            known.then(|| Finding::pool(PROTOCOL, Kind::GRIN_STATUS_ANSWER))
        }
        "login" | "keepalive" if ok == Some("ok") => Some(Finding::pool(PROTOCOL, Kind::GRIN_ECHO)),
        "login" if refused && matches!(ask, Some(Ask::Admission(_))) => {
            Some(Finding::pool(PROTOCOL, Kind::POOL_ERROR).stage(Stage::Attempt))
        }
        "submit" if working || ask == Some(Ask::Share(PROTOCOL)) => {
            let verdict = match ok {
                Some(ok) if ok == "ok" || ok.starts_with("blockfound") => Fact::Accepted,
                _ if refused => Fact::Rejected,
                _ => return None,
            };
            let finding = Finding::pool(PROTOCOL, Kind::SHARE_ANSWER).stage(Stage::Submitting);
            Some(finding.fact(alone.then_some(Fact::Submitted)).fact(Some(verdict)))
        }
        _ => None,
    }
}

/// Too late, not valid, too low a difficulty, log in first; pools have other words and numbers for the same.
fn is_refusal(error: &Value) -> bool {
    let code = error.get("code").and_then(Value::as_i64);
    code.is_some_and(|code| (-32599..=-32000).contains(&code) || code == -1) && error.get("message").is_some()
}

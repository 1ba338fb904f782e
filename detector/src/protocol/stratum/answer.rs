//! What the pool, and once the miner, answers.
//!
//! Sources: BIP 310, EIP-1571, ZIP 301, Miningcore, the Kaspa stratum bridge, Conflux' and Alephium's descriptions.

use serde_json::Value;

use super::super::account;
use super::super::finding::{Fact, Finding, Kind};
use super::super::message::Message;
use super::super::outstanding::Ask;
use super::super::shape::{is_hex, text};
use super::login::dialect;
use super::miner::is_extension;
use super::{ETHEREUM, ROLLS_VERSION, V1};
use crate::judge::{Protocol, Stage};

impl Kind {
    pub(crate) const VERSION_ANSWER: Self =
        Self::message("client-version", "answer to client.get_version", 1.0);
    pub(crate) const CONFIGURE_ANSWER: Self =
        Self::message("pool-configure", "answer to mining.configure with granted extensions", 10.0);
    pub(crate) const SUBSCRIBE_ANSWER: Self =
        Self::message("pool-subscribe", "answer to mining.subscribe with an extranonce", 13.0);
    pub(crate) const HELLO_ANSWER: Self =
        Self::message("pool-hello", "answer to mining.hello with the name of the protocol", 12.0);
    pub(crate) const STALE: Self =
        Self::feature("share-stale", "a share was rejected: its job is over or unknown", 1.0);
    pub(crate) const DUPLICATE: Self =
        Self::feature("share-duplicate", "a share was rejected: it was handed in before", 1.0);
    pub(crate) const LOW_DIFFICULTY: Self =
        Self::feature("share-low-difficulty", "a share was rejected: it misses the target", 1.0);
    pub(crate) const UNAUTHORIZED: Self =
        Self::feature("pool-unauthorized", "the pool does not know the worker", 1.0);
    pub(crate) const TLS_REFUSED: Self = Self::message(
        "pool-tls-refused",
        "a handshake of TLS is answered with an error in Stratum's own form: a miner tries TLS",
        12.0,
    );
}

/// Reads a response. `ask` is what it answers, if the request was seen.
pub(in super::super) fn answer(ask: Option<Ask>, message: &Message) -> Option<Finding> {
    let result = message.result();
    if let Some(finding) = unmistakable(result) {
        return Some(finding);
    }
    match ask? {
        Ask::Subscribe if short_subscription(result) => Some(Finding::pool(V1, Kind::SUBSCRIBE_ANSWER)),
        Ask::Configure if grants(result) => Some(Finding::pool(V1, Kind::CONFIGURE_ANSWER)),
        Ask::Subscribe | Ask::Admission(V1) if message.error().is_none() => {
            // Alephium's pools answer with the number of session or worker.
            let named = result.as_str().is_some_and(|id| id.len() <= 64);
            let said = yes_or_no(result).or(named.then_some(true))?;
            Some(Finding::pool(V1, Kind::ADMISSION).stage(if said {
                Stage::Handshake
            } else {
                Stage::Attempt
            }))
        }
        Ask::Share(V1) => share(message),
        Ask::Version => {
            let agent = account::software(result.as_str()?)?;
            Some(Finding::miner(V1, Kind::VERSION_ANSWER).fact(Some(agent)))
        }
        Ask::Admission(V1) | Ask::Subscribe | Ask::Configure | Ask::Other => {
            let code = code(message.error()?)?;
            let finding = Finding::pool(V1, Kind::POOL_ERROR).with(Kind::UNAUTHORIZED, code == 24);
            Some(finding.stage(Stage::Attempt))
        }
        _ => None,
    }
}

/// Whether a message says in Stratum's own form, as a list, that something could not be understood.
pub(in super::super) fn refuses(message: &Message) -> bool {
    message.result().is_null()
        && message.error().is_some_and(|error| {
            error.is_array() && code(error).is_some_and(|code| (20..=25).contains(&code))
        })
}

/// What no other server answers, also without the request.
fn unmistakable(result: &Value) -> Option<Finding> {
    if let Some(finding) = subscription(result) {
        return Some(finding);
    }
    if let Some(granted) = result.get("version-rolling").and_then(Value::as_bool) {
        return Some(Finding::pool(V1, Kind::CONFIGURE_ANSWER).fact(granted.then_some(ROLLS_VERSION)));
    }
    let name = dialect(result.get("proto").or_else(|| result.get(0)));
    if let Some(protocol) = name {
        return Some(Finding::pool(protocol, Kind::HELLO_ANSWER));
    }
    // The bridge of Kaspa says yes and the name of the dialect.
    let bridge = result.get(0) == Some(&Value::Bool(true)) && dialect(result.get(1)) == Some(ETHEREUM);
    bridge.then(|| Finding::pool(Protocol::Kaspa, Kind::SUBSCRIBE_ANSWER).with(Kind::DIALECT_NAME, true))
}

/// The subscriptions and the extranonce.
fn subscription(result: &Value) -> Option<Finding> {
    let list = result.as_array()?;
    let topics = list.first()?.as_array()?;
    let topic = |value: Option<&Value>| {
        text(value).is_some_and(|name| matches!(name, "mining.notify" | "mining.set_difficulty"))
    };
    let nested = topics.first().and_then(Value::as_array).is_some_and(|pair| topic(pair.first()));
    if !nested && !topic(topics.first()) {
        return None;
    }
    let dialect = dialect(topics.get(2));
    let finding = Finding::pool(dialect.unwrap_or(V1), Kind::SUBSCRIBE_ANSWER);
    Some(finding.with(Kind::DIALECT_NAME, dialect.is_some()))
}

/// Whether extensions are granted or denied.
fn grants(result: &Value) -> bool {
    result.as_object().is_some_and(|named| named.keys().any(|name| is_extension(name)))
}

/// Session or nothing, then the extranonce.
fn short_subscription(result: &Value) -> bool {
    let Some(list) = result.as_array() else { return false };
    list.len() <= 4 && is_hex(text(list.get(1)).unwrap_or_default())
}

/// Yes or no, as a value or a text, by itself or as the first of a list (Conflux), or as a status.
fn yes_or_no(result: &Value) -> Option<bool> {
    match result {
        Value::Bool(said) => Some(*said),
        Value::String(said) => said.parse().ok(),
        Value::Array(list) => list.first().filter(|said| !said.is_array()).and_then(yes_or_no),
        Value::Object(named) => {
            text(named.get("status")).filter(|status| status.eq_ignore_ascii_case("OK")).map(|_| true)
        }
        _ => None,
    }
}

fn share(message: &Message) -> Option<Finding> {
    let finding = Finding::pool(V1, Kind::SHARE_ANSWER);
    let error = message.error();
    if error.is_none() && yes_or_no(message.result())? {
        return Some(finding.fact(Some(Fact::Accepted)));
    }
    let code = error.and_then(code);
    let reason = match code {
        Some(21) => Some(Kind::STALE),
        Some(22) => Some(Kind::DUPLICATE),
        Some(23) => Some(Kind::LOW_DIFFICULTY),
        Some(24) => Some(Kind::UNAUTHORIZED),
        _ => None,
    };
    let mut finding = finding.with(Kind::POOL_ERROR, code.is_some()).fact(Some(Fact::Rejected));
    finding.kinds.extend(reason);
    Some(finding)
}

/// The number of an error in Stratum's own form, which no other JSON-RPC has: number, text, traceback; or in an object
/// with one of Stratum's numbers.
fn code(error: &Value) -> Option<i64> {
    if let Some(list) = error.as_array() {
        text(list.get(1))?;
        let code = list.first()?;
        return code.as_i64().or_else(|| code.as_str()?.parse().ok());
    }
    error.get("code").and_then(Value::as_i64).filter(|code| (20..=25).contains(code))
}

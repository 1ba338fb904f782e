//! getwork over HTTP, and the header fields that mining software and its pools add.
//!
//! Sources: util.c of cgminer, bfgminer and cpuminer; the descriptions of getwork, long polling and roll-ntime in
//! Bitcoin's wiki.

use serde_json::{Map, Value};

use super::super::finding::{Fact, Finding, Kind};
use super::super::message::Message;
use super::super::shape::{difficulty_of_target, hex, is_hex, text};
use super::{Ask, Said};
use crate::judge::{Protocol, Stage};
use crate::transport::Head;

const PROTOCOL: Protocol = Protocol::GetWork;

/// Hexadecimal digits of the shortest block header that is mined.
const MIN_HEADER: usize = 160;

/// Hexadecimal digits of a state of SHA-256.
const MIDSTATE: usize = 64;

const REQUEST_FIELDS: [&str; 3] = ["x-mining-extensions", "x-mining-hashrate", "x-minimum-wait"];

const RESPONSE_FIELDS: [&str; 4] = ["x-long-polling", "x-roll-ntime", "x-stratum", "x-reject-reason"];

impl Kind {
    pub(crate) const HTTP_AGENT: Self =
        Self::feature("client-http-agent", "the user agent is mining software", 6.5);
    pub(crate) const MINING_FIELDS: Self = Self::message(
        "client-mining-fields",
        "header fields of mining software: X-Mining-Extensions, X-Mining-Hashrate, X-Minimum-Wait",
        12.0,
    );
    pub(crate) const POOL_FIELDS: Self = Self::message(
        "pool-mining-fields",
        "header fields of a pool: X-Long-Polling, X-Roll-NTime, X-Stratum, X-Reject-Reason",
        10.0,
    );
    pub(crate) const GET_WORK: Self = Self::message("client-getwork", "getwork", 9.0);
    pub(crate) const GET_WORK_SHARE: Self =
        Self::message("client-getwork-share", "getwork with a solved block header", 12.0);
    pub(crate) const GET_WORK_ANSWER: Self =
        Self::message("pool-getwork", "block header and target to be mined", 12.0);
}

/// What the head of a request says by itself.
pub(super) fn request_head(head: &Head) -> Option<Finding> {
    let mining = REQUEST_FIELDS.iter().any(|field| head.header(field).is_some());
    let rate = head.header("x-mining-hashrate").and_then(|rate| rate.trim().parse().ok());
    let rate = rate.filter(|rate: &f64| rate.is_finite() && *rate > 0.0).map(Fact::ClaimedHashRate);
    mining.then(|| Finding::miner(PROTOCOL, Kind::MINING_FIELDS).fact(rate))
}

/// What the head of a response says by itself.
pub(super) fn response_head(head: &Head) -> Option<Finding> {
    let pool = RESPONSE_FIELDS.iter().any(|field| head.header(field).is_some());
    pool.then(|| Finding::pool(PROTOCOL, Kind::POOL_FIELDS))
}

/// Reads a call.
pub(super) fn request(method: &str, message: &Message) -> Option<Said> {
    if !matches!(method, "getwork" | "getworkex" | "getworkaux") {
        return None;
    }
    match message.list().first() {
        None => Some(Said::new(Finding::miner(PROTOCOL, Kind::GET_WORK), Ask::Work)),
        Some(header) => {
            let header = text(Some(header)).filter(|digits| digits.len() >= MIN_HEADER && is_hex(digits));
            header?;
            let finding = Finding::miner(PROTOCOL, Kind::GET_WORK_SHARE).stage(Stage::Submitting);
            Some(Said::new(finding.fact(Some(Fact::Submitted)), Ask::Share))
        }
    }
}

/// Reads an answer.
pub(super) fn answer(ask: Option<Ask>, message: &Message) -> Option<Finding> {
    match ask {
        None | Some(Ask::Work) => work(message.result().as_object()?),
        Some(Ask::Share) => share(message, Finding::pool(PROTOCOL, Kind::SHARE_ANSWER)),
        Some(_) => None,
    }
}

/// The header in the byte order of 32-bit words, and the target with its least significant byte first.
fn work(result: &Map<String, Value>) -> Option<Finding> {
    let data = text(result.get("data")).filter(|data| data.len() >= MIN_HEADER && is_hex(data));
    let target = text(result.get("target")).filter(|target| target.len() == 64 && is_hex(target))?;
    let midstate = result.get("midstate").is_none_or(|state| hex(Some(state), MIDSTATE));
    let finding = Finding::pool(PROTOCOL, Kind::GET_WORK_ANSWER).stage(Stage::Working);
    let difficulty = difficulty_of_target(&reversed(target)).map(Fact::difficulty_hashes);
    (data.is_some() && midstate).then(|| finding.fact(difficulty).fact(Some(Fact::Job)))
}

/// Whether a share was taken: `true`, or a reason against it.
pub(super) fn share(message: &Message, finding: Finding) -> Option<Finding> {
    let fact = match message.result() {
        Value::Bool(true) => Fact::Accepted,
        Value::Bool(false) => Fact::Rejected,
        _ if message.error().is_some() => Fact::Rejected,
        _ => return None,
    };
    Some(finding.stage(Stage::Submitting).fact(Some(fact)))
}

/// Hexadecimal digits of the bytes in reverse order.
fn reversed(digits: &str) -> String {
    let bytes: Vec<&[u8]> = digits.as_bytes().chunks(2).rev().collect();
    String::from_utf8_lossy(&bytes.concat()).into_owned()
}

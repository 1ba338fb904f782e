//! The getwork of a Xelis node over WebSocket.
//!
//! Sources: `xelis_miner`, and the types of `xelis_common`'s RPC interface and of Xelis's SDK for Go. The stratum of its
//! pools is another protocol.

use serde_json::Value;

use super::account;
use super::coin::CoinReason;
use super::finding::{Fact, Finding, Kind};
use super::message::Message;
use super::shape::{clean, is_hex, number, text};
use crate::judge::{Protocol, Stage};
use crate::transport::Head;

const PROTOCOL: Protocol = Protocol::Xelis;

const COIN: Option<Fact> = Some(Fact::coin("XEL", CoinReason::Protocol));

/// Hexadecimal digits of the work: a header's hash, time, nonces and a key.
const WORK: usize = 224;

impl Kind {
    pub(crate) const XELIS_CONNECT: Self =
        Self::message("client-xelis-connect", "upgrade to WebSocket at /getwork/ with a Xelis address", 13.5);
    pub(crate) const GETWORK_CONNECT: Self =
        Self::message("client-getwork-connect", "upgrade to WebSocket at /getwork/ with an address", 10.5);
    pub(crate) const XELIS_SHARE: Self =
        Self::message("client-xelis-share", "miner_work with a header that was worked on", 12.5);
    pub(crate) const XELIS_JOB: Self =
        Self::message("pool-xelis-job", "new_job with work, height and difficulty", 14.0);
    pub(crate) const XELIS_ANSWER: Self =
        Self::message("pool-xelis-answer", "block_accepted or block_rejected", 9.0);
}

/// Reads the request with which the connection begins: `/getwork/ADDRESS/WORKER`.
pub(super) fn connect(head: &Head) -> Option<Finding> {
    let (_, path) = head.request()?;
    let user = path.strip_prefix("/getwork/").filter(|_| head.header("upgrade").is_some())?;
    let mut parts = user.split('/');
    let wallet = parts.next()?;
    let worker = parts.next().filter(|name| !name.is_empty());
    let xelis = ["xel:", "xet:", "xel%3A", "xet%3A"].iter().any(|&prefix| wallet.starts_with(prefix));
    let finding = if xelis && wallet.len() >= 60 {
        Finding::miner(PROTOCOL, Kind::XELIS_CONNECT).fact(COIN)
    } else if account::is_user(wallet) {
        Finding::miner(Protocol::GetWork, Kind::GETWORK_CONNECT)
    } else {
        return None;
    };
    Some(finding.fact(account::paid(&wallet.replace("%3A", ":"), worker)))
}

/// Reads a message of either side.
pub(super) fn plain(message: &Message) -> Option<Finding> {
    let object = message.object();
    if let Some(job) = object.get("new_job").or_else(|| object.get("NewJob")).and_then(Value::as_object) {
        // The name of the work has changed twice.
        let work = ["miner_work", "template", "block_template"].iter().find_map(|&key| text(job.get(key)))?;
        let difficulty = number(job.get("difficulty"))?;
        let algorithm = text(job.get("algorithm")).and_then(clean);
        let finding = is_work(work).then(|| Finding::pool(PROTOCOL, Kind::XELIS_JOB))?;
        let finding = finding.stage(Stage::Working).fact(COIN).fact(Some(Fact::Job));
        return Some(
            finding.fact(Some(Fact::difficulty_hashes(difficulty))).fact(algorithm.map(Fact::Algorithm)),
        );
    }
    if object.len() == 1 && message.text("block_rejected").is_some() {
        return Some(answer(Fact::Rejected));
    }
    let share = ["miner_work", "block_template"].iter().any(|&key| message.text(key).is_some_and(is_work));
    (object.len() == 1 && share).then(|| {
        Finding::miner(PROTOCOL, Kind::XELIS_SHARE).stage(Stage::Submitting).fact(Some(Fact::Submitted))
    })
}

/// Reads a message that is a text of JSON and no object.
pub(super) fn word(text: &[u8]) -> Option<Finding> {
    matches!(text, b"\"block_accepted\"" | b"\"BlockAccepted\"").then(|| answer(Fact::Accepted))
}

fn answer(fact: Fact) -> Finding {
    Finding::pool(PROTOCOL, Kind::XELIS_ANSWER).stage(Stage::Submitting).fact(Some(fact))
}

fn is_work(text: &str) -> bool {
    text.len() >= WORK && is_hex(text)
}

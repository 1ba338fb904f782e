//! Chia's pool protocol. It is normally inside TLS; a proxy in front of a pool hands it on in the clear.
//!
//! Source: SPECIFICATION.md of pool-reference.

use serde_json::Value;

use super::super::account;
use super::super::finding::{Fact, Finding, Kind};
use super::super::message::Message;
use super::super::shape::{hex, number, prefixed_hex, text};
use super::client::{parameter, target};
use super::{Ask, Said};
use crate::judge::{Protocol, Stage};
use crate::transport::Head;

const PROTOCOL: Protocol = Protocol::Chia;

impl Kind {
    pub(crate) const POOL_INFO: Self =
        Self::message("client-pool-info", "asks a Chia pool about itself", 2.0);
    pub(crate) const FARMER: Self =
        Self::message("client-farmer", "a farmer with its launcher id and signature", 10.0);
    pub(crate) const PARTIAL: Self = Self::message("client-partial", "hands in a proof of space", 13.0);
    pub(crate) const POOL_INFO_ANSWER: Self =
        Self::message("pool-info", "a Chia pool tells its puzzle hash and smallest difficulty", 7.0);
    pub(crate) const FARMER_ANSWER: Self =
        Self::message("pool-farmer", "a pool tells a farmer's difficulty and points", 8.0);
}

/// Reads a request.
pub(super) fn request(head: &Head, body: Option<&[u8]>) -> Option<Said> {
    let (path, query) = target(head, &["GET", "POST", "PUT"])?;
    let messages = body.and_then(Message::read).unwrap_or_default();
    let payload = messages.first().and_then(|message| message.value("payload"));
    let launcher = |value: Option<&Value>| hex(value, 64) || prefixed_hex(value, 64);
    let finding = |kind| Finding::miner(PROTOCOL, kind);
    match path.trim_end_matches('/') {
        "/pool_info" => Some(Said::new(finding(Kind::POOL_INFO), Ask::Farm)),
        "/farmer" => {
            let asked = launcher(parameter(query, "launcher_id").map(Value::from).as_ref())
                && parameter(query, "signature").is_some();
            let told = payload.is_some_and(|it| launcher(it.get("launcher_id")));
            let paid = payload.and_then(|it| text(it.get("payout_instructions")));
            let finding = finding(Kind::FARMER).fact(paid.and_then(account::user));
            (asked || told).then(|| Said::new(finding, Ask::Farm))
        }
        "/partial" => {
            let payload = payload?;
            let proof = payload.get("proof_of_space")?;
            text(proof.get("proof")).filter(|_| launcher(payload.get("launcher_id")))?;
            let finding = finding(Kind::PARTIAL).stage(Stage::Submitting);
            Some(Said::new(finding.fact(Some(Fact::Submitted)), Ask::Share))
        }
        _ => None,
    }
}

/// Reads an answer.
pub(super) fn answer(ask: Option<Ask>, message: &Message) -> Option<Finding> {
    let puzzle = message.value("target_puzzle_hash");
    let info = (hex(puzzle, 64) || prefixed_hex(puzzle, 64))
        && number(message.value("minimum_difficulty")).is_some()
        && message.value("relative_lock_height").is_some();
    let difficulty = |key| number(message.value(key)).map(Fact::difficulty_hashes);
    if info && matches!(ask, None | Some(Ask::Farm)) {
        return Some(Finding::pool(PROTOCOL, Kind::POOL_INFO_ANSWER));
    }
    let farmer = message.value("payout_instructions").is_some() && message.value("current_points").is_some();
    if farmer && matches!(ask, None | Some(Ask::Farm)) {
        let finding = Finding::pool(PROTOCOL, Kind::FARMER_ANSWER).stage(Stage::Working);
        return Some(finding.fact(difficulty("current_difficulty")));
    }
    if ask != Some(Ask::Share) {
        return None;
    }
    let accepted = number(message.value("new_difficulty")).is_some();
    let refused = message.value("error_code").is_some();
    let fact = if accepted { Fact::Accepted } else { Fact::Rejected };
    let finding = Finding::pool(PROTOCOL, Kind::SHARE_ANSWER).stage(Stage::Submitting);
    (accepted || refused).then(|| finding.fact(difficulty("new_difficulty")).fact(Some(fact)))
}

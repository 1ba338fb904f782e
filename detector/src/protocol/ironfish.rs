//! Stratum of Iron Fish: methods of `mining.*` with `body` instead of `params`.
//!
//! Sources: Iron Fish's messages.ts and stratumServer.ts, `NiceHash`'s specification of `FishHash`.

use serde_json::{Map, Value};

use super::account;
use super::coin::CoinReason;
use super::finding::{Fact, Finding, Kind};
use super::message::Message;
use super::outstanding::Ask;
use super::shape::{clean, difficulty_of_target, is_hex, text};
use crate::judge::{Protocol, Stage};

/// No other coin is mined like this.
const COIN: Fact = Fact::coin("IRON", CoinReason::Protocol);

const PROTOCOL: Protocol = Protocol::IronFish;

impl Kind {
    pub(crate) const IRON_SUBSCRIBE: Self =
        Self::message("client-iron-subscribe", "mining.subscribe with a public address in its body", 13.0);
    pub(crate) const IRON_SUBMIT: Self =
        Self::message("client-iron-submit", "mining.submit with a request's number and randomness", 13.0);
    pub(crate) const IRON_GET_STATUS: Self = Self::message("client-iron-status", "mining.get_status", 10.0);
    pub(crate) const IRON_SUBSCRIBED: Self =
        Self::message("pool-iron-subscribed", "mining.subscribed with the client's number", 12.0);
    pub(crate) const IRON_TARGET: Self =
        Self::message("pool-iron-target", "mining.set_target with a target in its body", 12.0);
    pub(crate) const IRON_NOTIFY: Self =
        Self::message("pool-iron-notify", "mining.notify with a request's number and a header", 13.0);
    pub(crate) const IRON_WAIT: Self = Self::message("pool-iron-wait", "mining.wait_for_work", 11.0);
    pub(crate) const IRON_SUBMITTED: Self =
        Self::message("pool-iron-submitted", "mining.submitted with a verdict", 12.0);
    pub(crate) const IRON_STATUS: Self =
        Self::message("pool-iron-status", "mining.status with miners and clients", 11.0);
    pub(crate) const IRON_DISCONNECT: Self = Self::message("pool-iron-disconnect", "mining.disconnect", 10.0);
}

/// Reads a request or notification. `share_likely` says that the miner is out of sight.
pub(super) fn request(method: &str, message: &Message, share_likely: bool) -> Option<(Finding, Ask)> {
    if message.has_params() {
        return None;
    }
    // These two may come without a body.
    match method {
        "mining.wait_for_work" => return Some((Finding::pool(PROTOCOL, Kind::IRON_WAIT), Ask::Other)),
        "mining.get_status" => return Some((Finding::miner(PROTOCOL, Kind::IRON_GET_STATUS), Ask::Other)),
        "mining.disconnect" => {
            let finding = Finding::pool(PROTOCOL, Kind::IRON_DISCONNECT).stage(Stage::Attempt);
            return Some((finding, Ask::Other));
        }
        _ => {}
    }
    let body = message.body()?;
    let finding = match method {
        "mining.subscribe" => return Some((subscribe(body)?, Ask::Admission(PROTOCOL))),
        "mining.submit" => {
            body.get("miningRequestId")?.as_u64()?;
            text(body.get("randomness")).filter(|nonce| is_hex(nonce))?;
            let finding = Finding::miner(PROTOCOL, Kind::IRON_SUBMIT).stage(Stage::Submitting);
            return Some((finding.fact(Some(Fact::Submitted)), Ask::Share(PROTOCOL)));
        }
        "mining.subscribed" if body.contains_key("clientId") => {
            Finding::pool(PROTOCOL, Kind::IRON_SUBSCRIBED)
        }
        "mining.set_target" => {
            let difficulty = difficulty_of_target(text(body.get("target"))?);
            Finding::pool(PROTOCOL, Kind::IRON_TARGET).fact(difficulty.map(Fact::difficulty_hashes))
        }
        "mining.notify" => {
            text(body.get("header")).filter(|header| is_hex(header))?;
            body.get("miningRequestId")?.as_u64()?;
            Finding::pool(PROTOCOL, Kind::IRON_NOTIFY)
                .stage(Stage::Working)
                .fact(Some(Fact::Job))
                .fact(Some(COIN))
        }
        "mining.submitted" => {
            let verdict = if body.get("result")?.as_bool()? { Fact::Accepted } else { Fact::Rejected };
            let finding = Finding::pool(PROTOCOL, Kind::IRON_SUBMITTED).stage(Stage::Submitting);
            finding.fact(share_likely.then_some(Fact::Submitted)).fact(Some(verdict))
        }
        "mining.status" if body.contains_key("miners") => Finding::pool(PROTOCOL, Kind::IRON_STATUS),
        _ => return None,
    };
    Some((finding, Ask::Other))
}

fn subscribe(body: &Map<String, Value>) -> Option<Finding> {
    let (wallet, suffix) = account::split(text(body.get("publicAddress"))?);
    let worker = text(body.get("name")).filter(|name| !name.is_empty()).or(suffix);
    let agent = text(body.get("agent")).and_then(clean);
    let finding = Finding::miner(PROTOCOL, Kind::IRON_SUBSCRIBE)
        .with(Kind::ADDRESS, wallet.len() == 64 && is_hex(wallet))
        .with(Kind::AGENT, agent.is_some())
        .fact(agent.map(Fact::Agent));
    Some(finding.fact(Some(COIN)).fact(account::paid(wallet, worker)))
}

/// Reads an error: number and text, in a message with no method.
pub(super) fn answer(ask: Option<Ask>, message: &Message) -> Option<Finding> {
    message.error()?;
    match ask? {
        Ask::Admission(PROTOCOL) => Some(Finding::pool(PROTOCOL, Kind::POOL_ERROR).stage(Stage::Attempt)),
        Ask::Share(PROTOCOL) => Some(Finding::pool(PROTOCOL, Kind::SHARE_ANSWER).fact(Some(Fact::Rejected))),
        _ => None,
    }
}

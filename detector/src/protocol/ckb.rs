//! Nervos CKB's first protocol for pools: eth-proxy's verbs with `ckb_` before them and named parameters.
//!
//! Source: `stratum_v1.md` in CKB's documentation.

use serde_json::Value;

use super::account;
use super::coin::CoinReason;
use super::finding::{Fact, Finding, Kind};
use super::message::Message;
use super::outstanding::Ask;
use super::shape::{clean, difficulty_of_target, prefixed, prefixed_hex, text};
use crate::judge::{Protocol, Stage};

/// No other coin is mined like this.
const COIN: Fact = Fact::coin("CKB", CoinReason::Protocol);

const PROTOCOL: Protocol = Protocol::Ckb;

impl Kind {
    pub(crate) const CKB_LOGIN: Self =
        Self::message("client-ckb-login", "ckb_submitLogin with a login", 12.5);
    pub(crate) const CKB_GET_WORK: Self = Self::message("client-ckb-getwork", "ckb_getWork", 11.0);
    pub(crate) const CKB_SUBMIT: Self = Self::message(
        "client-ckb-submitwork",
        "ckb_submitWork with the hash to be worked on and a nonce",
        13.0,
    );
    pub(crate) const CKB_HASHRATE: Self =
        Self::message("client-ckb-hashrate", "ckb_submitHashrate with a rate", 11.0);
    pub(crate) const CKB_WORK: Self =
        Self::message("pool-ckb-work", "an answer of the hash to be worked on and a target", 12.5);
}

/// Reads a request.
pub(super) fn request(method: &str, message: &Message) -> Option<(Finding, Ask)> {
    let named = message.named();
    match method {
        "ckb_submitLogin" => {
            let named = named?;
            let (wallet, suffix) = account::split(text(named.get("login"))?);
            let worker = text(named.get("worker")).filter(|name| !name.is_empty()).or(suffix);
            let agent = text(named.get("agent")).and_then(clean);
            let finding = Finding::miner(PROTOCOL, Kind::CKB_LOGIN)
                .with(Kind::ADDRESS, account::is_address(wallet))
                .fact(agent.map(Fact::Agent))
                .fact(Some(COIN))
                .fact(account::paid(wallet, worker));
            Some((finding, Ask::Admission(PROTOCOL)))
        }
        "ckb_getWork" => Some((Finding::miner(PROTOCOL, Kind::CKB_GET_WORK), Ask::Other)),
        "ckb_submitWork" => {
            let named = named?;
            prefixed(named.get("nonce"))?;
            let share = prefixed_hex(named.get("pow_hash"), 64);
            let finding = share.then(|| Finding::miner(PROTOCOL, Kind::CKB_SUBMIT))?;
            Some((finding.stage(Stage::Submitting).fact(Some(Fact::Submitted)), Ask::Share(PROTOCOL)))
        }
        "ckb_submitHashrate" => {
            let rate = prefixed(message.value("params"))?;
            let finding = Finding::miner(PROTOCOL, Kind::CKB_HASHRATE);
            Some((finding.fact(Fact::claimed_hash_rate(rate)), Ask::Other))
        }
        _ => None,
    }
}

/// Reads a response. `ask` is what it answers, if the request was seen.
pub(super) fn answer(ask: Option<Ask>, message: &Message) -> Option<Finding> {
    let result = message.result();
    if prefixed_hex(result.get("pow_hash"), 64) {
        let target = prefixed(result.get("target")).and_then(difficulty_of_target)?;
        let finding = Finding::pool(PROTOCOL, Kind::CKB_WORK).stage(Stage::Working);
        return Some(
            finding.fact(Some(Fact::Job)).fact(Some(COIN)).fact(Some(Fact::difficulty_hashes(target))),
        );
    }
    let yes = *result == Value::Bool(true);
    let no = *result == Value::Bool(false) || message.error().is_some();
    match ask? {
        Ask::Admission(PROTOCOL) if yes => Some(Finding::pool(PROTOCOL, Kind::ADMISSION)),
        Ask::Admission(PROTOCOL) if no => {
            Some(Finding::pool(PROTOCOL, Kind::POOL_ERROR).stage(Stage::Attempt))
        }
        Ask::Share(PROTOCOL) if yes || no => {
            let verdict = if yes { Fact::Accepted } else { Fact::Rejected };
            Some(Finding::pool(PROTOCOL, Kind::SHARE_ANSWER).fact(Some(verdict)))
        }
        _ => None,
    }
}

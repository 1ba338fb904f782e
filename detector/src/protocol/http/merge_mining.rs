//! Blocks of another chain, mined together with one's own: getauxblock of Namecoin and its relatives, and over HTTP the
//! interface of Monero's `P2Pool`.
//!
//! Source: Namecoin Core's `rpc/auxpow_miner.cpp`.

use serde_json::Value;

use super::super::finding::{Fact, Finding, Kind};
use super::super::message::Message;
use super::super::shape::{hex, is_hex};
use super::super::{merge_mining, outstanding};
use super::{Ask, Said, getwork};
use crate::judge::{Protocol, Stage};

const PROTOCOL: Protocol = Protocol::GetBlockTemplate;

impl Kind {
    pub(crate) const AUX_BLOCK: Self =
        Self::message("client-aux-block", "asks for a block of another chain, for merged mining", 7.0);
    pub(crate) const AUX_SHARE: Self =
        Self::message("client-aux-share", "hands in the proof of work of a merged block", 10.0);
    pub(crate) const AUX_BLOCK_ANSWER: Self =
        Self::message("pool-aux-block", "hash and target of a block for merged mining", 7.0);
}

/// Reads a call.
pub(super) fn request(method: &str, message: &Message) -> Option<Said> {
    if let Some((finding, ask)) = merge_mining::request(method, message) {
        let share = matches!(ask, outstanding::Ask::Share(_));
        return Some(Said::new(finding, if share { Ask::MergedShare } else { Ask::MergedBlock }));
    }
    match (method, message.list()) {
        ("getauxblock", []) | ("createauxblock", [Value::String(_)]) => {
            Some(Said::new(Finding::miner(PROTOCOL, Kind::AUX_BLOCK), Ask::AuxBlock).habit())
        }
        ("getauxblock" | "submitauxblock", [hash, Value::String(proof)])
            if hex(Some(hash), 64) && is_hex(proof) =>
        {
            let finding = Finding::miner(PROTOCOL, Kind::AUX_SHARE).stage(Stage::Submitting);
            Some(Said::new(finding.fact(Some(Fact::Submitted)), Ask::AuxShare))
        }
        _ => None,
    }
}

/// Reads an answer.
pub(super) fn answer(ask: Option<Ask>, message: &Message) -> Option<Finding> {
    let result = message.result();
    match ask {
        Some(Ask::MergedShare) => {
            merge_mining::answer(Some(outstanding::Ask::Share(Protocol::P2Pool)), message)
        }
        Some(Ask::MergedBlock) => merge_mining::answer(None, message),
        Some(Ask::AuxShare) => getwork::share(message, Finding::pool(PROTOCOL, Kind::SHARE_ANSWER)),
        None | Some(Ask::AuxBlock) => {
            let block = hex(result.get("hash"), 64) && result.get("chainid").is_some_and(Value::is_number);
            let finding = Finding::pool(PROTOCOL, Kind::AUX_BLOCK_ANSWER).stage(Stage::Working);
            let unasked = || merge_mining::answer(None, message).filter(|_| ask.is_none());
            if block { Some(finding.fact(Some(Fact::Job))) } else { unasked() }
        }
        Some(_) => None,
    }
}

//! Merge mining with Monero: `P2Pool` asks the node of the other chain for work and hands in what it found.
//!
//! Source: `P2Pool`'s `MERGE_MINING.MD` and `merge_mining_client_json_rpc.cpp`.

use super::account;
use super::finding::{Fact, Finding, Kind};
use super::message::Message;
use super::outstanding::Ask;
use super::shape::{hex, number, text};
use crate::judge::{Protocol, Stage};

const PROTOCOL: Protocol = Protocol::P2Pool;

impl Kind {
    pub(crate) const MERGE_CHAIN: Self =
        Self::message("client-merge-chain", "merge_mining_get_chain_id", 12.0);
    pub(crate) const MERGE_WORK: Self =
        Self::message("client-merge-work", "merge_mining_get_aux_block with an address", 13.0);
    pub(crate) const MERGE_SUBMIT: Self =
        Self::message("client-merge-submit", "merge_mining_submit_solution with a block and its proof", 13.0);
    pub(crate) const MERGE_CHAIN_ANSWER: Self =
        Self::message("pool-merge-chain", "answer with the id of a chain to be merge mined", 8.0);
    pub(crate) const MERGE_JOB: Self =
        Self::message("pool-merge-job", "answer with a block to be merge mined and its difficulty", 13.0);
}

/// Reads a request.
pub(super) fn request(method: &str, message: &Message) -> Option<(Finding, Ask)> {
    match method {
        "merge_mining_get_chain_id" => Some((Finding::miner(PROTOCOL, Kind::MERGE_CHAIN), Ask::Other)),
        "merge_mining_get_aux_block" => {
            let address = text(message.named()?.get("address"))?;
            let finding =
                Finding::miner(PROTOCOL, Kind::MERGE_WORK).with(Kind::ADDRESS, account::is_address(address));
            Some((finding.fact(account::paid(address, None)), Ask::Other))
        }
        "merge_mining_submit_solution" => {
            let named = message.named()?;
            let share = hex(named.get("aux_hash"), 64) && named.contains_key("blob");
            let finding = share.then(|| Finding::miner(PROTOCOL, Kind::MERGE_SUBMIT))?;
            Some((finding.stage(Stage::Submitting).fact(Some(Fact::Submitted)), Ask::Share(PROTOCOL)))
        }
        _ => None,
    }
}

/// Reads a response. `ask` is what it answers, if the request was seen.
pub(super) fn answer(ask: Option<Ask>, message: &Message) -> Option<Finding> {
    let result = message.result();
    if hex(result.get("chain_id"), 64) {
        return Some(Finding::pool(PROTOCOL, Kind::MERGE_CHAIN_ANSWER));
    }
    if hex(result.get("aux_hash"), 64) {
        let difficulty = number(result.get("aux_diff"))?;
        let finding = Finding::pool(PROTOCOL, Kind::MERGE_JOB).stage(Stage::Working);
        return Some(finding.fact(Some(Fact::Job)).fact(Some(Fact::difficulty_hashes(difficulty))));
    }
    let accepted = text(result.get("status")).is_some_and(|status| status.eq_ignore_ascii_case("accepted"));
    let verdict = match ask? {
        Ask::Share(PROTOCOL) if accepted => Fact::Accepted,
        Ask::Share(PROTOCOL) if message.error().is_some() || result.get("status").is_some() => Fact::Rejected,
        _ => return None,
    };
    Some(Finding::pool(PROTOCOL, Kind::SHARE_ANSWER).fact(Some(verdict)))
}

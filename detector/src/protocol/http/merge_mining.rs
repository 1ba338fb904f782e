//! Blocks of another chain, mined together with one's own: getauxblock of Namecoin and its relatives, and the interface
//! of Monero's `P2Pool`.
//!
//! Sources: Namecoin Core's `rpc/auxpow_miner.cpp`, `P2Pool`'s `merge_mining_client_json_rpc.cpp`.

use serde_json::Value;

use super::super::finding::{Fact, Finding, Kind};
use super::super::message::Message;
use super::super::shape::{hex, is_hex, number, text};
use super::{Ask, Said};
use crate::judge::{Protocol, Stage};

const PROTOCOL: Protocol = Protocol::GetBlockTemplate;

impl Kind {
    pub(crate) const AUX_BLOCK: Self =
        Self::message("client-aux-block", "asks for a block of another chain, for merged mining", 7.0);
    pub(crate) const AUX_CHAIN: Self =
        Self::message("client-aux-chain", "merge_mining_get_chain_id of P2Pool", 8.0);
    pub(crate) const AUX_SHARE: Self =
        Self::message("client-aux-share", "hands in the proof of work of a merged block", 10.0);
    pub(crate) const AUX_CHAIN_ANSWER: Self =
        Self::message("pool-aux-chain", "answer with the id of a chain for merged mining", 4.0);
    pub(crate) const AUX_BLOCK_ANSWER: Self =
        Self::message("pool-aux-block", "hash and target of a block for merged mining", 7.0);
}

/// Reads a call.
pub(super) fn request(method: &str, message: &Message) -> Option<Said> {
    let list = message.list();
    let share = |finding: Finding| {
        let finding = finding.stage(Stage::Submitting).fact(Some(Fact::Submitted));
        Some(Said::new(finding, Ask::Share))
    };
    let said = |kind| Finding::miner(PROTOCOL, kind);
    match (method, list) {
        ("getauxblock", []) | ("createauxblock", [Value::String(_)]) => {
            Some(Said::new(said(Kind::AUX_BLOCK), Ask::AuxBlock).habit())
        }
        ("getauxblock" | "submitauxblock", [hash, Value::String(proof)])
            if hex(Some(hash), 64) && is_hex(proof) =>
        {
            share(said(Kind::AUX_SHARE))
        }
        ("merge_mining_get_chain_id", _) => Some(Said::new(said(Kind::AUX_CHAIN), Ask::AuxBlock)),
        ("merge_mining_get_aux_block", _) => {
            let wallet = message.named().and_then(|named| text(named.get("address")));
            let finding = said(Kind::AUX_BLOCK).fact(wallet.and_then(super::super::account::user));
            Some(Said::new(finding, Ask::AuxBlock).habit())
        }
        ("merge_mining_submit_solution", _) if message.named().is_some() => share(said(Kind::AUX_SHARE)),
        _ => None,
    }
}

/// Reads an answer.
pub(super) fn answer(ask: Option<Ask>, message: &Message) -> Option<Finding> {
    let result = message.result();
    match ask {
        None | Some(Ask::AuxBlock) => {}
        _ => return None,
    }
    let bitcoin = hex(result.get("hash"), 64) && result.get("chainid").is_some_and(Value::is_number);
    let monero = hex(result.get("aux_hash"), 64) && result.get("aux_diff").is_some_and(Value::is_number);
    if bitcoin || monero {
        let finding = Finding::pool(PROTOCOL, Kind::AUX_BLOCK_ANSWER).stage(Stage::Working);
        let difficulty = number(result.get("aux_diff")).map(Fact::difficulty_hashes);
        return Some(finding.fact(difficulty).fact(Some(Fact::Job)));
    }
    let chain = ask.is_some() && hex(result.get("chain_id"), 64);
    chain.then(|| Finding::pool(PROTOCOL, Kind::AUX_CHAIN_ANSWER))
}

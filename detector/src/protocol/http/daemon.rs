//! Monero's node as a miner's pool: `XMRig` in daemon mode, and `P2Pool` at its node.
//!
//! Sources: `XMRig`'s DaemonClient.cpp and HttpClient.cpp, `P2Pool`'s p2pool.cpp, Monero's description of its RPC.

use serde_json::Value;

use super::super::account;
use super::super::finding::{Fact, Finding, Kind};
use super::super::message::Message;
use super::super::shape::{hex, is_hex, number, text};
use super::{Ask, Said, client};
use crate::judge::{Protocol, Stage};
use crate::transport::Head;

const PROTOCOL: Protocol = Protocol::GetBlockTemplate;

/// Hexadecimal digits of the smallest block template: a header of 76 bytes.
const MIN_BLOB: usize = 152;

impl Kind {
    pub(crate) const WALLET_TEMPLATE: Self = Self::message(
        "client-wallet-template",
        "asks a node for a block template that pays a wallet: solo mining, or a pool at its node",
        5.0,
    );
    pub(crate) const MINER_DATA: Self =
        Self::message("client-miner-data", "get_miner_data: a pool at its node", 5.0);
    pub(crate) const HEIGHT: Self =
        Self::message("client-height", "asks a node for the height of its chain", 3.0);
    pub(crate) const HASH_DIFFICULTY: Self =
        Self::feature("client-hash-difficulty", "header field X-Hash-Difficulty beside a block", 12.0);
    pub(crate) const BLOB_TEMPLATE: Self =
        Self::message("pool-blob-template", "block template with its difficulty, from a node", 4.0);
    pub(crate) const MINER_DATA_ANSWER: Self =
        Self::message("pool-miner-data", "what a pool needs to make a block template, from a node", 4.0);
}

/// Reads a call.
pub(super) fn request(method: &str, message: &Message) -> Option<Said> {
    match method {
        "getblocktemplate" | "get_block_template" => {
            let user = text(message.named()?.get("wallet_address"))?;
            let finding = Finding::miner(PROTOCOL, Kind::WALLET_TEMPLATE).fact(account::user(user));
            Some(Said::new(finding, Ask::MiningTemplate).habit())
        }
        "get_miner_data" => {
            Some(Said::new(Finding::miner(PROTOCOL, Kind::MINER_DATA), Ask::MiningTemplate).habit())
        }
        _ => None,
    }
}

/// Reads the request with which `XMRig` looks for a new block.
pub(super) fn poll(head: &Head) -> Option<Said> {
    let (path, _) = client::target(head, &["GET"])?;
    let height = matches!(path, "/getheight" | "/get_height" | "/getinfo" | "/get_info");
    height.then(|| Said::new(Finding::miner(PROTOCOL, Kind::HEIGHT), Ask::Other))
}

/// The field that `XMRig` adds to a block.
pub(super) fn has_hash_difficulty(head: &Head) -> bool {
    head.header("x-hash-difficulty").is_some()
}

/// Reads an answer.
pub(super) fn answer(ask: Option<Ask>, message: &Message) -> Option<Finding> {
    if !matches!(ask, None | Some(Ask::MiningTemplate)) {
        return None;
    }
    let result = message.result();
    let blob = |key| text(result.get(key)).is_some_and(|blob| blob.len() >= MIN_BLOB && is_hex(blob));
    let kind = if blob("blocktemplate_blob") {
        Kind::BLOB_TEMPLATE
    } else if hex(result.get("prev_id"), 64)
        && result.get("already_generated_coins").is_some_and(Value::is_number)
    {
        Kind::MINER_DATA_ANSWER
    } else {
        return None;
    };
    let finding = Finding::pool(PROTOCOL, kind).stage(Stage::Working);
    Some(finding.fact(number(result.get("difficulty")).map(Fact::difficulty_hashes)).fact(Some(Fact::Job)))
}

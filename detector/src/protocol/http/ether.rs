//! Ethereum's getwork over HTTP, with the prefixes of its forks: `eth_getWork`, `aqua_getWork`.
//!
//! Any program may ask a node once for its work; a miner asks again and again. Sources: ethminer's
//! EthGetworkClient.cpp, aquachain's miner, Miningcore.

use serde_json::Value;

use super::super::account;
use super::super::finding::{Fact, Finding, Kind};
use super::super::message::Message;
use super::super::shape::{difficulty_of_target, prefixed, prefixed_hex};
use super::{Ask, Said, getwork};
use crate::judge::{Protocol, Stage};

const PROTOCOL: Protocol = Protocol::GetWork;

impl Kind {
    pub(crate) const HTTP_ETH_GET_WORK: Self =
        Self::message("client-http-eth-getwork", "eth_getWork: solo mining, or a pool at its node", 5.0);
    pub(crate) const HTTP_SUBMIT_WORK: Self =
        Self::message("client-http-eth-submitwork", "eth_submitWork with nonce, header and mix hash", 8.0);
    pub(crate) const HTTP_HASHRATE: Self =
        Self::message("client-http-eth-hashrate", "eth_submitHashrate with rate and id", 6.0);
    pub(crate) const HTTP_SHARE_ANSWER: Self =
        Self::message("pool-http-share-answer", "the node accepted or rejected a share", 1.0);
    pub(crate) const HTTP_WORK: Self =
        Self::message("pool-http-work", "work package of header hash, seed hash and target", 4.0);
}

/// Reads a call.
pub(super) fn request(method: &str, message: &Message) -> Option<Said> {
    let (prefix, name) = method.split_once('_')?;
    let list = message.list();
    if !(2..=8).contains(&prefix.len()) || !prefix.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    match name {
        "getWork" if list.is_empty() => {
            Some(Said::new(Finding::miner(PROTOCOL, Kind::HTTP_ETH_GET_WORK), Ask::EthWork).habit())
        }
        "submitWork" => {
            let hashes = prefixed_hex(list.get(1), 64) && prefixed_hex(list.get(2), 64);
            (prefixed_hex(list.first(), 16) && hashes).then_some(())?;
            let finding = Finding::miner(PROTOCOL, Kind::HTTP_SUBMIT_WORK).stage(Stage::Submitting);
            Some(Said::new(finding.fact(Some(Fact::Submitted)), Ask::EthShare))
        }
        "submitHashrate" => {
            let rate = prefixed(list.first())?;
            prefixed(list.get(1))?;
            let finding = Finding::miner(PROTOCOL, Kind::HTTP_HASHRATE);
            Some(Said::new(finding.fact(Fact::claimed_hash_rate(rate)), Ask::Other))
        }
        _ => None,
    }
}

/// The account that a miner gives its pool in the path: `/0x.../worker`.
pub(super) fn user(path: &str) -> Option<Fact> {
    let path = path.trim_matches('/');
    account::is_address(account::split(path).0).then(|| account::user(path))?
}

/// Whether a call is one of those that a wallet makes of its node, and a miner does not.
pub(super) fn is_foreign(method: &str) -> bool {
    ["eth_", "net_", "web3_", "debug_", "trace_", "personal_"].iter().any(|prefix| method.starts_with(prefix))
}

/// Reads an answer.
pub(super) fn answer(ask: Option<Ask>, message: &Message) -> Option<Finding> {
    match ask {
        None | Some(Ask::EthWork) => work(message.result()),
        Some(Ask::EthShare) => getwork::share(message, Finding::pool(PROTOCOL, Kind::HTTP_SHARE_ANSWER)),
        Some(_) => None,
    }
}

/// Header hash, seed hash and target, then perhaps the block's number.
fn work(result: &Value) -> Option<Finding> {
    let list = result.as_array().filter(|list| (3..=5).contains(&list.len()))?;
    let target = prefixed(list.get(2)).filter(|digits| digits.len() <= 64)?;
    let hashes = prefixed_hex(list.first(), 64) && prefixed_hex(list.get(1), 64);
    let small = target.len() < 64 || target.starts_with("00");
    let finding = Finding::pool(PROTOCOL, Kind::HTTP_WORK).stage(Stage::Working);
    let difficulty = difficulty_of_target(target).map(Fact::difficulty_hashes);
    (hashes && small).then(|| finding.fact(difficulty).fact(Some(Fact::Job)))
}

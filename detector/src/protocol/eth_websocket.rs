//! Ethereum's stratum as JSON-RPC 2.0 over WebSocket, where work is a subscription like those of a node.
//!
//! Source: the description of stratum-jsonrpc2.0-ws by `CyberChain`. Nodes know the subscriptions `newHeads`, `logs` and
//! others; `newWork` is a pool's.

use serde_json::Value;

use super::account;
use super::finding::{Fact, Finding, Kind};
use super::message::Message;
use super::outstanding::Ask;
use super::shape::{difficulty_of_target, prefixed, prefixed_hex, text};
use crate::judge::{Protocol, Stage};

const PROTOCOL: Protocol = Protocol::EthProxy;

impl Kind {
    pub(crate) const NEW_WORK: Self =
        Self::message("client-eth-newwork", "eth_subscribe to newWork with a user", 13.0);
    pub(crate) const PUSHED_WORK: Self =
        Self::message("pool-eth-newwork", "eth_subscription with a job's header, seed and target", 13.0);
}

/// Reads a request or notification.
pub(super) fn request(method: &str, message: &Message) -> Option<(Finding, Ask)> {
    match method {
        "eth_subscribe" if text(message.list().first()) == Some("newWork") => {
            let user = text(message.list().get(1))?;
            let finding = Finding::miner(PROTOCOL, Kind::NEW_WORK)
                .with(Kind::ADDRESS, account::is_address(account::split(user).0));
            Some((finding.fact(account::user(user)), Ask::Other))
        }
        "eth_subscription" => Some((work(message.named()?.get("result")?)?, Ask::Other)),
        _ => None,
    }
}

/// Job, header hash, seed hash, target, perhaps height and extranonce.
fn work(result: &Value) -> Option<Finding> {
    let list = result.as_array()?;
    let target = prefixed(list.get(3)).filter(|digits| digits.len() == 64 && digits.starts_with("00"))?;
    let job = list.first().is_some_and(Value::is_string);
    let hashes = prefixed_hex(list.get(1), 64) && prefixed_hex(list.get(2), 64);
    let finding = (job && hashes).then(|| Finding::pool(PROTOCOL, Kind::PUSHED_WORK))?;
    let finding = finding.stage(Stage::Working).fact(Some(Fact::Job));
    Some(finding.fact(difficulty_of_target(target).map(Fact::difficulty_hashes)))
}

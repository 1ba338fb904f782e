//! The protocol of some Aleo pools that is no Stratum: JSON messages told apart by their `type`.
//!
//! Source: the description aleo-mining-protocol V0.1 by `ZKRush`.

use serde_json::Value;

use super::account;
use super::coin::CoinReason;
use super::finding::{Fact, Finding, Kind};
use super::message::Message;
use super::outstanding::Ask;
use super::shape::{clean, number, text};
use crate::judge::{Protocol, Stage};

/// No other coin is mined like this.
const COIN: Fact = Fact::coin("ALEO", CoinReason::Protocol);

const PROTOCOL: Protocol = Protocol::Aleo;

impl Kind {
    pub(crate) const ZK_AUTH: Self =
        Self::message("client-aleo-auth", "a message auth_request with a user name", 5.0);
    pub(crate) const ZK_SOLUTION: Self =
        Self::message("client-aleo-solution", "a message solution with a proof for an epoch", 13.0);
    pub(crate) const ZK_AUTH_ANSWER: Self =
        Self::message("pool-aleo-auth", "a message auth_response with an Aleo address", 12.0);
    pub(crate) const ZK_TASK: Self =
        Self::message("pool-aleo-task", "a message task with an epoch's challenge and a difficulty", 13.0);
}

/// Reads a message that names no method. `share_likely` is not asked for: shares are not answered.
pub(super) fn plain(message: &Message) -> Option<(Finding, Ask)> {
    if message.method().is_some() {
        return None;
    }
    let finding = match text(message.value("type"))? {
        "auth_request" => {
            let user = text(message.value("username"))?;
            let worker = message.value("metadata").and_then(|data| text(data.get("machine_name")));
            let (wallet, suffix) = account::split(user);
            Finding::miner(PROTOCOL, Kind::ZK_AUTH)
                .with(Kind::ADDRESS, is_aleo(wallet))
                .fact(Some(COIN))
                .fact(account::paid(wallet, worker.or(suffix).filter(|name| clean(name).is_some())))
        }
        "auth_response" => {
            let accepted = message.result().as_bool()?;
            text(message.value("address")).filter(|address| is_aleo(address))?;
            let stage = if accepted { Stage::Handshake } else { Stage::Attempt };
            Finding::pool(PROTOCOL, Kind::ZK_AUTH_ANSWER).stage(stage)
        }
        "task" => {
            let challenge = message.value("epoch_challenge")?;
            challenge.get("epoch_number").filter(|epoch| epoch.is_number())?;
            let difficulty = number(message.value("difficulty")).map(Fact::difficulty_hashes);
            let finding = Finding::pool(PROTOCOL, Kind::ZK_TASK).stage(Stage::Working);
            finding.fact(Some(Fact::Job)).fact(Some(COIN)).fact(difficulty)
        }
        "solution" => {
            let solution = message.value("solution").and_then(Value::as_object)?;
            let partial = solution.get("partial_solution")?;
            message.value("epoch_number").filter(|epoch| epoch.is_number())?;
            text(partial.get("address")).filter(|address| is_aleo(address))?;
            let finding = Finding::miner(PROTOCOL, Kind::ZK_SOLUTION).stage(Stage::Submitting);
            finding.fact(Some(Fact::Submitted))
        }
        _ => return None,
    };
    Some((finding, Ask::Other))
}

/// Bech32m of 32 bytes.
fn is_aleo(address: &str) -> bool {
    address.len() == 63
        && address
            .strip_prefix("aleo1")
            .is_some_and(|data| data.bytes().all(|byte| b"qpzry9x8gf2tvdw0s3jn54khce6mua7l".contains(&byte)))
}

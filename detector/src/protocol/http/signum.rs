//! Signum's interface for miners, formerly Burst's: proof of capacity over HTTP.
//!
//! Sources: the miners Scavenger, creepMiner and Blago's, Signum's description of its interface.

use super::super::account;
use super::super::finding::{Fact, Finding, Kind};
use super::super::message::Message;
use super::super::shape::{clean, hex, number};
use super::client::{parameter, target};
use super::{Ask, Said};
use crate::judge::{Protocol, Stage};
use crate::transport::Head;

const PROTOCOL: Protocol = Protocol::Signum;

const FIELDS: [&str; 5] = ["x-miner", "x-capacity", "x-plotfile", "x-mineralias", "x-plotshash"];

impl Kind {
    pub(crate) const MINING_INFO: Self = Self::message("client-mining-info", "getMiningInfo of Signum", 4.0);
    pub(crate) const SUBMIT_NONCE: Self =
        Self::message("client-submit-nonce", "submitNonce with an account and a nonce", 12.0);
    pub(crate) const CAPACITY_FIELDS: Self = Self::feature(
        "client-capacity-fields",
        "header fields of mining software: X-Miner, X-Capacity, X-Plotfile, X-MinerAlias",
        8.0,
    );
    pub(crate) const MINING_INFO_ANSWER: Self =
        Self::message("pool-mining-info", "answer with generation signature and base target", 4.0);
}

/// Reads a request.
pub(super) fn request(head: &Head) -> Option<Said> {
    let (_, query) = target(head, &["GET", "POST"])?;
    let (kind, ask) = match parameter(query, "requestType")? {
        "getMiningInfo" => (Kind::MINING_INFO, Ask::MiningInfo),
        "submitNonce" => {
            number(parameter(query, "nonce").map(Into::into).as_ref())?;
            (Kind::SUBMIT_NONCE, Ask::Share)
        }
        _ => return None,
    };
    let fields = FIELDS.iter().any(|field| head.header(field).is_some());
    let finding = Finding::miner(PROTOCOL, kind)
        .with(Kind::CAPACITY_FIELDS, fields)
        .fact(parameter(query, "accountId").and_then(account::user))
        .fact(head.header("x-mineralias").and_then(clean).map(Fact::Worker))
        .fact(head.header("x-miner").and_then(clean).map(Fact::Agent));
    Some(if ask == Ask::Share {
        Said::new(finding.stage(Stage::Submitting).fact(Some(Fact::Submitted)), ask)
    } else {
        Said::new(finding, ask).habit()
    })
}

/// Reads an answer.
pub(super) fn answer(ask: Option<Ask>, message: &Message) -> Option<Finding> {
    let info = hex(message.value("generationSignature"), 64) && number(message.value("baseTarget")).is_some();
    if info && matches!(ask, None | Some(Ask::MiningInfo)) {
        let finding = Finding::pool(PROTOCOL, Kind::MINING_INFO_ANSWER).stage(Stage::Working);
        return Some(finding.fact(Some(Fact::Job)));
    }
    if ask != Some(Ask::Share) {
        return None;
    }
    let accepted = message.value("deadline").is_some_and(|deadline| number(Some(deadline)).is_some());
    let refused = message.value("errorCode").is_some() || message.error().is_some();
    let fact = if accepted { Fact::Accepted } else { Fact::Rejected };
    let finding = Finding::pool(PROTOCOL, Kind::SHARE_ANSWER).stage(Stage::Submitting);
    (accepted || refused).then(|| finding.fact(Some(fact)))
}

//! Kadena's interface for miners: work and solutions as bytes over HTTP.
//!
//! Sources: Kadena's description of the mining interface, chainweb-miner, chainweb-mining-client.

use super::super::account;
use super::super::coin::CoinReason;
use super::super::finding::{Fact, Finding, Kind};
use super::super::message::Message;
use super::super::shape::text;
use super::{Ask, Said, client};
use crate::judge::{Protocol, Stage};
use crate::transport::Head;

const PROTOCOL: Protocol = Protocol::GetWork;

/// Bytes of the work: chain, target and the header of a block.
const WORK: usize = 4 + 32 + HEADER;

/// Bytes of the header of a block.
const HEADER: usize = 286;

impl Kind {
    pub(crate) const KADENA_WORK: Self =
        Self::message("client-kadena-work", "asks a Kadena node for work", 9.0);
    pub(crate) const KADENA_ACCOUNT: Self =
        Self::feature("client-kadena-account", "the request names the account that is paid", 4.0);
    pub(crate) const KADENA_UPDATES: Self =
        Self::message("client-kadena-updates", "waits at a Kadena node for new work", 9.0);
    pub(crate) const KADENA_SOLVED: Self =
        Self::message("client-kadena-solved", "hands in a solved header to a Kadena node", 12.0);
    pub(crate) const KADENA_WORK_ANSWER: Self =
        Self::message("pool-kadena-work", "work of chain, target and block header", 8.0);
}

/// Reads a request.
pub(super) fn request(head: &Head, body: Option<&[u8]>) -> Option<Said> {
    let (path, _) = client::target(head, &["GET", "POST"])?;
    let (network, resource) = path.strip_prefix("/chainweb/0.0/")?.split_once("/mining/")?;
    let coin = (network == "mainnet01").then(|| Fact::coin("KDA", CoinReason::Protocol));
    let said = |kind| Finding::miner(PROTOCOL, kind).fact(coin.clone());
    match resource {
        "work" => {
            let body = body.and_then(Message::read).unwrap_or_default();
            let account = body.first().and_then(|miner| text(miner.value("account")));
            let finding = said(Kind::KADENA_WORK)
                .with(Kind::KADENA_ACCOUNT, account.is_some())
                .fact(account.and_then(account::user));
            Some(Said::new(finding, Ask::KadenaHeader).habit())
        }
        "updates" => Some(Said::new(said(Kind::KADENA_UPDATES), Ask::Other)),
        "solved" if body.is_some_and(|body| body.len() >= HEADER) => {
            let finding = said(Kind::KADENA_SOLVED).stage(Stage::Submitting);
            Some(Said::new(finding.fact(Some(Fact::Submitted)), Ask::Share))
        }
        _ => None,
    }
}

/// Reads an answer.
pub(super) fn answer(ask: Ask, head: &Head, body: &[u8]) -> Option<Finding> {
    let work = ask == Ask::KadenaHeader && head.status() == Some(200) && body.len() == WORK;
    let finding = Finding::pool(PROTOCOL, Kind::KADENA_WORK_ANSWER).stage(Stage::Working);
    work.then(|| finding.fact(Some(Fact::Job)))
}

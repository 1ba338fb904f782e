//! Stratum version 1 of Bitcoin, and the dialects of other coins that kept its words: `mining.subscribe`, `mining.authorize`,
//! `mining.notify`, `mining.submit`. A dialect is told by its jobs, its shares, its addresses or its name.

mod answer;
mod bare;
mod coin;
mod job;
mod login;
mod miner;
mod pool;
mod share;

pub(super) use answer::{answer, refuses};

use super::finding::{Fact, Finding, Kind};
use super::message::Message;
use super::outstanding::Ask;
use crate::judge::Protocol;

const V1: Protocol = Protocol::StratumV1;
const ETHEREUM: Protocol = Protocol::EthereumStratum;

/// BIP 310: version rolling saves work in SHA-256d only (BIP 320), and pools of other algorithms do not grant it.
const ROLLS_VERSION: Fact = Fact::ImpliedAlgorithm("sha256d");

/// What was said so far that decides how later messages are read.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// Jobs are ethminer's plain ones, whose shares have the form of `ProgPow`'s.
    plain_ethash: bool,
}

impl Session {
    /// Reads a request or notification.
    pub(super) fn request(&mut self, method: &str, message: &Message) -> Option<(Finding, Ask)> {
        let (mut finding, ask) = miner::request(method, message)
            .or_else(|| pool::request(method, message))
            .or_else(|| bare::request(method, message))?;
        // Of all clients only ethminer subscribes to plain jobs like this (EthStratumClient.cpp, mode 0).
        let ethminer = method == "mining.subscribe"
            && message.list().is_empty()
            && message.text("jsonrpc") == Some("2.0");
        self.plain_ethash |= ethminer || finding.kinds.contains(&Kind::PLAIN_ETHASH);
        if self.plain_ethash && finding.kinds.contains(&Kind::THREE_HASHES) {
            finding.protocol = ETHEREUM;
        }
        Some((finding, ask))
    }
}

#[cfg(test)]
mod tests;

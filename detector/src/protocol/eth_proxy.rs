//! Ethereum's getwork as a stream of lines, as eth-proxy introduced it.
//!
//! Sources: ethminer's EthStratumClient.cpp, logins published of Claymore, `PhoenixMiner`, `NBMiner` and nanominer.

use serde_json::Value;

use super::account;
use super::cryptonote::is_no_such_method;
use super::finding::{Fact, Finding, Kind};
use super::message::Message;
use super::outstanding::Ask;
use super::shape::{clean, difficulty_of_target, prefixed, prefixed_hex, text};
use crate::judge::{Protocol, Stage};

const PROTOCOL: Protocol = Protocol::EthProxy;

impl Kind {
    pub(crate) const ETH_LOGIN: Self =
        Self::message("client-eth-login", "eth_submitLogin or eth_login", 12.0);
    pub(crate) const ETH_GET_WORK: Self = Self::message("client-eth-getwork", "eth_getWork", 8.0);
    pub(crate) const ETH_SUBMIT_WORK: Self =
        Self::message("client-eth-submitwork", "eth_submitWork with nonce, header and mix hash", 10.5);
    pub(crate) const ETH_SUBMIT_HASHRATE: Self =
        Self::message("client-eth-hashrate", "eth_submitHashrate with rate and id", 9.0);
    pub(crate) const WORK: Self =
        Self::message("pool-work", "work package of header hash, seed hash and target", 10.0);
}

/// Reads a request. Other coins' pools put their own prefix before the verb, as Miningcore has it.
pub(super) fn request(method: &str, message: &Message) -> Option<(Finding, Ask)> {
    let (prefix, verb) = method.rsplit_once('_')?;
    let coin = (2..=12).contains(&prefix.len())
        && prefix.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let list = message.list();
    match verb {
        _ if !coin => None,
        "submitLogin" => Some((login(message, prefix == "eth")?, Ask::Admission(PROTOCOL))),
        // Without the prefix of Ethereum this is anybody's word.
        "login" if prefix == "eth" => Some((login(message, true)?, Ask::Admission(PROTOCOL))),
        "getWork" if list.is_empty() && message.named().is_none() => {
            Some((Finding::miner(PROTOCOL, Kind::ETH_GET_WORK).fact(worker(message)), Ask::Other))
        }
        "submitWork" => {
            let share = prefixed_hex(list.first(), 16)
                && prefixed_hex(list.get(1), 64)
                && prefixed_hex(list.get(2), 64);
            let finding = share.then(|| Finding::miner(PROTOCOL, Kind::ETH_SUBMIT_WORK))?;
            let finding = finding.stage(Stage::Submitting).fact(Some(Fact::Submitted)).fact(worker(message));
            Some((finding, Ask::Share(PROTOCOL)))
        }
        "submitHashrate" => {
            let rate = prefixed(list.first())?;
            if !prefixed_hex(list.get(1), 64) {
                return None;
            }
            let finding = Finding::miner(PROTOCOL, Kind::ETH_SUBMIT_HASHRATE).fact(worker(message));
            Some((finding.fact(Fact::claimed_hash_rate(rate)), Ask::Other))
        }
        _ => None,
    }
}

/// Reads a login. Where the prefix may be anybody's, an address must be paid or a worker named; and who proves with a
/// signature that an address is his own signs in to an application.
fn login(message: &Message, known: bool) -> Option<Finding> {
    let user = text(message.list().first())?;
    let address = account::is_address(account::split(user).0);
    let signed =
        message.list().iter().skip(1).any(|word| prefixed(Some(word)).is_some_and(|it| it.len() >= 64));
    if signed || !(known || address || message.text("worker").is_some()) {
        return None;
    }
    let finding = Finding::miner(PROTOCOL, Kind::ETH_LOGIN).with(Kind::ADDRESS, address);
    Some(finding.fact(account::user(user)).fact(worker(message)))
}

/// `eth1.0` is the filler that eth-proxy's own clients send.
fn worker(message: &Message) -> Option<Fact> {
    clean(message.text("worker").filter(|&name| name != "eth1.0")?).map(Fact::Worker)
}

/// Work packages of one direction, to tell a new job from a repeated one.
#[derive(Debug, Default)]
pub(super) struct Works {
    header: String,
}

impl Works {
    /// Reads a response. `ask` is what it answers, if the request was seen.
    pub(super) fn answer(&mut self, ask: Option<Ask>, message: &Message) -> Option<Finding> {
        if let Some(finding) = self.work(message.result()) {
            return Some(finding);
        }
        let yes = *message.result() == Value::Bool(true);
        let no = *message.result() == Value::Bool(false);
        match ask? {
            Ask::Admission(PROTOCOL) if yes => Some(Finding::pool(PROTOCOL, Kind::ADMISSION)),
            Ask::Admission(PROTOCOL)
                if no || message.error().is_some_and(|error| !is_no_such_method(error)) =>
            {
                Some(Finding::pool(PROTOCOL, Kind::POOL_ERROR).stage(Stage::Attempt))
            }
            Ask::Share(PROTOCOL) if yes => {
                Some(Finding::pool(PROTOCOL, Kind::SHARE_ANSWER).fact(Some(Fact::Accepted)))
            }
            Ask::Share(PROTOCOL) if no || message.error().is_some() => {
                Some(Finding::pool(PROTOCOL, Kind::SHARE_ANSWER).fact(Some(Fact::Rejected)))
            }
            _ => None,
        }
    }

    /// Header hash, seed hash and target, then perhaps the block's number. A list of three hashes can be other
    /// things: a target is a small number.
    fn work(&mut self, result: &Value) -> Option<Finding> {
        let list = result.as_array().filter(|list| (3..=5).contains(&list.len()))?;
        let header = prefixed(list.first()).filter(|digits| digits.len() == 64)?;
        let target = prefixed(list.get(2)).filter(|digits| {
            (1..64).contains(&digits.len()) || (digits.len() == 64 && digits.starts_with("0000"))
        })?;
        if !prefixed_hex(list.get(1), 64) {
            return None;
        }
        let new = header != self.header;
        header.clone_into(&mut self.header);
        let finding = Finding::pool(PROTOCOL, Kind::WORK).stage(Stage::Working);
        let finding = finding.fact(difficulty_of_target(target).map(Fact::difficulty_hashes));
        Some(finding.fact(new.then_some(Fact::Job)))
    }
}

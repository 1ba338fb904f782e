//! What the miner asks, beside the login and its shares.
//!
//! Sources: BIP 310, EIP-1571, the sources of cgminer, bfgminer, cpuminer and btcpool, Alephium's and Xelis' descriptions of
//! their dialects, ethminer.

use serde_json::Value;

use super::super::finding::{Fact, Finding, Kind};
use super::super::message::Message;
use super::super::outstanding::Ask;
use super::super::shape::{is_hex, number, text};
use super::{ETHEREUM, V1, login, share};
use crate::judge::Protocol;

impl Kind {
    pub(crate) const CONFIGURE: Self =
        Self::message("client-configure", "mining.configure with a list of extensions (BIP 310)", 13.0);
    pub(crate) const ODD_CONFIGURE: Self =
        Self::message("client-odd-configure", "mining.configure with a list of other words", 5.0);
    pub(crate) const EXTRANONCE_SUBSCRIBE: Self =
        Self::message("client-extranonce-subscribe", "mining.extranonce.subscribe", 12.0);
    pub(crate) const SUGGEST: Self =
        Self::message("client-suggest", "mining.suggest_difficulty or mining.suggest_target", 12.0);
    pub(crate) const CAPABILITIES: Self = Self::message("client-capabilities", "mining.capabilities", 12.0);
    pub(crate) const GET_TRANSACTIONS: Self =
        Self::message("client-get-transactions", "mining.get_transactions for a job", 11.0);
    pub(crate) const MULTI_VERSION: Self =
        Self::message("client-multi-version", "mining.multi_version", 11.0);
    pub(crate) const NOOP: Self = Self::message("client-noop", "mining.noop", 6.0);
    pub(crate) const PONG: Self = Self::message("client-pong", "mining.pong", 6.0);
    pub(crate) const HASHRATE: Self = Self::message("client-hashrate", "mining.hashrate with a rate", 11.0);
    pub(crate) const ALPH_HASHRATE: Self =
        Self::message("client-alph-hashrate", "alph_submitHashrate with a rate", 11.0);
    pub(crate) const GZIP: Self =
        Self::message("client-gzip", "connection.set_gzip: what follows may be compressed", 5.0);
}

/// Reads a request of the miner.
pub(super) fn request(method: &str, message: &Message) -> Option<(Finding, Ask)> {
    let list = message.list();
    let first = text(list.first());
    let plain = |kind| Some((Finding::miner(V1, kind), Ask::Other));
    match method {
        "mining.configure" => {
            let extensions = list.first()?.as_array()?;
            if extensions.is_empty() || !extensions.iter().all(Value::is_string) {
                return None;
            }
            if !extensions.iter().filter_map(Value::as_str).any(is_extension) {
                return plain(Kind::ODD_CONFIGURE);
            }
            Some((Finding::miner(V1, Kind::CONFIGURE), Ask::Configure))
        }
        "mining.subscribe" => Some((login::subscribe(message)?, Ask::Subscribe)),
        "mining.authorize" => Some((login::authorize(message)?, Ask::Admission(V1))),
        "mining.hello" => Some((login::hello(message)?, Ask::Other)),
        "mining.submit" => {
            let finding = share::submit(message)?;
            let share = finding.facts.contains(&Fact::Submitted);
            Some((finding, if share { Ask::Share(V1) } else { Ask::Other }))
        }
        "mining.extranonce.subscribe" => plain(Kind::EXTRANONCE_SUBSCRIBE),
        "mining.suggest_difficulty" => {
            let wish = Fact::WantedDifficulty(number(list.first())?);
            Some((Finding::miner(V1, Kind::SUGGEST).fact(Some(wish)), Ask::Other))
        }
        "mining.suggest_target" if first.is_some_and(is_hex) => plain(Kind::SUGGEST),
        "mining.capabilities" if message.has_params() => plain(Kind::CAPABILITIES),
        "mining.get_transactions" if first.is_some() => plain(Kind::GET_TRANSACTIONS),
        "mining.multi_version" => {
            number(list.first())?;
            plain(Kind::MULTI_VERSION)
        }
        "mining.noop" => Some((Finding::miner(ETHEREUM, Kind::NOOP), Ask::Other)),
        "mining.pong" => plain(Kind::PONG),
        "mining.hashrate" if first.is_some() || message.named().is_some() => {
            let rate = first.and_then(rate);
            Some((Finding::miner(ETHEREUM, Kind::HASHRATE).fact(rate), Ask::Other))
        }
        "alph_submitHashrate" if message.has_params() => {
            let rate = first.and_then(rate);
            Some((Finding::miner(Protocol::Alephium, Kind::ALPH_HASHRATE).fact(rate), Ask::Other))
        }
        "connection.set_gzip" => Some((Finding::miner(Protocol::Alephium, Kind::GZIP), Ask::Other)),
        _ => None,
    }
}

/// Whether it is an extension of BIP 310, or what one of them is asked or granted with, such as `version-rolling.mask`.
pub(super) fn is_extension(name: &str) -> bool {
    let name = name.split('.').next().unwrap_or(name);
    ["version-rolling", "minimum-difficulty", "subscribe-extranonce", "info"].contains(&name)
}

/// Hashes a second, as hexadecimal digits with or without `0x`.
fn rate(digits: &str) -> Option<Fact> {
    Fact::claimed_hash_rate(digits.strip_prefix("0x").unwrap_or(digits))
}

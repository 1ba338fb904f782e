//! What the pool sends unasked, beside jobs.
//!
//! Sources: BIP 310, ZIP 301, EIP-1571, Alephium's and Xelis' descriptions, `NiceHash`'s specifications, Miningcore.

use serde_json::Value;

use super::super::finding::{Fact, Finding, Kind};
use super::super::message::Message;
use super::super::outstanding::Ask;
use super::super::shape::{clean, difficulty_of_target, is_hex, number, text};
use super::{ETHEREUM, ROLLS_VERSION, V1, job};
use crate::judge::Protocol;

impl Kind {
    pub(crate) const SET_DIFFICULTY: Self =
        Self::message("pool-difficulty", "mining.set_difficulty with a number", 12.0);
    pub(crate) const SET_TARGET: Self = Self::message("pool-target", "mining.set_target with a target", 12.0);
    pub(crate) const SET_VERSION_MASK: Self =
        Self::message("pool-version-mask", "mining.set_version_mask with a mask", 12.0);
    pub(crate) const SET_EXTRANONCE: Self =
        Self::message("pool-extranonce", "set_extranonce with an extranonce", 11.0);
    pub(crate) const SET_GOAL: Self = Self::message("pool-goal", "mining.set_goal", 11.0);
    pub(crate) const SET: Self =
        Self::message("pool-set", "mining.set with target, epoch or algorithm (EIP-1571)", 12.0);
    pub(crate) const CLEAN_JOBS: Self = Self::message("pool-clean-jobs", "mining.set_cleanjobs", 8.0);
    pub(crate) const BYE: Self = Self::message("pool-bye", "mining.bye", 6.0);
    pub(crate) const PING: Self = Self::message("pool-ping", "mining.ping", 5.0);
    pub(crate) const PRINT: Self = Self::message("pool-print", "mining.print with level and text", 8.0);
    pub(crate) const RECONNECT: Self = Self::message("pool-reconnect", "client.reconnect", 3.0);
    pub(crate) const SHOW_MESSAGE: Self =
        Self::message("pool-message", "client.show_message with a text", 3.0);
    pub(crate) const GET_VERSION: Self = Self::message("pool-get-version", "client.get_version", 2.0);
}

/// Reads a notification or request of the pool.
pub(super) fn request(method: &str, message: &Message) -> Option<(Finding, Ask)> {
    let list = message.list();
    let first = text(list.first());
    let by = |protocol, kind| Some((Finding::pool(protocol, kind), Ask::Other));
    let plain = |kind| by(V1, kind);
    match method {
        "mining.notify" => Some((job::notify(list)?, Ask::Other)),
        "mining.set_difficulty" => {
            let difficulty = Fact::difficulty_units(number(list.first())?);
            Some((Finding::pool(V1, Kind::SET_DIFFICULTY).fact(Some(difficulty)), Ask::Other))
        }
        "mining.set_target" => Some((set_target(message)?, Ask::Other)),
        "mining.set_version_mask" if first.is_some_and(is_hex) => {
            Some((Finding::pool(V1, Kind::SET_VERSION_MASK).fact(Some(ROLLS_VERSION)), Ask::Other))
        }
        "mining.set_extranonce" => {
            extranonce(first).and_then(|()| plain(Kind::SET_EXTRANONCE)).or_else(|| {
                extranonce(message.text("params")).and_then(|()| by(Protocol::Alephium, Kind::SET_EXTRANONCE))
            })
        }
        // The bridge of Kaspa leaves the prefix out.
        "set_extranonce" => extranonce(first).and_then(|()| by(Protocol::Kaspa, Kind::SET_EXTRANONCE)),
        "mining.set_goal" if first.is_some() => plain(Kind::SET_GOAL),
        "mining.set_cleanjobs" if message.has_params() => by(Protocol::Alephium, Kind::CLEAN_JOBS),
        "mining.set" => Some((set(message)?, Ask::Other)),
        "mining.bye" => by(ETHEREUM, Kind::BYE),
        "mining.ping" => plain(Kind::PING),
        "mining.print" if list.first().is_some_and(Value::is_number) && text(list.get(1)).is_some() => {
            plain(Kind::PRINT)
        }
        "client.reconnect" => plain(Kind::RECONNECT),
        "client.show_message" if first.is_some() => plain(Kind::SHOW_MESSAGE),
        "client.get_version" => Some((Finding::pool(V1, Kind::GET_VERSION), Ask::Version)),
        _ => None,
    }
}

/// Hexadecimal digits or none.
fn extranonce(digits: Option<&str>) -> Option<()> {
    digits.filter(|digits| digits.is_empty() || is_hex(digits)).map(|_| ())
}

/// A target of 256 bits; Alephium sends it without a list, Aleo's is a number of 64 bits that grows with the difficulty.
fn set_target(message: &Message) -> Option<Finding> {
    let first = message.list().first();
    let (protocol, difficulty) = match (text(first), message.text("params")) {
        (Some(target), _) => (V1, hashes(target)?),
        (None, Some(target)) => (Protocol::Alephium, hashes(target)?),
        (None, None) => (Protocol::Aleo, number(first)?),
    };
    Some(Finding::pool(protocol, Kind::SET_TARGET).fact(Some(Fact::difficulty_hashes(difficulty))))
}

/// The hashes that one share takes at a target of 256 bits, whose leading zeros may be left out.
pub(super) fn hashes(target: &str) -> Option<f64> {
    let digits = target.strip_prefix("0x").unwrap_or(target);
    difficulty_of_target(digits).filter(|_| digits.len() >= 32)
}

fn set(message: &Message) -> Option<Finding> {
    let named = message.named()?;
    let digits = |key: &str| text(named.get(key)).map(|text| text.strip_prefix("0x").unwrap_or(text));
    let number = ["epoch", "target", "extranonce"].iter().any(|&key| digits(key).is_some_and(is_hex));
    if !number && text(named.get("algo")).is_none() {
        return None;
    }
    let difficulty = text(named.get("target")).and_then(difficulty_of_target);
    let algorithm = text(named.get("algo")).and_then(clean);
    let finding = Finding::pool(ETHEREUM, Kind::SET);
    Some(finding.fact(difficulty.map(Fact::difficulty_hashes)).fact(algorithm.map(Fact::Algorithm)))
}

//! Nimiq's pool protocol over WebSocket.
//!
//! Sources: Nimiq's developer reference (mining pool protocol), and `SushiPool`'s miner for the mode `dumb`.

use serde_json::Value;

use super::account;
use super::coin::CoinReason;
use super::finding::{Fact, Finding, Kind};
use super::message::Message;
use super::shape::clean;
use crate::judge::{Protocol, Stage};

const PROTOCOL: Protocol = Protocol::Nimiq;

const COIN: Option<Fact> = Some(Fact::coin("NIM", CoinReason::Protocol));

/// Characters of a hash or a block in Base64: of 32 bytes at least.
const MIN_BASE64: usize = 43;

impl Kind {
    pub(crate) const NIMIQ_REGISTER: Self =
        Self::message("client-nimiq-register", "message register with mode and a Nimiq address", 13.5);
    pub(crate) const NIMIQ_SHARE: Self =
        Self::message("client-nimiq-share", "message share with a block header or light block", 9.5);
    pub(crate) const NIMIQ_NONCE: Self =
        Self::message("client-nimiq-nonce", "message share with a nonce", 6.0);
    pub(crate) const NIMIQ_REGISTERED: Self =
        Self::message("pool-nimiq-registered", "message registered and nothing else", 3.0);
    pub(crate) const NIMIQ_SETTINGS: Self =
        Self::message("pool-nimiq-settings", "message settings with address, extra data and target", 13.5);
    pub(crate) const NIMIQ_BLOCK: Self =
        Self::message("pool-nimiq-block", "message new-block with the parts of a block", 13.5);
    pub(crate) const NIMIQ_BALANCE: Self =
        Self::message("pool-nimiq-balance", "message balance with confirmed balance and payout", 9.0);
    pub(crate) const NIMIQ_ERROR: Self =
        Self::message("pool-nimiq-error", "message error with a reason", 2.0);
}

/// Reads a message of either side.
pub(super) fn plain(message: &Message) -> Option<Finding> {
    let object = message.object();
    let long = |key| message.text(key).is_some_and(is_base64);
    let submitted =
        |kind| Finding::miner(PROTOCOL, kind).stage(Stage::Submitting).fact(Some(Fact::Submitted));
    let pool = |kind| Some(Finding::pool(PROTOCOL, kind));
    match message.text("message")? {
        "register" => register(message),
        "share" if long("blockHeader") || long("block") => Some(submitted(Kind::NIMIQ_SHARE)),
        "share" if object.len() == 2 && object.get("nonce").is_some_and(Value::is_number) => {
            Some(submitted(Kind::NIMIQ_NONCE))
        }
        "registered" if object.len() == 1 => pool(Kind::NIMIQ_REGISTERED),
        "settings" => {
            let target =
                ["target", "targetCompact", "shareCompact"].iter().any(|&key| object.contains_key(key));
            let settings = target && message.text("address").is_some_and(is_address);
            settings.then(|| Finding::pool(PROTOCOL, Kind::NIMIQ_SETTINGS))
        }
        "new-block" if long("blockHeader") || (long("bodyHash") && long("previousBlock")) => {
            let finding = Finding::pool(PROTOCOL, Kind::NIMIQ_BLOCK).stage(Stage::Working);
            Some(finding.fact(COIN).fact(Some(Fact::Job)))
        }
        "balance"
            if object.contains_key("confirmedBalance") && object.contains_key("payoutRequestActive") =>
        {
            pool(Kind::NIMIQ_BALANCE)
        }
        "error" if object.len() == 2 && message.text("reason").is_some() => {
            let finding = Finding::pool(PROTOCOL, Kind::NIMIQ_ERROR).stage(Stage::Attempt);
            Some(finding.fact(Some(Fact::Rejected)))
        }
        _ => None,
    }
}

fn register(message: &Message) -> Option<Finding> {
    let address = message.text("address").filter(|address| is_address(address))?;
    let mode = matches!(message.text("mode"), Some("nano" | "smart" | "dumb"));
    if !mode && !message.text("genesisHash").is_some_and(is_base64) {
        return None;
    }
    let device = ["deviceLabel", "deviceName"].iter().find_map(|&key| message.text(key));
    let agent = ["minerVersion", "userAgent"].iter().find_map(|&key| message.text(key)).and_then(clean);
    let finding = Finding::miner(PROTOCOL, Kind::NIMIQ_REGISTER);
    Some(finding.fact(COIN).fact(account::paid(address, device)).fact(agent.map(Fact::Agent)))
}

/// An address as people write it: `NQ`, two digits, 32 letters or digits in groups of four.
fn is_address(text: &str) -> bool {
    let compact: String = text.chars().filter(|letter| *letter != ' ').collect();
    compact.len() == 36
        && compact.starts_with("NQ")
        && compact.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    digits.len() >= MIN_BASE64
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
}

//! Coinhive's protocol, which its successors and copies speak to miners in web pages.
//!
//! Sources: the client of Coinhive as published with coin-hive-stratum, and deepMiner's server.

use serde_json::{Map, Value};

use super::account;
use super::cryptonote;
use super::finding::{Fact, Finding, Kind};
use super::message::Message;
use super::shape::{hex, text};
use crate::judge::{Protocol, Stage};

const PROTOCOL: Protocol = Protocol::BrowserMiner;

impl Kind {
    pub(crate) const PAGE_AUTH: Self =
        Self::message("client-page-auth", "message auth with the key of a site", 5.0);
    pub(crate) const PAGE_AUTH_FORM: Self =
        Self::feature("client-page-auth-form", "the message auth tells the kind of user and a goal", 7.0);
    pub(crate) const PAGE_AUTH_MINER: Self =
        Self::feature("client-page-auth-miner", "the user's name is that of a miner for web pages", 7.0);
    pub(crate) const PAGE_SUBMIT: Self = Self::message(
        "client-page-share",
        "message submit with job id, 4-byte nonce and 32-byte result",
        11.5,
    );
    pub(crate) const PAGE_AUTHED: Self =
        Self::message("pool-page-authed", "message authed with a token and hashes", 7.0);
    pub(crate) const PAGE_JOB: Self =
        Self::message("pool-page-job", "message job with block template, job id and target", 13.0);
    pub(crate) const PAGE_ACCEPTED: Self =
        Self::message("pool-page-accepted", "message hash_accepted with the number of hashes", 11.0);
    pub(crate) const PAGE_BANNED: Self =
        Self::message("pool-page-banned", "message banned or error of Coinhive's servers", 5.0);
}

/// Reads a message of either side.
pub(super) fn plain(message: &Message) -> Option<Finding> {
    let params = message.named()?;
    match message.text("type")? {
        "auth" => auth(params),
        "submit" => {
            let share =
                params.contains_key("job_id") && hex(params.get("nonce"), 8) && hex(params.get("result"), 64);
            let finding = share.then(|| Finding::miner(PROTOCOL, Kind::PAGE_SUBMIT))?;
            Some(finding.stage(Stage::Submitting).fact(Some(Fact::Submitted)))
        }
        "authed" => {
            let authed = params.get("hashes").is_some_and(Value::is_number)
                && params.get("token").is_none_or(Value::is_string);
            authed.then(|| Finding::pool(PROTOCOL, Kind::PAGE_AUTHED))
        }
        "job" => {
            let job = cryptonote::job(params, Kind::PAGE_JOB)?;
            Some(Finding { protocol: PROTOCOL, ..job })
        }
        "hash_accepted" if params.get("hashes").is_some_and(Value::is_number) => {
            let finding = Finding::pool(PROTOCOL, Kind::PAGE_ACCEPTED).stage(Stage::Submitting);
            Some(finding.fact(Some(Fact::Accepted)))
        }
        "banned" if params.contains_key("banned") => Some(refused()),
        "error" if text(params.get("error")) == Some("invalid_site_key") => Some(refused()),
        _ => None,
    }
}

fn refused() -> Finding {
    Finding::pool(PROTOCOL, Kind::PAGE_BANNED).stage(Stage::Attempt)
}

/// Coinhive's copies put an address in the place of the site's key, or a user name beside the version.
fn auth(params: &Map<String, Value>) -> Option<Finding> {
    let key = text(params.get("site_key"));
    let user = text(params.get("user")).or_else(|| text(params.get("userID")));
    let version = params.get("version").is_some_and(Value::is_number);
    if key.is_none() && !(version && user.is_some()) {
        return None;
    }
    let kind = text(params.get("type")).is_some_and(|kind| matches!(kind, "anonymous" | "user" | "token"));
    let form = kind && params.get("goal").is_some_and(Value::is_number);
    let wallet = key.filter(|key| account::is_address(key));
    let named = user.is_some_and(|user| user.to_ascii_lowercase().ends_with("miner"));
    let paid = match wallet {
        Some(wallet) => account::paid(wallet, text(params.get("user"))),
        None => key.or(user).and_then(account::user),
    };
    let finding = Finding::miner(PROTOCOL, Kind::PAGE_AUTH)
        .with(Kind::PAGE_AUTH_FORM, key.is_some() && form)
        .with(Kind::PAGE_AUTH_MINER, named && version)
        .with(Kind::ADDRESS, wallet.is_some());
    Some(finding.fact(paid))
}

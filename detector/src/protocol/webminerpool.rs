//! The protocol of webminerpool, whose script mines in web pages for pools that it names.
//!
//! Sources: webminerpool's script (`webmr.js`) and server, and the clients made from it.

use super::account;
use super::cryptonote;
use super::finding::{Fact, Finding, Kind};
use super::message::Message;
use super::shape::{clean, hex, text};
use crate::judge::{Protocol, Stage};

const PROTOCOL: Protocol = Protocol::BrowserMiner;

impl Kind {
    pub(crate) const SCRIPT_HANDSHAKE: Self =
        Self::message("client-script-handshake", "identifier handshake with login and pool", 8.0);
    pub(crate) const SCRIPT_FORM: Self =
        Self::feature("client-script-form", "the handshake has a password, a user and a version", 4.5);
    pub(crate) const SCRIPT_SOLVED: Self = Self::message(
        "client-script-share",
        "identifier solved with job id, 4-byte nonce and 32-byte result",
        13.0,
    );
    pub(crate) const SCRIPT_JOB: Self =
        Self::message("pool-script-job", "identifier job with block template, job id and target", 13.0);
    pub(crate) const SCRIPT_ACCEPTED: Self =
        Self::message("pool-script-accepted", "identifier hashsolved", 9.0);
    pub(crate) const SCRIPT_ERROR: Self =
        Self::message("pool-script-error", "identifier error with a text", 4.0);
}

/// Reads a message of either side.
pub(super) fn plain(message: &Message) -> Option<Finding> {
    let object = message.object();
    match message.text("identifier")? {
        "handshake" => {
            let user = message.text("login")?;
            let pool = message.text("pool").and_then(clean)?;
            let (wallet, worker) = account::split(user);
            let worker = message.text("worker").or(worker);
            let form = ["password", "userid", "version"].iter().all(|&key| object.contains_key(key));
            let finding = Finding::miner(PROTOCOL, Kind::SCRIPT_HANDSHAKE)
                .with(Kind::SCRIPT_FORM, form)
                .with(Kind::ADDRESS, account::is_address(wallet));
            Some(finding.fact(account::paid(wallet, worker)).fact(Some(Fact::PoolName(pool))))
        }
        "solved" => {
            let share =
                object.contains_key("job_id") && hex(object.get("nonce"), 8) && hex(object.get("result"), 64);
            let finding = share.then(|| Finding::miner(PROTOCOL, Kind::SCRIPT_SOLVED))?;
            Some(finding.stage(Stage::Submitting).fact(Some(Fact::Submitted)))
        }
        "job" => {
            let job = cryptonote::job(object, Kind::SCRIPT_JOB)?;
            Some(Finding { protocol: PROTOCOL, ..job })
        }
        "hashsolved" => {
            let finding = Finding::pool(PROTOCOL, Kind::SCRIPT_ACCEPTED).stage(Stage::Submitting);
            Some(finding.fact(Some(Fact::Accepted)))
        }
        "error" => {
            text(object.get("param"))?;
            Some(Finding::pool(PROTOCOL, Kind::SCRIPT_ERROR).stage(Stage::Attempt))
        }
        _ => None,
    }
}

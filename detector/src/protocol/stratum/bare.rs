//! Servers that leave the prefix `mining.` out: the words are common, so that only their parameters count.
//!
//! Sources: the description of Handshake's stratum, Kaspa's proposal of a simplified stratum.

use super::super::account;
use super::super::finding::{Fact, Finding, Kind};
use super::super::message::Message;
use super::super::outstanding::Ask;
use super::super::shape::{hex, number, text};
use super::{V1, job, login, pool, share};
use crate::judge::Stage;

impl Kind {
    pub(crate) const BARE_AUTHORIZE: Self =
        Self::message("client-bare-authorize", "method authorize with a coin address", 2.0);
    pub(crate) const BARE_SUBMIT: Self =
        Self::message("client-bare-submit", "method submit with worker, job and solution", 6.0);
    pub(crate) const BARE_NOTIFY: Self = Self::message("pool-bare-notify", "method notify with a job", 8.0);
    pub(crate) const BARE_DIFFICULTY: Self =
        Self::message("pool-bare-difficulty", "method set_difficulty or set_target with a value", 1.0);
}

/// Reads a request or notification.
pub(super) fn request(method: &str, message: &Message) -> Option<(Finding, Ask)> {
    let list = message.list();
    match method {
        "authorize" => {
            let (wallet, _) = account::split(text(list.first())?);
            account::coin_of(wallet)?;
            let mut finding = login::authorize(message)?;
            swap(&mut finding, Kind::AUTHORIZE, Kind::BARE_AUTHORIZE);
            // Any server says yes or no to its users.
            Some((finding, Ask::Other))
        }
        // Worker, job, extranonce, time, nonce.
        "submit" if list.len() >= 5 && [3, 4].iter().all(|&at| hex(list.get(at), 8)) => {
            let mut finding = share::submit(message)?;
            swap(&mut finding, Kind::SUBMIT, Kind::BARE_SUBMIT);
            Some((finding, Ask::Share(V1)))
        }
        "notify" => {
            let mut finding = job::notify(list)?;
            if !finding.kinds.contains(&Kind::NOTIFY_FIELDS) {
                return None;
            }
            swap(&mut finding, Kind::NOTIFY, Kind::BARE_NOTIFY);
            Some((finding.stage(Stage::Working), Ask::Other))
        }
        "set_difficulty" | "set_target" => {
            let units = number(list.first()).map(Fact::difficulty_units);
            let difficulty =
                units.or_else(|| pool::hashes(text(list.first())?).map(Fact::difficulty_hashes))?;
            Some((Finding::pool(V1, Kind::BARE_DIFFICULTY).fact(Some(difficulty)), Ask::Other))
        }
        _ => None,
    }
}

fn swap(finding: &mut Finding, with_prefix: Kind, without: Kind) {
    for kind in finding.kinds.iter_mut().filter(|kind| **kind == with_prefix) {
        *kind = without;
    }
}

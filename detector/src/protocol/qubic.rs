//! Qatum, the pool protocol of Qubic: JSON lines without methods; the id says what a message is.
//!
//! Sources: the description of Qatum by its authors and their qatum-events.ts.

use serde_json::Value;

use super::account;
use super::coin::CoinReason;
use super::cryptonote::is_qubic;
use super::finding::{Fact, Finding, Kind};
use super::message::{Id, Message};
use super::outstanding::Ask;
use super::shape::{hex, number, text};
use crate::judge::{Protocol, Stage};

/// No other coin is mined like this.
const COIN: Fact = Fact::coin("QUBIC", CoinReason::Protocol);

const PROTOCOL: Protocol = Protocol::Qubic;

impl Kind {
    pub(crate) const QUBIC_SUBSCRIBE: Self =
        Self::message("client-qubic-subscribe", "a wallet and a worker under the number 1", 6.0);
    pub(crate) const QUBIC_SUBMIT: Self =
        Self::message("client-qubic-submit", "a nonce for a seed and a computor under the number 4", 13.0);
    pub(crate) const QUBIC_HASHRATE: Self =
        Self::message("client-qubic-hashrate", "a hash rate for a computor under the number 5", 12.0);
    pub(crate) const QUBIC_COMPUTOR: Self =
        Self::message("pool-qubic-computor", "a computor to work for under the number 2", 11.0);
    pub(crate) const QUBIC_SEED: Self =
        Self::message("pool-qubic-seed", "a seed to work on under the number 3", 10.0);
    pub(crate) const QUBIC_DIFFICULTY: Self =
        Self::message("pool-qubic-difficulty", "a difficulty under the number 6", 3.0);
}

/// Reads a message that names no method.
pub(super) fn plain(message: &Message) -> Option<(Finding, Ask)> {
    if message.method().is_some() || message.has_params() || message.is_answer() {
        return None;
    }
    let Some(Id::Number(event)) = message.id() else { return None };
    let computor = || text(message.value("computorId")).filter(|id| is_qubic(id));
    let (finding, ask) = match event {
        1 => {
            let (wallet, suffix) = account::split(text(message.value("wallet"))?);
            let worker = text(message.value("worker")).filter(|name| !name.is_empty()).or(suffix);
            // A wallet and a worker have other meanings elsewhere.
            let finding = is_qubic(wallet).then(|| Finding::miner(PROTOCOL, Kind::QUBIC_SUBSCRIBE))?;
            (
                finding.with(Kind::ADDRESS, true).fact(Some(COIN)).fact(account::paid(wallet, worker)),
                Ask::Admission(PROTOCOL),
            )
        }
        2 => {
            computor()?;
            let finding = Finding::pool(PROTOCOL, Kind::QUBIC_COMPUTOR).stage(Stage::Working);
            (finding.fact(Some(Fact::Job)).fact(Some(COIN)), Ask::Other)
        }
        3 => {
            let seed =
                hex(message.value("seed"), 64) && message.value("isEmpty").is_some_and(Value::is_boolean);
            let finding = seed.then(|| Finding::pool(PROTOCOL, Kind::QUBIC_SEED))?.stage(Stage::Working);
            (finding.fact(Some(Fact::Job)).fact(Some(COIN)), Ask::Other)
        }
        4 => {
            computor()?;
            let share = hex(message.value("nonce"), 64) && hex(message.value("seed"), 64);
            let finding = share.then(|| Finding::miner(PROTOCOL, Kind::QUBIC_SUBMIT))?;
            (finding.stage(Stage::Submitting).fact(Some(Fact::Submitted)), Ask::Share(PROTOCOL))
        }
        5 => {
            computor()?;
            let rate = message.value("hashrate")?.as_f64()?;
            let rate = (rate > 0.0).then_some(Fact::ClaimedHashRate(rate));
            (Finding::miner(PROTOCOL, Kind::QUBIC_HASHRATE).fact(rate), Ask::Other)
        }
        6 => {
            let difficulty = number(message.value("difficulty")).filter(|_| message.keys() == 2)?;
            let finding = Finding::pool(PROTOCOL, Kind::QUBIC_DIFFICULTY);
            (finding.fact(Some(Fact::difficulty_hashes(difficulty))), Ask::Other)
        }
        _ => return None,
    };
    Some((finding, ask))
}

/// Reads a response. `ask` is what it answers, if the request was seen.
pub(super) fn answer(ask: Option<Ask>, message: &Message) -> Option<Finding> {
    let yes = message.result().as_bool()?;
    match ask? {
        Ask::Admission(PROTOCOL) if yes => Some(Finding::pool(PROTOCOL, Kind::ADMISSION)),
        Ask::Admission(PROTOCOL) => Some(Finding::pool(PROTOCOL, Kind::POOL_ERROR).stage(Stage::Attempt)),
        Ask::Share(PROTOCOL) => {
            let verdict = if yes { Fact::Accepted } else { Fact::Rejected };
            Some(Finding::pool(PROTOCOL, Kind::SHARE_ANSWER).fact(Some(verdict)))
        }
        _ => None,
    }
}

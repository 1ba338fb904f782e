//! Beam's own JSON lines: no parameters, all fields stand beside the method.
//!
//! Sources: the Beam node's pow/stratum.cpp and core/difficulty.cpp, Miningcore's Beam pool, `NiceHash`'s specification.

use super::account;
use super::coin::CoinReason;
use super::finding::{Fact, Finding, Kind};
use super::message::{Id, Message};
use super::outstanding::Ask;
use super::shape::{hex, is_hex, text};
use crate::judge::{Protocol, Stage};

/// No other coin is mined like this.
const COIN: Fact = Fact::coin("BEAM", CoinReason::Protocol);

const PROTOCOL: Protocol = Protocol::Beam;

/// Hexadecimal digits of the shortest solution looked for; `BeamHash`'s have 208.
const MIN_SOLUTION: usize = 128;

impl Kind {
    pub(crate) const BEAM_LOGIN: Self =
        Self::message("client-beam-login", "method login with an api_key beside it and the id login", 12.5);
    pub(crate) const BEAM_SOLUTION: Self =
        Self::message("client-beam-solution", "method solution with nonce and output", 13.0);
    pub(crate) const BEAM_JOB: Self =
        Self::message("pool-beam-job", "method job with a 32-byte input and a difficulty beside it", 13.0);
    pub(crate) const BEAM_LOGIN_RESULT: Self = Self::message(
        "pool-beam-login",
        "method result for the login, with code, description and nonce prefix or fork height",
        12.0,
    );
    pub(crate) const BEAM_RESULT: Self =
        Self::message("pool-beam-result", "method result with code and description", 6.0);
}

/// Reads a request or notification.
pub(super) fn request(method: &str, message: &Message) -> Option<(Finding, Ask)> {
    if message.has_params() || text(message.value("jsonrpc")) != Some("2.0") {
        return None;
    }
    match method {
        // An exchange that logs in with a key signs it (EXMO).
        "login" if message.value("sign").is_none() && is_login(message) => {
            let (wallet, worker) = account::split(text(message.value("api_key"))?);
            let finding = Finding::miner(PROTOCOL, Kind::BEAM_LOGIN)
                .with(Kind::ADDRESS, wallet.len() >= 62 && is_hex(wallet));
            Some((finding.fact(Some(COIN)).fact(account::paid(wallet, worker)), Ask::Admission(PROTOCOL)))
        }
        "solution" => {
            let output = text(message.value("output")).filter(|output| is_hex(output))?;
            let share = hex(message.value("nonce"), 16) && output.len() >= MIN_SOLUTION;
            let finding = share.then(|| Finding::miner(PROTOCOL, Kind::BEAM_SOLUTION))?;
            Some((finding.stage(Stage::Submitting).fact(Some(Fact::Submitted)), Ask::Share(PROTOCOL)))
        }
        "job" if hex(message.value("input"), 64) => {
            let packed = u32::try_from(message.value("difficulty")?.as_u64()?).ok()?;
            let finding = Finding::pool(PROTOCOL, Kind::BEAM_JOB).stage(Stage::Working);
            let finding = finding
                .fact(Some(Fact::Job))
                .fact(Some(COIN))
                .fact(Some(Fact::difficulty_hashes(difficulty(packed))));
            Some((finding, Ask::Other))
        }
        _ => None,
    }
}

fn is_login(message: &Message) -> bool {
    message.id() == Some(Id::Text("login".into()))
}

/// A floating point number: eight bits of exponent, 24 of fraction.
fn difficulty(packed: u32) -> f64 {
    let fraction = f64::from(packed & 0x00ff_ffff) / f64::from(1_u32 << 24);
    ((1.0 + fraction) * f64::from(packed >> 24).exp2()).round()
}

/// Reads the method `result`. `ask` is what it answers, if the request was seen.
pub(super) fn answer(ask: Option<Ask>, message: &Message, share_likely: bool) -> Option<Finding> {
    if message.method() != Some("result") {
        return None;
    }
    let code = message.value("code")?.as_i64()?;
    text(message.value("description"))?;
    if is_login(message) {
        let known = message.value("nonceprefix").is_some() || message.value("forkheight").is_some();
        return match code {
            0 if known => Some(Finding::pool(PROTOCOL, Kind::BEAM_LOGIN_RESULT)),
            0 => Some(Finding::pool(PROTOCOL, Kind::BEAM_RESULT)),
            _ => Some(Finding::pool(PROTOCOL, Kind::POOL_ERROR).stage(Stage::Attempt)),
        };
    }
    // Accepted, rejected, expired; what is below zero is an error.
    let verdict = match code {
        1 => Fact::Accepted,
        2 | 3 => Fact::Rejected,
        _ if code < 0 => Fact::Rejected,
        _ => return None,
    };
    let finding = Finding::pool(PROTOCOL, Kind::BEAM_RESULT).stage(Stage::Submitting);
    match ask {
        Some(Ask::Share(PROTOCOL)) => Some(finding.fact(Some(verdict))),
        None if share_likely => Some(finding.fact(Some(Fact::Submitted)).fact(Some(verdict))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_difficulties_are_floating_point_numbers() {
        for (packed, expected) in [(0, 1.0), (10 << 24, 1024.0), ((10 << 24) | (1 << 23), 1536.0)] {
            assert_eq!(Some(difficulty(packed)), Some(expected));
        }
        assert!(difficulty(u32::MAX).is_finite());
    }
}

//! Protocols of which only the form can be read: Stratum version 2 within Noise (sv2-spec, chapter 4) and DATUM
//! (`datum_gateway`'s `datum_protocol.c`).

use super::coin::CoinReason;
use super::finding::{Fact, Finding, Kind};
use crate::judge::{Protocol, Stage};
use crate::transport::{DatumStep, NoiseStep};

/// No single size proves anything; a whole handshake is not yet even odds.
impl Kind {
    pub(crate) const NOISE_CLIENT_KEY: Self = Self::message(
        "sv2-noise-64",
        "64 bytes that look random, and nothing more until they are answered",
        1.5,
    );
    pub(crate) const NOISE_SERVER_KEYS: Self =
        Self::message("sv2-noise-234", "answered by 234 bytes that look random", 5.0);
    pub(crate) const NOISE_SETUP: Self =
        Self::message("sv2-noise-setup", "then as many bytes as SetupConnection needs", 0.5);
    pub(crate) const NOISE_SUCCESS: Self =
        Self::message("sv2-noise-44", "answered by 44 bytes, as SetupConnection.Success", 4.0);
    pub(crate) const NOISE_OPEN: Self =
        Self::message("sv2-noise-open", "then as many bytes as open a mining channel", 1.0);
    pub(crate) const NOISE_OPENED: Self = Self::message(
        "sv2-noise-opened",
        "answered by the size of an opened channel with its first jobs",
        1.5,
    );
    pub(crate) const NOISE_SHARE: Self =
        Self::message("sv2-noise-62", "messages of 62 bytes, or of one size up to 95: shares", 1.5);
    pub(crate) const NOISE_ANSWER: Self =
        Self::message("sv2-noise-58", "answered by 58 bytes, as SubmitShares.Success", 3.0);
    pub(crate) const DATUM_HELLO: Self = Self::message(
        "datum-hello",
        "the first header, unmasked, is DATUM's hello with just the length of what was sent",
        22.0,
    );
    pub(crate) const DATUM_ANSWER: Self =
        Self::message("datum-answer", "the other side answered the hello", 4.0);
    pub(crate) const DATUM_COMMANDS: Self =
        Self::message("datum-commands", "masks of headers follow from one another as in DATUM", 18.0);
}

/// What a turn within Noise tells.
pub(super) fn noise(step: NoiseStep) -> Finding {
    let miner = |kind| Finding::miner(Protocol::StratumV2, kind);
    let pool = |kind| Finding::pool(Protocol::StratumV2, kind);
    match step {
        NoiseStep::ClientKey => miner(Kind::NOISE_CLIENT_KEY),
        NoiseStep::ServerKeys => pool(Kind::NOISE_SERVER_KEYS),
        NoiseStep::Setup => miner(Kind::NOISE_SETUP),
        NoiseStep::Success => pool(Kind::NOISE_SUCCESS),
        NoiseStep::Open => miner(Kind::NOISE_OPEN),
        NoiseStep::Opened => pool(Kind::NOISE_OPENED).stage(Stage::Working),
        NoiseStep::Share => miner(Kind::NOISE_SHARE).stage(Stage::Submitting),
        NoiseStep::Answer => pool(Kind::NOISE_ANSWER).stage(Stage::Submitting),
    }
}

/// What a message of DATUM tells. What it is about, is encrypted: a command may be a job, a share or neither.
pub(super) fn datum(step: DatumStep) -> Finding {
    let miner = |kind| Finding::miner(Protocol::Datum, kind);
    let pool = |kind| Finding::pool(Protocol::Datum, kind);
    match step {
        DatumStep::Hello => miner(Kind::DATUM_HELLO).fact(Some(Fact::coin("BTC", CoinReason::Protocol))),
        DatumStep::Answer => pool(Kind::DATUM_ANSWER),
        DatumStep::GatewayCommands => miner(Kind::DATUM_COMMANDS).stage(Stage::Working),
        DatumStep::PoolCommands => pool(Kind::DATUM_COMMANDS).stage(Stage::Working),
    }
}

//! Monero's `P2Pool` (its `p2p_server.h`): both peers challenge each other, and each answers the other.

use detector_common::flow::Direction;

use super::coin::CoinReason;
use super::finding::{Fact, Finding, Kind};
use crate::judge::{Protocol, Stage};

impl Kind {
    pub(crate) const P2POOL_HANDSHAKE: Self =
        Self::message("p2pool-handshake", "a challenge of 17 bytes and a solution of 41", 7.0);
    pub(crate) const P2POOL_MUTUAL: Self =
        Self::message("p2pool-mutual", "both sides sent challenge and solution", 14.0);
    pub(crate) const P2POOL_MESSAGE: Self =
        Self::message("p2pool-message", "a port, a block or a list of peers after the handshake", 2.0);
}

const SOLUTION: u8 = 1;
const CHALLENGE: u8 = 0;

/// The blocks that are shares of this pool: sent whole, compact, or only noticed.
const BLOCKS: [u8; 3] = [5, 8, 9];

/// How far both sides are with the handshake.
#[derive(Debug, Default)]
pub(super) struct Handshake {
    solved: [bool; 2],
}

impl Handshake {
    /// Reads a message by its number. One side alone proves nothing.
    pub(super) fn read(&mut self, direction: Direction, kind: u8) -> Option<Finding> {
        if kind == CHALLENGE {
            return None;
        }
        if kind != SOLUTION {
            let stage = match self.solved {
                [true, true] if BLOCKS.contains(&kind) => Stage::Working,
                [true, true] => Stage::Handshake,
                _ => Stage::Attempt,
            };
            return Some(Finding::peer(Protocol::P2Pool, Kind::P2POOL_MESSAGE).stage(stage));
        }
        if let Some(solved) = self.solved.get_mut(direction as usize) {
            *solved = true;
        }
        let mutual = self.solved == [true; 2];
        let stage = if mutual { Stage::Handshake } else { Stage::Attempt };
        let finding = Finding::peer(Protocol::P2Pool, Kind::P2POOL_HANDSHAKE);
        let coin = Fact::coin("XMR", CoinReason::Protocol);
        Some(finding.with(Kind::P2POOL_MUTUAL, mutual).stage(stage).fact(Some(coin)))
    }
}

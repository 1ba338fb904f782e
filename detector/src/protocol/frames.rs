use detector_common::flow::Direction;

use super::finding::{Finding, Kind};
use super::{bitcoin, levin, p2pool, sealed, stratum_v2, zmq};
use crate::judge::{Protocol, Stage};
use crate::transport::Frame;

impl Kind {
    pub(crate) const RLPX: Self = Self::message(
        "node-rlpx",
        "both sides opened with a size and a sealed message that begins with a public key (RLPx)",
        18.0,
    );
}

/// Understands the messages of binary protocols, as far as one bears on another.
#[derive(Debug, Default)]
pub(super) struct Frames {
    p2pool: p2pool::Handshake,
    /// The directions in which a node spoke.
    nodes: [bool; 2],
}

impl Frames {
    /// What a message says that was sent in `direction`.
    pub(super) fn hear(&mut self, direction: Direction, frame: Frame<'_>) -> Option<Finding> {
        match frame {
            Frame::StratumV2 { kind, body } => stratum_v2::read(kind, body),
            Frame::Noise { step, .. } => Some(sealed::noise(step)),
            Frame::Datum(step) => Some(sealed::datum(step)),
            Frame::P2Pool(kind) => self.p2pool.read(direction, kind),
            Frame::Zmtp { command, body } => zmq::read(command, body),
            Frame::Bitcoin { coin, command, checksum, body } => {
                let finding = bitcoin::read(coin, command, checksum, body)?;
                Some(self.node(direction, finding))
            }
            Frame::Levin { command, body } => Some(self.node(direction, levin::read(command, body))),
            Frame::Rlpx => {
                let mut finding = self.node(direction, Finding::peer(Protocol::EthereumP2p, Kind::RLPX));
                if finding.stage == Stage::Attempt {
                    // One side alone proves nothing, but it was the first to speak.
                    finding.kinds.clear();
                }
                Some(finding)
            }
        }
    }

    /// A node is answered once both sides have spoken.
    fn node(&mut self, direction: Direction, finding: Finding) -> Finding {
        if let Some(spoke) = self.nodes.get_mut(direction as usize) {
            *spoke = true;
        }
        if self.nodes == [true; 2] { finding.stage(Stage::Handshake) } else { finding }
    }
}

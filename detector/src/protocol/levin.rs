//! Nodes of Monero and other `CryptoNote` coins (Monero's `levin_base.h`, `p2p_protocol_defs.h` and
//! `cryptonote_config.h`).

use super::coin::CoinReason;
use super::finding::{Fact, Finding, Kind};
use crate::judge::Protocol;

impl Kind {
    pub(crate) const LEVIN: Self =
        Self::message("node-levin", "message of levin, the peer-to-peer protocol of CryptoNote coins", 22.0);
    pub(crate) const LEVIN_MONERO: Self =
        Self::feature("node-levin-monero", "its network is Monero's main network", 1.0);
    pub(crate) const LEVIN_MONERO_TEST: Self =
        Self::feature("node-levin-monero-test", "its network is a test network of Monero", 1.0);
    pub(crate) const LEVIN_OTHER: Self =
        Self::feature("node-levin-other", "its network is that of another CryptoNote coin", 1.0);
}

/// Commands that open a conversation.
const HANDSHAKE: u32 = 1001;

/// The name and type of the field in a handshake that names the network: a text of 16 bytes.
const NETWORK: &[u8] = b"\x0anetwork_id\x0a\x40";

/// Monero's networks differ in the last byte: main, test and stage network.
const MONERO: [u8; 15] =
    [0x12, 0x30, 0xf1, 0x71, 0x61, 0x04, 0x41, 0x61, 0x17, 0x31, 0x00, 0x82, 0x16, 0xa1, 0xa1];

/// Reads a message.
pub(super) fn read(command: u32, body: &[u8]) -> Finding {
    let network = if command == HANDSHAKE { network(body) } else { None };
    let kind = match network.map(|id| id.split_last_chunk::<1>()) {
        Some(Some((id, [0x10]))) if id == MONERO => Some(Kind::LEVIN_MONERO),
        Some(Some((id, [0x11 | 0x12]))) if id == MONERO => Some(Kind::LEVIN_MONERO_TEST),
        Some(_) => Some(Kind::LEVIN_OTHER),
        None => None,
    };
    let monero = kind.is_some_and(|kind| kind != Kind::LEVIN_OTHER);
    let coin = monero.then(|| Fact::coin("XMR", CoinReason::ChainMagic));
    let finding = Finding::peer(Protocol::MoneroP2p, Kind::LEVIN).fact(coin);
    kind.into_iter().fold(finding, |finding, kind| finding.with(kind, true))
}

fn network(body: &[u8]) -> Option<&[u8]> {
    let at = body.windows(NETWORK.len()).position(|window| window == NETWORK)?;
    body.get(at + NETWORK.len()..at + NETWORK.len() + 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_tells_its_network() {
        let handshake = |last: u8| {
            let id = [&MONERO[..], &[last]].concat();
            read(HANDSHAKE, &[&b"\x01\x11\x01\x01\x01\x01\x02\x01\x01\x08"[..], NETWORK, &id].concat())
        };
        assert_eq!(handshake(0x10).kinds, [Kind::LEVIN, Kind::LEVIN_MONERO]);
        assert_eq!(handshake(0x12).kinds, [Kind::LEVIN, Kind::LEVIN_MONERO_TEST]);
        assert_eq!(handshake(0x99).kinds, [Kind::LEVIN, Kind::LEVIN_OTHER]);
        assert_eq!(read(2002, b"").kinds, [Kind::LEVIN]);
    }
}

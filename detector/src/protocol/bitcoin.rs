//! Nodes of Bitcoin and its forks (Bitcoin Core's `protocol.h` and `net_processing.cpp`).

use sha2::{Digest as _, Sha256};

use super::coin::CoinReason;
use super::finding::{Fact, Finding, Kind};
use super::shape::clean;
use crate::judge::Protocol;

impl Kind {
    pub(crate) const BITCOIN_VERSION: Self =
        Self::message("node-bitcoin-version", "version message of Bitcoin's peer-to-peer protocol", 20.0);
    pub(crate) const BITCOIN_MESSAGE: Self = Self::message(
        "node-bitcoin-message",
        "message of the peer-to-peer protocol of Bitcoin or a fork, with the number of its network",
        16.0,
    );
    pub(crate) const CHECKSUM: Self = Self::feature("node-checksum", "its checksum is right", 20.0);
}

/// Reads a message between nodes of `coin`, if their network is known. `None` if its checksum is wrong.
pub(super) fn read(
    coin: Option<&'static str>,
    command: &[u8],
    checksum: [u8; 4],
    body: Option<&[u8]>,
) -> Option<Finding> {
    let checked = match body {
        Some(body) if Sha256::digest(Sha256::digest(body)).starts_with(&checksum) => true,
        Some(_) => return None,
        None => false,
    };
    let version = command == b"version";
    let kind = if version { Kind::BITCOIN_VERSION } else { Kind::BITCOIN_MESSAGE };
    let agent = body.filter(|_| version).and_then(agent).map(Fact::Agent);
    let coin = coin.map(|coin| Fact::coin(coin, CoinReason::ChainMagic));
    Some(Finding::peer(Protocol::BitcoinP2p, kind).with(Kind::CHECKSUM, checked).fact(agent).fact(coin))
}

/// The name of the software in a version message, behind version, services, time, two addresses and a nonce.
fn agent(body: &[u8]) -> Option<String> {
    let (&length, rest) = body.get(4 + 8 + 8 + 26 + 26 + 8..)?.split_first()?;
    let name = rest.get(..usize::from(length)).filter(|_| length < 0xfd)?;
    clean(std::str::from_utf8(name).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(agent: &str) -> Vec<u8> {
        let mut body = vec![0; 80];
        body.push(u8::try_from(agent.len()).unwrap());
        body.extend(agent.as_bytes());
        body.extend([0; 5]);
        body
    }

    #[test]
    fn a_version_with_its_checksum_names_software_and_coin() {
        let body = version("/Satoshi:27.0.0/");
        let sum = *Sha256::digest(Sha256::digest(&body)).first_chunk().unwrap();
        let finding = read(Some("LTC"), b"version", sum, Some(&body)).unwrap();
        assert_eq!(finding.kinds, [Kind::BITCOIN_VERSION, Kind::CHECKSUM]);
        let coin = Fact::coin("LTC", CoinReason::ChainMagic);
        assert_eq!(finding.facts, [Fact::Agent("/Satoshi:27.0.0/".to_owned()), coin]);
        assert_eq!(read(Some("LTC"), b"version", [1, 2, 3, 4], Some(&body)), None, "the checksum is wrong");
        assert_eq!(read(None, b"block", [0; 4], None).unwrap().kinds, [Kind::BITCOIN_MESSAGE]);
    }
}

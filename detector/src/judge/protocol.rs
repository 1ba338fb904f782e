use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::intern::intern;

/// The number of protocols that are not built in.
const CUSTOM: u32 = 900;

macro_rules! protocols {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $number:literal;)+) => {
        /// A protocol, by the name it has in records.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Protocol {
            $($(#[$doc])* $variant,)+
            /// A protocol that only a user's signatures know, by the name they give it. See [`Protocol::named`].
            Custom(&'static str),
        }

        impl Protocol {
            /// All that are built in.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in records.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Custom(name) => name,
                }
            }

            /// A stable number, a multiple of ten, from which the numbers of its alerts follow. Those that are not built
            /// in share one.
            #[must_use]
            pub const fn number(self) -> u32 {
                match self {
                    $(Self::$variant => $number,)+
                    Self::Custom(_) => CUSTOM,
                }
            }
        }
    };
}

protocols! {
    /// Bitcoin's Stratum version 1 and its forks.
    StratumV1 = "stratum-v1", 10;
    /// `NiceHash`'s EthereumStratum/1.0.0 and EIP-1571's EthereumStratum/2.0.0.
    EthereumStratum = "ethereumstratum", 20;
    /// Monero's JSON-RPC login/job/submit.
    CryptoNote = "cryptonote", 30;
    /// Ethereum getwork over a line-based TCP stream.
    EthProxy = "eth-proxy", 40;
    /// Stratum for Equihash (ZIP 301).
    Equihash = "equihash", 50;
    /// Stratum for `KawPow` and other `ProgPow`.
    KawPow = "kawpow", 60;
    /// Stratum of Kaspa and its forks.
    Kaspa = "kaspa", 70;
    /// Beam's own JSON lines.
    Beam = "beam", 80;
    /// Stratum of Grin and other Cuckoo coins.
    Grin = "grin", 90;
    /// Stratum of Iron Fish: `body` instead of `params`.
    IronFish = "ironfish", 100;
    /// Stratum of Alephium.
    Alephium = "alephium", 110;
    /// Stratum of Nervos CKB.
    Ckb = "ckb", 120;
    /// Stratum of Aleo.
    Aleo = "aleo", 130;
    /// Stratum of Xelis.
    Xelis = "xelis", 140;
    /// Qatum, the pool protocol of Qubic.
    Qubic = "qubic", 150;
    /// Stratum of Conflux.
    Conflux = "conflux", 160;
    /// Stratum of Ergo (Autolykos).
    Ergo = "ergo", 170;
    /// Stratum version 2.
    StratumV2 = "stratum-v2", 180;
    /// DATUM, between a miner's own template maker and its pool.
    Datum = "datum", 190;
    /// Duino-Coin's text lines.
    DuinoCoin = "duino-coin", 200;
    /// getwork over HTTP, and the HTTP mining interfaces like it.
    GetWork = "getwork", 210;
    /// Block templates from a node over HTTP: solo mining, or a pool at its node.
    GetBlockTemplate = "getblocktemplate", 220;
    /// Coinhive's protocol and its relatives, over WebSocket.
    BrowserMiner = "browser-miner", 230;
    /// Dero's getwork over WebSocket.
    Dero = "dero", 240;
    /// Nimiq's pool protocol over WebSocket.
    Nimiq = "nimiq", 250;
    /// Signum's (formerly Burst's) HTTP interface.
    Signum = "signum", 260;
    /// The peer-to-peer network of Monero's `P2Pool`.
    P2Pool = "p2pool", 270;
    /// Chia's pool protocol over HTTP.
    Chia = "chia", 280;
    /// The peer-to-peer network of Bitcoin and its forks.
    BitcoinP2p = "bitcoin-p2p", 500;
    /// The peer-to-peer network of Monero and other `CryptoNote` coins (levin).
    MoneroP2p = "monero-p2p", 510;
    /// The peer-to-peer network of Ethereum and its relatives (`RLPx`, discv4).
    EthereumP2p = "ethereum-p2p", 520;
}

impl Protocol {
    /// The protocol that has this name in records, a custom one if none is built in by it. Such a name is kept for as
    /// long as the process lives.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let built_in = Self::ALL.iter().find(|protocol| protocol.name() == name).copied();
        built_in.unwrap_or_else(|| Self::Custom(intern(name)))
    }

    /// The protocol that stands for all which are told apart only in the course of a conversation: those that share most
    /// of their words with Stratum version 1 or with getwork, and Grin's, which shares them with Monero's.
    #[must_use]
    pub const fn family(self) -> Self {
        match self {
            Self::EthereumStratum
            | Self::Equihash
            | Self::KawPow
            | Self::Kaspa
            | Self::Alephium
            | Self::Ckb
            | Self::Aleo
            | Self::Xelis
            | Self::Conflux
            | Self::Ergo => Self::StratumV1,
            Self::Grin => Self::CryptoNote,
            // The same software asks for both, and the header fields are the same.
            Self::GetBlockTemplate => Self::GetWork,
            other => other,
        }
    }

    /// Whether those who speak it are nodes of a blockchain and not, by that, miners.
    #[must_use]
    pub const fn is_node(self) -> bool {
        matches!(self, Self::BitcoinP2p | Self::MoneroP2p | Self::EthereumP2p)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Protocol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Protocol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|name| Self::named(&name))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_and_numbers_are_unique() {
        let names: BTreeSet<_> = Protocol::ALL.iter().map(|protocol| protocol.name()).collect();
        let numbers: BTreeSet<_> = Protocol::ALL.iter().map(|protocol| protocol.number() / 10).collect();
        assert_eq!((names.len(), numbers.len()), (Protocol::ALL.len(), Protocol::ALL.len()));
        assert!(!numbers.contains(&(CUSTOM / 10)));
    }

    #[test]
    fn a_name_stands_for_one_protocol() {
        for protocol in Protocol::ALL {
            assert_eq!(Protocol::named(protocol.name()), *protocol);
            let stored = serde_json::to_string(protocol).unwrap();
            assert_eq!(serde_json::from_str::<Protocol>(&stored).unwrap(), *protocol);
        }
        let zork = Protocol::named("zork");
        assert_eq!((zork, zork.name()), (Protocol::named("zork"), "zork"));
        assert_ne!(zork, Protocol::named("quux"));
        assert_eq!((zork.family(), zork.is_node()), (zork, false));
    }
}

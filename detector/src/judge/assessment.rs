use std::fmt;

use detector_common::flow::Direction;
use serde::{Deserialize, Serialize};

use super::{Evidence, Protocol};
use crate::estimate::Work;
use crate::intern::Kept;

/// How sure it is that the flow is mining. Ordered from weak to strong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is not mining, but a node of a blockchain's peer-to-peer network.
    Node,
    /// Behaviour or names only.
    Suspected,
    /// One side only, but strong.
    Probable,
    /// Both sides spoke the protocol, or one side did so beyond doubt.
    Confirmed,
}

/// How far the miner got. Ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The miner spoke; nobody answered, or the pool said no.
    Attempt,
    /// The pool answered. A login that it refuses afterwards takes nothing back: the evidence tells of it.
    Handshake,
    /// Jobs arrive.
    Working,
    /// Shares are handed in.
    Submitting,
}

/// Which role an end of the flow plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The side that subscribes, logs in or submits.
    Miner,
    /// The side that hands out jobs.
    Pool,
    /// Either side of a protocol in which both say the same.
    Peer,
}

/// What carries the messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Carrier {
    /// Nothing but TCP.
    #[default]
    Tcp,
    /// HTTP/1, requests and responses.
    Http,
    /// WebSocket (RFC 6455).
    #[serde(rename = "websocket")]
    WebSocket,
    /// Datagrams.
    Udp,
}

/// Shares handed in by the miner and what the pool said to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shares {
    /// Handed in.
    pub submitted: u64,
    /// Accepted by the pool.
    pub accepted: u64,
    /// Rejected by the pool.
    pub rejected: u64,
}

/// What the two sides disclosed. Unknown is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Name and version of the mining software.
    pub agent: Option<String>,
    /// The address or account that is paid.
    pub wallet: Option<String>,
    /// The name of the machine within the account.
    pub worker: Option<String>,
    /// Ticker symbol of the coin, if the conversation gives it away.
    #[serde(default, deserialize_with = "crate::intern::optional")]
    pub coin: Option<Kept>,
    /// The hash function as the two sides name it.
    pub algorithm: Option<String>,
    /// The hash function as it follows from the form of the messages.
    #[serde(default, deserialize_with = "crate::intern::optional")]
    pub implied_algorithm: Option<Kept>,
    /// The pool's name as the miner addressed it.
    pub pool_name: Option<String>,
    /// Current share difficulty in the protocol's own unit.
    pub difficulty: Option<f64>,
    /// Hashes a second, as the miner itself says.
    pub claimed_hash_rate: Option<f64>,
    /// Jobs received.
    pub jobs: u64,
    /// Shares so far.
    pub shares: Shares,
    /// What the shares are worth whose difficulty is known.
    pub work: Work,
}

impl Facts {
    /// Nothing is known.
    pub(super) const NONE: Self = Self {
        agent: None,
        wallet: None,
        worker: None,
        coin: None,
        algorithm: None,
        implied_algorithm: None,
        pool_name: None,
        difficulty: None,
        claimed_hash_rate: None,
        jobs: 0,
        shares: Shares { submitted: 0, accepted: 0, rejected: 0 },
        work: Work::NONE,
    };
}

/// The judgement on one flow at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    /// The dialect spoken.
    pub protocol: Protocol,
    /// How sure.
    pub verdict: Verdict,
    /// How far.
    pub stage: Stage,
    /// Probability of mining, 0 to 1, computed from `evidence`.
    pub confidence: f64,
    /// What carries it.
    pub carrier: Carrier,
    /// Whether its contents are encrypted, so that only its form speaks.
    pub encrypted: bool,
    /// The direction in which the miner sends; of two peers, the one that spoke first.
    pub miner_sends: Direction,
    /// The reasons.
    pub evidence: Vec<Evidence>,
    /// What was disclosed.
    pub facts: Facts,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

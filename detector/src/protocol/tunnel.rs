//! What a proxy is asked for, as evidence: the target is the pool's name as the miner gave it.

use detector_common::flow::Direction;

use super::finding::{Fact, Finding, Kind};
use super::pools;
use super::shape::clean;
use crate::judge::Protocol;

/// What is spoken inside is not known by the target; most of it is a relative of this.
const PROTOCOL: Protocol = Protocol::StratumV1;

/// Too little to be reported without a second reason.
impl Kind {
    pub(crate) const TUNNEL: Self = Self::feature("client-tunnel", "a proxy was asked for a connection", 1.0);
    pub(crate) const POOL_TUNNEL: Self = Self::feature(
        "client-tunnel-to-pool",
        "a proxy was asked for a connection to a server of a known mining pool",
        9.0,
    );
    pub(crate) const UNREADABLE_TUNNEL: Self =
        Self::feature("client-tunnel-unreadable", "what is said in the connection is encrypted", 1.0);

    /// Whether it says that there is mining, but not in which protocol.
    pub(crate) fn tells_no_protocol(self) -> bool {
        [Self::TUNNEL, Self::POOL_TUNNEL, Self::UNREADABLE_TUNNEL].contains(&self)
    }
}

/// The tunnels of one conversation.
#[derive(Debug, Default)]
pub(super) struct Tunnels {
    /// Who asked for a pool's server.
    to_pool: Option<Direction>,
}

impl Tunnels {
    /// The sender of `direction` asks for `target`, a host with its port.
    pub(super) fn target(&mut self, direction: Direction, target: &str) -> Option<Finding> {
        let host = target.rsplit_once(':').map_or(target, |(host, _)| host);
        let known = pools::serves_miners(host);
        if known {
            self.to_pool = Some(direction);
        }
        let finding = Finding::miner(PROTOCOL, if known { Kind::POOL_TUNNEL } else { Kind::TUNNEL });
        Some(finding.fact(Some(Fact::PoolName(clean(host)?))))
    }

    /// What the sender of `direction` says cannot be read.
    pub(super) fn unreadable(&self, direction: Direction) -> Option<Finding> {
        (self.to_pool == Some(direction)).then(|| Finding::miner(PROTOCOL, Kind::UNREADABLE_TUNNEL))
    }
}

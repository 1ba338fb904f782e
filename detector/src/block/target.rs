use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use detector_common::block::{BlockKey, Kinds, Network};
use detector_common::flow::TCP;
use ipnet::{IpNet, Ipv6Net};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::kernel::Place;

/// What is blocked, in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// One TCP connection: `10.0.0.2:40000-192.0.2.1:3333`.
    Flow(SocketAddr, SocketAddr),
    /// Whatever a miner says to a port of a pool: `10.0.0.2-192.0.2.1:3333`.
    Pair(IpAddr, SocketAddr),
    /// All that comes from or goes to a network, or one address: `192.0.2.0/24`, `192.0.2.1`.
    Network(IpNet),
}

const FORMS: &str = "write a connection as 10.0.0.2:40000-192.0.2.1:3333, a miner and a pool as 10.0.0.2-192.0.2.1:3333, \
     a network as 192.0.2.0/24, an address as 192.0.2.1; addresses of IPv6 before a port in brackets, as in \
     [2001:db8::2]:40000-[2001:db8::1]:3333";

impl Target {
    /// Where it stands in the kernel.
    #[must_use]
    pub fn place(&self) -> Place {
        match *self {
            Self::Flow(one, other) => Place::Exact(BlockKey::flow(one.into(), other.into(), TCP)),
            Self::Pair(client, server) => {
                Place::Exact(BlockKey::pair(SocketAddr::new(client, 0).into(), server.into()))
            }
            Self::Network(network) => Place::Network(Network::new(network.network(), network.prefix_len())),
        }
    }

    /// What stands in the kernel at a place.
    #[must_use]
    pub fn at(place: &Place) -> Option<Self> {
        Some(match place {
            Place::Exact(key) => {
                let [one, other] = key.ends().map(SocketAddr::from);
                if key.is_flow() { Self::Flow(one, other) } else { Self::Pair(one.ip(), other) }
            }
            Place::Network(network) => {
                let (address, bits) = network.parts();
                Self::Network(IpNet::new(address, bits).ok()?)
            }
        })
    }

    pub(super) const fn kind(&self) -> Kinds {
        match self {
            Self::Flow(..) => Kinds::FLOWS,
            Self::Pair(..) => Kinds::PAIRS,
            Self::Network(_) => Kinds::NETWORKS,
        }
    }

    /// The networks of which something is blocked.
    pub(super) fn networks(&self) -> Vec<IpNet> {
        match *self {
            Self::Flow(one, other) => vec![one.ip().into(), other.ip().into()],
            Self::Pair(client, server) => vec![client.into(), server.ip().into()],
            Self::Network(network) => vec![network],
        }
    }

    /// Whether something of a TCP connection between two ends is blocked by it.
    #[must_use]
    pub fn meets(&self, one: SocketAddr, other: SocketAddr) -> bool {
        [(one, other), (other, one)].into_iter().any(|(one, other)| match *self {
            Self::Flow(first, second) => (first, second) == (one, other),
            Self::Pair(client, server) => (client, server) == (one.ip(), other),
            Self::Network(network) => network.contains(&one.ip()),
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flow(one, other) => write!(f, "{one}-{other}"),
            Self::Pair(client, server) => write!(f, "{client}-{server}"),
            Self::Network(network) if network.prefix_len() == network.max_prefix_len() => {
                write!(f, "{}", network.addr())
            }
            Self::Network(network) => write!(f, "{network}"),
        }
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is nothing that can be blocked: {FORMS}");
        let Some((one, other)) = text.split_once('-') else {
            let network: Option<IpNet> = text.parse().ok().or_else(|| text.parse().map(IpAddr::into).ok());
            let network = network.ok_or_else(wrong)?;
            let mapped = IpNet::V6(Ipv6Net::new_assert(Ipv4Addr::UNSPECIFIED.to_ipv6_mapped(), 96));
            if network.contains(&mapped) || mapped.contains(&network) {
                return Err(format!("{text} stands for addresses of IPv4: write them as such"));
            }
            let meant = network.trunc();
            return if meant == network {
                Ok(Self::Network(network))
            } else {
                Err(format!("{text} has bits set behind the prefix: write {meant}"))
            };
        };
        // The kernel knows IPv4 within IPv6 as IPv4.
        let plain = |end: SocketAddr| SocketAddr::new(end.ip().to_canonical(), end.port());
        let server = plain(other.parse().map_err(|_| wrong())?);
        if let Ok(one) = one.parse::<SocketAddr>() {
            return Ok(Self::Flow(plain(one), server));
        }
        let client: IpAddr = one.parse().map_err(|_| wrong())?;
        Ok(Self::Pair(client.to_canonical(), server))
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

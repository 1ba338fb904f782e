use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use detector_common::block::Network;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::Surroundings;

/// What is never blocked: what the operator says, and what the gateway itself needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protected(Vec<(IpNet, &'static str)>);

/// Nothing of these is a miner or a pool on its own: loopback, link-local, multicast, broadcast, unspecified.
const SPECIAL: [IpNet; 8] = [
    v4([0, 0, 0, 0], 8),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([224, 0, 0, 0], 4),
    v4([255, 255, 255, 255], 32),
    v6(0, 127),
    v6(0xfe80, 10),
    v6(0xff00, 8),
];

const fn v4(octets: [u8; 4], bits: u8) -> IpNet {
    let [a, b, c, d] = octets;
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits))
}

const fn v6(first: u16, bits: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0), bits))
}

impl Protected {
    /// Networks that the operator names, and what this machine is and asks.
    #[must_use]
    pub fn new(allow: &[IpNet], surroundings: &Surroundings) -> Self {
        let Surroundings { own, gateways, resolvers } = surroundings;
        let named = allow.iter().map(|network| (network.trunc(), "you allow it in [block]"));
        let special = SPECIAL.iter().map(|network| (*network, "it is no address of one host elsewhere"));
        let of = |addresses: &BTreeSet<IpAddr>, why| {
            addresses.iter().map(move |&address| (IpNet::from(address), why)).collect::<Vec<_>>()
        };
        let mut all: Vec<(IpNet, &'static str)> = named
            .chain(of(own, "it is an address of this machine"))
            .chain(of(gateways, "it is a gateway of this machine"))
            .chain(of(resolvers, "it is a resolver of this machine"))
            .chain(special)
            .collect();
        all.sort_by_key(|(network, _)| *network);
        all.dedup_by_key(|(network, _)| *network);
        Self(all)
    }

    /// Why nothing of a network may be blocked.
    #[must_use]
    pub fn forbids(&self, network: &IpNet) -> Option<(IpNet, &'static str)> {
        self.0.iter().find(|(known, _)| known.contains(network) || network.contains(known)).copied()
    }

    /// All of them, for the kernel.
    #[must_use]
    pub fn networks(&self) -> Vec<Network> {
        self.0.iter().map(|(network, _)| Network::new(network.network(), network.prefix_len())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_is_forbidden_within_and_around() {
        let one = |text: &str| [text.parse().unwrap()].into();
        let (own, gateways, resolvers) = (one("192.0.2.10"), one("192.0.2.1"), one("2001:db8::53"));
        let protected = Protected::new(&[net("10.1.0.0/16")], &Surroundings { own, gateways, resolvers });
        assert!(protected.forbids(&net("127.0.0.1/32")).is_some());
        for (network, why) in [
            ("10.1.2.3/32", Some("you allow it in [block]")),
            ("10.0.0.0/8", Some("you allow it in [block]")),
            ("192.0.2.10/32", Some("it is an address of this machine")),
            ("192.0.2.0/28", Some("it is a gateway of this machine")),
            ("2001:db8::/64", Some("it is a resolver of this machine")),
            ("239.1.2.3/32", Some("it is no address of one host elsewhere")),
            ("203.0.113.0/24", None),
            ("2001:db8:1::/48", None),
        ] {
            assert_eq!(protected.forbids(&net(network)).map(|(_, why)| why), why, "{network}");
        }
        assert!(
            protected.networks().iter().any(|network| network.parts() == (net("10.1.0.0/16").addr(), 16))
        );
    }
}

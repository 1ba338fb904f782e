use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use detector_common::block::Network;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use nix::ifaddrs::getifaddrs;

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
    /// Networks that the operator names, and what this machine is and asks: its own addresses, gateways, and resolvers, as
    /// they are now.
    #[must_use]
    pub fn of_this_machine(allow: &[IpNet]) -> Self {
        let [v4, v6, resolv] = ["/proc/self/net/route", "/proc/self/net/ipv6_route", "/etc/resolv.conf"]
            .map(|path| fs::read_to_string(path).unwrap_or_default());
        let gateways = gateways_v4(&v4).chain(gateways_v6(&v6)).collect();
        Self::new(allow, own_addresses(), gateways, resolvers(&resolv).collect())
    }

    pub(super) fn new(
        allow: &[IpNet],
        own: Vec<IpAddr>,
        gateways: Vec<IpAddr>,
        resolvers: Vec<IpAddr>,
    ) -> Self {
        let named = allow.iter().map(|network| (network.trunc(), "you allow it in [block]"));
        let special = SPECIAL.iter().map(|network| (*network, "it is no address of one host elsewhere"));
        let of = |addresses: Vec<IpAddr>, why| {
            addresses.into_iter().map(move |address| (IpNet::from(address), why))
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

fn own_addresses() -> Vec<IpAddr> {
    let Ok(addresses) = getifaddrs() else { return Vec::new() };
    let address = |one: nix::ifaddrs::InterfaceAddress| {
        let address = one.address?;
        let v4 = address.as_sockaddr_in().map(|it| IpAddr::V4(it.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|it| IpAddr::V6(it.ip())))
    };
    addresses.filter_map(address).collect()
}

/// The third column of the kernel's table is the gateway in hexadecimal, in the order of the machine.
fn gateways_v4(table: &str) -> impl Iterator<Item = IpAddr> + '_ {
    let gateway = |line: &str| u32::from_str_radix(line.split_whitespace().nth(2)?, 16).ok();
    table
        .lines()
        .skip(1)
        .filter_map(gateway)
        .filter(|&it| it != 0)
        .map(|it| Ipv4Addr::from(it.to_ne_bytes()).into())
}

/// The fifth column is the gateway, 32 digits.
fn gateways_v6(table: &str) -> impl Iterator<Item = IpAddr> + '_ {
    let gateway = |line: &str| u128::from_str_radix(line.split_whitespace().nth(4)?, 16).ok();
    table.lines().filter_map(gateway).filter(|&it| it != 0).map(|it| Ipv6Addr::from(it).into())
}

fn resolvers(file: &str) -> impl Iterator<Item = IpAddr> + '_ {
    file.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let address = words.next().filter(|word| *word == "nameserver").and(words.next())?;
        // A link-local one names its interface.
        address.split('%').next()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    #[test]
    fn what_the_gateway_needs_is_read_from_the_system() {
        let route = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n\
                     eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\n\
                     eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n";
        let little = u32::from_str_radix("0101A8C0", 16).unwrap().to_ne_bytes();
        assert_eq!(gateways_v4(route).collect::<Vec<_>>(), [IpAddr::from(little)]);
        let route6 = "00000000000000000000000000000000 00 00000000000000000000000000000000 00 \
                      fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n\
                      20010db8000000000000000000000000 40 00000000000000000000000000000000 00 \
                      00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n";
        assert_eq!(gateways_v6(route6).collect::<Vec<_>>(), [net("fe80::1/128").addr()]);
        let resolv = "# nameserver 10.0.0.9\nsearch lan\nnameserver 10.0.0.53\nnameserver fe80::53%eth0\n";
        assert_eq!(
            resolvers(resolv).collect::<Vec<_>>(),
            [net("10.0.0.53/32").addr(), net("fe80::53/128").addr()]
        );
        let here = Protected::of_this_machine(&[]);
        assert!(here.forbids(&net("127.0.0.1/32")).is_some());
    }

    #[test]
    fn a_network_is_forbidden_within_and_around() {
        let one = |text: &str| vec![text.parse().unwrap()];
        let protected =
            Protected::new(&[net("10.1.0.0/16")], one("192.0.2.10"), one("192.0.2.1"), one("2001:db8::53"));
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

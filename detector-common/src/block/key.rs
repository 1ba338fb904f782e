use core::fmt;
use core::net::{IpAddr, Ipv6Addr};

use crate::flow::{End, FlowKey};

/// What tells the two kinds of [`BlockKey`] apart.
const FLOW: u8 = 1;
const PAIR: u8 = 2;

/// A connection, or an address towards an address and port.
///
/// Both kinds lie in one table. The numbers of a flow are sorted by its ends, those of a pair are client and server.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockKey {
    low: [u64; 2],
    high: [u64; 2],
    low_port: u16,
    high_port: u16,
    protocol: u8,
    kind: u8,
    reserved: [u8; 2],
}

const _: () = assert!(size_of::<BlockKey>() == 40 && align_of::<BlockKey>() == 8);

impl BlockKey {
    /// A connection, in both directions.
    #[must_use]
    #[inline(always)]
    pub fn flow(one: End, other: End, protocol: u8) -> Self {
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        Self::new((low, low.port()), (high, high.port()), protocol, FLOW)
    }

    /// All between an address and a port of another, over TCP or UDP, in both directions. The port of `client` does not
    /// count.
    #[must_use]
    #[inline(always)]
    pub const fn pair(client: End, server: End) -> Self {
        Self::new((client, 0), (server, server.port()), 0, PAIR)
    }

    /// The ends of a connection; of a pair the client, with port 0, and the server.
    #[must_use]
    pub const fn ends(&self) -> [End; 2] {
        [End::new(self.low, self.low_port), End::new(self.high, self.high_port)]
    }

    /// Whether it is a connection, and no pair.
    #[must_use]
    pub const fn is_flow(&self) -> bool {
        self.kind == FLOW
    }

    const fn new(low: (End, u16), high: (End, u16), protocol: u8, kind: u8) -> Self {
        Self {
            low: low.0.address(),
            high: high.0.address(),
            low_port: low.1,
            high_port: high.1,
            protocol,
            kind,
            reserved: [0; 2],
        }
    }
}

impl From<FlowKey> for BlockKey {
    fn from(key: FlowKey) -> Self {
        let side = crate::flow::Direction::Up;
        Self::flow(key.sender(side), key.receiver(side), key.protocol())
    }
}

impl fmt::Debug for BlockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |address, port| End::new(address, port);
        let kind = if self.kind == FLOW { "<>" } else { "->" };
        write!(f, "{:?} {kind} {:?}", end(self.low, self.low_port), end(self.high, self.high_port))
    }
}

/// A network, as the kernel's trie of prefixes wants it (`struct bpf_lpm_trie_key`). IPv4 is mapped into IPv6.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    /// How many bits of the address count, 0 to 128.
    pub bits: u32,
    /// In network order.
    pub address: [u8; 16],
}

const _: () = assert!(size_of::<Network>() == 20);

impl Network {
    /// A single address.
    #[must_use]
    #[inline(always)]
    pub const fn host(end: &End) -> Self {
        let [[h0, h1, h2, h3, h4, h5, h6, h7], [l0, l1, l2, l3, l4, l5, l6, l7]] =
            [end.address()[0].to_be_bytes(), end.address()[1].to_be_bytes()];
        Self { bits: 128, address: [h0, h1, h2, h3, h4, h5, h6, h7, l0, l1, l2, l3, l4, l5, l6, l7] }
    }

    /// So many bits of an address, as its own family counts them.
    #[must_use]
    pub fn new(address: IpAddr, bits: u8) -> Self {
        let (octets, bits) = match address {
            IpAddr::V4(v4) => (v4.to_ipv6_mapped().octets(), 96 + u32::from(bits.min(32))),
            IpAddr::V6(v6) => (v6.octets(), u32::from(bits.min(128))),
        };
        let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
        Self { bits, address: (u128::from_be_bytes(octets) & mask).to_be_bytes() }
    }

    /// Whether an address lies in it.
    #[must_use]
    pub fn has(&self, address: &[u8; 16]) -> bool {
        let differ = u128::from_be_bytes(self.address) ^ u128::from_be_bytes(*address);
        differ.checked_shr(128 - self.bits.min(128)).unwrap_or(0) == 0
    }

    /// The address and how many bits of it count, in its own family.
    #[must_use]
    pub fn parts(&self) -> (IpAddr, u8) {
        let address = Ipv6Addr::from(self.address);
        let bits = |bits: u32| u8::try_from(bits).unwrap_or(128);
        match address.to_ipv4_mapped() {
            Some(v4) if self.bits >= 96 => (v4.into(), bits(self.bits - 96)),
            _ => (address.into(), bits(self.bits)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::net::SocketAddr;

    use super::*;
    use crate::flow::{TCP, UDP};

    fn end(text: &str) -> End {
        text.parse::<SocketAddr>().unwrap().into()
    }

    #[test]
    fn a_flow_has_one_key_and_a_pair_has_a_direction() {
        let (miner, pool) = (end("10.0.0.2:40000"), end("192.0.2.1:3333"));
        assert_eq!(BlockKey::flow(miner, pool, TCP), BlockKey::flow(pool, miner, TCP));
        assert_ne!(BlockKey::flow(miner, pool, TCP), BlockKey::flow(miner, pool, UDP));
        assert_eq!(BlockKey::flow(miner, pool, TCP), FlowKey::tcp(pool, miner).0.into());
        assert_eq!(BlockKey::pair(miner, pool), BlockKey::pair(end("10.0.0.2:5"), pool));
        assert_ne!(BlockKey::pair(miner, pool), BlockKey::pair(pool, miner));
        assert_ne!(BlockKey::pair(end("10.0.0.2:0"), pool), BlockKey::flow(end("10.0.0.2:0"), pool, 0));
        assert_eq!(format!("{:?}", BlockKey::pair(miner, pool)), "10.0.0.2:0 -> 192.0.2.1:3333");
    }

    #[test]
    fn networks_of_both_families() {
        let network = |text: &str, bits| Network::new(text.parse().unwrap(), bits);
        let host = |text: &str| Network::host(&End::from(SocketAddr::new(text.parse().unwrap(), 1)));
        assert_eq!(network("10.1.2.3", 32), host("10.1.2.3"));
        assert_eq!(network("10.1.2.3", 8), network("10.9.9.9", 8));
        for (within, bits, address, has) in [
            ("10.0.0.0", 8, "10.255.0.1", true),
            ("10.0.0.0", 8, "11.0.0.0", false),
            ("0.0.0.0", 0, "203.0.113.1", true),
            ("0.0.0.0", 0, "2001:db8::1", false),
            ("2001:db8::", 32, "2001:db8:1::", true),
            ("::", 0, "10.0.0.1", true),
            ("2001:db8::1", 128, "2001:db8::2", false),
        ] {
            assert_eq!(network(within, bits).has(&host(address).address), has, "{within}/{bits} {address}");
        }
        assert_eq!(network("10.1.2.3", 24).parts(), ("10.1.2.0".parse().unwrap(), 24));
        assert_eq!(network("2001:db8::1", 64).parts(), ("2001:db8::".parse().unwrap(), 64));
        assert_eq!(network("::", 0).parts(), ("::".parse().unwrap(), 0));
    }
}

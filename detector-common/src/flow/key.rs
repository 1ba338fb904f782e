use core::fmt;
use core::net::{IpAddr, Ipv6Addr, SocketAddr};

/// One end of a flow: an address and a port.
///
/// Addresses are held as numbers: comparing bytes is a loop in the kernel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End {
    address: [u64; 2],
    port: u16,
}

/// The upper part of `::ffff:0:0/96`, into which IPv4 addresses are mapped.
const MAPPED: u64 = 0xffff << 32;

impl End {
    /// An IPv6 address and a port, both in network order.
    #[must_use]
    #[inline(always)]
    pub const fn v6(high: [u8; 8], low: [u8; 8], port: [u8; 2]) -> Self {
        Self { address: [u64::from_be_bytes(high), u64::from_be_bytes(low)], port: u16::from_be_bytes(port) }
    }

    /// An IPv4 address and a port, both in network order.
    #[must_use]
    #[inline(always)]
    pub const fn v4(address: [u8; 4], port: [u8; 2]) -> Self {
        Self { address: [0, MAPPED | u32::from_be_bytes(address) as u64], port: u16::from_be_bytes(port) }
    }

    /// An address as two numbers, upper half first, and a port.
    #[must_use]
    pub(crate) const fn new(address: [u64; 2], port: u16) -> Self {
        Self { address, port }
    }

    /// The address as two numbers, upper half first.
    #[inline(always)]
    pub(crate) const fn address(&self) -> [u64; 2] {
        self.address
    }

    /// The same address with a port in network order.
    #[inline(always)]
    pub(crate) const fn at(self, port: [u8; 2]) -> Self {
        Self { address: self.address, port: u16::from_be_bytes(port) }
    }

    /// The address, with a v4-mapped one given back as IPv4.
    #[must_use]
    pub fn ip(&self) -> IpAddr {
        let [high, low] = self.address;
        Ipv6Addr::from((u128::from(high) << 64) | u128::from(low)).to_canonical()
    }

    /// The TCP or UDP port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl From<SocketAddr> for End {
    fn from(socket: SocketAddr) -> Self {
        let port = socket.port().to_be_bytes();
        match socket.ip() {
            IpAddr::V4(v4) => Self::v4(v4.octets(), port),
            IpAddr::V6(v6) => {
                let number = u128::from(v6);
                #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
                let address = [(number >> 64) as u64, number as u64];
                Self { address, port: socket.port() }
            }
        }
    }
}

impl From<End> for SocketAddr {
    fn from(end: End) -> Self {
        Self::new(end.ip(), end.port())
    }
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", SocketAddr::from(*self))
    }
}

/// Which way a packet travels, relative to the sorted ends of its [`FlowKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Direction {
    /// From the lower end to the higher.
    Up = 0,
    /// From the higher end to the lower.
    Down = 1,
}

impl Direction {
    /// The opposite way.
    #[must_use]
    pub const fn reverse(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

/// A conversation over TCP or UDP. The ends are sorted, so both directions share one key.
///
/// What the packets are wrapped in is not part of it, neither VLAN ids nor those of tunnels: the
/// two directions may travel in different ones. A gateway may see a packet twice, within its tunnel
/// and outside; the second copy is then a repetition of the first, and not another flow.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FlowKey {
    low: [u64; 2],
    high: [u64; 2],
    low_port: u16,
    high_port: u16,
    protocol: u8,
    reserved: [u8; 3],
}

const _: () = assert!(size_of::<FlowKey>() == 40 && align_of::<FlowKey>() == 8);

/// IP protocol number of TCP.
pub const TCP: u8 = 6;
/// IP protocol number of UDP.
pub const UDP: u8 = 17;
/// What stands for the protocol in the key of a fragmented packet: the number of IPv6's fragment
/// header.
pub const FRAGMENTS: u8 = 44;

impl FlowKey {
    /// The key of the TCP flow between two ends, and the direction of a packet from `source`.
    #[must_use]
    #[inline(always)]
    pub fn tcp(source: End, destination: End) -> (Self, Direction) {
        Self::between(source, destination, TCP)
    }

    /// The same of UDP.
    #[must_use]
    #[inline(always)]
    pub fn udp(source: End, destination: End) -> (Self, Direction) {
        Self::between(source, destination, UDP)
    }

    /// The key of the fragments of one IP packet: the addresses, and in the place of the ports its
    /// identification, the upper half at the sender, the lower at the receiver.
    #[must_use]
    #[inline(always)]
    pub fn fragments(source: End, destination: End) -> (Self, Direction) {
        Self::between(source, destination, FRAGMENTS)
    }

    /// A number of the pair of addresses, whatever the ports: 0 to 31.
    #[inline(always)]
    pub(crate) const fn pair(&self) -> u64 {
        let Self { low: [l0, l1], high: [h0, h1], .. } = *self;
        // Fibonacci hashing: only the uppermost bits of the product depend on all bits.
        let mixed = l0 ^ h0.rotate_left(17) ^ l1.rotate_left(31) ^ h1.rotate_left(7);
        mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 59
    }

    #[inline(always)]
    pub(crate) fn between(source: End, destination: End, protocol: u8) -> (Self, Direction) {
        let (low, high, direction) = if source <= destination {
            (source, destination, Direction::Up)
        } else {
            (destination, source, Direction::Down)
        };
        let key = Self {
            low: low.address,
            high: high.address,
            low_port: low.port,
            high_port: high.port,
            protocol,
            reserved: [0; 3],
        };
        (key, direction)
    }

    /// The IP protocol number: [`TCP`] or [`UDP`]; [`FRAGMENTS`] of what is not put together yet.
    #[must_use]
    pub const fn protocol(&self) -> u8 {
        self.protocol
    }

    /// The end that sends packets of `direction`.
    #[must_use]
    pub const fn sender(&self, direction: Direction) -> End {
        match direction {
            Direction::Up => End { address: self.low, port: self.low_port },
            Direction::Down => End { address: self.high, port: self.high_port },
        }
    }

    /// The end that receives packets of `direction`.
    #[must_use]
    pub const fn receiver(&self, direction: Direction) -> End {
        self.sender(direction.reverse())
    }
}

impl fmt::Debug for FlowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} <> {:?}", self.sender(Direction::Up), self.sender(Direction::Down))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(text: &str) -> End {
        text.parse::<SocketAddr>().unwrap().into()
    }

    #[test]
    fn both_directions_share_a_key() {
        let (miner, pool) = (end("10.0.0.2:40000"), end("[2001:db8::1]:3333"));
        let (key, there) = FlowKey::tcp(miner, pool);
        let (again, back) = FlowKey::tcp(pool, miner);
        assert_eq!(key, again);
        assert_eq!(there, back.reverse());
        assert_eq!(key.sender(there), miner);
        assert_eq!(key.receiver(there), pool);
    }

    #[test]
    fn tcp_and_udp_between_the_same_ends_are_two_flows() {
        let (a, b) = (end("192.0.2.1:30303"), end("192.0.2.2:30303"));
        let (tcp, udp) = (FlowKey::tcp(a, b).0, FlowKey::udp(a, b).0);
        assert_ne!(tcp, udp);
        assert_eq!((tcp.protocol(), udp.protocol()), (6, 17));
        assert_eq!(udp.sender(Direction::Up), a);
    }

    #[test]
    fn ports_decide_between_equal_addresses() {
        let (a, b) = (end("127.0.0.1:2"), end("127.0.0.1:1"));
        assert_eq!(FlowKey::tcp(a, b).1, Direction::Down);
        assert_eq!(FlowKey::tcp(a, b).0.sender(Direction::Up), b);
    }

    #[test]
    fn mapped_addresses_are_shown_as_ipv4() {
        assert_eq!(std::format!("{:?}", end("192.0.2.1:80")), "192.0.2.1:80");
    }
}

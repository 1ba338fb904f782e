use core::fmt;
use core::net::{IpAddr, Ipv6Addr, SocketAddr};

/// One end of a flow: an address and a TCP port.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End {
    address: [u8; 16],
    port: [u8; 2],
}

impl End {
    /// `address` is in network order, IPv4 mapped into `::ffff:0:0/96`; `port` is in network order.
    #[must_use]
    #[inline(always)]
    pub const fn new(address: [u8; 16], port: [u8; 2]) -> Self {
        Self { address, port }
    }

    /// The address, with a v4-mapped one given back as IPv4.
    #[must_use]
    pub fn ip(&self) -> IpAddr {
        Ipv6Addr::from(self.address).to_canonical()
    }

    /// The TCP port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        u16::from_be_bytes(self.port)
    }
}

impl From<SocketAddr> for End {
    fn from(socket: SocketAddr) -> Self {
        let address = match socket.ip() {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
            IpAddr::V6(v6) => v6.octets(),
        };
        Self::new(address, socket.port().to_be_bytes())
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

/// A TCP conversation. The ends are sorted, so both directions share one key.
///
/// VLAN ids are not part of it: the two directions of a flow may travel in different VLANs.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FlowKey {
    low: End,
    high: End,
    protocol: u8,
    reserved: [u8; 3],
}

const _: () = assert!(size_of::<FlowKey>() == 40 && align_of::<FlowKey>() == 1);

/// IP protocol number of TCP.
pub(crate) const TCP: u8 = 6;

impl FlowKey {
    /// The key of the TCP flow between two ends, and the direction of a packet from `source`.
    #[must_use]
    #[inline(always)]
    pub fn tcp(source: End, destination: End) -> (Self, Direction) {
        let (low, high, direction) = if source <= destination {
            (source, destination, Direction::Up)
        } else {
            (destination, source, Direction::Down)
        };
        (Self { low, high, protocol: TCP, reserved: [0; 3] }, direction)
    }

    /// The end that sends packets of `direction`.
    #[must_use]
    pub const fn sender(&self, direction: Direction) -> End {
        match direction {
            Direction::Up => self.low,
            Direction::Down => self.high,
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
        write!(f, "{:?} <> {:?}", self.low, self.high)
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

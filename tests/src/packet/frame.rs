use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{ACK, Extension, SHORTEST, checksum};

const SENDER: [u8; 6] = [0x02, 0, 0, 0, 0, 0x01];
const RECEIVER: [u8; 6] = [0x02, 0, 0, 0, 0, 0x02];
const TCP: u8 = 6;
const UDP: u8 = 17;

/// A TCP segment or UDP datagram in an Ethernet frame. Lengths and checksums come out right by themselves.
#[derive(Clone, Debug)]
pub struct Frame {
    from: SocketAddr,
    to: SocketAddr,
    protocol: u8,
    tags: Vec<(u16, u16)>,
    hops: u8,
    ip_options: Vec<u8>,
    fragment: u16,
    extensions: Vec<Extension>,
    sequence: u32,
    acknowledgement: u32,
    flags: u8,
    tcp_options: Vec<u8>,
    payload: Vec<u8>,
}

impl Frame {
    /// A segment without payload that has only ACK set. The family is the one of `from`; an
    /// IPv4 end in an IPv6 packet is written v4-mapped.
    #[must_use]
    pub fn tcp(from: SocketAddr, to: SocketAddr) -> Self {
        Self::new(TCP, from, to)
    }

    /// A datagram without payload. What is said of TCP has no effect on it.
    #[must_use]
    pub fn udp(from: SocketAddr, to: SocketAddr) -> Self {
        Self::new(UDP, from, to)
    }

    fn new(protocol: u8, from: SocketAddr, to: SocketAddr) -> Self {
        Self {
            from,
            to,
            protocol,
            tags: Vec::new(),
            hops: 64,
            ip_options: Vec::new(),
            fragment: 0,
            extensions: Vec::new(),
            sequence: 1,
            acknowledgement: 1,
            flags: ACK,
            tcp_options: Vec::new(),
            payload: Vec::new(),
        }
    }

    /// So many further hops, which each router takes one from.
    #[must_use]
    pub fn hops(mut self, hops: u8) -> Self {
        self.hops = hops;
        self
    }

    /// Adds a tag inside those already there: Ethernet type [`VLAN`] or [`QINQ`], and the id (0 to 4095).
    #[must_use]
    pub fn tag(mut self, ethernet_type: u16, id: u16) -> Self {
        self.tags.push((ethernet_type, id));
        self
    }

    /// IPv4 options, filled up with end-of-options to a multiple of 4; at most 40 bytes.
    #[must_use]
    pub fn ip_options(mut self, options: &[u8]) -> Self {
        self.ip_options = filled(options);
        self
    }

    /// Marks the IPv4 packet as a fragment; `offset` counts units of 8 bytes. What follows the
    /// IP header stays as it was.
    #[must_use]
    pub fn fragment(mut self, offset: u16, more: bool) -> Self {
        self.fragment = offset & 0x1fff | u16::from(more) << 13;
        self
    }

    /// Adds an IPv6 extension header after those already there.
    #[must_use]
    pub fn extension(mut self, extension: Extension) -> Self {
        self.extensions.push(extension);
        self
    }

    /// Sequence number of the first payload byte.
    #[must_use]
    pub const fn sequence(mut self, sequence: u32) -> Self {
        self.sequence = sequence;
        self
    }

    /// The number of the byte expected next from the other side.
    #[must_use]
    pub const fn acknowledgement(mut self, acknowledgement: u32) -> Self {
        self.acknowledgement = acknowledgement;
        self
    }

    /// All TCP flags, for example `SYN | ACK`.
    #[must_use]
    pub const fn flags(mut self, flags: u8) -> Self {
        self.flags = flags;
        self
    }

    /// TCP options, filled up with end-of-options to a multiple of 4; at most 40 bytes.
    #[must_use]
    pub fn tcp_options(mut self, options: &[u8]) -> Self {
        self.tcp_options = filled(options);
        self
    }

    /// What the application says. The whole packet must stay under 64 KiB.
    #[must_use]
    pub fn payload(mut self, payload: &[u8]) -> Self {
        self.payload = payload.to_vec();
        self
    }

    /// What the application says in it.
    #[must_use]
    pub fn said(&self) -> &[u8] {
        &self.payload
    }

    /// The sequence number of the first payload byte, or of SYN or FIN.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.sequence
    }

    /// The sender.
    #[must_use]
    pub const fn from(&self) -> SocketAddr {
        self.from
    }

    /// The bytes on the wire, padded to [`SHORTEST`], without Ethernet's own checksum.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut frame = [RECEIVER, SENDER].concat();
        for (kind, id) in &self.tags {
            frame.extend(kind.to_be_bytes());
            frame.extend(id.to_be_bytes());
        }
        let (kind, packet) = match (self.from, self.to) {
            (SocketAddr::V4(from), SocketAddr::V4(to)) => (0x0800_u16, self.ipv4(*from.ip(), *to.ip())),
            (from, to) => (0x86dd, self.ipv6(v6(from), v6(to))),
        };
        frame.extend(kind.to_be_bytes());
        frame.extend(packet);
        frame.resize(frame.len().max(SHORTEST), 0);
        frame
    }

    fn ipv4(&self, from: Ipv4Addr, to: Ipv4Addr) -> Vec<u8> {
        let segment = self.segment(&[from.octets(), to.octets()].concat());
        let words = 5 + self.ip_options.len() / 4;
        let head = |checksum: u16| {
            let mut head = vec![0x40 | low8(words), 0];
            head.extend(low16(words * 4 + segment.len()).to_be_bytes());
            head.extend([0x1d, 0x0f]);
            head.extend(self.fragment.to_be_bytes());
            head.extend([self.hops, self.protocol]);
            head.extend(checksum.to_be_bytes());
            head.extend(from.octets());
            head.extend(to.octets());
            head.extend(&self.ip_options);
            head
        };
        [head(checksum(&head(0))), segment].concat()
    }

    fn ipv6(&self, from: Ipv6Addr, to: Ipv6Addr) -> Vec<u8> {
        let segment = self.segment(&[from.octets(), to.octets()].concat());
        let kinds: Vec<u8> = self.extensions.iter().map(|e| e.kind).chain([self.protocol]).collect();
        let mut kinds = kinds.into_iter();
        let first = kinds.next().unwrap_or(self.protocol);
        let mut rest = Vec::new();
        for (extension, next) in self.extensions.iter().zip(kinds) {
            rest.push(next);
            rest.extend(&extension.rest);
        }
        rest.extend(segment);
        let mut packet = vec![0x60, 0, 0, 0];
        packet.extend(low16(rest.len()).to_be_bytes());
        packet.extend([first, self.hops]);
        packet.extend(from.octets());
        packet.extend(to.octets());
        packet.extend(rest);
        packet
    }

    fn segment(&self, addresses: &[u8]) -> Vec<u8> {
        let segment = |checksum: u16| {
            let header =
                if self.protocol == UDP { self.udp_header(checksum) } else { self.tcp_header(checksum) };
            [header.as_slice(), &self.payload].concat()
        };
        let bare = segment(0);
        let pseudo = [addresses, &[0, self.protocol], &low16(bare.len()).to_be_bytes(), &bare].concat();
        segment(checksum(&pseudo))
    }

    fn tcp_header(&self, checksum: u16) -> Vec<u8> {
        let words = 5 + self.tcp_options.len() / 4;
        let mut header = Vec::with_capacity(words * 4);
        header.extend(self.from.port().to_be_bytes());
        header.extend(self.to.port().to_be_bytes());
        header.extend(self.sequence.to_be_bytes());
        header.extend(self.acknowledgement.to_be_bytes());
        header.extend([low8(words) << 4, self.flags, 0xfa, 0xf0]);
        header.extend(checksum.to_be_bytes());
        header.extend([0, 0]);
        header.extend(&self.tcp_options);
        header
    }

    fn udp_header(&self, checksum: u16) -> Vec<u8> {
        let length = low16(8 + self.payload.len());
        let words = [self.from.port(), self.to.port(), length, checksum];
        words.into_iter().flat_map(u16::to_be_bytes).collect()
    }
}

fn v6(end: SocketAddr) -> Ipv6Addr {
    match end {
        SocketAddr::V4(end) => end.ip().to_ipv6_mapped(),
        SocketAddr::V6(end) => *end.ip(),
    }
}

fn filled(options: &[u8]) -> Vec<u8> {
    let mut filled = options.to_vec();
    filled.resize(options.len().next_multiple_of(4), 0);
    filled
}

fn low8(value: usize) -> u8 {
    u8::try_from(value & 0x0f).unwrap_or(0)
}

fn low16(value: usize) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{PSH, QINQ, VLAN};
    use etherparse::{NetSlice, SlicedPacket, TransportSlice};

    fn ends(v6: bool) -> (SocketAddr, SocketAddr) {
        if v6 {
            ("[2001:db8::1]:40000".parse().unwrap(), "[2001:db8::2]:3333".parse().unwrap())
        } else {
            ("10.77.0.2:40000".parse().unwrap(), "203.0.113.9:3333".parse().unwrap())
        }
    }

    /// A foreign parser finds the payload and agrees with both checksums.
    fn check(frame: &Frame, payload: &[u8], tags: usize) {
        let bytes = frame.bytes();
        let sliced = SlicedPacket::from_ethernet(&bytes).unwrap();
        assert_eq!(sliced.link_exts.len(), tags);
        let TransportSlice::Tcp(tcp) = sliced.transport.unwrap() else { panic!("no TCP") };
        assert_eq!(tcp.payload(), payload);
        let header = tcp.to_header();
        let sum = match sliced.net.unwrap() {
            NetSlice::Ipv4(ip) => {
                let head = ip.header().to_header();
                assert_eq!(head.header_checksum, head.calc_header_checksum());
                header.calc_checksum_ipv4(&head, payload).unwrap()
            }
            NetSlice::Ipv6(ip) => header.calc_checksum_ipv6(&ip.header().to_header(), payload).unwrap(),
            NetSlice::Arp(_) => panic!("not IP"),
        };
        assert_eq!(header.checksum, sum);
        assert_eq!((tcp.source_port(), tcp.destination_port()), (40000, 3333));
        assert_eq!((header.sequence_number, header.acknowledgment_number), (7, 9));
        assert!(header.psh && header.ack && !header.syn && !header.fin);
    }

    #[test]
    fn a_foreign_parser_reads_every_shape() {
        for v6 in [false, true] {
            let (from, to) = ends(v6);
            let plain = Frame::tcp(from, to)
                .sequence(7)
                .acknowledgement(9)
                .flags(PSH | ACK)
                .tcp_options(&[1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2])
                .payload(b"{\"id\":1}\n");
            check(&plain, b"{\"id\":1}\n", 0);
            check(&plain.clone().tag(VLAN, 5), b"{\"id\":1}\n", 1);
            check(&plain.clone().tag(QINQ, 5).tag(VLAN, 6), b"{\"id\":1}\n", 2);
            check(&plain.clone().ip_options(&[7, 3, 4]), b"{\"id\":1}\n", 0);
            let extended = plain
                .clone()
                .extension(Extension::hop_by_hop(0))
                .extension(Extension::destination(2))
                .extension(Extension::routing(1));
            check(&extended, b"{\"id\":1}\n", 0);
            check(&plain.payload(&[b'x'; 1400]), &[b'x'; 1400], 0);
        }
    }

    #[test]
    fn a_foreign_parser_reads_datagrams() {
        for v6 in [false, true] {
            let (from, to) = ends(v6);
            let bytes = Frame::udp(from, to).tag(VLAN, 5).payload(&[b'x'; 150]).bytes();
            let sliced = SlicedPacket::from_ethernet(&bytes).unwrap();
            let TransportSlice::Udp(udp) = sliced.transport.unwrap() else { panic!("no UDP") };
            assert_eq!((udp.source_port(), udp.destination_port()), (40000, 3333));
            assert_eq!(udp.payload(), [b'x'; 150]);
            let header = udp.to_header();
            let sum = match sliced.net.unwrap() {
                NetSlice::Ipv4(ip) => header.calc_checksum_ipv4(&ip.header().to_header(), udp.payload()),
                NetSlice::Ipv6(ip) => header.calc_checksum_ipv6(&ip.header().to_header(), udp.payload()),
                NetSlice::Arp(_) => panic!("not IP"),
            };
            assert_eq!(header.checksum, sum.unwrap());
        }
    }

    #[test]
    fn a_short_frame_is_padded_beyond_its_payload() {
        let (from, to) = ends(false);
        assert_eq!(Frame::tcp(from, to).bytes().len(), SHORTEST);
        check(&Frame::tcp(from, to).sequence(7).acknowledgement(9).flags(PSH | ACK).payload(b"ab"), b"ab", 0);
    }

    #[test]
    fn fragments_are_marked() {
        let (from, to) = ends(false);
        let first = Frame::tcp(from, to).fragment(0, true).bytes();
        assert_eq!(first[20..22], [0x20, 0]);
        let (from, to) = ends(true);
        let later = Frame::tcp(from, to).extension(Extension::fragment(3, false)).bytes();
        assert_eq!((later[20], &later[56..58]), (44, &[0, 3 << 3][..]));
    }
}

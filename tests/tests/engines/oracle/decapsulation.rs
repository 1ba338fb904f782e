//! Packets taken out of whatever is around them, header by header, as the standards draw them. A foreign implementation
//! reads IP and puts fragments together.

use std::net::{IpAddr, SocketAddr};

use etherparse::defrag::IpDefragPool;
use etherparse::{NetSlice, SlicedPacket, TcpSlice};

/// A TCP segment.
pub(super) struct Segment {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) syn: bool,
    pub(super) sequence: u32,
    pub(super) payload: Vec<u8>,
}

/// Remembers the fragments of packets that are not complete yet.
pub(super) struct Unwrapper {
    fragments: IpDefragPool,
}

fn number(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

impl Unwrapper {
    pub(super) fn new() -> Self {
        Self { fragments: IpDefragPool::new() }
    }

    /// The segment in a whole Ethernet frame, if it is there and complete.
    pub(super) fn ethernet(&mut self, frame: &[u8]) -> Option<Segment> {
        self.carried(number(frame, 12), &frame[14..])
    }

    /// What an Ethernet type announces.
    fn carried(&mut self, kind: u16, rest: &[u8]) -> Option<Segment> {
        match kind {
            0x0800 | 0x86dd => self.ip(rest),
            0x8100 | 0x88a8 | 0x9100 => self.carried(number(rest, 2), &rest[4..]),
            0x8847 if rest[2] & 1 == 0 => self.carried(kind, &rest[4..]),
            0x8847 if rest[4] >> 4 == 0 => self.ethernet(&rest[8..]),
            0x8847 => self.ip(&rest[4..]),
            0x8864 => self.ip(&rest[8..]),
            0x6558 => self.ethernet(rest),
            other => panic!("Ethernet type {other:#06x}"),
        }
    }

    fn ip(&mut self, packet: &[u8]) -> Option<Segment> {
        let sliced = SlicedPacket::from_ip(packet).unwrap();
        let whole = self.fragments.process_sliced_packet(&sliced, (), ()).unwrap();
        let (from, to, payload): (IpAddr, IpAddr, _) = match sliced.net.as_ref().unwrap() {
            NetSlice::Ipv4(ip) => {
                let header = ip.header();
                (header.source_addr().into(), header.destination_addr().into(), ip.payload())
            }
            NetSlice::Ipv6(ip) => {
                let header = ip.header();
                (header.source_addr().into(), header.destination_addr().into(), ip.payload())
            }
            NetSlice::Arp(_) => panic!("not IP"),
        };
        let bytes = match &whole {
            Some(whole) => &whole.payload,
            None if payload.fragmented => return None,
            None => payload.payload,
        };
        match payload.ip_number.0 {
            6 => {
                let tcp = TcpSlice::from_slice(bytes).unwrap();
                Some(Segment {
                    from: SocketAddr::new(from, tcp.source_port()),
                    to: SocketAddr::new(to, tcp.destination_port()),
                    syn: tcp.syn(),
                    sequence: tcp.sequence_number(),
                    payload: tcp.payload().to_vec(),
                })
            }
            17 => self.udp(number(bytes, 2), &bytes[8..]),
            4 | 41 => self.ip(bytes),
            47 => self.gre(bytes),
            other => panic!("IP protocol {other}"),
        }
    }

    fn udp(&mut self, port: u16, rest: &[u8]) -> Option<Segment> {
        match port {
            // VXLAN
            4789 | 8472 => self.ethernet(&rest[8..]),
            // Geneve
            6081 => self.carried(number(rest, 2), &rest[8 + 4 * usize::from(rest[0] & 0x3f)..]),
            // GTP-U
            2152 if rest[0] == 0x30 => self.ip(&rest[8..]),
            2152 if rest[11] == 0 => self.ip(&rest[12..]),
            2152 => {
                let extension = 4 * usize::from(rest[12]);
                assert_eq!(rest[12 + extension - 1], 0, "one extension header");
                self.ip(&rest[12 + extension..])
            }
            _ => None,
        }
    }

    fn gre(&mut self, bytes: &[u8]) -> Option<Segment> {
        let fields = [0x80, 0x20, 0x10].iter().filter(|flag| bytes[0] & **flag != 0).count();
        let rest = &bytes[4 + 4 * fields..];
        match number(bytes, 2) {
            // ERSPAN of type I, which has no sequence number, and of type II
            0x88be if bytes[0] & 0x10 == 0 => self.ethernet(rest),
            0x88be => self.ethernet(&rest[8..]),
            // ERSPAN of type III
            0x22eb => self.ethernet(&rest[if rest[11] & 1 == 0 { 12 } else { 20 }..]),
            kind => self.carried(kind, rest),
        }
    }
}

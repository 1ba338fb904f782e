use super::layers::{IPV6, Layers, ipv4, ipv6};
use super::tunnel::{self, ETHERNET};
use super::{Extension, OLD_QINQ, QINQ, VLAN};

/// Which version of IP carries a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outer {
    /// IPv4, between 192.0.2.1 and 192.0.2.2.
    V4,
    /// IPv6, between `2001:db8::1` and `2001:db8::2`.
    V6,
}

/// Something around an IP packet or an Ethernet frame. They go into one another, see [`Wrapping::fits_around`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapping {
    /// Tags of VLANs of these Ethernet types, the outermost first.
    Tags(&'static [u16]),
    /// So many labels of MPLS (RFC 3032).
    Mpls(u8),
    /// An Ethernet pseudowire over MPLS with a control word (RFC 4448).
    Pseudowire,
    /// A session of `PPPoE` (RFC 2516).
    Pppoe,
    /// Options of IPv4, or three extension headers of IPv6.
    Options,
    /// IP in IP (RFC 2003), 6in4 (RFC 4213), 4in6 and 6in6 (RFC 2473).
    Ip(Outer),
    /// GRE, with checksum, key and sequence number or without.
    Gre(Outer, [bool; 3]),
    /// An Ethernet frame in GRE, with a key.
    GreEthernet(Outer),
    /// ERSPAN of type I to III; 4 stands for type III with the subheader of a platform.
    Erspan(Outer, u8),
    /// VXLAN on this port.
    Vxlan(Outer, u16),
    /// Geneve around an Ethernet frame, with options or without.
    Geneve(Outer, bool),
    /// Geneve around an IP packet.
    GeneveIp(Outer),
    /// GTP-U, with a sequence number and an extension header or without.
    Gtp(Outer, [bool; 2]),
    /// So many bytes behind the packet that belong to nobody.
    Padding(u8),
}

use Outer::{V4, V6};
use Wrapping::{
    Erspan, Geneve, GeneveIp, Gre, GreEthernet, Gtp, Ip, Mpls, Options, Padding, Pppoe, Pseudowire, Tags,
    Vxlan,
};

impl Wrapping {
    /// Those of the link layer and of the IP header itself, with the names that they have in the field.
    pub const LINKS: &[(&str, Self)] = &[
        ("VLAN tag", Tags(&[VLAN])),
        ("QinQ, two tags of 802.1Q", Tags(&[VLAN, VLAN])),
        ("802.1ad", Tags(&[QINQ, VLAN])),
        ("QinQ of type 0x9100", Tags(&[OLD_QINQ, VLAN])),
        ("three tags", Tags(&[QINQ, VLAN, VLAN])),
        ("MPLS, one label", Mpls(1)),
        ("MPLS, three labels", Mpls(3)),
        ("Ethernet pseudowire over MPLS", Pseudowire),
        ("PPPoE session", Pppoe),
        ("IPv4 options, IPv6 extension headers", Options),
        ("Ethernet padding", Padding(23)),
    ];

    /// Those that have an IP header of their own.
    pub const TUNNELS: &[(&str, Self)] = &[
        ("IP in IPv4", Ip(V4)),
        ("IP in IPv6", Ip(V6)),
        ("GRE", Gre(V4, [false; 3])),
        ("GRE with key", Gre(V4, [false, true, false])),
        ("GRE with checksum", Gre(V4, [true, false, false])),
        ("GRE with sequence number", Gre(V4, [false, false, true])),
        ("GRE with all three", Gre(V4, [true; 3])),
        ("GRE over IPv6", Gre(V6, [false; 3])),
        ("Ethernet in GRE", GreEthernet(V4)),
        ("ERSPAN type I", Erspan(V4, 1)),
        ("ERSPAN type II", Erspan(V4, 2)),
        ("ERSPAN type III", Erspan(V4, 3)),
        ("ERSPAN type III with platform subheader", Erspan(V4, 4)),
        ("VXLAN", Vxlan(V4, 4789)),
        ("VXLAN on port 8472", Vxlan(V4, 8472)),
        ("VXLAN over IPv6", Vxlan(V6, 4789)),
        ("Geneve", Geneve(V4, false)),
        ("Geneve with options", Geneve(V4, true)),
        ("Geneve around IP", GeneveIp(V4)),
        ("GTP-U", Gtp(V4, [false, false])),
        ("GTP-U with sequence number", Gtp(V4, [true, false])),
        ("GTP-U with extension header", Gtp(V4, [false, true])),
        ("GTP-U over IPv6", Gtp(V6, [false, false])),
    ];

    /// The frame with this around its packet, or around the whole frame where an Ethernet frame is what is carried.
    #[must_use]
    pub fn wrap(self, frame: &[u8]) -> Vec<u8> {
        let inner = Layers::of(frame);
        let (kind, packet) = match self {
            Tags(kinds) => return tagged(&inner, kinds),
            Mpls(labels) => (0x8847, [labels_of(labels).as_slice(), &inner.packet].concat()),
            Pseudowire => (0x8847, [labels_of(1).as_slice(), &[0; 4], frame].concat()),
            Pppoe => (0x8864, pppoe(&inner)),
            Options => (inner.kind, with_options(&inner)),
            Padding(length) => return [frame, &vec![b'{'; usize::from(length)]].concat(),
            tunnel => tunnelled(tunnel, &inner, frame),
        };
        inner.around(kind, packet)
    }

    /// The frame inside all of these, the innermost first.
    #[must_use]
    pub fn wrap_in(wrappings: &[Self], frame: Vec<u8>) -> Vec<u8> {
        wrappings.iter().fold(frame, |frame, wrapping| wrapping.wrap(&frame))
    }

    /// Whether this goes around the other: what carries IP packets only takes nothing else, there are no more tags on top
    /// of each other than each of them has, and a packet has its options once.
    #[must_use]
    pub const fn fits_around(self, inner: Self) -> bool {
        match inner {
            Mpls(_) | Pseudowire | Pppoe => matches!(self, Tags(_) | Padding(_)) || self.carries_ethernet(),
            Tags(_) => !matches!(self, Tags(_)),
            Options => !matches!(self, Options),
            _ => true,
        }
    }

    /// Whether it carries whole Ethernet frames, and not IP packets.
    #[must_use]
    pub const fn carries_ethernet(self) -> bool {
        matches!(self, Pseudowire | GreEthernet(_) | Erspan(..) | Vxlan(..) | Geneve(..))
    }
}

/// The outer packet of a tunnel with its Ethernet type. What carries IP only takes nothing else.
fn tunnelled(tunnel: Wrapping, inner: &Layers, frame: &[u8]) -> (u16, Vec<u8>) {
    let up = inner.goes_up();
    let packet = &inner.packet;
    match tunnel {
        Ip(outer) => tunnel::ip(outer, up, if inner.kind == IPV6 { 41 } else { 4 }, packet),
        Gre(outer, fields) => tunnel::ip(outer, up, 47, &tunnel::gre(fields, inner.kind, packet)),
        GreEthernet(outer) => tunnel::ip(outer, up, 47, &tunnel::gre([false, true, false], ETHERNET, frame)),
        Erspan(outer, kind) => tunnel::ip(outer, up, 47, &tunnel::erspan(kind, frame)),
        Vxlan(outer, port) => tunnel::udp(outer, up, port, &tunnel::vxlan(frame)),
        Geneve(outer, options) => tunnel::udp(outer, up, 6081, &tunnel::geneve(options, ETHERNET, frame)),
        GeneveIp(outer) => tunnel::udp(outer, up, 6081, &tunnel::geneve(false, inner.kind, packet)),
        Gtp(outer, [sequence, extension]) => {
            tunnel::udp(outer, up, 2152, &tunnel::gtp(sequence, extension, packet))
        }
        Tags(_) | Mpls(_) | Pseudowire | Pppoe | Options | Padding(_) => (inner.kind, packet.clone()),
    }
}

/// Tags go before those that are there.
fn tagged(inner: &Layers, kinds: &[u16]) -> Vec<u8> {
    let (addresses, tags) = inner.link.split_at(inner.link.len().min(12));
    let mut link = addresses.to_vec();
    for (kind, id) in kinds.iter().zip(5_u16..) {
        link.extend([kind.to_be_bytes(), id.to_be_bytes()].concat());
    }
    link.extend(tags);
    Layers { link, ..inner.clone() }.frame()
}

/// A stack of labels, the last of which is marked as the bottom.
fn labels_of(count: u8) -> Vec<u8> {
    (1..=count).flat_map(|label| [0x01, label, u8::from(label == count), 64]).collect()
}

fn pppoe(inner: &Layers) -> Vec<u8> {
    let protocol: u16 = if inner.kind == IPV6 { 0x0057 } else { 0x0021 };
    let payload = [&protocol.to_be_bytes(), inner.packet.as_slice()].concat();
    let length = super::layers::low16(payload.len()).to_be_bytes();
    [[0x11, 0, 0, 0x2a].as_slice(), &length, &payload].concat()
}

fn with_options(inner: &Layers) -> Vec<u8> {
    if inner.kind == IPV6 {
        let (head, payload) = inner.packet.split_at(inner.packet.len().min(40));
        let last = head.get(6).copied().unwrap_or_default();
        let chain = [Extension::destination(2), Extension::routing(1), Extension::hop_by_hop(0)];
        let (next, payload) = chain.iter().fold((last, payload.to_vec()), |(next, rest), extension| {
            (extension.kind, [&[next], extension.rest.as_slice(), &rest].concat())
        });
        return ipv6(head, next, &payload);
    }
    let words = usize::from(inner.packet.first().copied().unwrap_or_default() & 0x0f);
    let (head, payload) = inner.packet.split_at((words * 4).min(inner.packet.len()));
    let fragment = head.get(4..8).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
    // A router alert and padding (RFC 2113).
    ipv4(head, &[148, 4, 0, 0, 1, 1, 1, 0], fragment, payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Frame, PSH};
    use etherparse::{NetSlice, SlicedPacket, TransportSlice};
    use std::net::SocketAddr;

    const SAID: &[u8] = b"{\"id\":1}\n";

    fn frame(v6: bool) -> Vec<u8> {
        let ends = if v6 {
            ["[2001:db8::77]:40000", "[2001:db8::9]:3333"]
        } else {
            ["10.77.0.2:40000", "203.0.113.9:3333"]
        };
        let [from, to]: [SocketAddr; 2] = ends.map(|end| end.parse().unwrap());
        Frame::tcp(from, to).flags(PSH).payload(SAID).bytes()
    }

    fn said(sliced: &SlicedPacket<'_>) -> Vec<u8> {
        if let Some(NetSlice::Ipv4(ip)) = &sliced.net {
            let head = ip.header().to_header();
            assert_eq!(head.header_checksum, head.calc_header_checksum());
        }
        let Some(TransportSlice::Tcp(tcp)) = &sliced.transport else { panic!("no TCP: {sliced:?}") };
        tcp.payload().to_vec()
    }

    /// What a foreign parser finds behind the headers of the outer packet.
    fn carried(frame: &[u8]) -> Vec<u8> {
        let sliced = SlicedPacket::from_ethernet(frame).unwrap();
        if let Some(TransportSlice::Udp(udp)) = &sliced.transport {
            return udp.payload().to_vec();
        }
        match sliced.net.unwrap() {
            NetSlice::Ipv4(ip) => {
                let head = ip.header().to_header();
                assert_eq!(head.header_checksum, head.calc_header_checksum());
                ip.payload().payload.to_vec()
            }
            NetSlice::Ipv6(ip) => ip.payload().payload.to_vec(),
            NetSlice::Arp(_) => panic!("no IP"),
        }
    }

    #[test]
    fn a_foreign_parser_reads_tags_options_and_padding() {
        for v6 in [false, true] {
            for (name, wrapping) in Wrapping::LINKS {
                let bytes = wrapping.wrap(&frame(v6));
                match wrapping {
                    Tags(_) | Options | Padding(_) => {
                        assert_eq!(said(&SlicedPacket::from_ethernet(&bytes).unwrap()), SAID, "{name}");
                    }
                    // No such headers are known to it: what is behind them is.
                    Mpls(labels) => {
                        let inner = &bytes[14 + 4 * usize::from(*labels)..];
                        assert_eq!(said(&SlicedPacket::from_ip(inner).unwrap()), SAID, "{name}");
                        assert_eq!(
                            bytes[14 + 4 * usize::from(*labels) - 2] & 1,
                            1,
                            "the bottom of the stack"
                        );
                    }
                    Pseudowire => {
                        assert_eq!(said(&SlicedPacket::from_ethernet(&bytes[22..]).unwrap()), SAID);
                    }
                    Pppoe => {
                        assert_eq!(said(&SlicedPacket::from_ip(&bytes[22..]).unwrap()), SAID);
                        let length = usize::from(u16::from_be_bytes([bytes[18], bytes[19]]));
                        assert_eq!(length, 2 + if v6 { 40 } else { 20 } + 20 + SAID.len());
                    }
                    other => panic!("{other:?} is a tunnel"),
                }
            }
        }
    }

    #[test]
    fn a_foreign_parser_reads_what_tunnels_carry() {
        for v6 in [false, true] {
            for (name, wrapping) in Wrapping::TUNNELS {
                let header = match wrapping {
                    Ip(_) => 0,
                    Gre(_, fields) => 4 + 4 * fields.iter().filter(|field| **field).count(),
                    Erspan(_, kind) => [4, 16, 20, 28][usize::from(*kind) - 1],
                    GreEthernet(_) | Vxlan(..) | Geneve(_, false) | GeneveIp(_) | Gtp(_, [false, false]) => 8,
                    Geneve(_, true) => 20,
                    Gtp(_, [true, false]) => 12,
                    Gtp(_, _) => 16,
                    other => panic!("{other:?} is no tunnel"),
                };
                let carried = carried(&wrapping.wrap(&frame(v6)));
                let inner = &carried[header..];
                let sliced = if wrapping.carries_ethernet() {
                    SlicedPacket::from_ethernet(inner)
                } else {
                    SlicedPacket::from_ip(inner)
                };
                assert_eq!(said(&sliced.unwrap()), SAID, "{name}");
            }
        }
    }

    #[test]
    fn tunnels_go_into_one_another() {
        for (_, inner) in Wrapping::TUNNELS {
            for (_, outer) in Wrapping::TUNNELS {
                let once = inner.wrap(&frame(false));
                let twice = outer.wrap(&once);
                let whole = carried(&twice);
                let wanted = if outer.carries_ethernet() { &once } else { &once[14..] };
                assert!(whole.ends_with(wanted), "{outer:?} around {inner:?}");
            }
        }
    }
}

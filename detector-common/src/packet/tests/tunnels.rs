//! What packets can be wrapped in, byte by byte.

use std::string::{String, ToString};

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

const SESSION: u32 = 0x1234;

/// A frame with the payload in it, and what it is wrapped in: in short, and which protocol carries
/// the innermost tunnel.
pub(super) struct Wrapped {
    name: &'static str,
    pub(super) frame: Vec<u8>,
    layers: &'static str,
    carrier: Option<u8>,
}

fn plain() -> Vec<u8> {
    v4(0, 0x4000, 6, &tcp(0x18, 0, PAYLOAD))
}

fn plain6() -> Vec<u8> {
    v6(6, &tcp(0x18, 12, PAYLOAD))
}

/// An IPv4 packet from one end of a tunnel to the other.
fn outer4(protocol: u8, inner: &[u8]) -> Vec<u8> {
    let mut bytes = v4(4, 0, protocol, inner);
    bytes[12..20].copy_from_slice(&[192, 0, 2, 1, 192, 0, 2, 2]);
    bytes
}

fn outer6(protocol: u8, inner: &[u8]) -> Vec<u8> {
    let mut bytes = v6(protocol, inner);
    bytes[8..40].copy_from_slice(&[0xfd; 32]);
    bytes
}

fn udp_to(port: u16, inner: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + inner.len()).unwrap();
    [&[0xc0, 0], &port.to_be_bytes()[..], &length.to_be_bytes(), &[0, 0], inner].concat()
}

fn gre(flags: u16, protocol: u16, fields: &[u8], inner: &[u8]) -> Vec<u8> {
    [&flags.to_be_bytes()[..], &protocol.to_be_bytes(), fields, inner].concat()
}

/// The label 16 times `number`, with the bottom of the stack at the last.
fn mpls(numbers: &[u8], inner: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, number) in numbers.iter().enumerate() {
        bytes.extend([0, *number, u8::from(index + 1 == numbers.len()), 64]);
    }
    bytes.extend(inner);
    bytes
}

fn pppoe(protocol: &[u8], inner: &[u8]) -> Vec<u8> {
    let length = u16::try_from(protocol.len() + inner.len()).unwrap().to_be_bytes();
    [&[0x11, 0, 0x12, 0x34], &length[..], protocol, inner].concat()
}

fn vxlan(flags: u8, inner: &[u8]) -> Vec<u8> {
    [&[flags, 0, 0, 0, 0, 0x12, 0x34, 0], inner].concat()
}

fn geneve(options: usize, protocol: u16, inner: &[u8]) -> Vec<u8> {
    let units = u8::try_from(options / 4).unwrap();
    let options = std::vec![0xee; options];
    [&[units, 0], &protocol.to_be_bytes()[..], &[0, 0x12, 0x34, 0], &options, inner].concat()
}

fn gtp(flags: u8, fields: &[u8], inner: &[u8]) -> Vec<u8> {
    let length = u16::try_from(fields.len() + inner.len()).unwrap().to_be_bytes();
    [&[flags, 255], &length[..], &[0, 0, 0x12, 0x34], fields, inner].concat()
}

/// A frame in which this is the payload of an IPv4 packet.
fn carried(protocol: u8, inner: &[u8]) -> Vec<u8> {
    frame(&[], 0x0800, &outer4(protocol, inner))
}

fn inner_frame() -> Vec<u8> {
    frame(&[], 0x0800, &plain())
}

fn links() -> Vec<Wrapped> {
    let link = |name, layers, frame| Wrapped { name, frame, layers, carrier: None };
    let word = |inner: &[u8]| [&[0, 0, 0, 9], inner].concat();
    std::vec![
        link("Ethernet", "", inner_frame()),
        link("a tag", "vlan 7", frame(&[0x8100], 0x0800, &plain())),
        link(
            "four tags",
            "vlan 7 vlan 7 vlan 7 vlan 7",
            frame(&[0x88a8, 0x8100, 0x9100, 0x8100], 0x86dd, &plain6())
        ),
        link("MPLS", "mpls 16", frame(&[], 0x8847, &mpls(&[1], &plain()))),
        link("eight labels", "mpls 128", frame(&[], 0x8848, &mpls(&[1, 2, 3, 4, 5, 6, 7, 8], &plain6()))),
        link("a pseudowire", "vlan 7 mpls 32 vlan 7", {
            frame(&[0x8100], 0x8847, &mpls(&[1, 2], &word(&frame(&[0x8100], 0x0800, &plain()))))
        }),
        link("PPPoE", "pppoe 4660", frame(&[], 0x8864, &pppoe(&[0, 0x21], &plain()))),
        link("PPPoE with IPv6", "vlan 7 pppoe 4660", frame(&[0x8100], 0x8864, &pppoe(&[0, 0x57], &plain6()))),
        link("a protocol of one byte", "pppoe 4660", frame(&[], 0x8864, &pppoe(&[0x21], &plain()))),
        link("one byte and IPv6", "pppoe 4660", frame(&[], 0x8864, &pppoe(&[0x57], &plain6()))),
    ]
}

fn tunnels() -> Vec<Wrapped> {
    let over = |name, layers, carrier, frame| Wrapped { name, frame, layers, carrier: Some(carrier) };
    let session = [0x10, 0, 0, 42, 0, 0, 0, 0];
    let third = |kind: u8, more: u8| [0x20, 0, 0, 42, 0, 0, 0, 0, 0, 0, kind << 2, more];
    let numbers = [&[0, 9, 0, 0x85][..], &[1, 7, 7, 0xc0], &[2, 7, 7, 7, 7, 7, 7, 0]].concat();
    std::vec![
        over("GRE", "gre", 47, carried(47, &gre(0, 0x0800, &[], &plain()))),
        over("GRE with all fields", "gre 4660", 47, {
            carried(47, &gre(0xb000, 0x86dd, &[0, 0, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 0, 1], &plain6()))
        }),
        over("Ethernet in GRE", "gre 7 vlan 7", 47, {
            carried(47, &gre(0x2000, 0x6558, &[0, 0, 0, 7], &frame(&[0x8100], 0x0800, &plain())))
        }),
        over("MPLS in GRE", "gre mpls 48", 47, carried(47, &gre(0, 0x8847, &[], &mpls(&[3], &plain())))),
        over("GRE over IPv6", "gre", 47, frame(&[], 0x86dd, &outer6(47, &gre(0, 0x0800, &[], &plain())))),
        over("ERSPAN I", "erspan", 47, carried(47, &gre(0, 0x88be, &[], &inner_frame()))),
        over("ERSPAN II", "erspan 42", 47, {
            carried(47, &gre(0x1000, 0x88be, &[0, 0, 0, 1], &[&session[..], &inner_frame()].concat()))
        }),
        over("ERSPAN III", "erspan 42", 47, {
            carried(47, &gre(0x1000, 0x22eb, &[0, 0, 0, 1], &[&third(0, 0)[..], &inner_frame()].concat()))
        }),
        over("ERSPAN III with more", "erspan 42", 47, {
            carried(
                47,
                &gre(0x1000, 0x22eb, &[0, 0, 0, 1], &[&third(0, 1)[..], &[9; 8], &inner_frame()].concat()),
            )
        }),
        over("ERSPAN III of IP", "erspan 42", 47, {
            carried(47, &gre(0x1000, 0x22eb, &[0, 0, 0, 1], &[&third(2, 0)[..], &plain6()].concat()))
        }),
        over("IP in IP", "ip-in-ip", 4, carried(4, &plain())),
        over("IPv6 in IPv4", "ipv6-in-ip", 41, carried(41, &plain6())),
        over("IPv6 in IPv6", "ipv6-in-ip", 41, frame(&[], 0x86dd, &outer6(41, &plain6()))),
        over("IPv4 in IPv6 behind options", "ip-in-ip", 4, {
            frame(&[], 0x86dd, &outer6(60, &extension(4, 0, 0, &plain())))
        }),
        over("MPLS in IP", "mpls 16", 137, carried(137, &mpls(&[1], &plain()))),
        over("VXLAN", "vxlan 4660", 17, carried(17, &udp_to(4789, &vxlan(8, &inner_frame())))),
        over("VXLAN as Linux had it", "vlan 7 vxlan 4660", 17, {
            frame(&[0x8100], 0x86dd, &outer6(17, &udp_to(8472, &vxlan(0x88, &inner_frame()))))
        }),
        over("Geneve", "geneve 4660", 17, carried(17, &udp_to(6081, &geneve(0, 0x6558, &inner_frame())))),
        over("Geneve with options", "geneve 4660", 17, {
            carried(17, &udp_to(6081, &geneve(252, 0x0800, &plain())))
        }),
        over(
            "Geneve with IPv6",
            "geneve 4660",
            17,
            carried(17, &udp_to(6081, &geneve(8, 0x86dd, &plain6())))
        ),
        over("GTP-U", "gtp-u 4660", 17, carried(17, &udp_to(2152, &gtp(0x30, &[], &plain())))),
        over("GTP-U with a number", "gtp-u 4660", 17, {
            carried(17, &udp_to(2152, &gtp(0x32, &[0, 9, 0, 0x85], &plain6())))
        }),
        over("GTP-U with extension headers", "gtp-u 4660", 17, {
            carried(17, &udp_to(2152, &gtp(0x34, &numbers, &plain())))
        }),
        over("GRE in IP in IP", "ip-in-ip gre", 47, carried(4, &outer4(47, &gre(0, 0x0800, &[], &plain())))),
        over("GTP-U in VXLAN", "vxlan 4660 gtp-u 4660", 17, {
            let inner = frame(&[], 0x0800, &outer4(17, &udp_to(2152, &gtp(0x30, &[], &plain()))));
            carried(17, &udp_to(4789, &vxlan(8, &inner)))
        }),
    ]
}

/// All of them.
pub(super) fn wrapped() -> Vec<Wrapped> {
    links().into_iter().chain(tunnels()).collect()
}

fn in_short(outer: &Encapsulation) -> String {
    let layer = |layer: Layer| match layer.id {
        Some(id) => std::format!("{} {id}", layer.kind.name()),
        None => layer.kind.name().to_string(),
    };
    outer.layers().map(layer).collect::<Vec<_>>().join(" ")
}

#[test]
fn reads_through_all_that_packets_are_wrapped_in_and_names_it() {
    assert_eq!(SESSION, 4660);
    for Wrapped { name, frame, layers, carrier } in wrapped() {
        assert_eq!(payload(&frame), Ok(PAYLOAD), "{name}");
        let (_, outer, walk) = parsed(&frame);
        let segment = walk.segment();
        assert!([40000, 3333] == [segment.source.port(), segment.destination.port()], "{name}");
        let source = segment.source.ip().to_string();
        assert!(["10.0.0.2", "2001:db8::1"].contains(&source.as_str()), "{name}: {source}");
        assert_eq!(in_short(&outer), layers, "{name}");
        assert_eq!(outer.tunnel().map(|tunnel| tunnel.protocol), carrier, "{name}");
        if let Some(tunnel) = outer.tunnel() {
            let ends = [tunnel.source.to_string(), tunnel.destination.to_string()];
            let six = "fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd";
            assert!(ends == ["192.0.2.1", "192.0.2.2"] || ends == [six, six], "{name}: {ends:?}");
        }
    }
}

#[test]
fn wherever_a_frame_is_cut_only_what_is_there_is_payload() {
    for Wrapped { name, frame, .. } in wrapped() {
        let headers = frame.len() - PAYLOAD.len();
        for cut in 0..frame.len() {
            match payload(&frame[..cut]) {
                Ok(found) => assert_eq!(found, &PAYLOAD[..cut - headers], "{name} cut at {cut}"),
                Err(reason) => assert!(cut < headers, "{name} cut at {cut}: {reason:?}"),
            }
        }
        let padded = [frame.as_slice(), &[0xaa; 40]].concat();
        assert_eq!(payload(&padded), Ok(PAYLOAD), "{name} with padding");
    }
}

#[test]
fn padding_within_a_tunnel_is_not_payload() {
    let mut inner = frame(&[], 0x0800, &v4(0, 0, 6, &tcp(0x10, 0, b"")));
    inner.resize(60, 0xaa);
    let bytes = carried(17, &udp_to(4789, &vxlan(8, &inner)));
    assert_eq!(payload(&bytes), Ok(&b""[..]));
}

#[test]
fn a_packet_in_a_tunnel_ends_where_the_tunnel_ends() {
    let mut bytes = carried(4, &plain());
    let total = u16::try_from(24 + 20 + 20 + 5).unwrap();
    bytes[16..18].copy_from_slice(&total.to_be_bytes());
    assert_eq!(payload(&bytes), Ok(&PAYLOAD[..5]));
}

#[test]
fn two_tunnels_are_followed_and_not_three() {
    let two = outer4(4, &outer4(4, &plain()));
    assert_eq!(payload(&frame(&[], 0x0800, &two)), Ok(PAYLOAD));
    assert_eq!(parsed(&frame(&[], 0x0800, &two)).1.tunnel().map(|tunnel| tunnel.depth), Some(2));
    assert_eq!(payload(&carried(4, &two)), Err(Unread::TooDeep));
    assert_eq!(
        payload(&carried(17, &udp_to(4789, &vxlan(8, &frame(&[], 0x0800, &two))))),
        Err(Unread::TooDeep)
    );
}

#[test]
fn endless_headers_are_given_up() {
    assert_eq!(payload(&frame(&[], 0x8847, &mpls(&[1; 9], &plain()))), Err(Unread::TooDeep));
    let mut wires = inner_frame();
    for _ in 0..40 {
        wires = frame(&[], 0x8847, &mpls(&[1], &[&[0; 4], wires.as_slice()].concat()));
    }
    assert_eq!(payload(&wires), Err(Unread::TooDeep));
    let extensions = [1, 7, 7, 0x85].repeat(9);
    let bytes = gtp(0x34, &[&[0, 9, 0, 0x85], extensions.as_slice()].concat(), &plain());
    assert_eq!(payload(&carried(17, &udp_to(2152, &bytes))), Err(Unread::TooDeep));
}

#[test]
fn a_tunnel_that_contradicts_itself_is_told_from_what_only_looks_like_one() {
    let over_udp = |port, bytes: &[u8]| payload(&carried(17, &udp_to(port, bytes))).unwrap_err();
    assert_eq!(over_udp(4789, &vxlan(0, &inner_frame())), Unread::Udp, "no VNI");
    assert_eq!(over_udp(4790, &vxlan(8, &inner_frame())), Unread::Udp, "another port");
    assert_eq!(over_udp(2152, &gtp(0x10, &[], &plain())), Unread::Udp, "version 0");
    assert_eq!(over_udp(2152, &gtp(0x30, &[], &[0x10; 40])), Unread::NotTcp, "neither IPv4 nor IPv6");
    assert_eq!(over_udp(2152, &gtp(0x34, &[0, 0, 0, 0x85, 0, 0], &plain())), Unread::Tunnel, "a length of 0");
    assert_eq!(over_udp(6081, &[0x3f; 100]), Unread::Tunnel, "options past the end");
    assert_eq!(over_udp(6081, &[0xff; 100]), Unread::Udp, "version 3");
    assert_eq!(over_udp(6081, &geneve(0, 0x0806, &[0; 28])), Unread::NotTcp, "ARP");
    let over_gre = |flags, protocol, fields: &[u8]| {
        payload(&carried(47, &gre(flags, protocol, fields, &inner_frame()))).unwrap_err()
    };
    assert_eq!(over_gre(0x3001, 0x880b, &[0; 8]), Unread::NotTcp, "PPTP");
    assert_eq!(over_gre(0x4000, 0x0800, &[0; 4]), Unread::Tunnel, "routing");
    assert_eq!(over_gre(0x1000, 0x88be, &[0; 12]), Unread::Tunnel, "ERSPAN of version 0");
    assert_eq!(over_gre(0x1000, 0x22eb, &[0; 16]), Unread::Tunnel, "ERSPAN of version 0");
    assert_eq!(payload(&frame(&[], 0x8864, &pppoe(&[0xc0, 0x21], &[0; 8]))), Err(Unread::NotIp), "LCP");
    assert_eq!(payload(&frame(&[], 0x8864, &[0x21; 40])), Err(Unread::Tunnel), "PPPoE of version 2");
    assert_eq!(payload(&frame(&[], 0x8847, &mpls(&[1], &[0x10; 40]))), Err(Unread::NotIp));
    assert_eq!(payload(&carried(4, &plain6())), Err(Unread::Malformed));
}

proptest! {
    #[test]
    fn whatever_is_damaged_nothing_past_the_frame_is_claimed(
        which in any::<Index>(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..6),
        cut in any::<Index>(),
    ) {
        let all = wrapped();
        let mut bytes = all[which.index(all.len())].frame.clone();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(cut.index(bytes.len() + 1));
        let (read, _, walk) = parsed(&bytes);
        if read.is_ok() {
            let segment = walk.segment();
            prop_assert!((segment.offset + segment.length) as usize <= bytes.len());
        }
        if let Some(fragment) = walk.fragment() {
            prop_assert!(fragment.length > 0);
            prop_assert!((fragment.offset + fragment.length) as usize <= bytes.len());
        }
    }

    #[test]
    fn what_is_read_straight_is_read_the_same_on_the_long_way(
        six in any::<bool>(),
        tags in 0..3_usize,
        changes in prop::collection::vec((12..73_usize, any::<u8>()), 0..4),
        cut in any::<Index>(),
    ) {
        let (kind, inner) = if six { (0x86dd, plain6()) } else { (0x0800, plain()) };
        let mut bytes = frame(&[0x8100; 2][..tags], kind, &inner);
        for (at, value) in changes {
            bytes[at] = value;
        }
        bytes.truncate(cut.index(bytes.len() * 2).max(12));
        let packet = bytes.as_slice();
        let (mut outer, mut walk) = (Encapsulation::NONE, Walk::new());
        let Way::Straight(transport) = straight::parse(&packet, &mut outer) else { return Ok(()) };
        let straight = super::super::segment(&packet, &transport, &mut walk.segment);
        let (segment, straight_outer) = (walk.segment(), outer);
        let long = walk::walk(&packet, &mut outer, &mut walk);
        let transport = walk.transport();
        let long = long.and_then(|()| super::super::segment(&packet, &transport, &mut walk.segment));
        prop_assert_eq!(straight, long);
        prop_assert_eq!(segment, walk.segment());
        prop_assert_eq!(straight_outer, outer);
        prop_assert_eq!(walk.fragment(), None);
    }
}

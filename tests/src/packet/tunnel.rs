//! What stands between the outer IP header and what a tunnel carries.

use super::layers::{IPV4, IPV6, low16};
use super::{Outer, checksum};

/// Ethernet type of a whole Ethernet frame.
pub(super) const ETHERNET: u16 = 0x6558;
const UDP: u8 = 17;
/// A number that stands wherever a tunnel is told from another: key, network, session, endpoint.
const TUNNEL: u32 = 0x2a;

/// An outer packet with its Ethernet type. `up` tells which way it goes.
pub(super) fn ip(outer: Outer, up: bool, protocol: u8, payload: &[u8]) -> (u16, Vec<u8>) {
    let ends = if up { [1, 2] } else { [2, 1] };
    match outer {
        Outer::V4 => {
            let [from, to] = ends.map(|last| [192, 0, 2, last]);
            let header = [&[0; 8], [64, protocol].as_slice(), &[0; 2], &from, &to].concat();
            (IPV4, super::layers::ipv4(&header, &[], [0x5a, 0x01, 0, 0], payload))
        }
        Outer::V6 => {
            let [from, to] = ends.map(v6);
            let header = [[0x60, 0, 0, 0, 0, 0, 0, 64].as_slice(), &from, &to].concat();
            (IPV6, super::layers::ipv6(&header, protocol, payload))
        }
    }
}

fn v6(last: u8) -> [u8; 16] {
    let mut address = [0; 16];
    address[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
    address[15] = last;
    address
}

/// A datagram from any port to that of a tunnel. Its checksum is 0, which says that there is none (RFC 6935).
pub(super) fn udp(outer: Outer, up: bool, port: u16, payload: &[u8]) -> (u16, Vec<u8>) {
    let words = [51_234, port, low16(8 + payload.len()), 0];
    let header: Vec<u8> = words.into_iter().flat_map(u16::to_be_bytes).collect();
    ip(outer, up, UDP, &[header.as_slice(), payload].concat())
}

/// GRE (RFC 2784, RFC 2890) with any of its three optional fields, around a packet of that Ethernet type.
pub(super) fn gre([sum, key, sequence]: [bool; 3], kind: u16, packet: &[u8]) -> Vec<u8> {
    let flags = u16::from(sum) << 15 | u16::from(key) << 13 | u16::from(sequence) << 12;
    let whole = |value: u16| {
        let mut bytes = [flags.to_be_bytes(), kind.to_be_bytes()].concat();
        if sum {
            bytes.extend(value.to_be_bytes());
            bytes.extend([0, 0]);
        }
        if key {
            bytes.extend(TUNNEL.to_be_bytes());
        }
        if sequence {
            bytes.extend([0, 0, 0, 7]);
        }
        [bytes.as_slice(), packet].concat()
    };
    whole(if sum { checksum(&whole(0)) } else { 0 })
}

/// ERSPAN inside GRE: type I has no header, type II one of 8 bytes, type III one of 12. Type 4 stands for type III with
/// the subheader of a platform.
pub(super) fn erspan(kind: u8, frame: &[u8]) -> Vec<u8> {
    let session = [0, 0x2a];
    match kind {
        1 => gre([false; 3], 0x88be, frame),
        2 => {
            let header = [[0x10, 0x05].as_slice(), &session, &[0; 4]].concat();
            gre([false, false, true], 0x88be, &[header.as_slice(), frame].concat())
        }
        _ => {
            let platform = u8::from(kind > 3);
            let mut header =
                [[0x20, 0x05].as_slice(), &session, &[1, 2, 3, 4], &[0, 0, 0, platform]].concat();
            if platform == 1 {
                header.extend([0x0c, 0, 0, 0, 0, 0, 0, 1]);
            }
            gre([false, false, true], 0x22eb, &[header.as_slice(), frame].concat())
        }
    }
}

/// VXLAN (RFC 7348).
pub(super) fn vxlan(frame: &[u8]) -> Vec<u8> {
    [&[8, 0, 0, 0], (TUNNEL << 8).to_be_bytes().as_slice(), frame].concat()
}

/// Geneve (RFC 8926), with two options of 8 and 4 bytes or without.
pub(super) fn geneve(options: bool, kind: u16, packet: &[u8]) -> Vec<u8> {
    let options: &[u8] =
        if options { &[0x01, 0x02, 0x80, 1, 0xde, 0xad, 0xbe, 0xef, 0x01, 0x03, 0, 0] } else { &[] };
    let words = u8::try_from(options.len() / 4).unwrap_or(0);
    let [k0, k1] = kind.to_be_bytes();
    [[words, 0, k0, k1].as_slice(), &(TUNNEL << 8).to_be_bytes(), options, packet].concat()
}

/// GTP-U (3GPP TS 29.281): a packet of a user, with a sequence number, and with a PDU session container, or without.
pub(super) fn gtp(sequence: bool, extension: bool, packet: &[u8]) -> Vec<u8> {
    let mut rest = Vec::new();
    if sequence || extension {
        rest.extend([0, 9, 0, if extension { 0x85 } else { 0 }]);
    }
    if extension {
        rest.extend([1, 0x10, 0x09, 0]);
    }
    rest.extend(packet);
    let flags = 0x30 | u8::from(extension) << 2 | u8::from(sequence) << 1;
    [[flags, 0xff].as_slice(), &low16(rest.len()).to_be_bytes(), &TUNNEL.to_be_bytes(), &rest].concat()
}

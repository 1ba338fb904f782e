//! IP packets in fragments.

use super::{Evasion, PAUSE, Packet, Subject, at};
use crate::noise::Noise;
use crate::packet::{Outer, Wrapping, cut, fragmentable, fragments};

/// What becomes of the pieces of a packet.
type Order = fn(&mut Vec<std::ops::Range<usize>>);

pub(super) fn all() -> Vec<Evasion> {
    let orders: [(&str, usize, Order); 5] = [
        ("in order", 64, |_| ()),
        ("reversed", 64, |pieces| pieces.reverse()),
        ("the first of 8 bytes", 8, |_| ()),
        ("the first of 8 bytes and last", 8, |pieces| pieces.reverse()),
        ("overlapping with the same bytes", 64, |pieces| {
            for piece in pieces.iter_mut().skip(1) {
                piece.start -= 16;
            }
        }),
    ];
    let mut all = Vec::new();
    for (title, first, order) in orders {
        for (version, v6) in [("IPv4", false), ("IPv6", true)] {
            let packets = move |subject: &Subject| packets(subject, first, order, |frame| vec![frame]);
            all.push(Evasion { v6, ..Evasion::one(format!("{version} fragments, {title}"), packets) });
        }
    }
    let behind_headers = |subject: &Subject| {
        at(cut_up(subject, |frame| Wrapping::Options.wrap(&frame), [64; 2], |_| ()).concat(), PAUSE)
    };
    all.push(Evasion {
        v6: true,
        ..Evasion::one("IPv6 fragments of extension headers and TCP", behind_headers)
    });
    for (version, v6) in [("IPv4", false), ("IPv6", true)] {
        for (title, before) in [("before", true), ("behind", false)] {
            let packets = move |subject: &Subject| at(forged(subject, before), PAUSE);
            let title = format!("{version} fragments, a forged copy {title} each");
            all.push(Evasion { v6, ..Evasion::one(title, packets) });
        }
    }
    all.push(Evasion::one("IPv4 fragments inside VXLAN", |subject| {
        packets(subject, 64, |_| (), |frame| vec![Wrapping::Vxlan(Outer::V4, 4789).wrap(&frame)])
    }));
    all.push(Evasion::one("IPv4 fragments behind a VLAN tag", |subject| {
        packets(subject, 64, |_| (), |frame| vec![Wrapping::Tags(&[crate::packet::VLAN]).wrap(&frame)])
    }));
    all
}

/// Every packet with payload in fragments, each of which is then wrapped.
fn packets(
    subject: &Subject,
    first: usize,
    order: impl Fn(&mut Vec<std::ops::Range<usize>>),
    wrap: impl Fn(Vec<u8>) -> Vec<Vec<u8>>,
) -> Vec<Packet> {
    let fragments = cut_up(subject, |frame| frame, [first, 64], order);
    at(fragments.into_iter().flatten().flat_map(wrap), PAUSE)
}

/// Every packet, and those with payload in fragments: the first so long, the others so.
fn cut_up(
    subject: &Subject,
    prepare: impl Fn(Vec<u8>) -> Vec<u8>,
    [first, size]: [usize; 2],
    order: impl Fn(&mut Vec<std::ops::Range<usize>>),
) -> Vec<Vec<Vec<u8>>> {
    let mut packets = Vec::new();
    for (identification, frame) in (1..).zip(subject.frames()) {
        let whole = prepare(frame.bytes());
        let mut pieces = cut(fragmentable(&whole), first, size);
        if frame.said().is_empty() || pieces.len() < 2 {
            packets.push(vec![whole]);
            continue;
        }
        order(&mut pieces);
        packets.push(fragments(&whole, &pieces, identification));
    }
    packets
}

/// Every packet with payload in fragments; beside each there is one in the same place with other bytes, which the receiver
/// never gets.
fn forged(subject: &Subject, before: bool) -> Vec<Vec<u8>> {
    let mut noise = Noise::new(7);
    let mut all = Vec::new();
    for packet in cut_up(subject, |frame| frame, [256; 2], |_| ()) {
        let fragmented = packet.len() > 1;
        for fragment in packet {
            if !fragmented {
                all.push(fragment);
                continue;
            }
            let mut other = fragment.clone();
            // The header of IPv6 that tells of the fragment stays.
            let room = fragmentable(&other) - if subject.client.is_ipv6() { 8 } else { 0 };
            other.truncate(other.len() - room);
            other.extend(noise.bytes(room));
            all.extend(if before { [other, fragment] } else { [fragment, other] });
        }
    }
    all
}

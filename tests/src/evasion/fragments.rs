//! IP packets in fragments.

use super::{Evasion, PAUSE, Packet, Subject, at};
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
    let mut bytes = Vec::new();
    for (identification, frame) in (1..).zip(subject.frames()) {
        let whole = frame.bytes();
        let mut pieces = cut(fragmentable(&whole), first, 64);
        if frame.said().is_empty() || pieces.len() < 2 {
            bytes.extend(wrap(whole));
            continue;
        }
        order(&mut pieces);
        bytes.extend(fragments(&whole, &pieces, identification).into_iter().flat_map(&wrap));
    }
    at(bytes, PAUSE)
}

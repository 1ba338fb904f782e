//! Packets inside others.

use super::{Evasion, PAUSE, Packet, Subject, at};
use crate::packet::Outer::{V4, V6};
use crate::packet::Wrapping;

/// What goes into each tunnel.
const INSIDE: [Wrapping; 9] = [
    Wrapping::Ip(V4),
    Wrapping::Ip(V6),
    Wrapping::Gre(V4, [true; 3]),
    Wrapping::GreEthernet(V4),
    Wrapping::Erspan(V4, 2),
    Wrapping::Vxlan(V4, 4789),
    Wrapping::Geneve(V4, true),
    Wrapping::Gtp(V4, [false, true]),
    Wrapping::Options,
];

pub(super) fn all() -> Vec<Evasion> {
    let mut all = Vec::new();
    for &(name, wrapping) in Wrapping::LINKS.iter().chain(Wrapping::TUNNELS) {
        for (carried, v6) in [("IPv4", false), ("IPv6", true)] {
            let evasion =
                Evasion::one(format!("{name}: {carried}"), move |subject| wrapped(subject, &[wrapping]));
            all.push(Evasion { v6, ..evasion });
        }
    }
    for &(name, outer) in Wrapping::TUNNELS {
        all.push(Evasion::new(format!("{name}, around each other tunnel"), move |subject| {
            INSIDE.iter().map(|inner| wrapped(subject, &[*inner, outer])).collect()
        }));
    }
    for &(name, link) in Wrapping::LINKS {
        all.push(Evasion::new(format!("{name}, around each tunnel"), move |subject| {
            INSIDE.iter().map(|inner| wrapped(subject, &[*inner, link])).collect()
        }));
        all.push(Evasion::new(format!("{name}, inside each tunnel that carries Ethernet"), move |subject| {
            let tunnels = INSIDE.iter().filter(|tunnel| tunnel.carries_ethernet());
            tunnels.map(|outer| wrapped(subject, &[link, *outer])).collect()
        }));
    }
    all
}

/// Each packet inside these, the innermost first.
fn wrapped(subject: &Subject, wrappings: &[Wrapping]) -> Vec<Packet> {
    at(subject.frames().iter().map(|frame| Wrapping::wrap_in(wrappings, frame.bytes())), PAUSE)
}

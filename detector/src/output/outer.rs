use std::net::IpAddr;

use detector_common::packet::{Encapsulation, LayerKind};
use serde::Serialize;

/// What the packets were wrapped in, as Suricata tells it at the top of an alert: the ids of VLANs, outermost first,
/// and the ends of the tunnel. The source is the end on the miner's side.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Outer {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vlan: Vec<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tunnel: Option<Tunnel>,
}

#[derive(Clone, Debug, Serialize)]
struct Tunnel {
    src_ip: IpAddr,
    dest_ip: IpAddr,
    proto: &'static str,
    depth: u8,
}

/// One layer of it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Layer {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u32>,
}

impl Outer {
    pub(super) fn of(outer: &Encapsulation) -> Self {
        let vlans = outer.layers().filter(|layer| layer.kind == LayerKind::Vlan);
        Self {
            vlan: vlans.filter_map(|layer| layer.id).collect(),
            tunnel: outer.tunnel().map(|tunnel| Tunnel {
                src_ip: tunnel.source,
                dest_ip: tunnel.destination,
                proto: protocol(tunnel.protocol),
                depth: tunnel.depth,
            }),
        }
    }
}

/// All layers, outermost first.
pub(super) fn layers(outer: &Encapsulation) -> Vec<Layer> {
    outer.layers().map(|layer| Layer { kind: layer.kind.name(), id: layer.id }).collect()
}

/// Suricata's names of the IP protocols that carry packets.
const fn protocol(number: u8) -> &'static str {
    match number {
        4 => "IP-in-IP",
        17 => "UDP",
        41 => "IPv6",
        47 => "GRE",
        137 => "MPLS-in-IP",
        _ => "unknown",
    }
}

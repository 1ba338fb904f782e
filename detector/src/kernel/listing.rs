//! The interfaces there are, as rtnetlink tells of them.

use std::io;

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{
    LinkAttribute, LinkExtentMask, LinkFlags, LinkInfo, LinkMessage, LinkXdp, Prop,
};
use netlink_sys::protocols::NETLINK_ROUTE;

use super::link::LinkKind;
use super::netlink::{Scope, ask};

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub(crate) index: u32,
    pub(crate) name: String,
    /// What else it is called.
    pub(crate) alternatives: Vec<String>,
    pub(crate) kind: LinkKind,
    /// Somebody took it up.
    pub(crate) up: bool,
    /// It has a carrier, as by a cable with something at the other end.
    pub(crate) running: bool,
    /// The longest packet, in bytes without the Ethernet header.
    pub(crate) mtu: u32,
    /// What it is, if it is no card: `bridge`, `bond`, `vlan`, `veth`, ...
    pub(crate) role: Option<String>,
    /// The index of the bridge or bond to which it belongs.
    pub(crate) master: Option<u32>,
    /// The index of the interface on which it rests, in this network namespace.
    pub(crate) lower: Option<u32>,
    /// The XDP programs.
    pub(crate) programs: Vec<AtHook>,
}

/// An XDP program at an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AtHook {
    pub(crate) mode: Mode,
    /// Its number in the kernel.
    pub(crate) id: u32,
}

/// Where in the receive path a program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Native,
    Generic,
    Offloaded,
}

/// The interfaces of the network namespace of the calling thread.
///
/// # Errors
/// The kernel does not list them.
pub(crate) fn links() -> io::Result<Vec<Link>> {
    let mut message = LinkMessage::default();
    // Counters are most of what the kernel tells of an interface, and are not wanted.
    message.attributes.push(LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]));
    let question = RouteNetlinkMessage::GetLink(message);
    let answers = ask(NETLINK_ROUTE, question, Scope::All)?;
    Ok(answers
        .iter()
        .filter_map(|answer| match answer {
            RouteNetlinkMessage::NewLink(message) => link(message),
            _ => None,
        })
        .collect())
}

/// The interface with an index.
///
/// # Errors
/// There is none, or the kernel does not tell.
pub(crate) fn one(index: u32) -> io::Result<Link> {
    let mut message = LinkMessage::default();
    message.header.index = index;
    let answers = ask(NETLINK_ROUTE, RouteNetlinkMessage::GetLink(message), Scope::One)?;
    let link = answers.iter().find_map(|answer| match answer {
        RouteNetlinkMessage::NewLink(message) => link(message),
        _ => None,
    });
    link.ok_or_else(|| io::ErrorKind::NotFound.into())
}

impl Link {
    /// One of which nothing else is known.
    pub(crate) const fn nameless(index: u32, kind: LinkKind) -> Self {
        Self {
            index,
            name: String::new(),
            alternatives: Vec::new(),
            kind,
            up: false,
            running: false,
            mtu: 0,
            role: None,
            master: None,
            lower: None,
            programs: Vec::new(),
        }
    }

    /// Whether it has this name, be it not its first.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.alternatives.iter().any(|other| other == name)
    }
}

fn link(message: &LinkMessage) -> Option<Link> {
    let header = &message.header;
    let mut link = Link {
        up: header.flags.contains(LinkFlags::Up),
        running: header.flags.contains(LinkFlags::LowerUp),
        ..Link::nameless(header.index, LinkKind::numbered(header.link_layer_type.into()))
    };
    let mut elsewhere = false;
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(name) => link.name.clone_from(name),
            LinkAttribute::Mtu(mtu) => link.mtu = *mtu,
            LinkAttribute::Controller(index) => link.master = Some(*index).filter(|&index| index > 0),
            LinkAttribute::Link(index) => link.lower = Some(*index).filter(|&lower| lower > 0),
            LinkAttribute::LinkNetNsId(_) => elsewhere = true,
            LinkAttribute::LinkInfo(info) => {
                link.role = info.iter().find_map(|part| match part {
                    LinkInfo::Kind(kind) => Some(kind.to_string()),
                    _ => None,
                });
            }
            LinkAttribute::PropList(parts) => link.alternatives = alternatives(parts),
            LinkAttribute::Xdp(parts) => link.programs = programs(parts),
            _ => {}
        }
    }
    // The two ends of a veth name each other.
    if elsewhere || link.lower == Some(link.index) || link.role.as_deref() == Some("veth") {
        link.lower = None;
    }
    (!link.name.is_empty()).then_some(link)
}

fn alternatives(parts: &[Prop]) -> Vec<String> {
    let name = |part: &Prop| match part {
        Prop::AltIfName(name) => Some(name.clone()),
        _ => None,
    };
    parts.iter().filter_map(name).collect()
}

fn programs(parts: &[LinkXdp]) -> Vec<AtHook> {
    let program = |part: &LinkXdp| match *part {
        LinkXdp::DrvProgId(id) => Some(AtHook { mode: Mode::Native, id }),
        LinkXdp::SkbProgId(id) => Some(AtHook { mode: Mode::Generic, id }),
        LinkXdp::HwProgId(id) => Some(AtHook { mode: Mode::Offloaded, id }),
        _ => None,
    };
    parts.iter().filter_map(program).filter(|attached| attached.id > 0).collect()
}

#[cfg(test)]
mod tests {
    use netlink_packet_core::{NetlinkHeader, NetlinkMessage, NetlinkPayload};
    use netlink_packet_route::link::{InfoKind, LinkLayerType, XdpAttached};

    use super::*;

    fn message(name: &str, attributes: Vec<LinkAttribute>) -> LinkMessage {
        let mut message = LinkMessage::default();
        message.header.index = 4;
        message.header.link_layer_type = LinkLayerType::Ether;
        message.header.flags = LinkFlags::Up | LinkFlags::LowerUp;
        message.attributes = vec![LinkAttribute::IfName(name.to_owned()), LinkAttribute::Mtu(1500)];
        message.attributes.extend(attributes);
        message
    }

    #[test]
    fn what_a_bond_port_with_a_program_is_comes_out_of_its_bytes() {
        let xdp = vec![LinkXdp::Attached(XdpAttached::Driver), LinkXdp::DrvProgId(42), LinkXdp::ProgId(42)];
        let sent = message("eth0", vec![LinkAttribute::Controller(9), LinkAttribute::Xdp(xdp)]);
        let header = NetlinkHeader::default();
        let mut packet =
            NetlinkMessage::new(header, NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewLink(sent)));
        packet.finalize();
        let mut bytes = vec![0; packet.buffer_len()];
        packet.serialize(&mut bytes);
        let read = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&bytes).unwrap().payload;
        let NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewLink(read)) = read else {
            panic!("{read:?}")
        };
        let link = link(&read).unwrap();
        assert_eq!((link.name.as_str(), link.mtu, link.master), ("eth0", 1500, Some(9)));
        assert!(link.up && link.running && link.kind.is_ethernet());
        assert_eq!(link.programs, [AtHook { mode: Mode::Native, id: 42 }]);
    }

    #[test]
    fn a_vlan_rests_on_another_interface_and_a_veth_on_none() {
        let of = |kind| vec![LinkAttribute::Link(2), LinkAttribute::LinkInfo(vec![LinkInfo::Kind(kind)])];
        let vlan = link(&message("eth0.7", of(InfoKind::Vlan))).unwrap();
        assert_eq!((vlan.role.as_deref(), vlan.lower), (Some("vlan"), Some(2)));
        assert_eq!(link(&message("v0", of(InfoKind::Veth))).unwrap().lower, None);
        let mut far = of(InfoKind::MacVlan);
        far.push(LinkAttribute::LinkNetNsId(0));
        assert_eq!(link(&message("m0", far)).unwrap().lower, None, "its index counts elsewhere");
    }

    #[test]
    fn the_kernel_tells_of_the_loopback() {
        let links = links().unwrap();
        let loopback = links.iter().find(|link| link.name == "lo").unwrap();
        assert!(loopback.kind.is_loopback() && loopback.mtu > 0);
    }
}

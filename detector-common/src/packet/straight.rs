use super::encapsulation::{Encapsulation, LayerKind};
use super::ip::Transport;
use super::{Packet, Unread, ethernet, ip, udp};
use crate::flow::{TCP, UDP};

/// How many VLAN tags are followed here.
const TAGS: usize = 2;

/// What the headers of most packets lead to.
pub(super) enum Way {
    /// To what IP carries.
    Straight(Transport),
    /// To nothing that is read.
    Unread(Unread),
    /// To a header of another kind.
    Aside,
}

impl From<Unread> for Way {
    fn from(reason: Unread) -> Self {
        Self::Unread(reason)
    }
}

/// Reads what most packets are made of: Ethernet, up to two VLAN tags, an IP header, TCP or UDP.
/// Whatever else is read takes a way of its own, from the start, so that these pay nothing for it.
#[inline(always)]
pub(super) fn parse<P: Packet>(packet: &P, outer: &mut Encapsulation) -> Way {
    match follow(packet, outer) {
        Ok(transport) if transport.protocol == UDP && udp::is_tunnel(packet, transport.offset) => Way::Aside,
        Ok(transport) => Way::Straight(transport),
        Err(way) => way,
    }
}

#[inline(always)]
fn follow<P: Packet>(packet: &P, outer: &mut Encapsulation) -> Result<Transport, Way> {
    let [.., high, low] = packet.header::<14>(0).ok_or(Unread::Truncated)?;
    let mut kind = u16::from_be_bytes([high, low]);
    let mut offset = 14;
    for _ in 0..TAGS {
        if !ethernet::VLAN.contains(&kind) {
            break;
        }
        let [t0, t1, high, low] = packet.header::<4>(offset).ok_or(Unread::Truncated)?;
        outer.push(LayerKind::Vlan, Some(u32::from(u16::from_be_bytes([t0, t1]) & 0x0fff)));
        kind = u16::from_be_bytes([high, low]);
        offset += 4;
    }
    match kind {
        ethernet::IPV4 => v4(packet, offset),
        ethernet::IPV6 => v6(packet, offset),
        _ if ethernet::is_followed(kind) => Err(Way::Aside),
        _ => Err(Unread::NotIp.into()),
    }
}

#[inline(always)]
fn v4<P: Packet>(packet: &P, offset: u32) -> Result<Transport, Way> {
    let v4 = ip::v4(packet.header::<20>(offset).ok_or(Unread::Truncated)?)?;
    if v4.fragment & (ip::PLACE | ip::MORE) != 0 {
        return Err(Way::Aside);
    }
    carried(v4.protocol)?;
    Ok(Transport {
        source: v4.source,
        destination: v4.destination,
        protocol: v4.protocol,
        offset: offset + v4.length,
        end: ip::end(packet.length(), offset, v4.total),
    })
}

#[inline(always)]
fn v6<P: Packet>(packet: &P, offset: u32) -> Result<Transport, Way> {
    let v6 = ip::v6(packet, offset)?;
    carried(v6.next)?;
    Ok(Transport {
        source: v6.source,
        destination: v6.destination,
        protocol: v6.next,
        offset: offset + 40,
        end: ip::end(packet.length(), offset + 40, v6.payload),
    })
}

/// Whether this is the last header before the payload's own.
#[inline(always)]
const fn carried(protocol: u8) -> Result<(), Way> {
    match protocol {
        TCP | UDP => Ok(()),
        _ if ip::is_followed(protocol) => Err(Way::Aside),
        _ => Err(Way::Unread(Unread::NotTcp)),
    }
}

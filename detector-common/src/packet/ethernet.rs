use super::{Packet, Unread};

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
/// IEEE 802.1Q, IEEE 802.1ad, and the type that older switches use for stacked tags.
const VLAN: [u16; 3] = [0x8100, 0x88a8, 0x9100];

/// How many VLAN tags are followed.
const TAGS: usize = 2;

/// Which IP version the frame carries.
pub(super) enum Kind {
    V4,
    V6,
}

/// Where the IP header begins.
pub(super) struct Network {
    pub(super) kind: Kind,
    pub(super) offset: u32,
}

#[inline(always)]
pub(super) fn parse<P: Packet>(packet: &P) -> Result<Network, Unread> {
    let [.., high, low] = packet.header::<14>(0).ok_or(Unread::Truncated)?;
    let mut kind = u16::from_be_bytes([high, low]);
    let mut offset = 14;
    for _ in 0..TAGS {
        if !VLAN.contains(&kind) {
            break;
        }
        let [_, _, high, low] = packet.header::<4>(offset).ok_or(Unread::Truncated)?;
        kind = u16::from_be_bytes([high, low]);
        offset += 4;
    }
    match kind {
        IPV4 => Ok(Network { kind: Kind::V4, offset }),
        IPV6 => Ok(Network { kind: Kind::V6, offset }),
        _ => Err(Unread::NotIp),
    }
}

use super::{IPV4, IPV6, LEAST_ETHERTYPE, Layout, Located, llc, typed, u16_be};
use crate::replay::capture::counts::Unreadable;

/// Linux's protocol number for a frame with an 802.2 header.
const LINUX_802_2: u16 = 4;

/// BSD loopback: four bytes of address family in the byte order of the machine that captured
/// (OpenBSD: network order). The families of IPv6 differ from system to system.
pub(super) fn loopback(frame: &[u8]) -> Located {
    let family = u32::from_le_bytes(*frame.first_chunk().ok_or(Unreadable::TooShort)?);
    let family = if family > 0xffff { family.swap_bytes() } else { family };
    let ethertype = match family {
        2 => IPV4,
        10 | 23 | 24 | 28 | 30 => IPV6,
        // Some tools write an Ethernet type.
        other => {
            u16::try_from(other).ok().filter(|number| *number >= LEAST_ETHERTYPE).ok_or(Unreadable::NotIp)?
        }
    };
    Ok(Layout::Packet { ethertype, offset: 4 })
}

/// Linux cooked capture: packet type, ARPHRD type, address length, address, protocol.
pub(super) fn version1(frame: &[u8]) -> Located {
    cooked(frame, 14, 16)
}

/// Linux cooked capture v2: protocol, reserved, interface, ARPHRD type, packet type, address
/// length, address.
pub(super) fn version2(frame: &[u8]) -> Located {
    cooked(frame, 0, 20)
}

fn cooked(frame: &[u8], protocol: usize, offset: usize) -> Located {
    if u16_be(frame, protocol)? == LINUX_802_2 { llc(frame, offset) } else { typed(frame, protocol, offset) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(ethertype: u16, offset: usize) -> Layout {
        Layout::Packet { ethertype, offset }
    }

    #[test]
    fn loopback_in_both_byte_orders() {
        assert_eq!(loopback(&[2, 0, 0, 0]), Ok(packet(IPV4, 4)));
        assert_eq!(loopback(&[0, 0, 0, 2]), Ok(packet(IPV4, 4)));
        for family in [10, 24, 28, 30] {
            assert_eq!(loopback(&[family, 0, 0, 0]), Ok(packet(IPV6, 4)));
            assert_eq!(loopback(&[0, 0, 0, family]), Ok(packet(IPV6, 4)));
        }
        assert_eq!(loopback(&[0, 0, 0x08, 0x00]), Ok(packet(IPV4, 4)));
        assert_eq!(loopback(&[7, 0, 0, 0]), Err(Unreadable::NotIp));
        assert_eq!(loopback(&[2, 0, 0]), Err(Unreadable::TooShort));
    }

    #[test]
    fn cooked_headers() {
        let mut first = [0; 20];
        first[14..16].copy_from_slice(&[0x81, 0x00]);
        assert_eq!(version1(&first), Ok(packet(0x8100, 16)), "a VLAN tag follows, as in Ethernet");
        assert_eq!(version1(&first[..15]), Err(Unreadable::TooShort));
        let mut second = [0; 20];
        second[..2].copy_from_slice(&[0x86, 0xdd]);
        assert_eq!(version2(&second), Ok(packet(IPV6, 20)));
        assert_eq!(version2(&second[..19]), Err(Unreadable::TooShort));
        second[..2].copy_from_slice(&[0, 1]);
        assert_eq!(version2(&second), Err(Unreadable::NotIp));
    }
}

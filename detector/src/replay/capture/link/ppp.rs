use super::{IPV4, IPV6, Layout, Located, typed, u16_be};
use crate::replay::capture::counts::Unreadable;

/// Address and control of PPP in HDLC-like framing (RFC 1662).
const ADDRESS_CONTROL: [u8; 2] = [0xff, 0x03];

/// PPP (RFC 1661) from `start` on, with or without address and control, the protocol field
/// possibly compressed to one byte.
pub(super) fn plain(frame: &[u8], start: usize) -> Located {
    let rest = frame.get(start..).ok_or(Unreadable::TooShort)?;
    let start = if rest.starts_with(&ADDRESS_CONTROL) { start + 2 } else { start };
    let first = *frame.get(start).ok_or(Unreadable::TooShort)?;
    let (protocol, offset) =
        if first & 1 == 1 { (u16::from(first), start + 1) } else { (u16_be(frame, start)?, start + 2) };
    let ethertype = match protocol {
        0x0021 => IPV4,
        0x0057 => IPV6,
        // MPLS, unicast and multicast (RFC 3032).
        0x0281 => 0x8847,
        0x0283 => 0x8848,
        _ => return Err(Unreadable::NotIp),
    };
    Ok(Layout::Packet { ethertype, offset })
}

/// A serial line: PPP, or Cisco HDLC if the address says so.
pub(super) fn hdlc(frame: &[u8]) -> Located {
    if matches!(frame.first(), Some(0x0f | 0x8f)) { cisco(frame) } else { plain(frame, 0) }
}

/// Cisco HDLC: address, control, Ethernet type. Some routers also write PPP under this link type.
pub(super) fn cisco(frame: &[u8]) -> Located {
    if frame.starts_with(&ADDRESS_CONTROL) { plain(frame, 0) } else { typed(frame, 2, 4) }
}

/// `PPPoE` (RFC 2516): version and type, code, session, length, then PPP if the code is 0.
pub(super) fn over_ethernet(frame: &[u8]) -> Located {
    match frame {
        [0x11, 0, _, _, _, _, ..] => plain(frame, 6),
        [_, _, _, _, _, _, ..] => Err(Unreadable::NotIp),
        _ => Err(Unreadable::TooShort),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(ethertype: u16, offset: usize) -> Layout {
        Layout::Packet { ethertype, offset }
    }

    #[test]
    fn ppp_in_all_its_lengths() {
        assert_eq!(plain(&[0xff, 0x03, 0x00, 0x21, 0x45], 0), Ok(packet(IPV4, 4)));
        assert_eq!(plain(&[0x00, 0x57, 0x60], 0), Ok(packet(IPV6, 2)));
        assert_eq!(plain(&[0x21, 0x45], 0), Ok(packet(IPV4, 1)));
        assert_eq!(plain(&[0xc0, 0x21, 0x01], 0), Err(Unreadable::NotIp));
        assert_eq!(plain(&[0xff, 0x03], 0), Err(Unreadable::TooShort));
    }

    #[test]
    fn serial_lines() {
        assert_eq!(hdlc(&[0x0f, 0x00, 0x08, 0x00, 0x45]), Ok(packet(IPV4, 4)));
        assert_eq!(hdlc(&[0xff, 0x03, 0x00, 0x21, 0x45]), Ok(packet(IPV4, 4)));
        assert_eq!(cisco(&[0x8f, 0x00, 0x20, 0x00, 0x01]), Ok(packet(0x2000, 4)));
        assert_eq!(cisco(&[0x0f, 0x00, 0x00]), Err(Unreadable::TooShort));
    }

    #[test]
    fn pppoe_sessions() {
        assert_eq!(over_ethernet(&[0x11, 0, 0, 1, 0, 3, 0x00, 0x21, 0x45]), Ok(packet(IPV4, 8)));
        assert_eq!(over_ethernet(&[0x11, 9, 0, 0, 0, 0, 0, 0, 0]), Err(Unreadable::NotIp));
        assert_eq!(over_ethernet(&[0x11, 0, 0]), Err(Unreadable::TooShort));
    }
}

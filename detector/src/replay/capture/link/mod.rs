//! From the link types of captures to Ethernet. The formats are those of the tcpdump group's list
//! of link-layer header types.

mod cooked;
mod ieee80211;
mod names;
mod ppp;

use super::counts::Unreadable;
pub use names::LinkType;

/// The readable link types, for messages.
pub(super) const READABLE: &str = "Ethernet, raw IP, BSD and OpenBSD loopback, Linux cooked (SLL, SLL2), PPP, \
    PPP in HDLC, PPPoE, Cisco HDLC and 802.11 (plain, radiotap, Prism, AVS)";

/// A way to find the packet in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Ethernet,
    RawIp,
    Loopback,
    LinuxCooked,
    LinuxCooked2,
    Ppp,
    PppHdlc,
    PppEther,
    CiscoHdlc,
    Wifi(ieee80211::Prefix),
}

/// Where the packet lies in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// The frame is an Ethernet frame.
    Ethernet,
    /// From `offset` on lies what follows an Ethernet header of this type.
    Packet { ethertype: u16, offset: usize },
}

pub(super) type Located = Result<Layout, Unreadable>;

pub(super) const IPV4: u16 = 0x0800;
pub(super) const IPV6: u16 = 0x86dd;

/// Smaller numbers in the place of an Ethernet type are lengths or internal protocols.
const LEAST_ETHERTYPE: u16 = 0x0600;

const ETHERNET_HEADER: usize = 14;

impl Link {
    /// How to read a link type; `None` if that is not known.
    pub(super) const fn of(link_type: LinkType) -> Option<Self> {
        use ieee80211::Prefix;
        Some(match link_type.number() {
            0 | 108 => Self::Loopback,
            1 => Self::Ethernet,
            9 => Self::Ppp,
            // 12 and 14 are what BSDs wrote before 101 was agreed on.
            12 | 14 | 101 | 228 | 229 => Self::RawIp,
            50 => Self::PppHdlc,
            51 => Self::PppEther,
            104 => Self::CiscoHdlc,
            105 => Self::Wifi(Prefix::None),
            113 => Self::LinuxCooked,
            119 => Self::Wifi(Prefix::Prism),
            127 => Self::Wifi(Prefix::Radiotap),
            163 => Self::Wifi(Prefix::Avs),
            276 => Self::LinuxCooked2,
            _ => return None,
        })
    }

    /// Finds the packet in a frame.
    pub(super) fn locate(self, frame: &[u8]) -> Located {
        match self {
            Self::Ethernet if frame.len() < ETHERNET_HEADER => Err(Unreadable::TooShort),
            Self::Ethernet => Ok(Layout::Ethernet),
            Self::RawIp => raw_ip(frame, 0),
            Self::Loopback => cooked::loopback(frame),
            Self::LinuxCooked => cooked::version1(frame),
            Self::LinuxCooked2 => cooked::version2(frame),
            Self::Ppp => ppp::plain(frame, 0),
            Self::PppHdlc => ppp::hdlc(frame),
            Self::PppEther => ppp::over_ethernet(frame),
            Self::CiscoHdlc => ppp::cisco(frame),
            Self::Wifi(prefix) => ieee80211::data(frame, prefix),
        }
    }
}

/// A packet whose first four bits say which IP it is.
fn raw_ip(frame: &[u8], offset: usize) -> Located {
    match frame.get(offset).ok_or(Unreadable::TooShort)? >> 4 {
        4 => Ok(Layout::Packet { ethertype: IPV4, offset }),
        6 => Ok(Layout::Packet { ethertype: IPV6, offset }),
        _ => Err(Unreadable::NotIp),
    }
}

/// A packet whose Ethernet type was found at `at`, and that begins at `offset`.
fn typed(frame: &[u8], at: usize, offset: usize) -> Located {
    let ethertype = u16_be(frame, at)?;
    if frame.len() < offset {
        return Err(Unreadable::TooShort);
    }
    if ethertype < LEAST_ETHERTYPE {
        return Err(Unreadable::NotIp);
    }
    Ok(Layout::Packet { ethertype, offset })
}

/// IEEE 802.2 with the SNAP extension, as RFC 1042 puts IP into 802 networks.
fn llc(frame: &[u8], offset: usize) -> Located {
    let header = frame.get(offset..).ok_or(Unreadable::TooShort)?;
    match header {
        // The second is the bridge-tunnel encapsulation of 802.1H.
        [0xaa, 0xaa, 0x03, 0, 0, 0 | 0xf8, ..] => typed(frame, offset + 6, offset + 8),
        [_, _, _, _, _, _, ..] => Err(Unreadable::NotIp),
        _ => Err(Unreadable::TooShort),
    }
}

fn u16_be(frame: &[u8], at: usize) -> Result<u16, Unreadable> {
    let bytes = frame.get(at..).and_then(|rest| rest.first_chunk()).ok_or(Unreadable::TooShort)?;
    Ok(u16::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packet(ethertype: u16, offset: usize) -> Layout {
        Layout::Packet { ethertype, offset }
    }

    fn locate(link_type: u16, frame: &[u8]) -> Located {
        Link::of(LinkType::new(link_type)).unwrap().locate(frame)
    }

    #[test]
    fn raw_ip_says_its_version() {
        for link_type in [12, 14, 101, 228, 229] {
            assert_eq!(locate(link_type, &[0x45, 0]), Ok(packet(IPV4, 0)));
            assert_eq!(locate(link_type, &[0x60, 0]), Ok(packet(IPV6, 0)));
            assert_eq!(locate(link_type, &[0x00, 0]), Err(Unreadable::NotIp));
            assert_eq!(locate(link_type, &[]), Err(Unreadable::TooShort));
        }
    }

    #[test]
    fn ethernet_is_left_alone() {
        assert_eq!(locate(1, &[0; 14]), Ok(Layout::Ethernet));
        assert_eq!(locate(1, &[0; 13]), Err(Unreadable::TooShort));
    }

    #[test]
    fn snap_gives_the_ethernet_type() {
        let frame = [0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd, 0x60];
        assert_eq!(llc(&frame, 0), Ok(packet(IPV6, 8)));
        assert_eq!(llc(&[0x42, 0x42, 3, 0, 0, 0, 0], 0), Err(Unreadable::NotIp));
        assert_eq!(llc(&frame[..7], 0), Err(Unreadable::TooShort));
    }

    #[test]
    fn what_cannot_be_read_is_not_accepted() {
        for link_type in [6, 10, 147, 220, 239, 65_535] {
            assert_eq!(Link::of(LinkType::new(link_type)), None);
        }
    }

    proptest! {
        #[test]
        fn a_packet_lies_within_its_frame(link_type in 0u16..300, frame in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(link) = Link::of(LinkType::new(link_type))
                && let Ok(Layout::Packet { offset, .. }) = link.locate(&frame)
            {
                prop_assert!(offset <= frame.len());
            }
        }
    }
}

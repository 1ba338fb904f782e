use super::{Encapsulation, Packet, Unread, Walk, ethernet, ip, parse};
use crate::flow::{End, TCP, UDP};

/// How many VLAN tags are followed around what is not read any further.
const TAGS: usize = 2;

/// Between whom a packet travels, whatever it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Who sent it.
    pub source: End,
    /// To whom.
    pub destination: End,
    /// The IP protocol number.
    pub protocol: u8,
    /// Whether the ports are known: those of TCP and UDP are, but for fragments other than the first.
    pub ports: bool,
}

impl Ends {
    /// Between nobody.
    pub const NONE: Self = Self {
        source: End::v4([0; 4], [0; 2]),
        destination: End::v4([0; 4], [0; 2]),
        protocol: 0,
        ports: false,
    };
}

/// Finds the ends of the connection that a packet belongs to, whatever it is wrapped in; if nothing that is read is in it,
/// those that its outermost IP header names. False if there is none.
///
/// They are written to memory of the caller's: the stack of the kernel is small.
#[inline(always)]
pub fn ends<P: Packet>(packet: &P, outer: &mut Encapsulation, walk: &mut Walk, into: &mut Ends) -> bool {
    if parse(packet, outer, walk).is_err() {
        return outermost(packet, into).is_ok();
    }
    let segment = core::hint::black_box(&walk.segment);
    into.source = segment.source;
    into.destination = segment.destination;
    into.protocol = segment.protocol;
    into.ports = true;
    true
}

/// A function of its own in the kernel: beside that of the walk, its stack would be too much.
#[inline(never)]
fn outermost<P: Packet>(packet: &P, into: &mut Ends) -> Result<(), Unread> {
    let [.., high, low] = packet.header::<14>(0).ok_or(Unread::Truncated)?;
    let mut kind = u16::from_be_bytes([high, low]);
    let mut offset = 14;
    for _ in 0..TAGS {
        if !ethernet::VLAN.contains(&kind) {
            break;
        }
        let [_, _, high, low] = packet.header::<4>(offset).ok_or(Unread::Truncated)?;
        kind = u16::from_be_bytes([high, low]);
        offset += 4;
    }
    if kind == ethernet::PPPOE {
        let [.., high, low] = packet.header::<8>(offset).ok_or(Unread::Truncated)?;
        kind = match u16::from_be_bytes([high, low]) {
            ethernet::PPP_IPV4 => ethernet::IPV4,
            ethernet::PPP_IPV6 => ethernet::IPV6,
            _ => return Err(Unread::NotIp),
        };
        offset += 8;
    }
    let place = match kind {
        ethernet::IPV4 => {
            let v4 = ip::v4(packet.header::<20>(offset).ok_or(Unread::Truncated)?)?;
            offset += v4.length;
            (into.source, into.destination, into.protocol) = (v4.source, v4.destination, v4.protocol);
            v4.fragment & ip::PLACE
        }
        ethernet::IPV6 => {
            let v6 = ip::v6(packet, offset)?;
            offset += 40;
            (into.source, into.destination, into.protocol) = (v6.source, v6.destination, v6.next);
            if v6.next == ip::FRAGMENT {
                let [next, _, high, low] = packet.header::<4>(offset).ok_or(Unread::Truncated)?;
                offset += 8;
                into.protocol = next;
                u16::from_be_bytes([high, low]) & ip::PLACE6
            } else {
                0
            }
        }
        _ => return Err(Unread::NotIp),
    };
    into.ports = false;
    if matches!(into.protocol, TCP | UDP)
        && place == 0
        && let Some([s0, s1, d0, d1]) = packet.header::<4>(offset)
    {
        into.source = into.source.at([s0, s1]);
        into.destination = into.destination.at([d0, d1]);
        into.ports = true;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use core::net::SocketAddr;
    use std::vec::Vec;

    use super::*;

    const V4: [u8; 8] = [10, 0, 0, 2, 192, 0, 2, 1];

    fn frame(kind: u16, parts: &[&[u8]]) -> Vec<u8> {
        let mut frame = std::vec![2; 12];
        frame.extend(kind.to_be_bytes());
        for part in parts {
            frame.extend(*part);
        }
        frame
    }

    fn v4(protocol: u8, fragment: u16, payload: &[u8]) -> Vec<u8> {
        let [high, low] = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
        let [f0, f1] = fragment.to_be_bytes();
        [&[0x45, 0, high, low, 0, 7, f0, f1, 64, protocol, 0, 0], &V4[..], payload].concat()
    }

    fn v6(next: u8, payload: &[u8]) -> Vec<u8> {
        let [high, low] = u16::try_from(payload.len()).unwrap().to_be_bytes();
        let mut addresses = [0; 32];
        (addresses[0], addresses[15], addresses[16], addresses[31]) = (0x20, 1, 0x20, 2);
        [&[0x60, 0, 0, 0, high, low, next, 64], &addresses[..], payload].concat()
    }

    fn found(frame: &[u8]) -> Option<Ends> {
        let packet: &[u8] = frame;
        let (mut outer, mut found) = (Encapsulation::NONE, Ends::NONE);
        ends(&packet, &mut outer, &mut Walk::new(), &mut found).then_some(found)
    }

    fn says(frame: &[u8]) -> (SocketAddr, SocketAddr, u8, bool) {
        let ends = found(frame).unwrap();
        (ends.source.into(), ends.destination.into(), ends.protocol, ends.ports)
    }

    fn between(
        source: &str,
        destination: &str,
        protocol: u8,
        ports: bool,
    ) -> (SocketAddr, SocketAddr, u8, bool) {
        (source.parse().unwrap(), destination.parse().unwrap(), protocol, ports)
    }

    #[test]
    fn whatever_ip_carries_has_ends() {
        let tcp = [0x9c, 0x40, 0x0d, 0x05, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x10, 0, 0, 0, 0, 0, 0];
        let udp = [0x9c, 0x40, 0, 53, 0, 8, 0, 0];
        let with_ports = between("10.0.0.2:40000", "192.0.2.1:3333", TCP, true);
        assert_eq!(says(&frame(0x0800, &[&v4(TCP, 0, &tcp)])), with_ports);
        assert_eq!(says(&frame(0x8100, &[&[0, 5, 8, 0], &v4(TCP, 0, &tcp)])), with_ports);
        let session = [0x11, 0, 0, 1, 0, 42, 0, 0x21];
        assert_eq!(says(&frame(0x8864, &[&session, &v4(TCP, 0, &tcp)])), with_ports);
        assert_eq!(
            says(&frame(0x0800, &[&v4(UDP, 0, &udp)])),
            between("10.0.0.2:40000", "192.0.2.1:53", UDP, true)
        );
        assert_eq!(
            says(&frame(0x8864, &[&session, &v4(UDP, 0, &udp)])),
            between("10.0.0.2:40000", "192.0.2.1:53", UDP, true)
        );
        assert_eq!(says(&frame(0x0800, &[&v4(1, 0, &udp)])), between("10.0.0.2:0", "192.0.2.1:0", 1, false));
        assert_eq!(
            says(&frame(0x86dd, &[&v6(UDP, &udp)])),
            between("[2000::1]:40000", "[2000::2]:53", UDP, true)
        );
    }

    #[test]
    fn the_first_fragment_has_ports_and_others_have_addresses() {
        let ports = [0x9c, 0x40, 0x0d, 0x05, 0, 0, 0, 1];
        let v4 = |fragment| frame(0x0800, &[&v4(TCP, fragment, &ports)]);
        assert_eq!(says(&v4(0x2000)), between("10.0.0.2:40000", "192.0.2.1:3333", TCP, true));
        assert_eq!(says(&v4(0x2001)), between("10.0.0.2:0", "192.0.2.1:0", TCP, false));
        assert_eq!(says(&v4(0x0001)), between("10.0.0.2:0", "192.0.2.1:0", TCP, false));
        let v6 = |place: u8| {
            frame(0x86dd, &[&v6(44, &[&[TCP, 0, 0, place | 1, 0, 0, 0, 9], &ports[..]].concat())])
        };
        assert_eq!(says(&v6(0)), between("[2000::1]:40000", "[2000::2]:3333", TCP, true));
        assert_eq!(says(&v6(8)), between("[2000::1]:0", "[2000::2]:0", TCP, false));
    }

    #[test]
    fn what_is_not_ip_or_cut_off_has_none() {
        assert_eq!(found(&frame(0x0806, &[&[0; 28]])), None);
        assert_eq!(found(&frame(0x8864, &[&[0x11, 0, 0, 1, 0, 42, 0xc0, 0x21, 0, 0]])), None);
        let whole = frame(0x0800, &[&v4(UDP, 0, &[0; 8])]);
        for length in 0..34 {
            assert_eq!(found(&whole[..length]), None, "{length}");
        }
        assert!(!found(&whole[..34]).unwrap().ports);
    }
}

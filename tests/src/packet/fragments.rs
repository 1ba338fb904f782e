use std::ops::Range;

use super::layers::{IPV4, IPV6, Layers, ipv4, ipv6, number};

/// The next-header number of a fragment header of IPv6.
const FRAGMENT: u8 = 44;

/// Cuts `length` bytes into pieces: the first of `first` bytes, the others of `size`, both rounded up to a multiple of 8
/// and at least 8.
#[must_use]
pub fn cut(length: usize, first: usize, size: usize) -> Vec<Range<usize>> {
    let [first, size] = [first, size].map(|size| size.max(1).next_multiple_of(8));
    let starts = std::iter::once(0).chain((first..length).step_by(size));
    starts.map(|start| start..(start + if start == 0 { first } else { size }).min(length)).collect()
}

/// How many bytes of a frame's IP packet can be cut into fragments: all after the IPv4 header with its options, or after
/// the fixed header of IPv6.
#[must_use]
pub fn fragmentable(frame: &[u8]) -> usize {
    let layers = Layers::of(frame);
    layers.packet.len().saturating_sub(header(&layers))
}

/// The fragments of the IP packet in a frame, one for each piece, in the order of the pieces. Where a piece begins is
/// a multiple of 8; pieces may overlap and leave holes. IPv4 holds 16 bits of the identification.
#[must_use]
pub fn fragments(frame: &[u8], pieces: &[Range<usize>], identification: u32) -> Vec<Vec<u8>> {
    let layers = Layers::of(frame);
    let (head, whole) = layers.packet.split_at(header(&layers).min(layers.packet.len()));
    let piece = |range: &Range<usize>| {
        let bytes = whole.get(range.clone()).unwrap_or_default();
        let more = u16::from(range.end < whole.len());
        let offset = u16::try_from(range.start / 8).unwrap_or(u16::MAX) & 0x1fff;
        let packet = if layers.kind == IPV6 {
            let [next, ..] = *head.get(6..7).unwrap_or_default() else { return Vec::new() };
            let mut payload = vec![next, 0];
            payload.extend((offset << 3 | more).to_be_bytes());
            payload.extend(identification.to_be_bytes());
            payload.extend(bytes);
            ipv6(head, FRAGMENT, &payload)
        } else {
            let [_, _, i0, i1] = identification.to_be_bytes();
            let [f0, f1] = (offset | more << 13).to_be_bytes();
            ipv4(head, head.get(20..).unwrap_or_default(), [i0, i1, f0, f1], bytes)
        };
        layers.around(layers.kind, packet)
    };
    pieces.iter().map(piece).collect()
}

/// Length of the header that every fragment repeats.
fn header(layers: &Layers) -> usize {
    match layers.kind {
        IPV4 => usize::from(number(&layers.packet, 0) >> 8 & 0x0f) * 4,
        IPV6 => 40,
        _ => layers.packet.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Frame, PSH};
    use etherparse::defrag::IpDefragPool;
    use etherparse::{NetSlice, SlicedPacket};
    use std::net::SocketAddr;

    /// What a foreign implementation of reassembly makes of the fragments.
    fn joined(fragments: &[Vec<u8>]) -> Option<Vec<u8>> {
        let mut pool = IpDefragPool::<(), ()>::new();
        fragments.iter().find_map(|frame| {
            let sliced = SlicedPacket::from_ethernet(frame).unwrap();
            pool.process_sliced_packet(&sliced, (), ()).unwrap().map(|whole| whole.payload)
        })
    }

    #[test]
    fn a_foreign_implementation_joins_the_fragments_in_any_order() {
        for ends in [["10.77.0.2:40000", "203.0.113.9:3333"], ["[2001:db8::1]:40000", "[2001:db8::2]:3333"]] {
            let [from, to]: [SocketAddr; 2] = ends.map(|end| end.parse().unwrap());
            let frame = Frame::tcp(from, to).flags(PSH).payload(&[b'x'; 321]).bytes();
            let whole = match SlicedPacket::from_ethernet(&frame).unwrap().net.unwrap() {
                NetSlice::Ipv4(ip) => ip.payload().payload.to_vec(),
                NetSlice::Ipv6(ip) => ip.payload().payload.to_vec(),
                NetSlice::Arp(_) => panic!("no IP"),
            };
            assert_eq!(whole.len(), fragmentable(&frame));
            let pieces = cut(whole.len(), 8, 100);
            assert_eq!(pieces[..2], [0..8, 8..112]);
            let mut fragments = fragments(&frame, &pieces, 0x1_2345);
            assert_eq!(joined(&fragments), Some(whole.clone()));
            fragments.reverse();
            assert_eq!(joined(&fragments), Some(whole));
            fragments.pop();
            assert_eq!(joined(&fragments), None);
        }
    }
}

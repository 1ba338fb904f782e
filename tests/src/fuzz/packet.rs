use std::net::{IpAddr, SocketAddr};

use detector_common::packet::{self, Encapsulation, Walk};
use etherparse::{LinkExtSlice, NetSlice, SlicedPacket, TransportSlice};

/// VLAN tags that both readers follow.
const TAGS: usize = 2;

/// IPv6 extension headers that ours follows.
const EXTENSIONS: usize = 8;

/// A frame: what is read lies within it, and if another parser takes it for plain TCP, both read the same.
///
/// # Panics
/// It is not so.
pub fn packet(data: &[u8]) {
    let (mut outer, mut walk) = (Encapsulation::NONE, Walk::new());
    let read = packet::parse(&data, &mut outer, &mut walk).map(|()| walk.segment());
    let within = |offset: u32, length: u32| {
        let end = u64::from(offset) + u64::from(length);
        assert!(end <= data.len() as u64, "{read:?}, {:?} in {} bytes", walk.fragment(), data.len());
    };
    if let Ok(segment) = read {
        within(segment.offset, segment.length);
    }
    if let Some(fragment) = walk.fragment() {
        within(fragment.offset, fragment.length);
    }
    let Some(plain) = plain_tcp(data) else { return };
    let segment = read.expect("what another parser reads is read");
    let start = segment.offset as usize;
    let found = Plain {
        from: segment.source.into(),
        to: segment.destination.into(),
        sequence: segment.sequence,
        payload: data.get(start..start + segment.length as usize).unwrap_or_default(),
    };
    assert_eq!(found, plain, "ours, the other parser's");
}

#[derive(Debug, PartialEq, Eq)]
struct Plain<'a> {
    from: SocketAddr,
    to: SocketAddr,
    /// Of the first byte of the payload.
    sequence: u32,
    payload: &'a [u8],
}

/// TCP in IP in Ethernet, as etherparse reads it.
fn plain_tcp(data: &[u8]) -> Option<Plain<'_>> {
    let sliced = SlicedPacket::from_ethernet(data).ok()?;
    let tagged = |tag: &LinkExtSlice<'_>| matches!(tag, LinkExtSlice::Vlan(_));
    if sliced.link_exts.len() > TAGS || !sliced.link_exts.iter().all(tagged) {
        return None;
    }
    let (from, to, fragmented): (IpAddr, IpAddr, bool) = match sliced.net? {
        NetSlice::Ipv4(ip) => {
            let header = ip.header();
            (header.source_addr().into(), header.destination_addr().into(), ip.is_payload_fragmented())
        }
        NetSlice::Ipv6(ip) => {
            if ip.extensions().clone().into_iter().count() > EXTENSIONS {
                return None;
            }
            let header = ip.header();
            let fragmented = ip.is_payload_fragmented();
            (header.source_addr().to_canonical(), header.destination_addr().to_canonical(), fragmented)
        }
        NetSlice::Arp(_) => return None,
    };
    let Some(TransportSlice::Tcp(tcp)) = sliced.transport else { return None };
    (!fragmented).then(|| Plain {
        from: SocketAddr::new(from.to_canonical(), tcp.source_port()),
        to: SocketAddr::new(to.to_canonical(), tcp.destination_port()),
        sequence: tcp.sequence_number().wrapping_add(u32::from(tcp.syn())),
        payload: tcp.payload(),
    })
}

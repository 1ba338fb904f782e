//! Fragments of IP packets.

use super::*;

fn fragment(frame: &[u8]) -> Option<Fragment> {
    parsed(frame).2.fragment().copied()
}

/// IPv4's field of a fragment.
fn field(place: u16, more: bool) -> u16 {
    (place / 8) | (u16::from(more) << 13)
}

/// A fragment of IPv4 with this identification.
fn part4(place: u16, more: bool, protocol: u8, bytes: &[u8]) -> Vec<u8> {
    let mut packet = v4(8, field(place, more), protocol, bytes);
    packet[4..6].copy_from_slice(&[0xab, 0xcd]);
    packet
}

/// The same of IPv6, behind destination options.
fn part6(place: u16, more: bool, protocol: u8, bytes: &[u8]) -> Vec<u8> {
    let [high, low] = (place | u16::from(more)).to_be_bytes();
    let header = [&[protocol, 0, high, low, 0x12, 0x34, 0xab, 0xcd], bytes].concat();
    v6(60, &extension(44, 1, 0, &header))
}

#[test]
fn every_fragment_of_tcp_is_told_with_its_place() {
    let whole = tcp(0x18, 0, &[b'x'; 76]);
    for six in [false, true] {
        let frame = |place: u16, more, bytes: &[u8]| {
            let (kind, packet) = if six {
                (0x86dd, part6(place, more, 6, bytes))
            } else {
                (0x0800, part4(place, more, 6, bytes))
            };
            frame(&[0x8100], kind, &packet)
        };
        let first = frame(0, true, &whole[..48]);
        let told = fragment(&first).unwrap();
        assert_eq!((told.place, told.total, told.length), (0, 0, 48));
        assert_eq!(&first[told.offset as usize..], &whole[..48]);
        let upper = if six { 0x1234 } else { 0 };
        assert_eq!((told.source.port(), told.destination.port()), (upper, 0xabcd));
        assert_eq!(payload(&first), Err(Unread::Fragment), "it may be forged");

        let later = frame(48, true, &whole[48..64]);
        let told = fragment(&later).unwrap();
        assert_eq!((told.place, told.total, told.length), (48, 0, 16));
        assert_eq!(payload(&later), Err(Unread::Fragment));

        let mut last = frame(64, false, &whole[64..]);
        let told = fragment(&last).unwrap();
        assert_eq!((told.place, told.total, told.length), (64, 96, 32));
        last.extend([0xaa; 9]);
        assert_eq!(fragment(&last).unwrap(), told, "padding is not part of it");
        last.truncate(last.len() - 9 - 10);
        let cut = fragment(&last).unwrap();
        assert_eq!((cut.total, cut.length), (96, 22), "what is missing is not taken for the end");
    }
}

#[test]
fn a_first_fragment_without_a_whole_header_of_tcp_is_told() {
    let bytes = frame(&[], 0x0800, &part4(0, true, 6, &tcp(0x18, 0, b"")[..8]));
    assert_eq!(fragment(&bytes).map(|fragment| fragment.length), Some(8));
    assert_eq!(payload(&bytes), Err(Unread::Fragment));
}

#[test]
fn fragments_of_what_stands_behind_extension_headers_are_told() {
    let segment = tcp(0x18, 0, &[b'x'; 76]);
    let options = extension(6, 1, 0, &segment);
    let mut authentication = std::vec![6, 4, 0, 0];
    authentication.extend([0; 20]);
    authentication.extend(&segment);
    for (protocol, bytes, behind) in [(60, &options, 16), (51, &authentication, 24)] {
        assert_eq!(behind_extensions(bytes, protocol), Some((6, behind)));
        for cut in [8, 32, 64] {
            for (kind, parts) in [
                (0x0800, [part4(0, true, protocol, &bytes[..cut]), part4(32, false, protocol, &bytes[32..])]),
                (0x86dd, [part6(0, true, protocol, &bytes[..cut]), part6(32, false, protocol, &bytes[32..])]),
            ] {
                let [first, last] = parts.map(|part| {
                    let frame = frame(&[], kind, &part);
                    assert_eq!(payload(&frame), Err(Unread::Fragment), "{protocol}, {cut}");
                    fragment(&frame).unwrap()
                });
                assert_eq!((first.protocol, first.place, first.length as usize), (protocol, 0, cut));
                assert_eq!((last.protocol, last.place, usize::from(last.total)), (protocol, 32, bytes.len()));
            }
        }
    }
}

#[test]
fn what_stands_behind_extension_headers_is_found_or_not_there() {
    assert_eq!(behind_extensions(&[], 6), Some((6, 0)));
    let chain = extension(44, 2, 0, &extension(17, 0, 0, b"more"));
    assert_eq!(behind_extensions(&chain, 43), Some((17, 32)), "an atomic fragment");
    let again = extension(44, 2, 0, &extension(17, 0, 8, b"more"));
    assert_eq!(behind_extensions(&again, 43), None, "in fragments once more");
    assert_eq!(behind_extensions(&[60, 0, 0], 60), None, "cut off");
    let endless = [60, 0, 0, 0, 0, 0, 0, 0].repeat(20);
    assert_eq!(behind_extensions(&endless, 60), None);
}

#[test]
fn what_is_whole_or_not_tcp_is_no_fragment_of_it() {
    let segment = tcp(0x18, 0, PAYLOAD);
    assert_eq!(fragment(&frame(&[], 0x0800, &v4(0, 0x4000, 6, &segment))), None);
    assert_eq!(fragment(&frame(&[], 0x86dd, &part6(0, false, 6, &segment))), None, "atomic");
    assert_eq!(payload(&frame(&[], 0x86dd, &part6(0, false, 6, &segment))), Ok(PAYLOAD));
    assert_eq!(fragment(&frame(&[], 0x0800, &part4(64, true, 17, &segment))), None);
    assert_eq!(payload(&frame(&[], 0x0800, &part4(64, true, 17, &segment))), Err(Unread::Fragment));
    assert_eq!(fragment(&frame(&[], 0x0800, &part4(64, false, 6, b""))), None, "nothing in it");
    let beyond = frame(&[], 0x0800, &part4(65_528, false, 6, &segment));
    assert_eq!((fragment(&beyond), payload(&beyond)), (None, Err(Unread::Malformed)));
}

#[test]
fn of_a_tunnel_the_fragments_within_are_told_and_those_of_it_only_counted() {
    let segment = tcp(0x18, 0, PAYLOAD);
    let within = frame(&[], 0x0800, &v4(0, 0, 4, &part4(16, false, 6, &segment)));
    let told = fragment(&within).unwrap();
    assert_eq!((told.place, usize::from(told.total)), (16, 16 + segment.len()));
    let inner = v4(0, 0, 6, &segment);
    let first = frame(&[], 0x0800, &v4(0, field(0, true), 4, &inner[..50]));
    assert_eq!((fragment(&first), payload(&first)), (None, Ok(&PAYLOAD[..10])));
    let later = frame(&[], 0x0800, &v4(0, field(48, false), 4, &inner[48..]));
    assert_eq!((fragment(&later), payload(&later)), (None, Err(Unread::Fragment)));
}

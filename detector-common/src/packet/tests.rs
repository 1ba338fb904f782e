mod fragments;
mod tunnels;

use std::vec::Vec;

use super::*;

const PAYLOAD: &[u8] = b"{\"method\":\"login\"}\n";

fn tcp(flags: u8, options: usize, payload: &[u8]) -> Vec<u8> {
    let mut bytes = std::vec![0x9c, 0x40, 0x0d, 0x05, 0, 0, 0x12, 0x34, 0, 0, 0, 0];
    bytes.push(u8::try_from((20 + options) / 4).unwrap() << 4);
    bytes.extend([flags, 0xff, 0xff, 0, 0, 0, 0]);
    bytes.extend(std::vec![1; options]);
    bytes.extend(payload);
    bytes
}

fn v4(options: usize, fragment: u16, protocol: u8, inner: &[u8]) -> Vec<u8> {
    let header = 20 + options;
    let total = u16::try_from(header + inner.len()).unwrap().to_be_bytes();
    let mut bytes = std::vec![0x40 | u8::try_from(header / 4).unwrap(), 0, total[0], total[1], 0, 0];
    bytes.extend(fragment.to_be_bytes());
    bytes.extend([64, protocol, 0, 0, 10, 0, 0, 2, 203, 0, 113, 9]);
    bytes.extend(std::vec![1; options]);
    bytes.extend(inner);
    bytes
}

fn v6(next: u8, inner: &[u8]) -> Vec<u8> {
    let length = u16::try_from(inner.len()).unwrap().to_be_bytes();
    let mut bytes = std::vec![0x60, 0, 0, 0, length[0], length[1], next, 64];
    bytes.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    bytes.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    bytes.extend(inner);
    bytes
}

fn extension(next: u8, units: u8, second: u8, inner: &[u8]) -> Vec<u8> {
    let mut bytes = std::vec![next, units, 0, second, 0, 0, 0, 0];
    bytes.extend(std::vec![0; usize::from(units) * 8]);
    bytes.extend(inner);
    bytes
}

fn frame(tags: &[u16], kind: u16, inner: &[u8]) -> Vec<u8> {
    let mut bytes = std::vec![0; 12];
    for tag in tags {
        bytes.extend(tag.to_be_bytes());
        bytes.extend([0, 7]);
    }
    bytes.extend(kind.to_be_bytes());
    bytes.extend(inner);
    bytes
}

/// What a frame leads to, and what it was wrapped in.
fn parsed(frame: &[u8]) -> (Result<(), Unread>, Encapsulation, Walk) {
    let (mut outer, mut walk) = (Encapsulation::NONE, Walk::new());
    (parse(&frame, &mut outer, &mut walk), outer, walk)
}

fn segment(frame: &[u8]) -> Result<Segment, Unread> {
    let (parsed, _, walk) = parsed(frame);
    parsed.map(|()| walk.segment())
}

fn payload(frame: &[u8]) -> Result<&[u8], Unread> {
    let segment = segment(frame)?;
    Ok(&frame[segment.offset as usize..][..segment.length as usize])
}

#[test]
fn reads_ipv4_with_and_without_options() {
    for (ip, options) in [(0, 0), (40, 0), (0, 40), (4, 12)] {
        let frame = frame(&[], 0x0800, &v4(ip, 0x4000, 6, &tcp(0x18, options, PAYLOAD)));
        assert_eq!(payload(&frame), Ok(PAYLOAD));
        let segment = segment(&frame).unwrap();
        assert_eq!(std::format!("{:?}", segment.source), "10.0.0.2:40000");
        assert_eq!(std::format!("{:?}", segment.destination), "203.0.113.9:3333");
        assert_eq!(segment.sequence, 0x1234);
    }
}

#[test]
fn reads_vlan_tags_up_to_four() {
    let inner = v4(0, 0, 6, &tcp(0x18, 0, PAYLOAD));
    for tags in [&[0x8100][..], &[0x88a8, 0x8100], &[0x9100, 0x8100], &[0x8100; 3], &[0x9100; 4]] {
        assert_eq!(payload(&frame(tags, 0x0800, &inner)), Ok(PAYLOAD));
    }
    assert_eq!(payload(&frame(&[0x8100; 5], 0x0800, &inner)), Err(Unread::TooDeep));
}

#[test]
fn reads_ipv6_with_extension_headers() {
    let segment = tcp(0x18, 12, PAYLOAD);
    assert_eq!(payload(&frame(&[], 0x86dd, &v6(6, &segment))), Ok(PAYLOAD));
    let chain =
        extension(43, 0, 0, &extension(60, 2, 0, &extension(44, 1, 0, &extension(6, 0, 0, &segment))));
    assert_eq!(payload(&frame(&[], 0x86dd, &v6(0, &chain))), Ok(PAYLOAD));
    let mut authentication = std::vec![6, 4, 0, 0];
    authentication.extend([0; 20]);
    authentication.extend(&segment);
    assert_eq!(payload(&frame(&[], 0x86dd, &v6(51, &authentication))), Ok(PAYLOAD));
}

#[test]
fn gives_up_on_endless_extension_headers() {
    let mut inner = tcp(0x18, 0, PAYLOAD);
    for next in [6, 60, 60, 60, 60, 60, 60, 60, 60, 60] {
        inner = extension(next, 0, 0, &inner);
    }
    assert_eq!(payload(&frame(&[], 0x86dd, &v6(60, &inner))), Err(Unread::ExtensionHeaders));
}

#[test]
fn fragments_hold_no_whole_segment() {
    let inner = tcp(0x18, 0, PAYLOAD);
    assert_eq!(payload(&frame(&[], 0x0800, &v4(0, 0x2000, 6, &inner))), Err(Unread::Fragment));
    assert_eq!(payload(&frame(&[], 0x0800, &v4(0, 0x0010, 6, &inner))), Err(Unread::Fragment));
    let fragment = extension(6, 0, 8, &inner);
    assert_eq!(payload(&frame(&[], 0x86dd, &v6(44, &fragment))), Err(Unread::Fragment));
}

#[test]
fn padding_is_not_payload() {
    let mut bytes = frame(&[], 0x0800, &v4(0, 0, 6, &tcp(0x10, 0, b"")));
    bytes.resize(60, 0xaa);
    assert_eq!(payload(&bytes), Ok(&b""[..]));
}

#[test]
fn a_length_of_zero_means_the_whole_frame() {
    let mut bytes = frame(&[], 0x0800, &v4(0, 0, 6, &tcp(0x18, 0, PAYLOAD)));
    bytes[16..18].fill(0);
    assert_eq!(payload(&bytes), Ok(PAYLOAD));
}

#[test]
fn a_syn_takes_a_sequence_number() {
    let bytes = frame(&[], 0x0800, &v4(0, 0, 6, &tcp(SYN, 0, PAYLOAD)));
    assert_eq!(segment(&bytes).unwrap().sequence, 0x1235);
}

#[test]
fn says_why_it_cannot_read() {
    let icmp = frame(&[], 0x0800, &v4(0, 0, 1, &[0; 8]));
    assert_eq!(payload(&icmp), Err(Unread::NotTcp));
    assert_eq!(payload(&frame(&[], 0x0806, &[0; 28])), Err(Unread::NotIp));
    assert_eq!(payload(&[0; 13]), Err(Unread::Truncated));
    let mut wrong = frame(&[], 0x0800, &v4(0, 0, 6, &tcp(0x18, 0, PAYLOAD)));
    wrong[14] = 0x44;
    assert_eq!(payload(&wrong), Err(Unread::Malformed));
    let mut short = frame(&[], 0x0800, &v4(0, 0, 6, &tcp(0x18, 0, PAYLOAD)));
    short[46] = 0x40;
    assert_eq!(payload(&short), Err(Unread::Malformed));
}

#[test]
fn what_the_snap_length_cut_is_not_payload() {
    let bytes = frame(&[], 0x0800, &v4(0, 0, 6, &tcp(0x18, 0, PAYLOAD)));
    assert_eq!(payload(&bytes[..60]), Ok(&PAYLOAD[..6]));
    assert_eq!(payload(&bytes[..40]), Err(Unread::Truncated));
}

proptest::proptest! {
    #[test]
    fn any_bytes_stay_within_the_frame(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        if let Ok(segment) = segment(&bytes) && segment.length > 0 {
            assert!((segment.offset + segment.length) as usize <= bytes.len());
        }
    }
}

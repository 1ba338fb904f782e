use std::net::{IpAddr, SocketAddr};

use detector_common::event::{EventHeader, EventKind};
use detector_common::flow::{End, TCP};
use detector_common::packet::{Encapsulation, FIN, RST};
use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

/// Packets from 10.0.0.2 to 203.0.113.9, by their identification.
fn key(identification: u32) -> (FlowKey, Direction) {
    let [h0, h1, l0, l1] = identification.to_be_bytes();
    FlowKey::fragments(End::v4([10, 0, 0, 2], [h0, h1]), End::v4([203, 0, 113, 9], [l0, l1]))
}

struct Bench {
    fragments: Fragments,
    now: Timestamp,
}

impl Bench {
    fn new(change: impl FnOnce(&mut FragmentLimits)) -> Self {
        let mut limits = FragmentLimits::default();
        change(&mut limits);
        Self { fragments: Fragments::new(limits), now: at(0) }
    }

    /// The segment that a fragment completes, if it is one.
    fn give(&mut self, packet: u32, place: u32, bytes: &[u8], total: Option<u16>) -> Option<Whole> {
        let mut all = self.all(packet, TCP, place, bytes, total);
        assert!(all.len() < 2);
        all.pop()
    }

    fn all(&mut self, packet: u32, protocol: u8, place: u32, bytes: &[u8], total: Option<u16>) -> Vec<Whole> {
        let (key, direction) = key(packet);
        let mut header = EventHeader::new(EventKind::Fragment, key, direction, 7, place, 3);
        header.set_part(place, u16::try_from(bytes.len()).unwrap());
        header.set_fragment(protocol, total.unwrap_or_default());
        let all = self.fragments.take(
            &Event { kind: EventKind::Fragment, header, outer: Encapsulation::NONE, payload: bytes },
            self.now,
        );
        self.check();
        all
    }

    /// Nothing is held that is not accounted for.
    fn check(&self) {
        let Fragments { open, done, bytes, limits, .. } = &self.fragments;
        let packets = || open.values().chain(done.values());
        assert_eq!(*bytes, packets().map(Partial::cost).sum::<usize>());
        packets().for_each(Partial::check);
        assert!(done.values().all(Partial::is_done) && !open.values().any(Partial::is_done));
        assert!(packets().count() <= limits.packets && *bytes <= limits.bytes);
    }

    fn losses(&self) -> FragmentLosses {
        self.fragments.losses()
    }
}

/// A segment with `options` bytes of options.
fn segment(sequence: u32, flags: u8, options: usize, payload: &[u8]) -> Vec<u8> {
    let [s0, s1, s2, s3] = sequence.to_be_bytes();
    let length = u8::try_from((20 + options) / 4).unwrap() << 4;
    let mut bytes = vec![0x9c, 0x40, 0x0d, 0x05, s0, s1, s2, s3, 0, 0, 0, 0, length, flags, 1, 0, 0, 0, 0, 0];
    bytes.extend(vec![1; options]);
    bytes.extend(payload);
    seal(ENDS, &mut bytes);
    bytes
}

const ENDS: [IpAddr; 2] =
    [IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2)), IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9))];

/// Makes the checksum of a segment right.
pub(crate) fn seal(ends: [IpAddr; 2], segment: &mut [u8]) {
    segment[16..18].fill(0);
    let sum = !whole::checksum(ends, segment);
    segment[16..18].copy_from_slice(&sum.to_be_bytes());
}

#[test]
fn a_header_that_is_itself_split_is_read() {
    let mut bench = Bench::new(|_| {});
    let bytes = segment(1000, FIN | 0x10, 12, b"{\"id\":1}\n");
    assert_eq!(bench.give(1, 24, &bytes[24..], Some(41)), None);
    assert_eq!(bench.give(1, 0, &bytes[..8], None), None);
    assert_eq!(bench.give(1, 16, &bytes[16..24], None), None);
    let whole = bench.give(1, 8, &bytes[8..16], None).unwrap();
    assert_eq!((whole.sequence, whole.payload.as_slice()), (1000, b"{\"id\":1}\n".as_slice()));
    let sender: SocketAddr = whole.key.sender(whole.direction).into();
    let receiver: SocketAddr = whole.key.receiver(whole.direction).into();
    assert_eq!([sender, receiver], ["10.0.0.2:40000", "203.0.113.9:3333"].map(|end| end.parse().unwrap()));
    let event = whole.event(EventKind::Segment);
    assert_eq!((event.header.time(), event.header.interface(), event.header.length()), (7, 3, 9));
    let end = whole.end().unwrap();
    assert_eq!((end.kind, end.header.sequence(), end.payload), (EventKind::Closed, 1009, [].as_slice()));
    assert_eq!(bench.losses(), FragmentLosses::default());
    assert_eq!(bench.fragments.open.len(), 0);
}

#[test]
fn addresses_of_ipv6_and_the_way_back() {
    let ends = [End::v6([0x20; 8], [2; 8], [0, 1]), End::v6([0x20; 8], [1; 8], [0, 2])];
    let (key, direction) = FlowKey::fragments(ends[0], ends[1]);
    let mut header = EventHeader::new(EventKind::Fragment, key, direction, 0, 0, 1);
    let mut bytes = segment(5, RST, 0, b"");
    seal([ends[0].ip(), ends[1].ip()], &mut bytes);
    header.set_fragment(TCP, 20);
    let mut fragments = Fragments::new(FragmentLimits::default());
    let event = Event { kind: EventKind::Fragment, header, outer: Encapsulation::NONE, payload: &bytes };
    let all = fragments.take(&event, at(0));
    let [whole] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(whole.key.sender(whole.direction), End::v6([0x20; 8], [2; 8], [0x9c, 0x40]));
    assert_eq!(whole.key.receiver(whole.direction), End::v6([0x20; 8], [1; 8], [0x0d, 0x05]));
    assert_eq!(whole.end().map(|end| end.kind), Some(EventKind::Reset));
}

#[test]
fn packets_are_told_apart_by_identification_and_direction() {
    let mut bench = Bench::new(|_| {});
    let bytes = segment(1, 0, 0, b"0123");
    for packet in [1, 2, 0x1_0001, 0xffff_0000] {
        assert_eq!(bench.give(packet, 0, &bytes[..16], None), None);
    }
    assert_eq!(bench.fragments.open.len(), 4);
    // The same key as 0xffff_0000, from the other side.
    let (key, direction) =
        FlowKey::fragments(End::v4([203, 0, 113, 9], [0; 2]), End::v4([10, 0, 0, 2], [0xff; 2]));
    assert_eq!(key, self::key(0xffff_0000).0);
    let mut header = EventHeader::new(EventKind::Fragment, key, direction, 0, 16, 1);
    header.set_fragment(TCP, 24);
    let event =
        Event { kind: EventKind::Fragment, header, outer: Encapsulation::NONE, payload: &bytes[16..] };
    assert_eq!(bench.fragments.take(&event, at(0)), []);
    assert!(bench.give(0xffff_0000, 16, &bytes[16..], Some(24)).is_some());
}

#[test]
fn forged_copies_are_counted_and_left_out() {
    let mut bench = Bench::new(|_| {});
    let bytes = segment(1, 0, 0, b"the true one");
    bench.give(1, 16, &bytes[16..], Some(32));
    bench.give(1, 16, &bytes[16..], Some(32));
    assert_eq!(bench.losses().conflicting, 0, "a repetition is no contradiction");
    bench.give(1, 20, b"the FORGED one", None);
    bench.give(1, 8, &[0; 24], None);
    assert_eq!(bench.losses().conflicting, 2);
    assert_eq!(bench.give(1, 0, &bytes[..16], None).unwrap().payload, b"the true one");
    assert_eq!(bench.losses().conflicting, 3, "the true beginning contradicts a forged one");
}

#[test]
fn what_was_forged_first_hides_nothing() {
    let bytes = segment(1, 0x18, 0, &[b'm'; 60]);
    let forged = |from: usize, to: usize| vec![0x55; to - from];
    let parts = [(0, 24, None), (24, 48, None), (48, 80, Some(80))];
    // Which of the fragments were forged, and whether all of those come before the others, or each
    // before its own.
    for which in 1..8 {
        for before in [true, false] {
            let mut bench = Bench::new(|_| {});
            let mut order = Vec::new();
            for (number, part) in parts.iter().enumerate() {
                if which >> number & 1 == 1 {
                    order.push((!before && number > 0, *part, true));
                }
                order.push((true, *part, false));
            }
            order.sort_by_key(|(later, ..)| *later);
            let mut found = Vec::new();
            for (_, (from, to, total), fake) in order {
                let part = if fake { forged(from, to) } else { bytes[from..to].to_vec() };
                found.extend(bench.give(1, u32::try_from(from).unwrap(), &part, total));
            }
            let [whole] = found.as_slice() else { panic!("{which}, {before}: {found:?}") };
            assert_eq!(whole.payload, [b'm'; 60]);
            assert_eq!(bench.losses().conflicting, u64::from(u32::count_ones(which)));
        }
    }
}

#[test]
fn a_forged_copy_of_each_of_many_fragments_hides_nothing() {
    let bytes = segment(1, 0x18, 0, &[b'm'; 108]);
    let mut bench = Bench::new(|_| {});
    let mut found = Vec::new();
    for place in (0..128_usize).step_by(8) {
        let total = (place == 120).then_some(128);
        let at = u32::try_from(place).unwrap();
        found.extend(bench.give(1, at, &[0x55; 8], total));
        found.extend(bench.give(1, at, &bytes[place..place + 8], total));
    }
    assert_eq!(found.first().map(|whole| whole.payload.as_slice()), Some([b'm'; 108].as_slice()));
    assert_eq!(found.len(), 1);
}

#[test]
fn a_forged_end_hides_nothing() {
    let bytes = segment(1, 0x18, 0, &[b'm'; 60]);
    for (place, forged) in [(24, 48), (48, 72), (48, 120), (80, 88)] {
        for first in [true, false] {
            let mut bench = Bench::new(|_| {});
            let fake = vec![0x55; forged - place];
            let mut found = Vec::new();
            let forge = |bench: &mut Bench| {
                bench.give(1, u32::try_from(place).unwrap(), &fake, u16::try_from(forged).ok())
            };
            if first {
                found.extend(forge(&mut bench));
            }
            found.extend(bench.give(1, 0, &bytes[..48], None));
            if !first {
                found.extend(forge(&mut bench));
            }
            found.extend(bench.give(1, 48, &bytes[48..], Some(80)));
            let [whole] = found.as_slice() else { panic!("{place}, {forged}, {first}: {found:?}") };
            assert_eq!(whole.payload, [b'm'; 60]);
        }
    }
}

#[test]
fn of_two_packets_with_a_right_checksum_both_are_read() {
    let bytes = segment(1, 0x18, 0, b"0123456789ab");
    let mut bench = Bench::new(|_| {});
    bench.give(1, 0, &bytes[..16], None);
    // The same sum: words in another order.
    assert_eq!(bench.give(1, 16, b"\0\0\0\x004501238967ab", Some(32)), None, "nobody would send that");
    let mut other = bytes[16..].to_vec();
    other[4..].copy_from_slice(b"45018967ab23");
    let forged = bench.give(1, 16, &other, Some(32)).unwrap();
    assert_eq!(forged.payload, b"45018967ab23");
    let real = bench.give(1, 16, &bytes[16..], Some(32)).unwrap();
    assert_eq!(real.payload, b"0123456789ab");
    assert!(bench.losses().conflicting > 0);
}

#[test]
fn what_came_first_is_read_in_the_end_if_no_checksum_is_right() {
    let mut bytes = segment(1, 0x18, 0, b"0123456789ab");
    bytes[16] ^= 1;
    let mut bench = Bench::new(|_| {});
    assert_eq!(bench.give(1, 0, &bytes, Some(32)), None);
    bench.now = at(1);
    assert_eq!(bench.fragments.advance(at(1)), []);
    let all = bench.fragments.advance(at(2));
    assert_eq!(all.iter().map(|whole| whole.payload.as_slice()).collect::<Vec<_>>(), [b"0123456789ab"]);
    assert_eq!(bench.fragments.advance(at(9)), []);
    // At the end of a capture, too, and for want of room.
    bench.give(2, 0, &bytes, Some(32));
    assert_eq!(bench.fragments.finish().len(), 1);
    let mut bench = Bench::new(|limits| limits.packets = 1);
    bench.give(1, 0, &bytes, Some(32));
    assert!(bench.give(2, 0, &bytes, Some(32)).is_some());
    assert_eq!(bench.losses(), FragmentLosses::default());
}

#[test]
fn packets_with_one_identification_come_one_after_the_other() {
    let mut bench = Bench::new(|_| {});
    for number in 0..100_u32 {
        let bytes = segment(number * 100, 0x18, 0, format!("message {number:08}").as_bytes());
        assert_eq!(bench.give(7, 0, &bytes[..24], None), None, "{number}");
        let whole = bench.give(7, 24, &bytes[24..], Some(36)).unwrap();
        assert_eq!(whole.sequence, number * 100);
    }
}

#[test]
fn segments_behind_extension_headers_are_read() {
    let segment = segment(1, 0x18, 0, b"0123456789ab");
    let options = [[6, 1, 1, 4, 0, 0, 0, 0].as_slice(), &[0; 8], &segment].concat();
    let authentication = [[6, 4, 0, 0].as_slice(), &[7; 20], &segment].concat();
    for (protocol, bytes) in [(60, options), (51, authentication)] {
        let mut bench = Bench::new(|_| {});
        let total = u16::try_from(bytes.len()).unwrap();
        assert_eq!(bench.all(1, protocol, 8, &bytes[8..], Some(total)), []);
        let all = bench.all(1, protocol, 0, &bytes[..8], None);
        assert_eq!(all.iter().map(|whole| whole.payload.as_slice()).collect::<Vec<_>>(), [b"0123456789ab"]);
    }
    // Behind them there may be something else, which is nobody's loss.
    let mut bench = Bench::new(|_| {});
    assert_eq!(bench.all(1, 60, 0, &[17, 0, 1, 4, 0, 0, 0, 0, 1, 2, 3, 4], Some(12)), []);
    bench.fragments.advance(at(59));
    bench.fragments.advance(at(61));
    assert_eq!(bench.losses(), FragmentLosses::default());
}

#[test]
fn the_largest_packet_is_read_and_nothing_beyond_it() {
    let mut bench = Bench::new(|_| {});
    let bytes = segment(1, 0, 40, &vec![b'x'; 65_535 - 60]);
    let mut whole = None;
    for place in (0..65_535_usize).step_by(2048).rev() {
        let end = (place + 2048).min(65_535);
        let total = (end == 65_535).then_some(u16::MAX);
        whole = bench.give(1, u32::try_from(place).unwrap(), &bytes[place..end], total);
    }
    assert_eq!(whole.unwrap().payload.len(), 65_535 - 60);
    let held = bench.fragments.bytes;
    for place in [65_535, 65_536, 1 << 20, u32::MAX - 4, u32::MAX] {
        assert_eq!(bench.give(2, place, b"far away", None), None);
    }
    assert_eq!(bench.losses().conflicting, 5);
    assert_eq!(bench.fragments.bytes, held + 256);
}

#[test]
fn what_does_not_begin_with_a_header_is_counted() {
    let mut bench = Bench::new(|_| {});
    assert_eq!(bench.give(1, 0, b"too short", Some(9)), None);
    assert_eq!(bench.give(2, 0, &[0x40; 24], Some(24)), None, "a header of 16 bytes");
    let mut longer = segment(1, 0, 0, b"");
    longer[12] = 0xf0;
    assert_eq!(bench.give(3, 0, &longer, Some(20)), None);
    assert_eq!(bench.fragments.advance(at(2)), []);
    assert_eq!(bench.losses(), FragmentLosses { malformed: 3, ..FragmentLosses::default() });
    assert_eq!(bench.fragments.open.len(), 0);
}

#[test]
fn the_rest_is_waited_for_a_minute() {
    let bytes = segment(1, 0, 0, b"0123");
    for (seconds, comes) in [(59, true), (60, false), (3600, false)] {
        let mut bench = Bench::new(|_| {});
        bench.give(1, 0, &bytes[..16], None);
        bench.now = at(30);
        bench.give(1, 0, &bytes[..16], None);
        bench.now = at(seconds);
        assert_eq!(bench.give(1, 16, &bytes[16..], Some(24)).is_some(), comes, "{seconds}");
        assert_eq!(bench.losses().expired, u64::from(!comes));
    }
    let mut bench = Bench::new(|_| {});
    bench.give(1, 0, &bytes[..16], None);
    bench.fragments.advance(at(60));
    assert_eq!((bench.fragments.bytes, bench.losses().expired), (0, 1));
    bench.give(1, 0, &bytes[..16], None);
    bench.fragments.finish();
    assert_eq!((bench.fragments.bytes, bench.losses().expired), (0, 2));
}

#[test]
fn the_oldest_makes_room() {
    let bytes = segment(1, 0, 0, b"0123");
    let mut bench = Bench::new(|limits| limits.packets = 2);
    for packet in 1..=3 {
        bench.give(packet, 0, &bytes[..16], None);
    }
    assert_eq!(bench.losses().evicted, 1);
    assert_eq!(bench.give(1, 16, &bytes[16..], Some(24)), None);
    assert!(bench.give(3, 16, &bytes[16..], Some(24)).is_some());
    // Two packets with a piece of 1,000 bytes each fit.
    let mut bench = Bench::new(|limits| limits.bytes = 2 * (256 + 64 + 1000));
    for packet in 1..=3 {
        bench.give(packet, 1000, &[0; 1000], None);
    }
    assert_eq!((bench.fragments.open.len(), bench.losses().evicted), (2, 1));
    for place in 0..1000 {
        bench.give(4, place * 16, &[0; 8], None);
    }
}

/// Where fragments begin and end, what is in them, whether they are last.
fn hostile() -> impl Strategy<Value = Vec<(u32, u32, u8, u8, bool)>> {
    let place = prop_oneof![4 => (0..16u32).prop_map(|unit| unit * 8), 1 => 0..70_000u32, 1 => any::<u32>()];
    prop::collection::vec((0..4u32, place, 0..64u8, any::<u8>(), prop::bool::weighted(0.1)), 0..200)
}

proptest! {
    #[test]
    fn nothing_hostile_breaks_the_accounts(fragments in hostile()) {
        let mut bench = Bench::new(|limits| *limits = FragmentLimits { packets: 3, bytes: 2500, ..*limits });
        for (packet, place, length, fill, last) in fragments {
            let total = last.then(|| u16::try_from(place.saturating_add(length.into())).unwrap_or(u16::MAX));
            bench.all(packet, TCP, place, &vec![fill; length.into()], total);
        }
    }
}

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

    fn give(&mut self, packet: u32, place: u32, bytes: &[u8], total: Option<u16>) -> Option<Whole> {
        let (key, direction) = key(packet);
        let mut header = EventHeader::new(EventKind::Fragment, key, direction, 7, place, 3);
        header.set_part(place, u16::try_from(bytes.len()).unwrap());
        if let Some(total) = total {
            header.set_total(total);
        }
        self.fragments.take(
            &Event { kind: EventKind::Fragment, header, outer: Encapsulation::NONE, payload: bytes },
            self.now,
        )
    }

    /// Nothing is held that is not accounted for.
    fn check(&self) {
        let cost: usize = self.fragments.packets.values().map(Partial::cost).sum();
        assert_eq!(self.fragments.bytes, cost);
        for packet in self.fragments.packets.values() {
            let held: usize = packet.pieces.values().map(|piece| piece.len()).sum();
            assert_eq!(packet.held as usize, held);
            let mut end = 0;
            for (at, piece) in &packet.pieces {
                assert!(*at >= end && !piece.is_empty(), "pieces overlap or are empty");
                end = at + length(piece);
            }
            assert!(end <= packet.total.unwrap_or(LARGEST));
        }
        assert!(self.fragments.packets.len() <= self.fragments.limits.packets);
        assert!(self.fragments.bytes <= self.fragments.limits.bytes);
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
    bytes
}

#[test]
fn a_header_that_is_itself_split_is_read() {
    let mut bench = Bench::new(|_| {});
    let bytes = segment(1000, FIN | 0x10, 12, b"{\"id\":1}\n");
    assert_eq!(bench.give(1, 24, &bytes[24..], Some(41)), None);
    assert_eq!(bench.give(1, 0, &bytes[..8], None), None);
    assert_eq!(bench.give(1, 16, &bytes[16..24], None), None);
    bench.check();
    let whole = bench.give(1, 8, &bytes[8..16], None).unwrap();
    assert_eq!((whole.sequence, whole.payload.as_slice()), (1000, b"{\"id\":1}\n".as_slice()));
    let sender: SocketAddr = whole.key.sender(whole.direction).into();
    let receiver: SocketAddr = whole.key.receiver(whole.direction).into();
    assert_eq!([sender, receiver], ["10.0.0.2:40000", "203.0.113.9:3333"].map(|end| end.parse().unwrap()));
    let event = whole.event(EventKind::Segment);
    assert_eq!((event.header.time(), event.header.interface(), event.header.length()), (7, 3, 9));
    let end = whole.end().unwrap();
    assert_eq!((end.kind, end.header.sequence(), end.payload), (EventKind::Closed, 1009, [].as_slice()));
    assert_eq!(bench.fragments.bytes, 0);
    assert_eq!(bench.losses(), FragmentLosses::default());
}

#[test]
fn addresses_of_ipv6_and_the_way_back() {
    let ends = [End::v6([0x20; 8], [2; 8], [0, 1]), End::v6([0x20; 8], [1; 8], [0, 2])];
    let (key, direction) = FlowKey::fragments(ends[0], ends[1]);
    let mut header = EventHeader::new(EventKind::Fragment, key, direction, 0, 0, 1);
    let bytes = segment(5, RST, 0, b"");
    header.set_total(20);
    let mut fragments = Fragments::new(FragmentLimits::default());
    let event = Event { kind: EventKind::Fragment, header, outer: Encapsulation::NONE, payload: &bytes };
    let whole = fragments.take(&event, at(0)).unwrap();
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
    assert_eq!(bench.fragments.packets.len(), 4);
    // The same key as 0xffff_0000, from the other side.
    let (key, direction) =
        FlowKey::fragments(End::v4([203, 0, 113, 9], [0; 2]), End::v4([10, 0, 0, 2], [0xff; 2]));
    assert_eq!(key, self::key(0xffff_0000).0);
    let mut header = EventHeader::new(EventKind::Fragment, key, direction, 0, 16, 1);
    header.set_total(24);
    let event =
        Event { kind: EventKind::Fragment, header, outer: Encapsulation::NONE, payload: &bytes[16..] };
    assert_eq!(bench.fragments.take(&event, at(0)), None);
    assert!(bench.give(0xffff_0000, 16, &bytes[16..], Some(24)).is_some());
}

#[test]
fn the_first_copy_wins_and_others_are_counted() {
    let mut bench = Bench::new(|_| {});
    let bytes = segment(1, 0, 0, b"the true one");
    bench.give(1, 16, &bytes[16..], Some(32));
    bench.give(1, 16, &bytes[16..], Some(32));
    assert_eq!(bench.losses().conflicting, 0, "a repetition is no contradiction");
    bench.give(1, 20, b"the FORGED one", None);
    bench.give(1, 8, &[0; 24], None);
    assert_eq!(bench.losses().conflicting, 2);
    bench.check();
    bench.give(2, 0, &bytes, Some(32)).unwrap();
    let mut bench = Bench::new(|_| {});
    bench.give(1, 16, &bytes[16..], Some(32));
    bench.give(1, 20, b"the FORGED one", None);
    let whole = bench.give(1, 0, &bytes[..16], None).unwrap();
    assert_eq!(whole.payload, b"the true one");
}

#[test]
fn the_first_end_that_is_told_is_the_end() {
    let bytes = segment(1, 0, 0, b"0123456789ab");
    let mut bench = Bench::new(|_| {});
    bench.give(1, 16, &bytes[16..], Some(32));
    bench.give(1, 24, b"", Some(24));
    bench.give(1, 40, b"behind the end", None);
    bench.give(1, 65_528, &[7; 2000], None);
    assert_eq!(bench.losses().conflicting, 3);
    assert_eq!(bench.give(1, 0, &bytes[..16], None).unwrap().payload, b"0123456789ab");
    // What came before it was told does not hold it up.
    bench.give(2, 65_528, &[7; 2000], None);
    bench.give(2, 24, &bytes[24..], None);
    bench.give(2, 30, b"abbehind the end", None);
    bench.check();
    bench.give(2, 32, b"", Some(32));
    bench.check();
    assert_eq!(bench.give(2, 0, &bytes[..24], None).unwrap().payload, b"0123456789ab");
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
        bench.check();
    }
    assert_eq!(whole.unwrap().payload.len(), 65_535 - 60);
    for place in [65_535, 65_536, 1 << 20, u32::MAX - 4, u32::MAX] {
        assert_eq!(bench.give(2, place, b"far away", None), None);
    }
    assert_eq!(bench.losses().conflicting, 5);
    assert_eq!(bench.fragments.bytes, 256);
}

#[test]
fn what_does_not_begin_with_a_header_is_counted() {
    let mut bench = Bench::new(|_| {});
    assert_eq!(bench.give(1, 0, b"too short", Some(9)), None);
    assert_eq!(bench.give(2, 0, &[0x40; 24], Some(24)), None, "a header of 16 bytes");
    let mut longer = segment(1, 0, 0, b"");
    longer[12] = 0xf0;
    assert_eq!(bench.give(3, 0, &longer, Some(20)), None);
    assert_eq!(bench.losses(), FragmentLosses { malformed: 3, ..FragmentLosses::default() });
    assert_eq!(bench.fragments.packets.len(), 0);
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
    bench.fragments.expire(at(60));
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
        bench.check();
    }
    assert_eq!(bench.losses().evicted, 1);
    assert_eq!(bench.give(1, 16, &bytes[16..], Some(24)), None);
    assert!(bench.give(3, 16, &bytes[16..], Some(24)).is_some());
    // Two packets with a piece of 1,000 bytes each fit.
    let mut bench = Bench::new(|limits| limits.bytes = 2 * (256 + 64 + 1000));
    for packet in 1..=3 {
        bench.give(packet, 1000, &[0; 1000], None);
        bench.check();
    }
    assert_eq!((bench.fragments.packets.len(), bench.losses().evicted), (2, 1));
    for place in 0..1000 {
        bench.give(4, place * 16, &[0; 8], None);
        bench.check();
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
            bench.give(packet, place, &vec![fill; length.into()], total);
            bench.check();
        }
    }
}

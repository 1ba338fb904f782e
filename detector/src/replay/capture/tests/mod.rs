mod corpora;
mod damage;
mod files;
mod properties;

use super::*;
use files::*;

/// One frame as the tests compare it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    time_ns: u64,
    interface: u32,
    bytes: Vec<u8>,
}

fn open(bytes: &[u8]) -> Result<Capture, CaptureError> {
    Capture::from_reader("test", std::io::Cursor::new(bytes.to_vec()))
}

/// All frames, then how it ended.
fn drain(capture: &mut Capture) -> (Vec<Seen>, Result<(), CaptureError>) {
    let mut seen = Vec::new();
    loop {
        match capture.next_frame() {
            Ok(Some(frame)) => seen.push(Seen {
                time_ns: frame.time_ns,
                interface: frame.interface,
                bytes: frame.bytes.to_vec(),
            }),
            Ok(None) => return (seen, Ok(())),
            Err(error) => {
                assert!(capture.next_frame().unwrap().is_none(), "an error ends the capture");
                return (seen, Err(error));
            }
        }
    }
}

fn read(bytes: &[u8]) -> (Vec<Seen>, Result<(), CaptureError>) {
    match open(bytes) {
        Ok(mut capture) => drain(&mut capture),
        Err(error) => (Vec::new(), Err(error)),
    }
}

fn frames(bytes: &[u8]) -> Vec<Seen> {
    let (seen, end) = read(bytes);
    end.unwrap();
    seen
}

fn message(bytes: &[u8]) -> String {
    read(bytes).1.unwrap_err().to_string()
}

#[test]
fn both_byte_orders_and_resolutions_of_pcap() {
    for order in [LITTLE, BIG] {
        for (magic, unit) in [(0xa1b2_c3d4, 1_000), (0xa1b2_3c4d, 1)] {
            let mut file = pcap_header(order, magic, 1);
            file.extend(pcap_record(order, 1_700_000_000, 123_456, &ethernet(1)));
            let seen = frames(&file);
            assert_eq!(seen.len(), 1);
            assert_eq!(seen[0].time_ns, 1_700_000_000_000_000_000 + 123_456 * unit);
            assert_eq!(seen[0].bytes, ethernet(1));
        }
    }
}

#[test]
fn the_modified_format_has_a_longer_record_header() {
    let mut file = pcap_header(LITTLE, 0xa1b2_cd34, 1);
    for tag in [1, 2] {
        let mut record = pcap_record(LITTLE, 5, 6, &ethernet(tag));
        record.splice(16..16, [0; 8]);
        file.extend(record);
    }
    assert_eq!(frames(&file).iter().map(|seen| seen.bytes[15]).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn the_length_of_the_check_sequence_is_not_part_of_the_link_type() {
    assert_eq!(frames(&pcap(LITTLE, 0x4000_0001, &[ethernet(1)])).len(), 1);
}

#[test]
fn other_link_types_get_an_ethernet_header() {
    let mut made = vec![0; 12];
    made.extend([0x86, 0xdd, 0x60, 1, 2, 3]);
    let ipv6 = [0x60, 1, 2, 3];
    let cooked = [&[0; 14][..], &[0x86, 0xdd], &ipv6].concat();
    for (link_type, frame) in [(101, ipv6.to_vec()), (113, cooked), (9, [&[0, 0x57][..], &ipv6].concat())] {
        assert_eq!(frames(&pcap(BIG, link_type, &[frame]))[0].bytes, made, "link type {link_type}");
    }
}

#[test]
fn frames_that_cannot_be_read_are_counted_by_reason() {
    let file = pcap(LITTLE, 101, &[vec![], vec![0x10, 0], vec![0x45, 0], vec![0x45, 1]]);
    let mut capture = open(&file).unwrap();
    let (seen, end) = drain(&mut capture);
    end.unwrap();
    assert_eq!(seen.len(), 2);
    let counts = capture.counts();
    assert_eq!((counts.frames, counts.too_short, counts.not_ip, counts.skipped()), (4, 1, 1, 2));
    assert_eq!(
        counts.explain().unwrap(),
        "2 of 4 frames not read: 1 too short for their link header, 1 without an IP packet"
    );
    assert_eq!(capture.bytes_read(), file.len() as u64);
}

#[test]
fn sections_interfaces_and_time_stamps_of_pcapng() {
    for (first, second) in [(LITTLE, BIG), (BIG, LITTLE)] {
        let offset = 100i64;
        let offset = if first.big { offset.to_be_bytes() } else { offset.to_le_bytes() };
        let file = [
            section(first),
            interface(first, 1, 0, &[option(first, 2, b"lan0")]),
            block(first, 0x0bad_f00d, &[1; 100]),
            interface(first, 101, 0, &[option(first, 9, &[9]), option(first, 14, &offset)]),
            interface(first, 1, 0, &[option(first, 9, &[0x8a])]),
            enhanced(first, 0, 1_000_001, &ethernet(1)),
            enhanced(first, 1, 5, &[0x45, 1]),
            enhanced(first, 2, 1024 + 512, &ethernet(2)),
            section(second),
            interface(second, 1, 0, &[]),
            enhanced(second, 0, 7_000_000, &ethernet(3)),
        ]
        .concat();
        let seen: Vec<_> =
            frames(&file).into_iter().map(|seen| (seen.interface, seen.time_ns, seen.bytes[15])).collect();
        assert_eq!(
            seen,
            [(0, 1_000_001_000, 1), (1, 100_000_000_005, 1), (2, 1_500_000_000, 2), (3, 7_000_000_000, 3)]
        );
        let mut capture = open(&file).unwrap();
        assert_eq!(capture.next_frame().unwrap().unwrap().interface_name, Some("lan0"));
        assert_eq!(capture.next_frame().unwrap().unwrap().interface_name, None);
    }
}

#[test]
fn absurd_time_stamps_are_held_in_range() {
    for resolution in [0, 0x7f, 0x80, 0xff] {
        for offset in [i64::MIN, -1, i64::MAX] {
            let file = [
                section(LITTLE),
                interface(
                    LITTLE,
                    1,
                    0,
                    &[option(LITTLE, 9, &[resolution]), option(LITTLE, 14, &offset.to_le_bytes())],
                ),
                enhanced(LITTLE, 0, u64::MAX, &ethernet(1)),
            ]
            .concat();
            assert_eq!(frames(&file).len(), 1);
        }
    }
}

#[test]
fn simple_and_obsolete_packet_blocks() {
    for order in [LITTLE, BIG] {
        let frame = ethernet(1);
        let cut = 17;
        let length = u32::try_from(frame.len()).unwrap();
        let old_head = [&order.u16(0)[..], &order.u16(9)].concat();
        let file = [
            section(order),
            interface(order, 1, cut, &[]),
            block(order, 2, &[old_head, order.words(&[0, 44, length, length]), frame.clone()].concat()),
            block(order, 3, &[&order.u32(length)[..], &frame[..cut as usize]].concat()),
        ]
        .concat();
        let seen = frames(&file);
        assert_eq!(seen[0], Seen { time_ns: 44_000, interface: 0, bytes: frame.clone() });
        assert_eq!(seen[1], Seen { time_ns: 44_000, interface: 0, bytes: frame[..cut as usize].to_vec() });
    }
}

#[test]
fn gzip_also_in_several_members() {
    let file = pcap(LITTLE, 1, &[ethernet(1), ethernet(2), ethernet(3)]);
    let (head, tail) = file.split_at(50);
    for packed in [gzip(&file), [gzip(head), gzip(b""), gzip(tail)].concat()] {
        let mut capture = open(&packed).unwrap();
        let (seen, end) = drain(&mut capture);
        end.unwrap();
        assert_eq!(seen, frames(&file));
        assert_eq!(capture.bytes_read(), packed.len() as u64);
    }
}

#[test]
fn frames_that_are_cut_off_are_counted() {
    let (whole, cut) = (ethernet(1), &ethernet(2)[..17]);
    for order in [LITTLE, BIG] {
        let length = u32::try_from(whole.len()).unwrap();
        let record = [order.words(&[5, 6, 17, length]), cut.to_vec()].concat();
        let pcap = [pcap(order, 1, std::slice::from_ref(&whole)), record].concat();
        let packet = [order.words(&[0, 0, 0, 17, length]), cut.to_vec()].concat();
        let pcapng = [
            section(order),
            interface(order, 1, 17, &[]),
            enhanced(order, 0, 0, &whole),
            block(order, 6, &packet),
        ];
        for file in [gzip(&pcap), pcap, pcapng.concat()] {
            let mut capture = open(&file).unwrap();
            let (seen, end) = drain(&mut capture);
            end.unwrap();
            assert_eq!(seen.len(), 2);
            let counts = capture.counts();
            assert_eq!((counts.frames, counts.cut, counts.kept), (2, 1, 17));
            assert_eq!(
                counts.explain_cut().unwrap(),
                "1 of 2 frames are cut off (at most 17 bytes of each are kept), and what they said is lost; capture whole \
                 packets: tcpdump -s 0"
            );
        }
    }
    let mut capture = open(&pcap(LITTLE, 1, &[whole])).unwrap();
    drain(&mut capture).1.unwrap();
    assert_eq!(capture.counts().explain_cut(), None);
}

use proptest::prelude::*;

use super::*;
use crate::transport::aside::Aside;

fn known(first: &[u8]) -> Option<(Grammar, usize)> {
    match opening(first) {
        Opening::Known(grammar, at) => Some((grammar, at)),
        Opening::Other | Opening::Undecided => None,
    }
}

/// A header of Bitcoin for a message of `length` bytes.
fn bitcoin(magic: [u8; 4], command: &str, length: u32) -> Vec<u8> {
    let mut header = magic.to_vec();
    header.extend(command.as_bytes());
    header.resize(16, 0);
    header.extend(length.to_le_bytes());
    header.extend([1, 2, 3, 4]);
    header
}

fn levin(command: u32, length: u64) -> Vec<u8> {
    let mut header = vec![0x01, 0x21, 1, 1, 1, 1, 1, 1];
    header.extend(length.to_le_bytes());
    header.push(1);
    header.extend(command.to_le_bytes());
    header.extend([0; 4]);
    header.extend(1u32.to_le_bytes());
    header.extend(1u32.to_le_bytes());
    header
}

const MAIN: [u8; 4] = [0xf9, 0xbe, 0xb4, 0xd9];

#[test]
fn each_opening_is_known_and_undecided_before() {
    let zmtp = {
        let mut greeting = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0];
        greeting.extend(b"NULL");
        greeting.resize(64, 0);
        greeting
    };
    let openings = [
        (bitcoin(MAIN, "version", 100), Grammar::Bitcoin(MAIN)),
        (bitcoin([0x9a, 2, 3, 4], "version", 100), Grammar::Bitcoin([0x9a, 2, 3, 4])),
        (levin(1001, 200), Grammar::Levin),
        (vec![0, 0, 0, 40, 0, 0], Grammar::StratumV2),
        (vec![0, 0x80, 0x1a, 24, 0, 0], Grammar::StratumV2),
        (zmtp, Grammar::Zmtp),
    ];
    for (bytes, grammar) in openings {
        assert_eq!(known(&bytes), Some((grammar, 0)));
        // A lone network in no header is not waited for.
        let from = if grammar == Grammar::Bitcoin([0x9a, 2, 3, 4]) { 5 } else { 4 };
        for end in from..bytes.len() {
            assert_eq!(opening(&bytes[..end]), Opening::Undecided, "{grammar:?} {end}");
        }
    }
}

#[test]
fn a_message_begins_further_on() {
    let mut joined = vec![9; 300];
    joined.extend(bitcoin(MAIN, "tx", 250));
    assert_eq!(known(&joined), Some((Grammar::Bitcoin(MAIN), 300)));
    let mut joined = vec![3; 5];
    joined.extend(levin(2002, 9000));
    assert_eq!(known(&joined), Some((Grammar::Levin, 5)));
    let mut joined = vec![7; 11];
    joined.extend([0, 0x80, 0x1c, 20, 0, 0]);
    joined.extend([5; 20]);
    assert_eq!(known(&joined), Some((Grammar::StratumV2, 11)));
}

#[test]
fn other_headers_are_not_known() {
    for other in [
        bitcoin(MAIN, "Version", 100),
        bitcoin([1, 2, 3, 4], "headers", 100),
        bitcoin(MAIN, "version", 1_000_000),
        levin(77, 200),
        levin(1001, 200_000_000),
        // The lengths of a message are as its type demands, and no extension is known.
        vec![0, 0x80, 0x1a, 25, 0, 0],
        vec![0, 0, 0x1a, 24, 0, 0],
        vec![1, 0, 0x1a, 24, 0, 0],
        vec![0, 0, 0x99, 24, 0, 0],
        // NetBIOS in front of SMB, MySQL's greeting, a TLS record, an HTTP/2 frame.
        b"\0\0\0\x85\xffSMBr\0\0\0\0\x18\x53\xc8".to_vec(),
        b"\x4a\0\0\0\x0a8.0.36\0\x08\0\0\0".to_vec(),
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03".to_vec(),
        b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64".to_vec(),
    ] {
        // A zero and fewer than 17 bytes may yet be P2Pool's challenge.
        let other = [&other[..], &[0; 16]].concat();
        assert_eq!(opening(&other), Opening::Other, "{other:02x?}");
    }
}

#[test]
fn randomness_is_told_from_structure() {
    assert!(!Variety::of(&[0; 64]).is_random(64));
    assert!(!Variety::of(&b"abcdefgh".repeat(8)).is_random(64));
    let bytes: Vec<u8> = (0..64u8).map(|at| at.wrapping_mul(151)).collect();
    assert!(Variety::of(&bytes).is_random(64));
}

proptest! {
    #[test]
    fn text_is_never_waited_for(text in "\u{0}?[ -~\t\r\n]{1,80}") {
        prop_assume!(text != "\u{0}");
        prop_assert_eq!(opening(text.as_bytes()), Opening::Other);
    }

    /// Whatever comes, it is read, bounded, and nothing panics.
    #[test]
    fn hostile_streams_are_bounded(
        start in prop::sample::select(vec![
            bitcoin(MAIN, "version", 100), levin(1001, 9), vec![0, 0x80, 0x1a, 24, 0, 0], vec![0xff, 0, 0, 0],
        ]),
        rest in prop::collection::vec(any::<u8>(), 0..2000),
        size in 1usize..300,
    ) {
        let bytes = [start, rest].concat();
        let Opening::Known(grammar, _) = opening(&bytes) else { return Ok(()) };
        let mut frames = Frames::new(grammar);
        let mut given = 0;
        for piece in bytes.chunks(size) {
            let step = frames.next(piece, &mut Aside::new(1000), &mut |_| given += 1);
            prop_assert!(frames.held_bytes() <= 17 * 1024);
            if step != Step::More { break }
        }
        prop_assert!(given <= bytes.len());
    }
}

/// However a stream is cut, the same messages are read, and bulk is not held.
#[test]
fn messages_are_read_however_they_are_cut() {
    let mut stream = bitcoin(MAIN, "verack", 0);
    stream.extend(bitcoin(MAIN, "block", 1_000_000));
    stream.extend(std::iter::repeat_n(0xee, 1_000_000));
    stream.extend(bitcoin(MAIN, "ping", 8));
    stream.extend([6; 8]);
    for size in [1, 24, 1000, 70_000] {
        let mut frames = Frames::new(Grammar::Bitcoin(MAIN));
        let mut heard = Vec::new();
        for piece in stream.chunks(size) {
            let step = frames.next(piece, &mut Aside::new(1000), &mut |frame| {
                let Frame::Bitcoin { command, body, .. } = frame else { panic!("{frame:?}") };
                heard.push((command.to_vec(), body.map(<[u8]>::len)));
            });
            assert_eq!(step, Step::More);
            assert!(frames.held_bytes() <= 70_000);
        }
        let expected = [(&b"verack"[..], Some(0)), (b"block", None), (b"ping", Some(8))];
        assert_eq!(heard, expected.map(|(command, body)| (command.to_vec(), body)));
    }
}

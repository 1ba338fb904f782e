//! First segments of protocols that hold no token are a reason to watch; what resembles them is none.

use proptest::prelude::*;

use super::*;

/// Bytes without sense, of which none is zero and every second has its highest bit set.
fn random(length: usize) -> Vec<u8> {
    (0..length).map(|at| [0x9d, 0x41, 0xe3, 0x17, 0xb6][at % 5]).collect()
}

/// `head`, then as many random bytes as it takes to make `length`.
fn filled(head: &[u8], length: usize) -> Vec<u8> {
    [head, &random(length - head.len())].concat()
}

/// Whether a first segment puts its flow under watch, in either direction and although it would be
/// scanned without a word otherwise.
fn doubted(payload: &[u8]) -> bool {
    let [up, down] = [Client, Server].map(|side| {
        let mut world = World::new();
        let outcome = world.say(side, 1, payload);
        assert_eq!(world.count(Counter::Scanned), 1);
        assert_eq!(world.count(Counter::Doubtful), u64::from(outcome == Outcome::WatchStarted));
        let sent = world.sent();
        assert_eq!(sent.len(), usize::from(outcome == Outcome::WatchStarted));
        for sent in &sent {
            assert_eq!((sent.kind, sent.accept), (EventKind::First, None));
        }
        outcome == Outcome::WatchStarted
    });
    assert_eq!(up, down);
    up
}

#[track_caller]
fn accepts(payloads: &[Vec<u8>]) {
    for payload in payloads {
        assert!(doubted(payload), "{}", payload.escape_ascii());
    }
}

#[track_caller]
fn rejects(payloads: &[Vec<u8>]) {
    for payload in payloads {
        assert!(!doubted(payload), "{}", payload.escape_ascii());
    }
}

#[test]
fn masked_frames_of_a_web_socket() {
    accepts(&[
        filled(&[0x81, 0x80 + 80], 6 + 80),
        filled(&[0x82, 0x80 + 125], 6 + 125),
        filled(&[0x81, 0xfe, 0, 126], 8 + 126),
        filled(&[0x82, 0xfe, 4, 210], 8 + 1234),
    ]);
    rejects(&[
        filled(&[0x81, 0x80 + 80], 6 + 79),
        filled(&[0x81, 0x80 + 80], 6 + 81),
        filled(&[0x81, 80], 6 + 80),
        filled(&[0x01, 0x80 + 80], 6 + 80),
        filled(&[0x83, 0x80 + 80], 6 + 80),
        filled(&[0x89, 0x80 + 80], 6 + 80),
        filled(&[0x81, 0xfe, 0, 126], 8 + 127),
        filled(&[0x81, 0xfe, 126, 0], 8 + 126),
        filled(&[0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 200], 14 + 200),
    ]);
}

#[test]
fn frames_of_a_web_socket_with_json_in_them() {
    accepts(&[
        filled(b"\x81\x50{\"type\":\"job\"", 2 + 80),
        filled(b"\x81\x7d[", 2 + 125),
        filled(b"\x81\x7e\x01\x00{\"identifier\":\"job\"", 4 + 256),
        filled(b"\x81\x7e\x01\x00[", 4 + 256),
    ]);
    rejects(&[
        filled(b"\x81\x50<html>", 2 + 80),
        filled(b"\x81\x50{", 3 + 80),
        filled(b"\x82\x50{", 2 + 80),
        filled(b"\x81\x7e\x01\x00<", 4 + 256),
        filled(b"\x81\x7e\x01\x00{", 5 + 256),
        filled(b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00{", 10 + 65_536 - 4096),
    ]);
}

/// The first four bytes of a DATUM message with this header.
fn datum(header: u32) -> [u8; 4] {
    (header ^ 0xdc87_1829).to_le_bytes()
}

#[test]
fn the_hello_of_datum() {
    let hello = |header, length| filled(&datum(header), length);
    accepts(&[hello(0x0b00_0000 + 396, 400), hello(0x0b00_0000 + 1396, 1400)]);
    rejects(&[
        hello(0x0b00_0000 + 396, 401),
        hello(0x0b00_0000 + 400, 400),
        hello(0x0b40_0000 + 396, 400),
        hello(0x0900_0000 + 396, 400),
        filled(&(0x0b00_0000_u32 + 396).to_le_bytes(), 400),
        datum(0x0b00_0000).to_vec(),
    ]);
}

#[test]
fn the_first_request_of_a_duino_coin_miner() {
    accepts(&[b"JOB,revox,LOW,None\n".to_vec(), b"JOBXX,revox,NET\n".to_vec(), b"JOB,r".to_vec()]);
    rejects(&[
        b"JOBS,please\n".to_vec(),
        b"JOBX,a\n".to_vec(),
        b"job,revox,LOW\n".to_vec(),
        b"XJOB,revox,LOW\n".to_vec(),
        b"JOB".to_vec(),
    ]);
}

#[test]
fn the_handshake_of_p2pool() {
    let with = |length, marks: &[(usize, u8)]| {
        let mut bytes = filled(&[0], length);
        for (at, mark) in marks {
            bytes[*at] = *mark;
        }
        bytes
    };
    accepts(&[
        with(17, &[]),
        with(17 + 41, &[(17, 1)]),
        with(17 + 41 + 5, &[(17, 1), (58, 2)]),
        with(300, &[(17, 1), (58, 2)]),
    ]);
    rejects(&[
        with(17, &[(0, 1)]),
        with(16, &[]),
        with(18, &[]),
        with(58, &[(17, 2)]),
        with(59, &[(17, 1)]),
        with(63, &[(17, 1), (58, 3)]),
        with(63, &[(17, 0), (58, 2)]),
    ]);
}

#[test]
fn the_handshake_of_rlpx() {
    let rlpx = |size: u16, kind, length| filled(&[size.to_be_bytes().as_slice(), &[kind]].concat(), length);
    accepts(&[rlpx(198, 4, 200), rlpx(431, 4, 433), rlpx(1298, 4, 1300)]);
    rejects(&[
        rlpx(197, 4, 199),
        rlpx(1299, 4, 1301),
        rlpx(431, 3, 433),
        rlpx(433, 4, 433),
        rlpx(431, 4, 434),
        rlpx(431_u16.swap_bytes(), 4, 433),
    ]);
}

#[test]
fn the_key_that_opens_stratum_v2() {
    accepts(&[random(64)]);
    let mut zero = random(64);
    zero[28..32].fill(0);
    let mut late = random(64);
    late[32..].fill(0);
    accepts(&[late]);
    rejects(&[
        random(63),
        random(65),
        zero,
        [b"plain text that is as long as a key but has no high bit in it..".as_slice(), b"x"].concat(),
        [random(64).iter().map(|byte| byte & 0x7f).take(32).collect(), random(32)].concat(),
    ]);
}

#[test]
fn the_greeting_of_zmq() {
    accepts(&[
        Vec::from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f]),
        filled(&[0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3], 65),
    ]);
    rejects(&[
        Vec::from([0xff, 0, 0, 0, 0, 0, 0, 0, 1]),
        Vec::from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7e]),
        Vec::from([0xff, 0, 0, 0, 0, 0, 0, 1, 1, 0x7f]),
        Vec::from([0xfe, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f]),
    ]);
}

#[test]
fn ordinary_openings_raise_no_doubt() {
    rejects(&[
        b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n".to_vec(),
        b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n".to_vec(),
        b"220 mail.example.org ESMTP\r\n".to_vec(),
        b"*1\r\n$4\r\nPING\r\n".to_vec(),
        b"JOIN #channel\r\n".to_vec(),
        // BitTorrent, MQTT, PostgreSQL, SMB2, RDP, Kafka
        filled(b"\x13BitTorrent protocol", 68),
        filled(b"\x10\x1a\x00\x04MQTT\x04\x02\x00\x3c", 28),
        filled(b"\x00\x00\x00\x54\x00\x03\x00\x00user\x00", 84),
        filled(b"\x00\x00\x00\x9c\xfeSMB\x40\x00", 160),
        b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x0b\x00\x00\x00".to_vec(),
        filled(b"\x00\x00\x00\x23\x00\x12\x00\x02", 39),
    ]);
}

#[test]
fn only_the_first_segment_of_a_direction_opens_it() {
    let key = random(64);
    let mut world = World::new();
    assert_eq!(world.say(Client, 1, b"hello"), Outcome::Passed);
    assert_eq!(world.say(Client, 6, &key), Outcome::Passed);
    assert_eq!(world.say(Server, 1, &key), Outcome::WatchStarted);
}

/// The window holds what an earlier segment left behind a short one.
#[test]
fn what_another_segment_left_behind_is_not_read() {
    for (before, short) in [
        (filled(&[0x81, 0x80 + 80], 6 + 80), &[0x81][..]),
        (filled(b"JOB,revox", 60), b"JOB,"),
        (filled(&[0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f], 10), &[0xff, 0, 0, 0]),
        (filled(&[0x16, 3, 3, 0, 9], 14), &[0x16, 3, 3]),
    ] {
        let mut world = World::new();
        world.say(Client, 1, &before);
        world.dismiss();
        world.evict();
        assert_eq!(world.say(Client, 5000, short), Outcome::Passed, "{short:x?}");
        assert_eq!(world.count(Counter::Scanned), 1 + u64::from(before[0] != 0x16));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Of 4,096 random first segments hardly one is doubted, but those that open like JSON or have
    /// the length of a key.
    #[test]
    fn random_openings_are_rarely_doubted(seed in any::<u64>()) {
        let mut state = seed | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let mut doubts = 0;
        for _ in 0..4096 {
            let length = usize::try_from(next() % 1448).unwrap() + 1;
            let bytes: Vec<u8> = (0..length).map(|_| next().to_be_bytes()[0]).collect();
            if length == 64 || matches!(bytes[0], b'{' | b'[' | b' ' | b'\t' | b'\r' | b'\n' | 0xef) {
                continue;
            }
            let mut world = World::new();
            doubts += u32::from(world.say(Client, 1, &bytes) != Outcome::Passed);
        }
        prop_assert!(doubts <= 4, "{doubts} of 4,096");
    }
}

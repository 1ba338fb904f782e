//! Whatever is sent, reading it takes a bounded amount of work and memory for each byte.

use super::{CLIENT, Piece, SERVER, Transport};
use crate::transport::work;

/// Bytes of each stream.
const LENGTH: usize = 96 * 1024;

/// So much of `unit` as a stream has, behind `start`.
fn repeated(start: &[u8], unit: &[u8]) -> Vec<u8> {
    let mut bytes = start.to_vec();
    while bytes.len() < LENGTH {
        bytes.extend_from_slice(unit);
    }
    bytes
}

/// Streams that were made to cost as much as possible.
fn crafted() -> Vec<(&'static str, Vec<u8>)> {
    let response = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let zmtp = [&b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL"[..], &[0; 48]].concat();
    let levin =
        [&[1, 0x21, 1, 1, 1, 1, 1, 1][..], &[0; 8], &[1, 0xe9, 3, 0, 0], &[0; 8], &[1, 0, 0, 0]].concat();
    vec![
        (
            "lines of Stratum",
            repeated(b"", b"{\"id\":1,\"method\":\"mining.submit\",\"params\":[\"a\",\"b\",\"c\"]}\n"),
        ),
        ("a long line of JSON", repeated(b"{\"a\":\"", b"x")),
        ("a long line of text", repeated(b"", b"x")),
        ("blanks", repeated(b"", b" ")),
        ("zeros", repeated(b"", b"\0")),
        ("closed objects and text", repeated(b"", b"{}x\n")),
        ("deep JSON", repeated(b"", b"[")),
        ("deep objects", repeated(b"", b"{\"a\":")),
        (
            "deep JSON, closed",
            repeated(b"", &[b"[".repeat(2000), b"]".repeat(2000), b"\n".to_vec()].concat()),
        ),
        ("messages over several lines", repeated(b"", b"{\n\"id\":\n1,\n\"params\":[\n]\n}\n")),
        ("a message over several lines without an end", repeated(b"[\n", b"{\"id\":\n1},\n")),
        (
            "messages in one that does not end",
            repeated(b"[\n", b"{\"id\":1,\"result\":\n2},\n{\"result\":1}\n,"),
        ),
        ("messages that begin where others end", repeated(b"{\n", b"}{\n")),
        ("messages that are broken in their second line", repeated(b"", b"{\n{\n")),
        ("deep JSON over several lines", repeated(b"", b"[\n")),
        (
            "numbers out of range",
            repeated(b"", &[&b"{\"n\":["[..], &b"1e999,".repeat(100), b"1]}\n"].concat()),
        ),
        ("first lines that fail", repeated(b"", b"A B HTTP/1.1\r\n")),
        ("status lines that fail", repeated(b"", b"HTTP/1.1 200\n")),
        (
            "folded first lines",
            repeated(b"", b"HTTP/1.1 200 x\r\n a HTTP/1.1 200 x\r\n HTTP/1.1 200 x\r\n {\n"),
        ),
        ("folded first lines, endless", repeated(b"HTTP/1.1 200 x\r\n", b" HTTP/1.1 200 x\r\n")),
        ("a head of small fields", repeated(b"GET / HTTP/1.1\r\n", b"a:\r\n")),
        ("a head of one field", repeated(b"GET / HTTP/1.1\r\na: ", b"b")),
        ("heads", repeated(b"", b"GET / HTTP/1.1\r\n\r\n")),
        (
            "heads that break late",
            repeated(b"", &[&b"HTTP/1.1 200 x\r\n"[..], &b"a: b\r\n".repeat(100), b"{\n"].concat()),
        ),
        ("chunks", repeated(response, b"1\r\nx\r\n")),
        ("a size of a chunk without an end", repeated(response, b"0")),
        ("JSON in trailers", repeated(&[&response[..], b"0\r\n"].concat(), b"a: {\"b\":[1]}\r\n")),
        ("JSON in trailers without an end", repeated(&[&response[..], b"0\r\n"].concat(), b"{\"b\":[1]}")),
        ("brackets where chunks end", repeated(response, b"1\r\nx[]}\r\n")),
        ("pings of JSON", repeated(b"\x81\x02{}", b"\x89\x04[{}]")),
        ("pings of deep JSON", repeated(b"\x81\x02{}", b"\x89\x04[[[[")),
        ("masks that are none", repeated(b"\x81\x02{}", b"\x81\x85\x01\x01\x01\x01[]}x\n")),
        ("trailers", repeated(&[&response[..], b"0\r\n"].concat(), b"a: b\r\n")),
        (
            "a body without a length, with methods",
            repeated(b"POST / HTTP/1.1\r\nContent-Length: 1, 2\r\n\r\n", b"GET "),
        ),
        ("no methods of SOCKS", repeated(b"", b"\x05\x00")),
        ("SOCKS and text", repeated(b"", b"\x05\x00{x\n")),
        (
            "headers of proxies",
            repeated(b"", &[&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x07\x00"[..], &[0; 0x700]].concat()),
        ),
        (
            "names of version 4",
            repeated(
                b"",
                &[&b"\x04\x01\x0d\x05\0\0\0\x01"[..], &[b'a'; 250], b"\0", &[b'a'; 250], b"\0"].concat(),
            ),
        ),
        ("records of TLS and frames", repeated(b"", b"\x17\x03\x03\0\x01x\x81\x01{\x0b\n")),
        ("records of TLS", repeated(b"", b"\x17\x03\x03\0\x01x")),
        ("frames of one byte", repeated(b"", b"\x81\x01{")),
        ("frames and what is none", repeated(b"", b"\x81\x01{\x83")),
        ("messages of ZeroMQ", repeated(&zmtp, b"\0\x01x")),
        ("messages of levin", repeated(&levin, &[&levin[..32], b"\x09"].concat())),
        ("messages of Stratum V2", repeated(b"\0\0\x01\x06\0\0xxxxxx", b"\0\x80\x03\x04\0\0xxxx")),
        ("messages of Stratum V2, the last broken", {
            let last = [&b"\0\x80\x03\x04\0\0xxxx".repeat(200)[..], b"\xff\xff\xff"].concat();
            repeated(b"\x01", &last)
        }),
    ]
}

#[test]
fn no_stream_makes_more_work_than_its_bytes_are_worth() {
    let mut complaints = Vec::new();
    for (name, bytes) in crafted() {
        for (size, most) in [(1, 300), (100, 30), (2048, 30)] {
            let mut transport = Transport::new(64 * 1024);
            let _ = work::examined();
            let mut held = 0;
            for piece in bytes.chunks(size) {
                transport.take(CLIENT, Piece::Next(piece), &mut |_| {});
                transport.take(SERVER, Piece::Next(piece), &mut |_| {});
                held = held.max(transport.held_bytes());
            }
            let each = work::examined() / (2 * bytes.len());
            if each > most || held > 4 * 68 * 1024 {
                complaints.push(format!("{name}, pieces of {size}: {each} for each byte, {held} held"));
            }
        }
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn more_requests_than_are_remembered_keep_their_answers() {
    let mut transport = Transport::new(1000);
    let mut numbers = [Vec::new(), Vec::new()];
    let [asked, answered] = &mut numbers;
    let mut note = |said: super::Utterance<'_>| {
        if let super::Utterance::Head(head) = said {
            if head.request().is_some() { &mut *asked } else { &mut *answered }.push(head.exchange);
        }
    };
    for _ in 0..200 {
        transport.take(CLIENT, Piece::Next(b"GET / HTTP/1.1\r\n\r\n"), &mut note);
    }
    for _ in 0..200 {
        transport.take(SERVER, Piece::Next(b"HTTP/1.1 204 x\r\n\r\n"), &mut note);
    }
    assert_eq!(numbers[0][..64], numbers[1][..64]);
    assert_eq!(numbers[0][199], numbers[1][199]);
    assert!(numbers[1][64..199].iter().all(|number| *number == Some(0)), "as good as forgotten");
}

#[test]
fn the_head_of_a_body_is_held() {
    let mut transport = Transport::new(1000);
    let head = format!("POST / HTTP/1.1\r\nX: {}\r\nContent-Length: 9\r\n\r\n", "x".repeat(9000));
    transport.take(CLIENT, Piece::Next(head.as_bytes()), &mut |_| {});
    assert!(transport.held_bytes() > 9000);
    transport.take(CLIENT, Piece::Next(b"123456789"), &mut |_| {});
    assert_eq!(transport.held_bytes(), 0);
}

//! Streams whose first segments change places.

use super::{CLIENT, Direction, Piece, SERVER, Transport, told};

/// What is heard of these pieces.
fn heard(pieces: &[(Direction, Piece<'_>)]) -> Vec<String> {
    let mut transport = Transport::new(1000);
    let mut heard = Vec::new();
    for (direction, piece) in pieces {
        transport.take(*direction, *piece, &mut |said| heard.push(told(said)));
    }
    heard
}

/// What is heard of a client's stream of which the first `cut` bytes arrive second, in two pieces.
fn swapped(bytes: &[u8], cut: usize) -> Vec<String> {
    let (front, rest) = bytes.split_at(cut);
    let (first, second) = front.split_at(cut / 2);
    let mut pieces = vec![(CLIENT, Piece::Next(rest)), (CLIENT, Piece::Before(second))];
    pieces.extend((!first.is_empty()).then_some((CLIENT, Piece::Before(first))));
    heard(&pieces)
}

#[test]
fn a_request_whose_beginning_arrives_second_is_read() {
    let request = b"POST /work HTTP/1.1\r\nHost: a.example\r\nContent-Length: 7\r\n\r\n{\"a\":1}";
    for cut in 1..58 {
        let heard = swapped(request, cut);
        assert!(heard.ends_with(&["POST /work".to_owned(), "body {\"a\":1}".to_owned()]), "{cut}: {heard:?}");
    }
}

#[test]
fn requests_that_change_places_keep_their_answers() {
    let said = heard(&[
        (CLIENT, Piece::Next(b"GET /b HTTP/1.1\r\n\r\n")),
        (CLIENT, Piece::Before(b"HEAD /a HTTP/1.1\r\n\r\n")),
        (SERVER, Piece::Next(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")),
        (SERVER, Piece::Next(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")),
    ]);
    assert_eq!(said, ["GET /b", "HEAD /a", "status 200", "status 200", "body {}"]);
}

#[test]
fn a_websocket_a_proxy_and_a_binary_protocol_are_found_from_their_new_beginning() {
    let upgrade = b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n\x81\x82\x01\x02\x03\x04\x7a\x7f\x81\x82\x01\x02\x03\x04\x5a\x5f";
    let heard = swapped(upgrade, 44);
    assert_eq!(heard.iter().filter(|said| said.starts_with("message")).count(), 2, "{heard:?}");
    let tunnel = b"CONNECT pool.example:3333 HTTP/1.1\r\n\r\n{\"id\":1}\n{\"id\":2}\n";
    let heard = swapped(tunnel, 20);
    let lines = heard.iter().filter(|said| said.starts_with("line {")).count();
    assert!(heard.contains(&"target pool.example:3333".to_owned()) && lines == 2, "{heard:?}");
    let stratum = [&[0, 0x80, 0x1a, 24, 0, 0][..], &[7; 24], &[0, 0x80, 0x1c, 20, 0, 0], &[5; 20]].concat();
    assert_eq!(swapped(&stratum, 11).iter().filter(|said| said.starts_with("StratumV2")).count(), 2);
}

#[test]
fn what_was_heard_is_not_said_again() {
    let lines = "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n".as_bytes();
    for cut in 1..20 {
        let mut heard = swapped(lines, cut);
        heard.sort();
        assert_eq!(heard, ["line {\"id\":1}", "line {\"id\":2}", "line {\"id\":3}"], "{cut}");
    }
}

#[test]
fn a_message_over_several_lines_whose_beginning_arrives_second_is_read() {
    let message = "{\n\"id\":1,\n\"params\":[\n\"a\",\n{}\n]\n}";
    let said = [format!("line {message}"), "line {\"id\":2}".to_owned()];
    for cut in 1..message.len() {
        let heard = swapped(format!("{message}\n{{\"id\":2}}\n").as_bytes(), cut);
        assert!(said.iter().all(|line| heard.contains(line)), "{cut}: {heard:?}");
    }
}

#[test]
fn a_stream_that_is_settled_or_long_is_not_kept() {
    let mut transport = Transport::new(100_000);
    for _ in 0..10 {
        transport.take(CLIENT, Piece::Next(&[b"{}\n".repeat(300)].concat()), &mut |_| {});
        assert!(transport.held_bytes() <= 40_000, "{}", transport.held_bytes());
    }
    assert_eq!(transport.held_bytes(), 0);
    transport.take(SERVER, Piece::Next(b"{}\n"), &mut |_| {});
    assert!(transport.held_bytes() > 0);
    transport.take(SERVER, Piece::Settled, &mut |_| {});
    assert_eq!(transport.held_bytes(), 0);
}

#[test]
fn heads_that_were_read_as_lines_are_unsaid() {
    let mut transport = Transport::new(1000);
    let mut lines = 0;
    let rest = b"ength: 44\r\nX-Mining-Hashrate: 1\r\nUser-Agent: a\r\n\r\n{";
    for piece in [Piece::Next(rest), Piece::Before(b"POST / HTTP/1.1\r\nContent-L")] {
        transport.take(CLIENT, piece, &mut |said| lines += u32::from(told(said).starts_with("line")));
    }
    assert!(lines > 0);
    assert_eq!((transport.take_unsaid(CLIENT), transport.take_unsaid(CLIENT)), (lines, 0));
    assert_eq!(transport.take_unsaid(SERVER), 0);
}

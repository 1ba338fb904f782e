mod hiding;
mod http;
mod limits;
mod order;

use detector_common::flow::Direction;

use super::{Transport, Utterance};
use crate::stream::Piece;

const CLIENT: Direction = Direction::Up;
const SERVER: Direction = Direction::Down;

const UPGRADED: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

/// What is heard when each side's bytes come in pieces of at most `size`.
fn heard(size: usize, said: &[(Direction, &[u8])]) -> Vec<String> {
    let mut transport = Transport::new(1000);
    let mut heard = Vec::new();
    for (direction, bytes) in said {
        for piece in bytes.chunks(size) {
            transport.take(*direction, Piece::Next(piece), &mut |utterance| heard.push(told(utterance)));
        }
    }
    for direction in [CLIENT, SERVER] {
        transport.finish(direction, &mut |utterance| heard.push(told(utterance)));
    }
    heard
}

fn told(utterance: Utterance<'_>) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    match utterance {
        Utterance::Line(line) => format!("line {}", text(line)),
        Utterance::Head(head) => head.request().map_or_else(
            || format!("status {}", head.status().unwrap()),
            |(method, target)| format!("{method} {target}"),
        ),
        Utterance::Body(_, body) => format!("body {}", text(body)),
        Utterance::Message(message) => format!("message {}", text(message)),
        Utterance::Target(target) => format!("target {target}"),
        Utterance::Frame(frame) => format!("{frame:?}"),
        Utterance::Unreadable => "unreadable".to_owned(),
        Utterance::Overheard(by, line) => {
            format!("{} meant {}", if by == CLIENT { "client" } else { "server" }, text(line))
        }
    }
}

/// However the bytes are cut, the same is heard.
fn alike(said: &[(Direction, &[u8])], expected: &[&str]) {
    for size in [1, 2, 3, 7, 50, 10_000] {
        assert_eq!(heard(size, said), expected, "pieces of {size}");
    }
}

#[test]
fn what_follows_a_tunnels_heads_is_a_stream_of_its_own() {
    alike(
        &[
            (CLIENT, b"CONNECT pool.example:3333 HTTP/1.1\r\nHost: pool.example\r\n\r\n"),
            (SERVER, b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n"),
            (CLIENT, b"{\"id\":1}\n{\"id\":2}\n"),
            (SERVER, b"{\"result\":1}\n"),
        ],
        &[
            "CONNECT pool.example:3333",
            "target pool.example:3333",
            "status 200",
            "line {\"id\":1}",
            "line {\"id\":2}",
            "line {\"result\":1}",
        ],
    );
}

#[test]
fn lines_after_a_request_are_lines() {
    alike(
        &[
            (CLIENT, b"GET / HTTP/1.1\r\n\r\n{\"id\":1}\n"),
            (SERVER, b"{\"id\":1}\nHTTP/1.1 400 Bad\r\nContent-Length: 1\r\n\r\nx"),
        ],
        &["GET /", "line {\"id\":1}", "line {\"id\":1}", "status 400", "body x"],
    );
}

#[test]
fn what_only_looks_like_http_is_text() {
    alike(
        &[(CLIENT, b"A B HTTP/1.1\r\nno field\r\n\r\n{\"id\":1}\n")],
        &["line no field", "line {\"id\":1}"],
    );
}

#[test]
fn a_websocket_is_read_after_its_upgrade() {
    alike(
        &[
            (CLIENT, b"GET /ws/x HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n"),
            (SERVER, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n\x81\x02{}"),
            (CLIENT, b"\x81\x88\x01\x02\x03\x04\x7a\x20\x6a\x60\x23\x38\x32\x79\x89\x80\0\0\0\0"),
            (SERVER, b"\xc1\x03abc\x8a\0\x01\x01[\x80\x01]"),
        ],
        &["GET /ws/x", "status 101", "message {}", "message {\"id\":1}", "unreadable", "message []"],
    );
}

#[test]
fn what_only_seems_to_be_compressed_is_read() {
    alike(
        &[(SERVER, UPGRADED), (SERVER, b"\xc1\x03 {}\xc1\x03\xaa\x56\x2a\x41\x01[\x80\x01]\xc1\x02  ")],
        &["status 101", "message {}", "unreadable", "message []", "unreadable"],
    );
}

#[test]
fn a_message_that_is_handed_on_is_not_heard_aside_too() {
    let begun = [UPGRADED, b"\x01\x7e\x03\xe8"].concat();
    let mut said: Vec<(Direction, &[u8])> = vec![(SERVER, &begun)];
    for line in [&b"{\"id\":1}\n"[..], b"{\"id\":2}\n", b"{\"id\":3}\n"] {
        said.push((SERVER, line));
        said.push((CLIENT, b"{\"result\":1}\n"));
    }
    // The message is complete, and one of its own follows.
    let rest = [&b" ".repeat(973)[..], b"\x80\0\x81\x08{\"id\":4}"].concat();
    said.push((SERVER, &rest));
    let heard = heard(10_000, &said);
    let last = heard.iter().filter(|said| said.contains("\"id\":4"));
    assert_eq!(last.count(), 1, "{heard:?}");
}

#[test]
fn a_refused_upgrade_goes_on_as_http() {
    alike(
        &[
            (CLIENT, b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\nGET /b HTTP/1.1\r\n\r\n"),
            (SERVER, b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\nHTTP/1.1 204 x\r\n\r\n"),
        ],
        &["GET /", "GET /b", "status 400", "body ", "status 204"],
    );
}

#[test]
fn a_stream_behind_proxies_opens_where_their_messages_end() {
    let client = [
        &b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 3333\r\n"[..],
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x0a\xc0\0\x02\x0b\x9c\x40\x0d\x05",
        b"\x05\x02\0\x02\x01\x05alice\x06secret\x05\x01\0\x03\x0cpool.example\x0d\x05",
        b"CONNECT inner.example:443 HTTP/1.1\r\n\r\n",
        b"\x81\x82\x01\x02\x03\x04\x7a\x7f",
    ]
    .concat();
    let server = b"\x05\x02\x01\0\x05\0\0\x01\x0a\0\0\x0a\x0d\x05HTTP/1.1 200 OK\r\n\r\n\x81\x02[]";
    alike(
        &[(CLIENT, &client), (SERVER, server)],
        &[
            "target pool.example:3333",
            "CONNECT inner.example:443",
            "target inner.example:443",
            "message {}",
            "status 200",
            "message []",
        ],
    );
}

#[test]
fn tls_is_told_once_and_what_follows_its_records_is_read() {
    alike(
        &[(CLIENT, b"\x16\x03\x01\0\x05hello\x17\x03\x03\0\x03abc{\"id\":1}\n")],
        &["unreadable", "line {\"id\":1}"],
    );
}

#[test]
fn a_websocket_joined_within_a_message_is_found_at_the_next_segment() {
    let mut transport = Transport::new(1000);
    let mut heard = Vec::new();
    for segment in [&b"\"blob\":\"0101\"}}"[..], b"\x81\x7e\0\x80{", b"\x81\x02{}", b"\x89\0\x81\x02[]"] {
        transport.take(SERVER, Piece::Next(segment), &mut |utterance| heard.push(told(utterance)));
    }
    assert_eq!(heard, ["message {}", "message []"]);
}

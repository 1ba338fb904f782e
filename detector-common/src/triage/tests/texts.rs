//! The agent is told of a direction that opened with text of another protocol: what follows may be a quotation.

use super::*;

/// What is told when `opening` is the first thing that the client says, and the server's is `answer`.
fn told(opening: &[u8], answer: &[u8]) -> [bool; 2] {
    let mut world = World::new();
    world.say(Client, 1, opening);
    world.say(Server, 1, answer);
    world.say(Client, 1 + u32::try_from(opening.len()).unwrap(), MESSAGE);
    *world.ring.texts.first().expect("a token is sent")
}

#[test]
fn other_text_is_told_for_each_direction() {
    let json: &[u8] = b"{\"id\":1}\n";
    for text in [
        &b"GET /page HTTP/1.1\r\n"[..],
        b"220 mail.example ESMTP\r\n",
        b"<34>1 2026 a host",
        b"+OK ready for you\r\n",
    ] {
        assert_eq!(told(text, json), [true, false], "{}", text.escape_ascii());
        assert_eq!(told(json, text), [false, true], "{}", text.escape_ascii());
    }
    for other in [
        json,
        b" [1]\n",
        b"CONNECT pool.example:3333 HTTP/1.1\r\n",
        b"HTTP/1.1 200 Connection established\r\n",
        b"PROXY TCP4 192.0.2.1",
        b"3.0",
        b"\x05\x01\0",
    ] {
        assert_eq!(told(other, json), [false, false], "{}", other.escape_ascii());
    }
}

#[test]
fn a_stream_that_is_joined_within_a_job_is_no_other_text() {
    for rest in [
        &b"0a1b2c3d4e5f\",[],\"20000000\"]}\n"[..],
        b"\",[],\"20000000\"],\"method\":\"x\"}\n",
        b"00\", \"65000000\", \"deadbeef\"], \"id\": 7}\n",
        b"ethod\":\"x\",\"params\":[\"47fire\"]}\n",
    ] {
        assert_eq!(told(rest, b"{}\n"), [false, false], "{}", rest.escape_ascii());
    }
    assert_eq!(told(b"Deadbeat is a word\n", b"{}\n"), [true, false]);
}

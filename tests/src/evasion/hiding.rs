//! Conversations in lines of JSON, in the form of something else. Both sides play along, except where only the miner's
//! lines are changed: those the pool takes as they are.

use super::{Evasion, Expected, Group, Packet, Subject, paced};
use crate::conversation::Speaker;
use crate::talk::{Said, Talk};
use crate::talk_http::{ok, post};
use crate::websocket::frame;

const POST: &str = "POST /upload HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4000000000\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4000000000\r\n\r\n";
const POST_CHUNKS: &str = "POST /upload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
const OK_CHUNKS: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const UPGRADE: &str = "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
const UPGRADED: &str =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What a side makes of a line.
type Wrap = fn(Speaker, &[u8]) -> Vec<u8>;

pub(super) fn all() -> Vec<Evasion> {
    let rows = [in_http(), in_websocket(), behind_proxies(), in_other_lines(), too_well()];
    let forms = |row| Evasion { group: Group::Forms, ..row };
    rows.into_iter().flatten().map(forms).collect()
}

fn in_http() -> Vec<Evasion> {
    let chunks = [POST_CHUNKS, OK_CHUNKS];
    let trailers = [format!("{POST_CHUNKS}0\r\n"), format!("{OK_CHUNKS}0\r\n")];
    vec![
        hidden("in bodies of HTTP that do not end", [POST, OK], plain),
        hidden("in chunks of a body that does not end", chunks, |_, line| {
            [format!("{:x}\r\n", line.len()).as_bytes(), line, b"\r\n"].concat()
        }),
        hidden("in the extensions of chunks", chunks, |_, line| [b"1;x=", line, b"x\r\n"].concat()),
        hidden("in the lines that end chunks", chunks, |_, line| [b"1\r\nx", line].concat()),
        hidden("in trailers", trailers.clone(), plain),
        hidden("in fields of trailers", trailers, |_, line| [b"X-Note: ", line].concat()),
        hidden("behind lengths that contradict themselves", [POST, OK].map(contradicted), plain),
        hidden(
            "behind an unknown upgrade",
            [UPGRADE, UPGRADED].map(|head| head.replace("websocket", "x")),
            plain,
        ),
        hidden("behind a request that has no answer's body", ["HEAD / HTTP/1.1\r\n\r\n", OK], plain),
    ]
}

fn in_websocket() -> Vec<Evasion> {
    let begin = |mask| {
        [
            &[0x81, if mask { 0xff } else { 0x7f }, 0, 0, 0, 0, 0x40, 0, 0, 0][..],
            if mask { &MASK } else { b"" },
        ]
        .concat()
    };
    let long =
        |mask| [[UPGRADE.as_bytes(), &begin(mask)].concat(), [UPGRADED.as_bytes(), &begin(false)].concat()];
    let upgrade = [UPGRADE, UPGRADED];
    vec![
        hidden("in frames of WebSocket", upgrade, |speaker, line| frame(0x81, mask(speaker), line)),
        hidden("in frames of WebSocket that seem to be compressed", upgrade, |speaker, line| {
            frame(0xc1, mask(speaker), line)
        }),
        hidden("in a frame of WebSocket that does not end", long(false), plain),
        hidden("in a frame of WebSocket that seems to be masked", long(true), |_, line| {
            [b" ", line].concat()
        }),
        hidden("in pings of WebSocket", upgrade, |speaker, line| {
            line.chunks(125).flat_map(|part| frame(0x89, mask(speaker), part)).collect()
        }),
    ]
}

fn behind_proxies() -> Vec<Evasion> {
    let signature = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x0a\xc0\0\x02\x0b\x9c\x40\x0d\x05";
    vec![
        hidden(
            "behind CONNECT",
            ["CONNECT pool.example:443 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 Connection established\r\n\r\n"],
            plain,
        ),
        hidden(
            "behind SOCKS",
            [
                &b"\x05\x01\0\x05\x01\0\x03\x0cpool.example\x0d\x05"[..],
                b"\x05\0\x05\0\0\x01\x0a\0\0\x0a\x0d\x05",
            ],
            plain,
        ),
        hidden(
            "behind the header of a proxy, in text",
            ["PROXY TCP4 192.0.2.1 192.0.2.2 40000 3333\r\n", ""],
            plain,
        ),
        hidden("behind the header of a proxy, binary", [&signature[..], b""], plain),
        hidden("in records like those of TLS", ["", ""], |_, line| {
            let length = u16::try_from(line.len()).unwrap_or(u16::MAX);
            [&[0x17, 3, 3][..], &length.to_be_bytes(), line].concat()
        }),
    ]
}

fn in_other_lines() -> Vec<Evasion> {
    vec![
        hidden("each line a batch", ["", ""], |_, line| [b"[", line.trim_ascii(), b"]\n"].concat()),
        hidden("blanks, zeros and byte order marks before each line", ["", ""], |_, line| {
            [b"\0\x0b\xef\xbb\xbf \t", line].concat()
        }),
        hidden("lines that end with CR", ["", ""], |_, line| [line.trim_ascii(), b"\r"].concat()),
        changed("all texts of the miner in escapes", escaped),
        changed("comments in the miner's lines", |line| line.replacen('{', "{/* a */", 1))
            .expects(Expected::Found),
        changed("another method behind the miner's", |line| {
            let end = line.rfind('}').unwrap_or(line.len());
            let (head, tail) = line.split_at(end);
            format!("{head},\"method\":\"status.get\"{tail}")
        })
        .expects(Expected::Found),
    ]
}

/// What nobody but the two understands.
fn too_well() -> Vec<Evasion> {
    vec![
        hidden("in whole bodies of HTTP", ["", ""], |speaker, line| match speaker {
            Speaker::Client => post("/", "Host: a.example", line),
            Speaker::Server => ok("Content-Type: text/plain", line),
        })
        .expects(Expected::Found),
        hidden(
            "in fields of a head that does not end",
            ["GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n"],
            |_, line| [b"X-Note: ", line].concat(),
        ),
        hidden("in UTF-16", ["", ""], |_, line| line.iter().flat_map(|&byte| [byte, 0]).collect()),
    ]
}

fn plain(_: Speaker, line: &[u8]) -> Vec<u8> {
    line.to_vec()
}

/// Clients mask.
fn mask(speaker: Speaker) -> Option<[u8; 4]> {
    (speaker == Speaker::Client).then_some(MASK)
}

fn contradicted(head: &str) -> String {
    head.replace("\r\n\r\n", "\r\nContent-Length: 1\r\n\r\n")
}

/// Each letter in a text as an escape, which any reader of JSON understands.
fn escaped(line: &str) -> String {
    let mut quoted = false;
    let letters = line.chars().map(|letter| {
        quoted ^= letter == '"';
        if quoted && letter.is_ascii_alphabetic() {
            format!("\\u{:04x}", u32::from(letter))
        } else {
            letter.to_string()
        }
    });
    letters.collect()
}

/// Both sides open with these bytes, and make this of each line.
fn hidden<T: AsRef<[u8]>>(title: &str, opens: [T; 2], wrap: Wrap) -> Evasion {
    let [client, server] = opens.map(|bytes| bytes.as_ref().to_vec());
    of_json(title, move |subject| {
        let opened = Talk::new().client_bytes(&client).server_bytes(&server);
        let opened = opened.said.into_iter().filter(|said| !said.bytes.is_empty());
        let wrapped = subject
            .talk
            .said
            .iter()
            .map(|said| Said { bytes: wrap(said.speaker, &said.bytes), ..said.clone() });
        opened.chain(wrapped).collect()
    })
}

/// The miner makes this of its lines.
fn changed(title: &str, change: fn(&str) -> String) -> Evasion {
    of_json(title, move |subject| {
        let say = |said: &Said| {
            let mine = said.speaker == subject.miner;
            let bytes = if mine {
                change(&String::from_utf8_lossy(&said.bytes)).into_bytes()
            } else {
                said.bytes.clone()
            };
            Said { speaker: said.speaker, bytes }
        };
        subject.talk.said.iter().map(say).collect()
    })
}

/// Whether both sides speak in lines of JSON.
pub(super) fn is_json(subject: &Subject) -> bool {
    subject.talk.said.iter().all(|said| said.bytes.starts_with(b"{"))
}

/// Only conversations in lines of JSON can be hidden like this.
fn of_json(title: &str, say: impl Fn(&Subject) -> Vec<Said> + 'static) -> Evasion {
    Evasion::new(title, move |subject| {
        if !is_json(subject) {
            return Vec::new();
        }
        let talk = Talk { said: say(subject), ..subject.talk.clone() };
        vec![packets(subject, &talk)]
    })
}

fn packets(subject: &Subject, talk: &Talk) -> Vec<Packet> {
    paced(&talk.frames(subject.client, subject.server))
}

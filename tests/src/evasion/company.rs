//! What comes before the conversation, between its messages and beside it.

use std::net::SocketAddr;

use super::segments::cut;
use super::{Evasion, PAUSE, Packet, SECOND, START, Subject, paced, spaced};
use crate::conversation::{Conversation, Cut, Speaker};
use crate::noise::Noise;
use crate::packet::{ACK, FIN, Frame, RST, SYN};
use crate::talk::Talk;

/// Far away from all sequence numbers in use.
const FAR: u32 = 0x7000_0000;

pub(super) fn all() -> Vec<Evasion> {
    vec![
        Evasion::new("behind 1 MB of other things, at 1 Gbit/s", |subject| {
            preambles()
                .iter()
                .map(|preamble| behind(subject, preamble, SECOND / 80_000, 5 * SECOND))
                .collect()
        }),
        Evasion::new("behind 1 MB of other things, at 0.5 Mbit/s", |subject| {
            preambles().iter().map(|preamble| behind(subject, preamble, PAUSE, SECOND)).collect()
        }),
        Evasion::one("two hours between messages", |subject| spaced(&subject.frames(), 3600 * SECOND)),
        Evasion::one("eight hours between messages", |subject| spaced(&subject.frames(), 4 * 3600 * SECOND)),
        Evasion::new("a port that HTTP has just used", |subject| reused(subject, &page(3000))),
        Evasion::new("a port that TLS has just used", |subject| reused(subject, &tls())),
        Evasion::new("a port that mining has just used", |subject| reused(subject, &subject.talk)),
        Evasion::one("400 other connections of the same host", |subject| crowd(subject, 400)),
        Evasion::new("keep-alive probes", |subject| {
            [&b""[..], b"\0"].map(|byte| paced(&probes(subject, byte))).to_vec()
        }),
        Evasion::one("forged SYN with wrong numbers", |subject| {
            paced(&forged(subject, &subject.frames(), 3, SYN, FAR))
        }),
        Evasion::one("forged FIN with wrong numbers", |subject| {
            paced(&forged(subject, &subject.frames(), 3, FIN | ACK, FAR))
        }),
        Evasion::one("forged RST with wrong numbers", |subject| {
            paced(&forged(subject, &subject.frames(), 3, RST, FAR))
        }),
        Evasion::one("forged FIN with right numbers", |subject| {
            paced(&forged(subject, &subject.frames(), 3, FIN | ACK, 0))
        }),
        Evasion::one("forged RST with right numbers", |subject| {
            paced(&forged(subject, &subject.frames(), 3, RST, 0))
        }),
        Evasion::new("forged ends with wrong numbers after each 40 bytes", |subject| in_pieces(subject, FAR)),
        Evasion::new("forged ends with right numbers after each 40 bytes", |subject| in_pieces(subject, 0)),
    ]
}

/// A page of text is fetched.
pub(super) fn page(length: usize) -> Talk {
    let text: Vec<u8> =
        b"All work and no play makes Jack a dull boy.\n".iter().copied().cycle().take(length).collect();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n");
    Talk::new()
        .client_bytes(b"GET /novel.txt HTTP/1.1\r\nHost: books.example\r\n\r\n")
        .server_bytes(&[head.as_bytes(), &text].concat())
}

/// Something is uploaded.
pub(super) fn upload(length: usize) -> Talk {
    let text: Vec<u8> =
        b"All play and no work makes Jack a mere toy.\n".iter().copied().cycle().take(length).collect();
    let head = format!("POST /novels HTTP/1.1\r\nHost: books.example\r\nContent-Length: {length}\r\n\r\n");
    Talk::new()
        .client_bytes(&[head.as_bytes(), &text].concat())
        .server_bytes(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
}

/// Both sides say what means nothing.
pub(super) fn noise(length: usize) -> Talk {
    let mut noise = Noise::new(3);
    Talk::new().client_bytes(&noise.bytes(length)).server_bytes(&noise.bytes(length))
}

fn preambles() -> [Talk; 3] {
    [page(1 << 20), upload(1 << 20), noise(1 << 19)]
}

/// The beginning of TLS, and something encrypted.
fn tls() -> Talk {
    let mut noise = Noise::new(4);
    let mut record = |head: &[u8], length: usize| [head, &noise.bytes(length)].concat();
    Talk::new()
        .client_bytes(&record(&[0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3], 194))
        .server_bytes(&record(&[0x16, 3, 3, 0, 100, 2, 0, 0, 96, 3, 3], 94))
        .client_bytes(&record(&[0x17, 3, 3, 1, 0], 256))
        .server_bytes(&record(&[0x17, 3, 3, 1, 0], 256))
}

/// On the same connection, something else is said first. The pace of that, and then of the conversation.
fn behind(subject: &Subject, preamble: &Talk, before: u64, after: u64) -> Vec<Packet> {
    let mut conversation = subject.conversation(Cut::Lines);
    for said in &preamble.said {
        conversation.send(said.speaker, &said.bytes);
    }
    let opening = conversation.clone().leave_open().len();
    for said in &subject.talk.said {
        conversation.send(said.speaker, &said.bytes);
    }
    let mut time = START;
    let packet = |(number, frame): (usize, &Frame)| {
        time += if number < opening { before } else { after };
        Packet { bytes: frame.bytes(), time }
    };
    (0..).zip(&conversation.close()).map(packet).collect()
}

/// Another conversation had the same ends just before: it was closed, or nobody saw its end, and its sequence numbers
/// were far away or near.
fn reused(subject: &Subject, earlier: &Talk) -> Vec<Vec<Packet>> {
    let variant = |(closed, first): (bool, [u32; 2])| {
        let mut before = Conversation::open(subject.client, subject.server, first, Cut::Lines);
        for said in &earlier.said {
            before.send(said.speaker, &said.bytes);
        }
        let before = if closed { before.close() } else { before.leave_open() };
        paced(before.iter().chain(&subject.frames()))
    };
    let (far, near) = ([3_000_000_000, 2_000_000_000], [1500, 5500]);
    [(true, far), (false, far), (true, near), (false, near)].map(variant).to_vec()
}

/// Other connections of the same host, a packet of each in turn between two packets of this one.
fn crowd(subject: &Subject, count: u16) -> Vec<Packet> {
    let others = (0..count).flat_map(|number| {
        let client = SocketAddr::new(subject.client.ip(), 20_000 + number);
        let server: SocketAddr = ([198, 51, 100, 7], 80).into();
        let server = if client.is_ipv4() { server } else { SocketAddr::new(subject.server.ip(), 80) };
        page(200).frames(client, server)
    });
    let mut others = others.collect::<Vec<_>>().into_iter();
    let frames = subject.frames();
    let each = others.len() / frames.len().max(1) + 1;
    let mut mixed = Vec::new();
    for frame in frames {
        mixed.push(frame);
        mixed.extend(others.by_ref().take(each));
    }
    spaced(&mixed, SECOND / 1000)
}

/// Each side probes after each message: one byte before what comes next, or none.
fn probes(subject: &Subject, byte: &[u8]) -> Vec<Frame> {
    let probe = |frame: Frame| {
        let said = u32::try_from(frame.said().len()).unwrap_or(0);
        let probe = frame.clone().sequence(frame.number().wrapping_add(said).wrapping_sub(1)).flags(ACK);
        let probe = (said > 0).then(|| probe.payload(byte));
        [Some(frame), probe]
    };
    subject.frames().into_iter().flat_map(probe).flatten().collect()
}

/// The conversation in small pieces, behind each of which somebody says that both sides end or reset the connection.
fn in_pieces(subject: &Subject, away: u32) -> Vec<Vec<Packet>> {
    let pieces = cut(subject, Cut::Bytes(40));
    [FIN | ACK, RST].map(|flags| paced(&forged(subject, &pieces, 1, flags, away))).to_vec()
}

/// After every so many segments somebody says that both sides open or end the connection, with sequence numbers so far away.
fn forged(subject: &Subject, original: &[Frame], every: u32, flags: u8, away: u32) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut next = [0, 0];
    let mut count = 0;
    for frame in original {
        let said = u32::try_from(frame.said().len()).unwrap_or(0);
        let [client, server] = &mut next;
        let side = if subject.is_from(Speaker::Client, frame) { client } else { server };
        *side = frame.number().wrapping_add(said);
        count += u32::from(said > 0);
        frames.push(frame.clone());
        if said > 0 && count % every == 0 {
            let [client, server] = next.map(|next: u32| next.wrapping_add(away));
            frames.push(Frame::tcp(subject.client, subject.server).flags(flags).sequence(client));
            frames.push(Frame::tcp(subject.server, subject.client).flags(flags).sequence(server));
        }
    }
    frames
}

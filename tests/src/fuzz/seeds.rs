//! Inputs to begin with: the conversations of the catalogue and of the look-alikes, in the form that each target reads.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use detector_common::event::{EVENT_FIXED, EVENT_PAYLOAD, EventHeader, EventKind, EventRecord};
use detector_common::packet::Encapsulation;

use super::http::BETWEEN;
use super::pipeline::flow;
use super::{conversation, files, pipeline, recogniser};
use crate::conversation::{Cut, Speaker};
use crate::noise::Noise;
use crate::packet::{Extension, Frame, QINQ, VLAN, Wrapping, cut, fragmentable, fragments};
use crate::talk::{Said, Talk};
use crate::{catalogue, lookalikes};

/// Long conversations say the same again and again: so much of them is enough.
const ENOUGH: usize = 8192;

/// The conversations of the catalogue, then those of the look-alikes.
fn talks() -> impl Iterator<Item = Talk> {
    let mining = catalogue::all().into_iter().map(|entry| entry.talk);
    mining.chain(lookalikes::all().into_iter().map(|lookalike| lookalike.talk))
}

/// Each conversation in the form of a target.
fn each(talks: impl Iterator<Item = Talk>, encode: impl Fn(&Talk) -> Vec<u8>) -> Vec<Vec<u8>> {
    talks.map(|talk| encode(&beginning(talk))).filter(|seed| !seed.is_empty()).collect()
}

/// As many turns as are enough.
fn beginning(mut talk: Talk) -> Talk {
    let mut length = 0;
    talk.said.retain(|said| {
        length += said.bytes.len();
        length <= ENOUGH
    });
    talk
}

fn server(said: &Said) -> u8 {
    u8::from(said.speaker == Speaker::Server)
}

fn ends() -> (SocketAddr, SocketAddr) {
    ((Ipv4Addr::new(10, 0, 0, 2), 40_000).into(), (Ipv4Addr::new(203, 0, 113, 9), 3333).into())
}

/// Names and values in quotes that the catalogue's conversations hold, with the quotes.
#[must_use]
pub fn words() -> BTreeSet<Vec<u8>> {
    let said = catalogue::all().into_iter().flat_map(|entry| beginning(entry.talk).said);
    said.flat_map(|said| quoted(&said.bytes)).collect()
}

fn quoted(text: &[u8]) -> Vec<Vec<u8>> {
    let parts = text.split(|byte| *byte == b'"').skip(1).step_by(2);
    let word = |part: &&[u8]| (1..=24).contains(&part.len()) && part.iter().all(u8::is_ascii_graphic);
    parts.filter(word).map(|part| [b"\"", part, b"\""].concat()).collect()
}

/// Frames, each in every dress that the laboratory can sew, and in every tunnel.
pub(super) fn frames() -> Vec<Vec<u8>> {
    let (from, to) = ends();
    let six = |last| SocketAddr::from((Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last), 443));
    let plain = Frame::tcp(from, to).payload(b"{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[]}\n");
    let plain6 = Frame::tcp(six(1), six(2)).payload(b"{\"id\":1,\"method\":\"login\"}\n");
    let discovery = Frame::udp(from, to).payload(&crate::noise::random(150, 1));
    let inner = plain.bytes();
    let wrapped = Wrapping::LINKS.iter().chain(Wrapping::TUNNELS).map(|(_, wrapping)| wrapping.wrap(&inner));
    let mut frames: Vec<Vec<u8>> = wrapped.collect();
    let dressed = [
        plain.clone(),
        plain.clone().tag(VLAN, 5),
        plain.clone().tag(QINQ, 5).tag(VLAN, 6),
        plain.clone().ip_options(&[7, 7, 4, 0, 0, 0, 0]),
        plain.clone().tcp_options(&[1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]),
        plain.clone().fragment(0, true),
        plain.fragment(3, false),
        plain6.clone(),
        plain6.clone().extension(Extension::hop_by_hop(0)).extension(Extension::destination(3)),
        plain6.clone().extension(Extension::routing(1)).extension(Extension::fragment(0, false)),
        plain6.extension(Extension::fragment(0, true)).tag(VLAN, 5),
        Frame::tcp(from, to),
        discovery.clone(),
        discovery.tag(VLAN, 1),
    ];
    frames.extend(dressed.iter().map(Frame::bytes));
    frames
}

/// The frames of each conversation.
pub(super) fn traffic() -> Vec<Vec<u8>> {
    let (client, server) = ends();
    let mut seeds = each(talks(), |talk| {
        let frames = talk.frames_cut(client, server, Cut::Lines);
        frames.iter().flat_map(|frame| recogniser::encode(&frame.bytes())).collect()
    });
    seeds.push(frames().iter().flat_map(|frame| recogniser::encode(frame)).collect());
    seeds.extend(each(talks().step_by(8), |talk| {
        let frames = talk.frames_cut(client, server, Cut::Lines);
        frames.iter().zip(1..).flat_map(|(frame, number)| in_fragments(&frame.bytes(), number)).collect()
    }));
    seeds
}

/// A frame in fragments, as [`recogniser`](super::recogniser()) reads them.
fn in_fragments(frame: &[u8], number: u32) -> Vec<u8> {
    let pieces = cut(fragmentable(frame), 40, 64);
    fragments(frame, &pieces, number).iter().flat_map(|frame| recogniser::encode(frame)).collect()
}

/// Segments in order, in reverse, overlapping, with holes.
pub(super) fn segments() -> Vec<Vec<u8>> {
    let segment = |place: u16, length: u16| [&[0][..], &place.to_be_bytes(), &length.to_be_bytes()].concat();
    let orders: [Vec<(u16, u16)>; 4] = [
        (0..12).map(|n| (n * 100, 100)).collect(),
        (0..12).rev().map(|n| (n * 100, 100)).collect(),
        (0..12).map(|n| (n * 60, 100)).collect(),
        (0..12).map(|n| (n * 7 % 12 * 150, 100)).collect(),
    ];
    let bases = [0_u32, u32::MAX - 300];
    let mut seeds = Vec::new();
    for (small, base) in [0_u8, 1].into_iter().flat_map(|small| bases.map(|base| (small, base))) {
        for order in &orders {
            let mut seed = vec![small];
            seed.extend(base.to_be_bytes());
            seed.extend(order.iter().flat_map(|(place, length)| segment(*place, *length)));
            seed.extend([5, 0, 0, 8, 0, 7, 4, 0, 0, 0]);
            seeds.push(seed);
        }
    }
    seeds
}

/// Every conversation, a turn a segment.
pub(super) fn conversations() -> Vec<Vec<u8>> {
    each(talks().filter(|talk| !talk.datagrams), |talk| {
        let segments = talk.said.iter().flat_map(|said| conversation::encode(server(said), &said.bytes));
        [2].into_iter().chain(segments).collect()
    })
}

/// Those that speak in lines.
pub(super) fn lines() -> Vec<Vec<u8>> {
    let in_lines = |talk: &Talk| talk.said.iter().all(|said| std::str::from_utf8(&said.bytes).is_ok());
    each(talks().filter(|talk| in_lines(talk)), |talk| {
        let mut text = Vec::new();
        for said in &talk.said {
            for line in said.bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                text.push(if said.speaker == Speaker::Server { b'<' } else { b'>' });
                text.extend(line);
                text.push(b'\n');
            }
        }
        text
    })
}

/// Those over HTTP.
pub(super) fn http() -> Vec<Vec<u8>> {
    let is_http =
        |talk: &Talk| talk.said.iter().any(|said| said.bytes.windows(7).any(|part| part == b"HTTP/1."));
    each(talks().filter(is_http), |talk| {
        joined(talk.said.iter().map(|said| (said.speaker, bare_lines(&said.bytes))))
    })
}

/// Messages with [`BETWEEN`] between them, each with its speaker.
fn joined(messages: impl Iterator<Item = (Speaker, Vec<u8>)>) -> Vec<u8> {
    let mut text = Vec::new();
    for (speaker, message) in messages {
        text.push(if speaker == Speaker::Server { b'<' } else { b'>' });
        text.extend(message);
        text.push(BETWEEN);
    }
    text
}

/// The text without its carriage returns.
fn bare_lines(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| *byte != b'\r').collect()
}

/// What is said in those over WebSocket, and in those in lines.
pub(super) fn websocket() -> Vec<Vec<u8>> {
    let short = |bytes: &[u8]| bytes.len() >= 2;
    each(talks().filter(|talk| !talk.datagrams), |talk| {
        let messages = talk.said.iter().filter(|said| short(&said.bytes));
        joined(messages.filter_map(|said| Some((said.speaker, unframed(&said.bytes)?))))
    })
}

/// The message of a frame of at most 64 KiB, or a line.
fn unframed(bytes: &[u8]) -> Option<Vec<u8>> {
    let [first, second, rest @ ..] = bytes else { return None };
    if *first != 0x81 && *first != 0x82 {
        return std::str::from_utf8(bytes).is_ok().then(|| bytes.trim_ascii().to_vec());
    }
    let rest = if second & 0x7f == 0x7e { rest.get(2..)? } else { rest };
    if second & 0x80 == 0 {
        return Some(rest.to_vec());
    }
    let (mask, text) = rest.split_at_checked(4)?;
    Some(text.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect())
}

/// Those that are no text.
pub(super) fn binary() -> Vec<Vec<u8>> {
    let is_binary = |talk: &Talk| {
        talk.datagrams || talk.said.iter().any(|said| std::str::from_utf8(&said.bytes).is_err())
    };
    each(talks().filter(is_binary), |talk| {
        talk.said
            .iter()
            .flat_map(|said| super::binary::encode(server(said), talk.datagrams, &said.bytes))
            .collect()
    })
}

/// Events of each conversation, and of two at a time.
pub(super) fn events() -> Vec<Vec<u8>> {
    let encode = |which: u8, talk: &Talk| -> Vec<Vec<u8>> {
        let said = talk.said.iter().enumerate();
        let event = |(at, said): (usize, &Said)| {
            pipeline::encode(which, said.speaker == Speaker::Server, at == 0, &said.bytes)
        };
        said.map(event).collect()
    };
    let talks: Vec<Talk> = talks().filter(|talk| !talk.datagrams).map(beginning).collect();
    talks
        .iter()
        .zip(talks.iter().cycle().skip(talks.len() / 3))
        .map(|(one, other)| {
            let (one, other) = (encode(0, one), encode(3, other));
            let both = one.into_iter().zip(other.into_iter().map(Some).chain(std::iter::repeat(None)));
            // At last ten minutes pass, and both sides of the first flow say goodbye.
            let end = [3, 0x92, 0x58, 0b0110_0010, 0, 0, 0b0110_0110, 0, 0];
            both.flat_map(|(one, other)| [one, other.unwrap_or_default()].concat()).chain(end).collect()
        })
        .collect()
}

/// Items of the ring buffer, as the recogniser writes them.
pub(super) fn ring() -> Vec<Vec<u8>> {
    let (key, up) = flow(0);
    each(talks(), |talk| {
        let mut next = [1000_u32, 5000];
        let mut items = Vec::new();
        for (at, said) in talk.said.iter().enumerate() {
            let kind = match (talk.datagrams, at) {
                (true, _) => EventKind::Datagram,
                (false, 0) => EventKind::First,
                _ => EventKind::Segment,
            };
            let [client, server] = &mut next;
            let (direction, sequence) =
                if said.speaker == Speaker::Client { (up, client) } else { (up.reverse(), server) };
            let part = said.bytes.get(..EVENT_PAYLOAD).unwrap_or(&said.bytes);
            let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
            let mut header = EventHeader::new(kind, key, direction, 1_000_000, *sequence, 1);
            header.set_part(*sequence, length);
            *sequence = sequence.wrapping_add(u32::from(length));
            let record = EventRecord { header, outer: Encapsulation::NONE, payload: [0; EVENT_PAYLOAD] };
            let head = record.bytes().get(..EVENT_FIXED).unwrap_or_default();
            items.extend(super::input::with_length(&[head, part].concat()));
        }
        items
    })
}

/// Captures of every format and readable link type.
pub(super) fn captures() -> Vec<Vec<u8>> {
    let frames: Vec<Vec<u8>> = frames().into_iter().take(4).collect();
    let mut seeds = Vec::new();
    for link in [0_u16, 1, 9, 12, 50, 51, 101, 104, 105, 108, 113, 119, 127, 163, 220, 276] {
        let frames: Vec<Vec<u8>> = frames.iter().map(|frame| files::as_link(link, frame)).collect();
        seeds.push(files::pcap(link, &frames));
        seeds.push(files::pcapng(link, &frames));
    }
    let packed: Vec<Vec<u8>> = seeds.iter().take(4).map(|file| files::gzip(file)).collect();
    seeds.extend(packed);
    seeds.push(Noise::new(1).bytes(64));
    seeds
}

/// The built-in files, and one with everything that a signature may have.
pub(super) fn signatures() -> Vec<Vec<u8>> {
    let files: [&[u8]; 6] = [
        include_bytes!("../../../signatures/stratum.toml"),
        include_bytes!("../../../signatures/cryptonote.toml"),
        include_bytes!("../../../signatures/duino.toml"),
        include_bytes!("../../../signatures/nodes.toml"),
        include_bytes!("../../../signatures/stratum-v2.toml"),
        include_bytes!("../../../signatures/ironfish.toml"),
    ];
    files.iter().map(|file| file.to_vec()).collect()
}

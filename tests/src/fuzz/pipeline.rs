use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use detector::ledger;
use detector::pipeline::{Pipeline, Reaction, Settings};
use detector::stream::Limits;
use detector_common::event::{Event, EventHeader, EventKind};
use detector_common::flow::{Direction, FlowKey, TCP};
use detector_common::packet::Encapsulation;
use jiff::{SignedDuration, Timestamp};

use super::input::{Input, with_length};
use super::records;
use super::talk::{SMALL, signatures};

const CONVERSATIONS: usize = 3;
const CASES: usize = 2;

/// So little room that a few events use it up.
pub(super) fn settings(stream: Limits) -> Settings {
    Settings {
        conversations: CONVERSATIONS,
        buffered_bytes: 8192,
        habits: 2,
        stream,
        ledger: ledger::Settings { cases: CASES, flows: 3, ..ledger::Settings::default() },
        signatures: Some(Arc::clone(signatures())),
        ..Settings::default()
    }
}

/// Events of any kind in any order, of a few flows: what is followed is bounded, every record is a line of JSON, and at
/// the end nothing is left.
///
/// # Panics
/// It is not so.
pub fn pipeline(data: &[u8]) {
    let mut input = Input(data);
    let mut pipeline = Pipeline::new(settings(SMALL));
    let mut time = Timestamp::UNIX_EPOCH;
    let mut next = [[1000_u32, u32::MAX - 50]; 4];
    while !input.is_empty() {
        let control = input.byte();
        let which = usize::from(control >> 3 & 3);
        let (key, up) = flow(which);
        let direction = if control & 4 == 0 { up } else { up.reverse() };
        let Some(at) = next.get_mut(which).and_then(|flow| flow.get_mut(direction as usize)) else { return };
        let kind = match control & 3 {
            0 | 1 => EventKind::Segment,
            2 => other(control >> 5),
            _ => {
                time = later(time, input.short());
                let reaction = pipeline.advance(time);
                check(&pipeline, &reaction);
                continue;
            }
        };
        let kind = if control & 3 == 1 { EventKind::First } else { kind };
        let ends = matches!(kind, EventKind::Closed | EventKind::Reset);
        let payload = if ends { &[] } else { input.bytes() };
        let mut sequence = *at;
        if control & 3 == 2 {
            // Also far away: another connection of the same ends.
            sequence = sequence.wrapping_add_signed(i32::from(input.short().cast_signed()) << (control >> 4));
        } else {
            *at = at.wrapping_add(u32::try_from(payload.len()).unwrap_or(u32::MAX));
        }
        let header = if kind == EventKind::Fragment {
            fragment(key, direction, input.short(), payload)
        } else {
            EventHeader::new(kind, key, direction, 0, sequence, 1)
        };
        let reaction =
            pipeline.event(&Event { kind, header, outer: Encapsulation::NONE, payload }, time, Some("lan0"));
        check(&pipeline, &reaction);
    }
    finish(pipeline, time);
}

/// The header of a fragment of one of eight packets of a direction; `number` also tells its place and if it is the last.
fn fragment(key: FlowKey, direction: Direction, number: u16, payload: &[u8]) -> EventHeader {
    let from = SocketAddr::new(key.sender(direction).ip(), 0);
    let (low, place) = (number & 7, number >> 4 << 3);
    let mut to = SocketAddr::from(key.receiver(direction));
    to.set_port(low);
    let (key, direction) = FlowKey::fragments(from.into(), to.into());
    let mut header = EventHeader::new(EventKind::Fragment, key, direction, 0, u32::from(place), 1);
    let end = place.saturating_add(u16::try_from(payload.len()).unwrap_or(u16::MAX));
    header.set_fragment(TCP, if number & 8 == 0 { 0 } else { end });
    header
}

fn other(number: u8) -> EventKind {
    match number {
        0 | 1 => EventKind::Segment,
        2 => EventKind::First,
        3 | 4 => EventKind::Closed,
        5 => EventKind::Reset,
        6 => EventKind::Datagram,
        _ => EventKind::Fragment,
    }
}

/// Short times come often, long ones seldom.
fn later(time: Timestamp, number: u16) -> Timestamp {
    let short = i64::from(number & 0xfff);
    let pause = match number >> 12 {
        0..=7 => SignedDuration::from_millis(short),
        8..=12 => SignedDuration::from_secs(short),
        _ => SignedDuration::from_secs(short * 60),
    };
    time.saturating_add(pause).unwrap_or(time)
}

/// Two clients that each have two connections to one server.
pub(super) fn flow(which: usize) -> (FlowKey, Direction) {
    let client = if which & 1 == 0 { Ipv4Addr::new(10, 0, 0, 2) } else { Ipv4Addr::new(10, 0, 0, 3) };
    let port = if which & 2 == 0 { 40_000 } else { 40_001 };
    let server = SocketAddr::from((Ipv4Addr::new(203, 0, 113, 9), 3333));
    FlowKey::tcp(SocketAddr::from((client, port)).into(), server.into())
}

/// What holds after every event.
pub(super) fn check(pipeline: &Pipeline, reaction: &Reaction) {
    assert!(pipeline.conversations() <= CONVERSATIONS);
    assert!(pipeline.cases() + pipeline.nodes() <= CASES);
    records::check(&reaction.records);
}

/// What holds at the end.
pub(super) fn finish(mut pipeline: Pipeline, time: Timestamp) {
    records::check(&pipeline.finish(time));
    assert_eq!((pipeline.conversations(), pipeline.cases(), pipeline.nodes()), (0, 0, 0));
    assert!(pipeline.advance(time).records.is_empty(), "nothing is left to be told");
}

/// A segment in order as [`pipeline`] reads it.
pub(super) fn encode(which: u8, server: bool, first: bool, bytes: &[u8]) -> Vec<u8> {
    let control = which << 3 | u8::from(server) << 2 | u8::from(first);
    [&[control], with_length(bytes).as_slice()].concat()
}

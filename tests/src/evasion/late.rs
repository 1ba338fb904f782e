//! Segments in disorder behind something harmless, and messages among what is repeated and forged: as if the recogniser
//! looked at the beginning only, or could be kept busy.

use super::company::{noise, page, upload};
use super::order::{reversed, swapped};
use super::{Evasion, Expected, Packet, Subject, paced, spaced};
use crate::conversation::{Conversation, Cut};
use crate::noise::Noise;
use crate::packet::Frame;
use crate::talk::Talk;

/// Bytes of a segment: no token fits into it.
const SMALL: usize = 8;
/// Bytes of a segment of what is harmless.
const LARGE: usize = 1400;
/// How many segments come before each message.
const FLOOD: u32 = 30;
/// How many segments come before each piece.
const FORGED: u32 = 3;

pub(super) fn all() -> Vec<Evasion> {
    let disorder = |title: &str, disorder: fn(&[Frame]) -> Vec<Frame>| {
        let title = format!("behind 2 KB of other things: {title}");
        Evasion::new(title, move |subject| {
            preambles().iter().map(|preamble| behind(subject, preamble, disorder)).collect()
        })
        .expects(Expected::Found)
    };
    vec![
        disorder("swapped pairs of 8 bytes", |frames| swapped(frames, 0)),
        disorder("pieces of 8 bytes, reversed by the eight", |frames| reversed(frames, 0, 8)),
        disorder("other bytes before the first half of each 8", undermined),
        Evasion::one("40 KB of repetitions before each message", |subject| {
            flooded(subject, |_, last| last.clone())
        }),
        Evasion::one("40 KB of forged segments with wrong numbers before each message", |subject| {
            flooded(subject, |number, last| {
                let other = Noise::new(number.into()).bytes(LARGE);
                last.clone().sequence(last.number().wrapping_add(number * 130_000_000)).payload(&other)
            })
        }),
        Evasion::one(
            "a forged beginning, and forged segments with wrong numbers before each 8 bytes",
            |subject| paced(&beside(subject)),
        ),
    ]
}

fn preambles() -> [Talk; 3] {
    [page(2000), upload(2000), noise(2000)]
}

/// The conversation in small pieces that are put in disorder, behind something else on the same connection.
fn behind(subject: &Subject, preamble: &Talk, disorder: fn(&[Frame]) -> Vec<Frame>) -> Vec<Packet> {
    let mut conversation = opened_by(subject, preamble, Cut::Bytes(SMALL));
    let opening = conversation.clone().leave_open().len();
    for said in &subject.talk.said {
        conversation.send(said.speaker, &said.bytes);
    }
    let frames = conversation.close();
    let (opening, rest) = frames.split_at(opening);
    paced(opening.iter().chain(&disorder(rest)))
}

fn opened_by(subject: &Subject, preamble: &Talk, cut: Cut) -> Conversation {
    let mut conversation = subject.conversation(cut);
    for said in &preamble.said {
        for piece in said.bytes.chunks(LARGE) {
            conversation.segment(said.speaker, piece);
        }
    }
    conversation
}

/// Where a segment belongs, there are random bytes first, half as many.
fn undermined(frames: &[Frame]) -> Vec<Frame> {
    let mut noise = Noise::new(8);
    let other = |frame: &Frame| {
        let bytes = noise.bytes(frame.said().len() / 2);
        let other = (!bytes.is_empty()).then(|| frame.clone().payload(&bytes));
        [other, Some(frame.clone())]
    };
    frames.iter().flat_map(other).flatten().collect()
}

/// Before each message there is a flood of other segments from the same end, by their number and the last segment of what
/// was said before.
fn flooded(subject: &Subject, flood: fn(u32, &Frame) -> Frame) -> Vec<Packet> {
    let mut conversation = opened_by(subject, &noise(LARGE), Cut::Lines);
    let opening = conversation.clone().leave_open();
    for said in &subject.talk.said {
        conversation.send(said.speaker, &said.bytes);
    }
    let mut frames = Vec::new();
    for (place, frame) in (0..).zip(conversation.close()) {
        if place >= opening.len() && !frame.said().is_empty() {
            let last = opening.iter().rfind(|last| last.from() == frame.from() && !last.said().is_empty());
            frames.extend(last.into_iter().flat_map(|last| (1..=FLOOD).map(|number| flood(number, last))));
        }
        frames.push(frame);
    }
    spaced(&frames, super::SECOND / 100)
}

/// Both sides seem to begin elsewhere, and each piece comes behind others that are each somewhere else.
fn beside(subject: &Subject) -> Vec<Frame> {
    let mut conversation = subject.conversation(Cut::Bytes(SMALL));
    for said in &subject.talk.said {
        conversation.send(said.speaker, &said.bytes);
    }
    let mut places = (1..).map(|place: u32| place.wrapping_mul(36_000_000));
    let mut begun = Vec::new();
    let mut frames = Vec::new();
    for frame in conversation.close() {
        if !frame.said().is_empty() {
            let mut forge = |text: &[u8]| {
                let place = places.next().unwrap_or_default();
                frames.push(frame.clone().sequence(frame.number().wrapping_add(place)).payload(text));
            };
            if !begun.contains(&frame.from()) {
                begun.push(frame.from());
                forge(b"{\"id\": 7, \"method\": \"status\"}\n");
            }
            (0..FORGED).for_each(|_| forge(b"{\"id\": 1"));
        }
        frames.push(frame);
    }
    frames
}

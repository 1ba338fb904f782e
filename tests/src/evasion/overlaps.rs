//! Segments that overlap, with the same bytes and with others: what a receiver never takes, because its checksum is wrong
//! or it dies on the way, the one who reads along may.

use super::segments::cut;
use super::{Evasion, Subject, paced};
use crate::conversation::{Cut, Speaker};
use crate::noise::Noise;
use crate::packet::Frame;

pub(super) fn all() -> Vec<Evasion> {
    let miner = |subject: &Subject| vec![subject.miner];
    let pool = |subject: &Subject| vec![subject.miner.other()];
    let both = |_: &Subject| vec![Speaker::Client, Speaker::Server];
    vec![
        Evasion::one("overlaps with the same bytes", |subject| paced(&grown(subject))),
        Evasion::one("overlaps: other bytes after those of the miner", move |subject| {
            paced(&garbage(subject, &miner(subject), |_| false))
        }),
        Evasion::one("overlaps: other bytes after those of both sides", move |subject| {
            paced(&garbage(subject, &both(subject), |_| false))
        }),
        Evasion::one("overlaps: other bytes before those of the miner", move |subject| {
            paced(&garbage(subject, &miner(subject), |_| true))
        }),
        Evasion::one("overlaps: other bytes before those of the pool", move |subject| {
            paced(&garbage(subject, &pool(subject), |_| true))
        }),
        Evasion::one("overlaps: other bytes before those of both sides", move |subject| {
            paced(&garbage(subject, &both(subject), |_| true))
        }),
        Evasion::one("overlaps: other bytes before and after those of the miner, by turns", move |subject| {
            paced(&garbage(subject, &miner(subject), |number| number % 2 == 0))
        }),
        Evasion::one("overlaps: the miner's first halves last, after other bytes", |subject| {
            paced(&halves(subject, true))
        }),
        Evasion::one("overlaps: the miner's halves after other bytes in all of the message", |subject| {
            paced(&halves(subject, false))
        }),
        Evasion::one("a forged segment 900 kB ahead of the miner", |subject| paced(&ahead(subject))),
    ]
}

/// Each segment begins up to 25 bytes before its place and repeats what stands there.
fn grown(subject: &Subject) -> Vec<Frame> {
    let mut heard: [Vec<u8>; 2] = [Vec::new(), Vec::new()];
    let mut frames = cut(subject, Cut::Bytes(40));
    for frame in &mut frames {
        if frame.said().is_empty() {
            continue;
        }
        let [client, server] = &mut heard;
        let heard = if subject.is_from(Speaker::Client, frame) { client } else { server };
        let back = heard.len().min(25);
        let before = heard.get(heard.len() - back..).unwrap_or_default();
        let payload = [before, frame.said()].concat();
        heard.extend(frame.said());
        let number = frame.number().wrapping_sub(u32::try_from(back).unwrap_or(0));
        *frame = frame.clone().sequence(number).payload(&payload);
    }
    frames
}

/// Beside each segment of the speakers there is another one with random bytes in its place; which of them they come before,
/// its number tells.
fn garbage(subject: &Subject, speakers: &[Speaker], before: impl Fn(u32) -> bool) -> Vec<Frame> {
    let mut noise = Noise::new(7);
    let mut frames = Vec::new();
    let mut number = 0;
    for frame in subject.frames() {
        if frame.said().is_empty() || !speakers.iter().any(|speaker| subject.is_from(*speaker, &frame)) {
            frames.push(frame);
            continue;
        }
        let other = frame.clone().payload(&noise.bytes(frame.said().len()));
        frames.extend(if before(number) { [other, frame] } else { [frame, other] });
        number += 1;
    }
    frames
}

/// Each message of the miner comes in halves after random bytes: in the place of the first half, which comes last, or of
/// all of it.
fn halves(subject: &Subject, first_comes_last: bool) -> Vec<Frame> {
    let mut noise = Noise::new(7);
    let mut frames = Vec::new();
    for frame in subject.frames() {
        if frame.said().is_empty() || !subject.is_from(subject.miner, &frame) {
            frames.push(frame);
            continue;
        }
        let (first, second) = frame.said().split_at(frame.said().len() / 2);
        let middle = frame.number().wrapping_add(u32::try_from(first.len()).unwrap_or(0));
        let second_half = frame.clone().sequence(middle).payload(second);
        let first_half = frame.clone().payload(first);
        let garbage = noise.bytes(if first_comes_last { first.len() } else { frame.said().len() });
        let other = frame.clone().payload(&garbage);
        frames.extend(if first_comes_last {
            [other, second_half, first_half]
        } else {
            [other, first_half, second_half]
        });
    }
    frames
}

/// Behind the second segment of the miner there is one of random bytes far ahead.
fn ahead(subject: &Subject) -> Vec<Frame> {
    let mut frames = subject.frames();
    let of_the_miner = |frame: &Frame| !frame.said().is_empty() && subject.is_from(subject.miner, frame);
    let second = (0..).zip(&frames).filter(|(_, frame)| of_the_miner(frame)).map(|(at, _)| at).nth(1);
    if let Some(frame) = second.and_then(|at: usize| frames.get(at).cloned()) {
        let number = frame.number().wrapping_add(900_000);
        let forged = frame.sequence(number).payload(&Noise::new(7).bytes(100));
        frames.insert(second.map_or(0, |at| at + 1), forged);
    }
    frames
}

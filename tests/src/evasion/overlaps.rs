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
            paced(&garbage(subject, &miner(subject), false))
        }),
        Evasion::one("overlaps: other bytes after those of both sides", move |subject| {
            paced(&garbage(subject, &both(subject), false))
        }),
        Evasion::one("overlaps: other bytes before those of the miner", move |subject| {
            paced(&garbage(subject, &miner(subject), true))
        })
        .expects(super::Expected::Found),
        Evasion::one("overlaps: other bytes before those of the pool", move |subject| {
            paced(&garbage(subject, &pool(subject), true))
        })
        .expects(super::Expected::Found),
        Evasion::one("overlaps: other bytes before those of both sides", move |subject| {
            paced(&garbage(subject, &both(subject), true))
        })
        .expects(super::Expected::Found),
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

/// Beside each segment of the speakers there is another one with random bytes in its place.
fn garbage(subject: &Subject, speakers: &[Speaker], before: bool) -> Vec<Frame> {
    let mut noise = Noise::new(7);
    let mut frames = Vec::new();
    for frame in subject.frames() {
        if frame.said().is_empty() || !speakers.iter().any(|speaker| subject.is_from(*speaker, &frame)) {
            frames.push(frame);
            continue;
        }
        let other = frame.clone().payload(&noise.bytes(frame.said().len()));
        frames.extend(if before { [other, frame] } else { [frame, other] });
    }
    frames
}

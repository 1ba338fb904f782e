//! Segments that come in another order than they were sent, and more than once.

use super::segments::{cut, random_cuts};
use super::{Evasion, Subject, paced};
use crate::conversation::{Cut, Speaker};
use crate::packet::Frame;

pub(super) fn all() -> Vec<Evasion> {
    vec![
        Evasion::new("out of order: swapped pairs", |subject| {
            let pieces = cut(subject, Cut::Bytes(30));
            let (odd, even) = (swapped(&pieces, 3), swapped(&pieces, 4));
            vec![paced(&odd), paced(&even)]
        }),
        Evasion::new("out of order: reversed by the eight", |subject| {
            (1..=3).map(|seed| paced(&reversed(&random_cuts(subject, seed), 3, 8))).collect()
        }),
        Evasion::new("out of order: the first segment last", |subject| {
            [Speaker::Client, Speaker::Server].map(|speaker| paced(&first_last(subject, speaker))).to_vec()
        }),
        Evasion::one("duplicates", |subject| {
            let frames = cut(subject, Cut::Bytes(40));
            paced(frames.iter().flat_map(|frame| [frame, frame, frame]))
        }),
        Evasion::one("late retransmissions", |subject| paced(&late(&cut(subject, Cut::Bytes(40))))),
    ]
}

/// Pairs behind the first `start` frames change places.
pub(super) fn swapped(frames: &[Frame], start: usize) -> Vec<Frame> {
    let (opening, rest) = frames.split_at(start.min(frames.len()));
    opening.iter().chain(rest.chunks(2).flat_map(|pair| pair.iter().rev())).cloned().collect()
}

/// Of each so many frames behind the first `start` frames, the last comes first.
pub(super) fn reversed(frames: &[Frame], start: usize, window: usize) -> Vec<Frame> {
    let (opening, rest) = frames.split_at(start.min(frames.len()));
    opening.iter().chain(rest.chunks(window).flat_map(|part| part.iter().rev())).cloned().collect()
}

/// The first segment of one side comes after its next three.
fn first_last(subject: &Subject, speaker: Speaker) -> Vec<Frame> {
    let mut frames = cut(subject, Cut::Bytes(60));
    let of_speaker = |frame: &Frame| subject.is_from(speaker, frame) && !frame.said().is_empty();
    let places: Vec<usize> =
        (0..).zip(&frames).filter(|(_, frame)| of_speaker(frame)).map(|(place, _)| place).collect();
    if let (Some(&first), Some(&third)) = (places.first(), places.get(3)) {
        let frame = frames.remove(first);
        frames.insert(third, frame);
    }
    frames
}

/// Each frame comes again after the next five.
fn late(frames: &[Frame]) -> Vec<Frame> {
    let again = (0..5).map(|_| None).chain(frames.iter().map(Some));
    let frames = frames.iter().map(Some).chain((0..5).map(|_| None));
    frames.zip(again).flat_map(|(now, again)| [now, again]).flatten().cloned().collect()
}

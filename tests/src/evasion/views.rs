//! Only a part of the conversation is there to be read.

use super::segments::cut;
use super::{Evasion, Expected, Subject, paced};
use crate::conversation::{Cut, Speaker};
use crate::packet::Frame;

pub(super) fn all() -> Vec<Evasion> {
    vec![
        Evasion::one("only the miner is heard", |subject| paced(&heard(subject, subject.miner)))
            .expects(Expected::MinerAlone),
        Evasion::one("only the pool is heard", |subject| paced(&heard(subject, subject.miner.other())))
            .expects(Expected::PoolAlone),
        Evasion::new("joined before each message", |subject| {
            let frames = subject.frames();
            starts(&frames).into_iter().map(|at| paced(frames.iter().skip(at))).collect()
        })
        .expects(Expected::Found),
        Evasion::new("joined within each message", |subject| {
            let frames = cut(subject, Cut::Bytes(20));
            let mut next = 3;
            let within = subject.talk.said.iter().map(|said| {
                let at = next + 1;
                next += said.bytes.len().div_ceil(20) + 1;
                paced(frames.iter().skip(at))
            });
            within.collect()
        })
        .expects(Expected::Found),
        Evasion::new("each fifth segment lost", |subject| {
            let frames = subject.frames();
            (0..5).map(|lost| paced(&without(&frames, lost))).collect()
        })
        .expects(Expected::Found),
        Evasion::new("each fifth segment of 100 bytes lost", |subject| {
            let frames = cut(subject, Cut::Bytes(100));
            (0..5).map(|lost| paced(&without(&frames, lost))).collect()
        })
        .expects(Expected::Found),
    ]
}

fn heard(subject: &Subject, speaker: Speaker) -> Vec<Frame> {
    subject.frames().into_iter().filter(|frame| subject.is_from(speaker, frame)).collect()
}

/// Where each message begins, if each has one segment.
fn starts(frames: &[Frame]) -> Vec<usize> {
    let places = (0..).zip(frames).filter(|(_, frame)| !frame.said().is_empty());
    places.map(|(place, _)| place).collect()
}

/// All but each fifth segment that says something.
fn without(frames: &[Frame], lost: usize) -> Vec<Frame> {
    let mut number = 0;
    let stays = |frame: &&Frame| {
        number += usize::from(!frame.said().is_empty());
        frame.said().is_empty() || number % 5 != lost
    };
    frames.iter().filter(stays).cloned().collect()
}

//! How the bytes are cut into segments.

use super::{Evasion, FIRST, Subject, paced};
use crate::conversation::{Conversation, Cut};
use crate::noise::Noise;
use crate::packet::{Frame, SYN};

pub(super) fn all() -> Vec<Evasion> {
    vec![
        Evasion::one("in the open", |subject| paced(&subject.frames())),
        Evasion::one("one byte a segment", |subject| paced(&cut(subject, Cut::Bytes(1)))),
        Evasion::one("seven bytes a segment", |subject| paced(&cut(subject, Cut::Bytes(7)))),
        Evasion::new("random cuts", |subject| {
            (1..=5).map(|seed| paced(&random_cuts(subject, seed))).collect()
        }),
        Evasion::one("each message cut after 20 bytes", |subject| paced(&cut_after(subject, 20))),
        Evasion::one("messages together in jumbo frames", |subject| paced(&together(subject, 8900))),
        Evasion::one("data on SYN", |subject| paced(&data_on_syn(subject))),
        Evasion::new("sequence numbers that wrap", |subject| {
            [1, 30, 200].into_iter().map(|before| paced(&wrapping(subject, before))).collect()
        }),
    ]
}

pub(super) fn cut(subject: &Subject, cut: Cut) -> Vec<Frame> {
    subject.talk.frames_cut(subject.client, subject.server, cut)
}

/// Each message in segments of 1 to 60 bytes.
pub(super) fn random_cuts(subject: &Subject, seed: u64) -> Vec<Frame> {
    let mut noise = Noise::new(seed);
    let mut conversation = subject.conversation(Cut::Lines);
    for said in &subject.talk.said {
        let mut rest = said.bytes.as_slice();
        while !rest.is_empty() {
            let length = usize::try_from(noise.next_u64() % 60 + 1).unwrap_or(1).min(rest.len());
            let (piece, after) = rest.split_at(length);
            conversation.segment(said.speaker, piece);
            rest = after;
        }
    }
    conversation.close()
}

fn cut_after(subject: &Subject, bytes: usize) -> Vec<Frame> {
    let mut conversation = subject.conversation(Cut::Lines);
    for said in &subject.talk.said {
        let (head, rest) = said.bytes.split_at(bytes.min(said.bytes.len()));
        conversation.segment(said.speaker, head);
        if !rest.is_empty() {
            conversation.segment(said.speaker, rest);
        }
    }
    conversation.close()
}

/// What one side says in a row goes into one segment, as far as it fits.
fn together(subject: &Subject, size: usize) -> Vec<Frame> {
    let mut conversation = subject.conversation(Cut::Bytes(size));
    for turn in subject.talk.said.chunk_by(|one, other| one.speaker == other.speaker) {
        let bytes: Vec<u8> = turn.iter().flat_map(|said| said.bytes.clone()).collect();
        if let Some(said) = turn.first() {
            conversation.send(said.speaker, &bytes);
        }
    }
    conversation.close()
}

/// The first message goes with the SYN, as with TCP Fast Open (RFC 7413).
fn data_on_syn(subject: &Subject) -> Vec<Frame> {
    let mut frames = subject.frames();
    let opening = frames.iter().position(|frame| !frame.said().is_empty());
    if let Some(opening) = opening {
        let first = frames.remove(opening);
        let at = usize::from(!subject.is_from(crate::conversation::Speaker::Client, &first));
        let flags = if at == 0 { SYN } else { SYN | crate::packet::ACK };
        if let Some(syn) = frames.get_mut(at) {
            *syn = syn.clone().flags(flags).payload(first.said());
        }
    }
    frames
}

/// Both directions wrap around after so many bytes.
fn wrapping(subject: &Subject, before: u32) -> Vec<Frame> {
    let first = FIRST.map(|_| u32::MAX - before);
    let mut conversation = Conversation::open(subject.client, subject.server, first, Cut::Bytes(50));
    for said in &subject.talk.said {
        conversation.send(said.speaker, &said.bytes);
    }
    conversation.close()
}

//! What two sides say, and what is to be true of the judgement on it.

use std::sync::{Arc, OnceLock};

use detector::judge::{Assessment, Conversation};
use detector::signature::Signatures;
use detector::stream::Limits;
use detector_common::flow::Direction;
use jiff::Timestamp;

use crate::noise::Noise;

/// What one side hands to its socket at once.
pub(super) struct Turn {
    pub(super) direction: Direction,
    pub(super) bytes: Vec<u8>,
}

/// So small that what a fuzzer makes up reaches them.
pub(super) const SMALL: Limits = Limits {
    reorder_bytes: 4096,
    reorder_pieces: 16,
    patience_segments: 4,
    patience_time: jiff::SignedDuration::from_secs(2),
    line_bytes: 2048,
    fruitless_bytes: 1024,
};

/// What a reader holds beyond a message of the length that is allowed: the head of HTTP.
const HEADS: usize = 2 * 16 * 1024;

/// What is remembered of a direction that waits for nothing: bytes that copies are compared with (1 KiB, two windows of
/// 8 KiB), a stream that may have begun earlier (4 KiB, with eight bytes for each thing said in it), and what was said
/// aside (32 KiB).
const REMEMBERED: usize = 1024 + 2 * 8 * 1024 + 9 * 4 * 1024 + 32 * 1024;

/// The most memory that a conversation may hold after a segment of `segment` bytes.
pub(super) const fn most(limits: &Limits, segment: usize) -> usize {
    2 * (limits.reorder_bytes + 3 * limits.line_bytes + HEADS + REMEMBERED + segment)
}

/// The built-in signatures.
pub(super) fn signatures() -> &'static Arc<Signatures> {
    static BUILT_IN: OnceLock<Arc<Signatures>> = OnceLock::new();
    BUILT_IN.get_or_init(|| Arc::new(Signatures::built_in().expect("the built-in signatures are right")))
}

/// The direction that a bit stands for.
pub(super) const fn direction(bit: u8) -> Direction {
    if bit & 1 == 0 { Direction::Up } else { Direction::Down }
}

/// Hears all that is said, in order, each turn cut into segments of lengths that depend on `cuts`, or not at all.
pub(super) fn hear(turns: &[Turn], limits: Limits, cuts: Option<u64>) -> Option<Assessment> {
    let mut conversation = Conversation::new(limits);
    conversation.set_signatures(signatures());
    let mut noise = cuts.map(Noise::new);
    let mut next = [7_u32, u32::MAX - 100];
    for Turn { direction, bytes } in turns {
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let length = noise.as_mut().map_or(rest.len(), length).min(rest.len());
            let (segment, after) = rest.split_at(length);
            let at = match direction {
                Direction::Up => &mut next[0],
                Direction::Down => &mut next[1],
            };
            conversation.segment(*direction, *at, segment, Timestamp::UNIX_EPOCH);
            *at = at.wrapping_add(u32::try_from(length).unwrap_or(u32::MAX));
            assert!(conversation.buffered() <= most(&limits, length), "{} bytes", conversation.buffered());
            rest = after;
        }
    }
    end(conversation, &limits)
}

/// Mostly short, sometimes as long as it may be.
fn length(noise: &mut Noise) -> usize {
    let random = noise.next_u64();
    match random & 3 {
        0 => 1,
        1 => 1 + usize::from((random >> 8).to_le_bytes()[0] & 15),
        2 => 1 + usize::from((random >> 8).to_le_bytes()[0]),
        _ => usize::MAX,
    }
}

/// Ends a conversation and gives the judgement on it.
pub(super) fn end(mut conversation: Conversation, limits: &Limits) -> Option<Assessment> {
    conversation.finish();
    let held = conversation.buffered();
    assert!(held <= 2 * (REMEMBERED + limits.line_bytes), "what has ended waits for nothing: {held} bytes");
    let _ = (conversation.hopeless(), conversation.is_settled_node(), conversation.losses());
    let assessment = conversation.assessment();
    if let Some(judged) = &assessment {
        sound(judged);
    }
    assessment
}

/// What holds of every judgement.
pub(super) fn sound(judged: &Assessment) {
    assert!((0.0..=1.0).contains(&judged.confidence), "confidence {}", judged.confidence);
    assert!(!judged.evidence.is_empty(), "a verdict has reasons");
    assert!(judged.evidence.iter().all(|reason| reason.weight.is_finite()));
    let facts = &judged.facts;
    let texts = [&facts.agent, &facts.wallet, &facts.worker, &facts.algorithm, &facts.pool_name];
    for text in texts.into_iter().flatten() {
        assert!(text.len() <= 4096, "{} bytes of text in a record", text.len());
    }
}

use detector::judge::Conversation;
use detector::stream::{Connection, Limits};
use detector_common::flow::Direction;
use jiff::{SignedDuration, Timestamp};

use super::input::{Input, with_length};
use super::talk::{SMALL, direction, end, most, signatures, sound};

/// Segments of two directions in any order, with ends and pauses between them: memory is bounded, and the judgement is
/// sound at every moment.
///
/// # Panics
/// It is not so.
pub fn conversation(data: &[u8]) {
    let mut input = Input(data);
    let options = input.byte();
    let limits = if options & 1 == 0 { Limits::default() } else { SMALL };
    let mut conversation = Conversation::new(limits);
    if options & 2 != 0 {
        conversation.set_signatures(signatures());
    }
    let mut time = Timestamp::UNIX_EPOCH;
    let mut next = [1000_u32, u32::MAX - 50];
    while !input.is_empty() {
        let control = input.byte();
        let direction = direction(control);
        let [up, down] = &mut next;
        let at = if direction == Direction::Up { up } else { down };
        let back = if control & 2 == 0 { 0 } else { i32::from(input.short().cast_signed()) };
        let sequence = at.wrapping_add_signed(back);
        let segment = match control >> 2 {
            0 => {
                conversation.closed(direction, sequence, time);
                0
            }
            1 => {
                let pause = SignedDuration::from_millis(i64::from(input.short()));
                time = time.saturating_add(pause).unwrap_or(time);
                conversation.pass(time);
                0
            }
            2 => {
                conversation.refuses_tls(direction);
                conversation.opened_as_text(direction);
                0
            }
            3 => {
                conversation.repeated();
                0
            }
            _ => {
                let payload = input.bytes();
                let taken = conversation.segment(direction, sequence, payload, time);
                assert_eq!(taken, Connection::Same);
                if back == 0 {
                    *at = at.wrapping_add(u32::try_from(payload.len()).unwrap_or(u32::MAX));
                }
                payload.len()
            }
        };
        assert!(conversation.buffered() <= most(&limits, segment), "{} bytes", conversation.buffered());
        if let Some(judged) = conversation.assessment() {
            sound(&judged);
        }
    }
    end(conversation, &limits);
}

/// A segment in order as [`conversation`] reads it.
pub(super) fn encode(side: u8, bytes: &[u8]) -> Vec<u8> {
    [&[4 << 2 | side], with_length(bytes).as_slice()].concat()
}

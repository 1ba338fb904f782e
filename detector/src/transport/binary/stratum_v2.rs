//! Stratum version 2 (sv2-spec, chapters 3, 5, 6, 7 and 8): extension and channel bit, type, length of 24 bits.

use super::Header;

/// Bytes of a header.
const HEAD: usize = 6;

/// The longest message that is believed: a template's transactions.
const LONGEST: u32 = 4 << 20;

/// Judges a header: no extension, and for each type the lengths and the channel bit that it may have.
pub(super) fn header(bytes: &[u8]) -> Header {
    let high = match *bytes {
        [] | [0] => return Header::Short,
        [0, high @ (0 | 0x80), ..] => high,
        _ => return Header::Broken,
    };
    let Some(&kind) = bytes.get(2) else { return Header::Short };
    let Some((channel, lengths)) = rule(kind) else { return Header::Broken };
    if channel.is_some_and(|channel| channel != (high == 0x80)) {
        return Header::Broken;
    }
    let Some(&[a, b, c]) = bytes.get(3..HEAD).and_then(<[u8]>::first_chunk) else { return Header::Short };
    let length = u32::from_le_bytes([a, b, c, 0]);
    if lengths.contains(&length) {
        Header::Message { head: HEAD, body: length.into() }
    } else {
        Header::Broken
    }
}

/// Whether messages of a type are told from chance by their header: their lengths lie close together.
pub(super) fn is_sure(kind: u8) -> bool {
    rule(kind).is_some_and(|(_, lengths)| lengths.end() - lengths.start() <= 64)
}

/// The channel bit of a type of message, `None` where versions of the specification differ, and its possible lengths.
fn rule(kind: u8) -> Option<(Option<bool>, std::ops::RangeInclusive<u32>)> {
    let text = 255;
    Some(match kind {
        // SetupConnection, .Success, .Error (and that of a channel), ChannelEndpointChanged, Reconnect.
        0x00 => (Some(false), 16..=16 + 5 * text),
        0x01 => (Some(false), 6..=6),
        0x02 | 0x12 => (Some(false), 5..=5 + text),
        0x03 => (Some(true), 4..=4),
        0x04 => (Some(false), 3..=3 + text),
        // Opening of a standard channel, of an extended one, and the answers.
        0x10 => (Some(false), 41..=41 + text),
        0x11 => (Some(false), 45..=45 + 32),
        0x13 => (Some(false), 43..=43 + text),
        // Early versions name no group.
        0x14 => (Some(false), 43..=47 + 32),
        // NewMiningJob with and without a time.
        0x15 => (None, 45..=49),
        // UpdateChannel, its error, CloseChannel, SetExtranoncePrefix.
        0x16 => (Some(true), 40..=40),
        0x17 | 0x18 => (Some(true), 5..=5 + text),
        0x19 => (Some(true), 5..=5 + 32),
        // SubmitSharesStandard, SubmitSharesExtended, .Success, .Error.
        0x1a => (Some(true), 24..=24),
        0x1b => (Some(true), 25..=25 + 32),
        0x1c => (Some(true), 20..=20),
        0x1d => (Some(true), 9..=9 + text),
        // NewExtendedMiningJob, SetNewPrevHash, SetTarget.
        0x1f => (Some(true), 19..=150_000),
        0x20 => (Some(true), 48..=48),
        0x21 => (Some(true), 36..=36),
        // SetCustomMiningJob with its answers, SetGroupChannel.
        0x22 => (None, 40..=150_000),
        0x23 => (None, 8..=12),
        0x24 => (None, 9..=9 + text),
        0x25 => (None, 6..=6 + 4 * 1024),
        // Job declaration, template distribution.
        0x50..=0x5a | 0x60 | 0x70..=0x76 => (Some(false), 4..=LONGEST),
        _ => return None,
    })
}

use super::V2;
use super::fields::Fields;
use crate::judge::Stage;
use crate::protocol::finding::{Fact, Finding, Kind};
/// Facts that one message may disclose: a pool may acknowledge many shares at once.
const MAX_SHARES: u32 = 256;

/// Reads a message of a server: a pool, a job declarator or a template provider.
pub(super) fn pool(kind: u8, fields: &mut Fields<'_>) -> Option<Finding> {
    let said = |kind| Finding::pool(V2, kind);
    Some(match kind {
        0x01 => {
            (2..=9).contains(&fields.u16()?).then_some(())?;
            fields.u32()?;
            said(Kind::SV2_SETUP_ANSWER)
        }
        0x02 | 0x12 => {
            fields.u32()?;
            fields.words()?;
            said(Kind::SV2_ERROR).stage(Stage::Attempt)
        }
        0x04 => {
            fields.words()?;
            fields.u16()?;
            said(Kind::SV2_RECONNECT)
        }
        0x11 | 0x14 => {
            fields.take(8)?;
            let difficulty = fields.target()?;
            if kind == 0x14 {
                fields.u16()?;
            }
            fields.short(32)?;
            // Early versions of the specification name no group of an extended channel.
            if kind == 0x11 || !fields.0.is_empty() {
                fields.u32()?;
            }
            said(Kind::SV2_OPENED)
                .fact(Some(Fact::difficulty_hashes(difficulty)))
                .fact(Some(Fact::ImpliedAlgorithm("sha256d")))
        }
        0x15 | 0x1f => {
            fields.take(8)?;
            fields.optional_time()?;
            fields.u32()?;
            if kind == 0x15 {
                fields.take(32)?;
            } else {
                fields.boolean()?;
                let path = usize::from(fields.u8()?);
                fields.take(path * 32)?;
                fields.long()?;
                fields.long()?;
            }
            said(Kind::SV2_JOB).stage(Stage::Working).fact(Some(Fact::Job))
        }
        0x19 => {
            fields.u32()?;
            fields.short(32)?;
            said(Kind::SV2_CHANNEL)
        }
        0x1c => {
            fields.take(8)?;
            let count = fields.u32()?.min(MAX_SHARES);
            fields.take(8)?;
            let finding = said(Kind::SV2_SHARE_ANSWER).stage(Stage::Submitting);
            (0..count).fold(finding, |finding, _| finding.fact(Some(Fact::Accepted)))
        }
        0x1d => {
            fields.take(8)?;
            fields.words()?;
            said(Kind::SV2_SHARE_ANSWER).stage(Stage::Submitting).fact(Some(Fact::Rejected))
        }
        0x20 => {
            fields.take(8 + 32)?;
            fields.time()?;
            fields.bits()?;
            said(Kind::SV2_PREV_HASH).stage(Stage::Working)
        }
        0x21 => {
            fields.u32()?;
            let difficulty = fields.target()?;
            said(Kind::SV2_TARGET).fact(Some(Fact::difficulty_hashes(difficulty)))
        }
        0x25 => {
            fields.u32()?;
            let channels = usize::from(fields.u16()?);
            fields.take(channels * 4)?;
            said(Kind::SV2_CHANNEL)
        }
        0x72 => {
            fields.take(8 + 32)?;
            fields.time()?;
            fields.bits()?;
            fields.target()?;
            said(Kind::SV2_PREV_HASH).stage(Stage::Working)
        }
        0x71 => {
            template(fields)?;
            said(Kind::SV2_TEMPLATE).stage(Stage::Working).fact(Some(Fact::Job))
        }
        _ => return None,
    })
}

fn template(fields: &mut Fields<'_>) -> Option<()> {
    fields.take(8)?;
    fields.boolean()?;
    // Versions of block and coinbase.
    fields.take(8)?;
    fields.short(255)?;
    // Sequence, value, number of outputs.
    fields.take(4 + 8 + 4)?;
    fields.long()?;
    fields.u32()?;
    let path = usize::from(fields.u8()?);
    fields.take(path * 32).map(drop)
}

//! Jobs: a block template, or the fields of one.

use serde_json::{Map, Value};

use super::super::finding::{Fact, Finding, Kind};
use super::super::shape::{clean, hex, is_hex, text};
use super::algorithm;
use crate::judge::{Protocol, Stage};

/// Hexadecimal digits of the smallest block template: a header of 76 bytes.
const MIN_BLOB: usize = 152;

/// Hexadecimal digits of Tari's, which is a hash.
const MIN_HASH: usize = 64;

/// Reads a job; `kind` is the message that brings it.
pub(in crate::protocol) fn read(job: &Map<String, Value>, kind: Kind) -> Option<Finding> {
    let named = job.get("job_id").is_some_and(|id| id.is_string() || id.is_number());
    if !named || !(template(job) || header(job)) {
        return None;
    }
    let difficulty = difficulty(text(job.get("target"))?)?;
    let algorithm = text(job.get("algo")).and_then(clean);
    let finding = Finding::pool(Protocol::CryptoNote, kind).stage(Stage::Working).fact(Some(Fact::Job));
    let coin = algorithm.as_deref().and_then(algorithm::coin);
    let finding = finding.fact(Some(Fact::difficulty_hashes(difficulty))).fact(coin);
    Some(finding.fact(algorithm.map(Fact::Algorithm)))
}

fn template(job: &Map<String, Value>) -> bool {
    let Some(blob) = text(job.get("blob")) else { return false };
    // A short one needs the fields that only newer pools send.
    let described = text(job.get("algo")).is_some() && job.get("height").is_some_and(Value::is_number);
    is_hex(blob) && (blob.len() >= MIN_BLOB || (described && blob.len() >= MIN_HASH))
}

/// The fields of a block of Bytom, each by itself.
fn header(job: &Map<String, Value>) -> bool {
    ["previous_block_hash", "transactions_merkle_root", "seed"].iter().all(|&key| hex(job.get(key), 64))
}

/// The target is the highest 4 or 8 bytes of the hash, least significant byte first.
#[expect(clippy::cast_precision_loss, reason = "difficulty is an estimate")]
fn difficulty(target: &str) -> Option<f64> {
    let value = u64::from_str_radix(target, 16).ok().filter(|&value| value > 0 && is_hex(target))?;
    match target.len() {
        8 => Some((u64::from(u32::MAX) / (value.swap_bytes() >> 32)) as f64),
        16 => Some((u64::MAX / value.swap_bytes()) as f64),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_become_difficulties() {
        assert_eq!(difficulty("711b0d00"), Some(5000.0));
        assert_eq!(difficulty("ffffffff"), Some(1.0));
        assert_eq!(difficulty("00000000ffff0000"), Some(65537.0));
        for bad in ["", "00000000", "+1234567", "711b0d", "zz1b0d00", "0000000000000000", "711b0d0000"] {
            assert_eq!(difficulty(bad), None, "{bad}");
        }
    }
}

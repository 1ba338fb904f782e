//! The reasons for a verdict as the file holds them. They are long, since each has the beginning of its message; several of
//! them often have the same.

use std::io::{self, BufReader, Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use super::digest::digest;
use crate::judge::Evidence;

/// More is never written.
const MAX_BYTES: u64 = 1 << 20;

/// For the column `body`.
pub(super) fn pack(evidence: &[Evidence]) -> io::Result<Vec<u8>> {
    let text = serde_json::to_vec(evidence)?;
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(text.len() / 3), Compression::fast());
    encoder.write_all(&text)?;
    encoder.finish()
}

/// From the column `body`.
pub(super) fn unpack(body: &[u8]) -> serde_json::Result<Vec<Evidence>> {
    serde_json::from_reader(BufReader::new(ZlibDecoder::new(body).take(MAX_BYTES)))
}

/// Of the same reasons always the same within this process. The ledger in memory puts others in their place all at once,
/// so that what they are and when they were heard tells them apart.
pub(super) fn digest_of(evidence: &[Evidence]) -> u64 {
    let parts = evidence.iter().map(|Evidence { kind, side, weight, message, excerpt, .. }| {
        let heard = excerpt.as_ref().map(|excerpt| (excerpt.time, excerpt.direction, excerpt.length));
        digest((kind, side, weight.to_bits(), message, heard))
    });
    digest(parts.collect::<Vec<u64>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Side;

    fn evidence(excerpt: &str) -> Vec<Evidence> {
        let text = format!(
            r#"{{"kind":"client-login","side":"miner","detail":"method login","weight":16.0,"message":true,"excerpt":
               {{"time":"2026-11-23T00:00:00Z","direction":"up","length":900,"text":"{excerpt}"}}}}"#
        );
        let reason: Evidence = serde_json::from_str(&text).unwrap();
        vec![reason.clone(), reason, Evidence::new("job-series", Side::Pool, "many jobs", 6.0)]
    }

    #[test]
    fn what_is_packed_is_small_and_the_same_again() {
        let long = evidence(&"0123456789abcdef".repeat(16));
        let packed = pack(&long).unwrap();
        assert_eq!(unpack(&packed).unwrap(), long);
        assert!(packed.len() < 400, "{} bytes", packed.len());
        assert_eq!(unpack(&pack(&[]).unwrap()).unwrap(), []);
    }

    #[test]
    fn damage_is_told() {
        let packed = pack(&evidence("a")).unwrap();
        for damaged in [&packed[..packed.len() / 2], b"", b"[]"] {
            assert!(unpack(damaged).is_err(), "{damaged:?}");
        }
    }

    #[test]
    fn other_reasons_have_another_digest() {
        let mut changed = evidence("a");
        let before = digest_of(&changed);
        assert_eq!(before, digest_of(&evidence("a")));
        changed[2].weight += 1.0;
        assert_ne!(before, digest_of(&changed));
        assert_ne!(digest_of(&changed), digest_of(&changed[..2]));
    }
}

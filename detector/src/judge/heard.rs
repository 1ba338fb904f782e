use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Lines remembered of a direction, so that none counts twice: as many as a sender has on the way at once, who sends them
/// again when a link was down.
const MAX_LINES: usize = 256;

/// Shares remembered after which those before the last so many are forgotten.
const MAX_SHARES: usize = 4096;

/// Which lines were heard lately in one direction, in the first copy of its bytes and in others: a line that is in both
/// was said once.
#[derive(Debug, Default)]
pub(super) struct Heard {
    first: VecDeque<u32>,
    other: VecDeque<u32>,
    /// Shares and the answers to them, the latest and those before: they are counted, and each once.
    shares: [HashSet<u32>; 2],
}

impl Heard {
    /// Whether a line of the first copy was heard in another. If it comes once more there, it is said again.
    pub(super) fn known(&mut self, line: &[u8]) -> bool {
        if self.other.is_empty() {
            return false;
        }
        let digest = digest(line);
        let place = self.other.iter().position(|&known| known == digest);
        place.and_then(|place| self.other.remove(place)).is_some()
    }

    /// A line of the first copy was heard.
    pub(super) fn first(&mut self, line: &[u8]) {
        remember(&mut self.first, digest(line));
    }

    /// Whether a line of another copy says nothing new.
    pub(super) fn knows(&self, line: &[u8]) -> bool {
        let digest = digest(line);
        self.shares.iter().any(|shares| shares.contains(&digest))
            || self.first.contains(&digest)
            || self.other.contains(&digest)
    }

    /// A line of another copy was heard.
    pub(super) fn other(&mut self, line: &[u8]) {
        remember(&mut self.other, digest(line));
    }

    /// A line was heard that tells of a share.
    pub(super) fn share(&mut self, line: &[u8]) {
        let [latest, before] = &mut self.shares;
        if latest.len() >= MAX_SHARES {
            *before = std::mem::take(latest);
        }
        latest.insert(digest(line));
    }

    /// Bytes of memory, about.
    pub(super) fn held_bytes(&self) -> usize {
        let shares: usize = self.shares.iter().map(HashSet::capacity).sum();
        size_of::<u32>() * (self.first.capacity() + self.other.capacity()) + 8 * shares
    }
}

fn remember(lines: &mut VecDeque<u32>, digest: u32) {
    if lines.len() >= MAX_LINES {
        lines.pop_front();
    }
    lines.push_back(digest);
}

#[expect(clippy::cast_possible_truncation, reason = "half of the digest tells so few lines apart")]
pub(super) fn digest(line: &[u8]) -> u32 {
    let mut hasher = DefaultHasher::new();
    line.hash(&mut hasher);
    hasher.finish() as u32
}

use std::hash::{BuildHasher as _, Hash};

use foldhash::quality::FixedState;

/// Of the same contents always the same, to see whether something changed.
pub(super) fn digest(contents: impl Hash) -> u64 {
    FixedState::default().hash_one(contents)
}

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Deserializer};

/// A text that is kept for as long as the process lives. It has a name, because serde takes a reference for one into what
/// it reads.
pub(crate) type Kept = &'static str;

/// Keeps a text for as long as the process lives, each once: names in signature files become parts of records like those
/// that are built in. They are bounded by what a user writes into such files, and by the records that are read again.
pub(crate) fn intern(text: &str) -> &'static str {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = known.get(text) {
        return kept;
    }
    let kept: &'static str = Box::leak(text.into());
    known.insert(kept);
    kept
}

/// Reads a text that is kept so.
pub(crate) fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static str, D::Error> {
    String::deserialize(deserializer).map(|text| intern(&text))
}

/// Reads a text that is kept so, or none.
pub(crate) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'static str>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(|text| intern(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once() {
        let first = intern("zork");
        assert!(std::ptr::eq(first, intern(&format!("zo{}", "rk"))));
        assert_ne!(intern("zorks"), first);
    }
}

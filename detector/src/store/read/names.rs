//! The words that the ledger uses, in an order.

/// Verdicts.
pub const VERDICTS: [&str; 4] = ["node", "suspected", "probable", "confirmed"];

/// What becomes of a case.
pub const LIVES: [&str; 3] = ["closed", "quiet", "open"];

/// What the operator says of a case; the first needs most attention.
pub const STATES: [&str; 5] = ["new", "notified", "blocked", "fixed", "false-alarm"];

/// Types of networks.
pub const NETWORK_TYPES: [&str; 7] =
    ["data-centre", "enterprise", "home-broadband", "mobile", "education", "government", "unknown"];

/// The place of a word among the others; 0 if it is none of them.
pub(super) fn rank(word: &str, among: &[&str]) -> u8 {
    let place = among.iter().position(|known| *known == word);
    place.and_then(|place| u8::try_from(place).ok()).unwrap_or(0)
}

/// The word at a place.
pub(super) fn word(rank: u8, among: &[&'static str]) -> &'static str {
    among.get(usize::from(rank)).copied().unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::NetworkType;
    use crate::judge::Verdict;

    #[test]
    fn the_words_are_those_of_records() {
        let verdicts = [Verdict::Node, Verdict::Suspected, Verdict::Probable, Verdict::Confirmed];
        assert_eq!(verdicts.map(|verdict| verdict.to_string()), VERDICTS);
        assert!(verdicts.is_sorted());
        let kinds: Vec<NetworkType> =
            NETWORK_TYPES.iter().map(|name| serde_json::from_str(&format!("\"{name}\"")).unwrap()).collect();
        assert!(kinds.is_sorted() && kinds.len() == 7);
        assert_eq!((rank("quiet", &LIVES), rank("gone", &LIVES), word(2, &LIVES)), (1, 0, "open"));
    }
}

//! The words that the ledger uses, weakest first, and what was meant by others.

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

/// The name that was probably meant.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let alike = |other: &str| {
        let other = other.to_lowercase();
        strsim::jaro_winkler(&name, &other).max(strsim::normalized_damerau_levenshtein(&name, &other))
    };
    known
        .into_iter()
        .map(|other| (alike(other), other))
        .filter(|(alike, _)| *alike > 0.7)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, other)| other)
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

    #[test]
    fn a_slip_is_understood_and_nonsense_is_not() {
        assert_eq!(nearest("Shandnog", ["Shanghai", "Shandong", "Sichuan"]), Some("Shandong"));
        assert_eq!(nearest("jinan", ["Jinan"]), Some("Jinan"));
        assert_eq!(nearest("home", NETWORK_TYPES), Some("home-broadband"));
        assert_eq!(nearest("zzz", NETWORK_TYPES), None);
    }
}

//! The type of a network by fields of a database that name the type of its users or of its connection.

use super::network::NetworkType;
use super::value::Value;
use crate::advice::Language;

/// Where such words stand, the better place first, and how far they are to be trusted there. The type of an autonomous
/// system says less of one address.
const WORDS_AT: &[(&[&str], f64)] = &[
    (&["traits", "user_type"], 0.9),
    (&["user_type"], 0.9),
    (&["traits", "usage_type"], 0.9),
    (&["usage_type"], 0.9),
    (&["traits", "connection_type"], 0.9),
    (&["connection_type"], 0.9),
    (&["company", "type"], 0.8),
    (&["asn", "type"], 0.7),
    (&["as_type"], 0.7),
    (&["type"], 0.7),
];

/// Flags that tell it if they are set.
const FLAGS_AT: &[(&[&str], NetworkType)] = &[
    (&["traits", "is_hosting_provider"], NetworkType::DataCentre),
    (&["is_hosting_provider"], NetworkType::DataCentre),
    (&["is_hosting"], NetworkType::DataCentre),
    (&["hosting"], NetworkType::DataCentre),
    (&["privacy", "hosting"], NetworkType::DataCentre),
    (&["is_mobile"], NetworkType::Mobile),
    (&["mobile"], NetworkType::Mobile),
];

/// How far a flag is to be trusted.
const FLAG: f64 = 0.9;

/// What words mean, in small letters and without anything between, and how far they are to be trusted: small firms have
/// cable and DSL too, and vendors call much corporate that is hosted. `isp`, `satellite`, `traveler` and the like tell nothing.
const WORDS: &[(&str, NetworkType, f64)] = &[
    ("hosting", NetworkType::DataCentre, 0.9),
    ("datacenter", NetworkType::DataCentre, 0.9),
    ("datacentre", NetworkType::DataCentre, 0.9),
    ("dch", NetworkType::DataCentre, 0.9),
    ("cloud", NetworkType::DataCentre, 0.9),
    ("contentdeliverynetwork", NetworkType::DataCentre, 0.9),
    ("cdn", NetworkType::DataCentre, 0.9),
    ("searchenginespider", NetworkType::DataCentre, 0.9),
    ("ses", NetworkType::DataCentre, 0.9),
    ("business", NetworkType::Enterprise, 0.9),
    ("commercial", NetworkType::Enterprise, 0.9),
    ("com", NetworkType::Enterprise, 0.9),
    ("organization", NetworkType::Enterprise, 0.9),
    ("org", NetworkType::Enterprise, 0.9),
    ("corporate", NetworkType::Enterprise, 0.6),
    ("residential", NetworkType::HomeBroadband, 0.9),
    ("consumer", NetworkType::HomeBroadband, 0.9),
    ("cabledsl", NetworkType::HomeBroadband, 0.7),
    ("cable", NetworkType::HomeBroadband, 0.7),
    ("dsl", NetworkType::HomeBroadband, 0.7),
    ("dialup", NetworkType::HomeBroadband, 0.7),
    ("cellular", NetworkType::Mobile, 0.9),
    ("mobile", NetworkType::Mobile, 0.9),
    ("mob", NetworkType::Mobile, 0.9),
    ("education", NetworkType::Education, 0.9),
    ("edu", NetworkType::Education, 0.9),
    ("college", NetworkType::Education, 0.9),
    ("school", NetworkType::Education, 0.9),
    ("university", NetworkType::Education, 0.9),
    ("library", NetworkType::Education, 0.9),
    ("lib", NetworkType::Education, 0.9),
    ("government", NetworkType::Government, 0.9),
    ("gov", NetworkType::Government, 0.9),
    ("military", NetworkType::Government, 0.9),
    ("mil", NetworkType::Government, 0.9),
];

/// Where something may stand that tells it.
pub(super) fn places() -> impl Iterator<Item = &'static [&'static str]> {
    WORDS_AT.iter().map(|(place, _)| *place).chain(FLAGS_AT.iter().map(|(place, _)| *place))
}

/// What a record says of it, and how sure that is.
pub(super) fn of(record: &Value<'_>) -> Option<(NetworkType, f64)> {
    let by_word = WORDS_AT.iter().find_map(|(place, trust)| {
        let (kind, sure) = meaning(record.at(place)?.text(Language::En)?)?;
        Some((kind, sure.min(*trust)))
    });
    by_word.or_else(|| {
        let set = |place: &[&str]| {
            matches!(record.at(place), Some(Value::Flag(true) | Value::Text("true" | "True" | "1")))
        };
        FLAGS_AT.iter().find(|(place, _)| set(place)).map(|(_, kind)| (*kind, FLAG))
    })
}

fn meaning(text: &str) -> Option<(NetworkType, f64)> {
    let letters: String =
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let found = WORDS.iter().find(|(word, ..)| *word == letters)?;
    Some((found.1, found.2))
}

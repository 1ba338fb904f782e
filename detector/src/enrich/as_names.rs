//! The type of a network by words in the name of its autonomous system: a guess, and told as one.

use std::path::Path;

use serde::Deserialize;

use super::network::NetworkType;
use super::problems::Problems;

const FILE: &str = "built-in:as_names.toml";

/// How sure it is.
pub(super) const CONFIDENCE: f64 = 0.5;

/// Rules in the order in which they are tried.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AsNames {
    rule: Vec<Rule>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    #[serde(rename = "type")]
    kind: NetworkType,
    words: Vec<Words>,
    #[serde(default)]
    unless: Vec<Words>,
}

/// Words that follow each other, between blanks; a `*` at an end lets the word go on.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "String")]
struct Words(String);

impl From<String> for Words {
    fn from(text: String) -> Self {
        let text = format!(" {text} ");
        Self(text.replace(" *", "").replace("* ", ""))
    }
}

impl AsNames {
    pub(super) fn built_in(problems: &mut Problems) -> Self {
        toml::from_str(include_str!("as_names.toml")).unwrap_or_else(|error: toml::de::Error| {
            problems.add(Path::new(FILE), None, error.to_string());
            Self::default()
        })
    }

    /// The type that a name tells, if it tells one.
    pub(super) fn kind(&self, name: &str) -> Option<NetworkType> {
        let name = plain(name);
        let hold = |words: &[Words]| words.iter().any(|words| name.contains(&words.0));
        let rule = self.rule.iter().find(|rule| hold(&rule.words) && !hold(&rule.unless))?;
        Some(rule.kind)
    }
}

/// Small letters, one blank for whatever is between words, and one at each end.
fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len() + 2);
    plain.push(' ');
    for c in name.chars() {
        if c.is_alphanumeric() {
            plain.extend(c.to_lowercase());
        } else if !plain.ends_with(' ') {
            plain.push(' ');
        }
    }
    if !plain.ends_with(' ') {
        plain.push(' ');
    }
    plain
}

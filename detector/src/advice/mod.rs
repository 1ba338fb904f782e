//! What to do about a case. The rules are data: `detector/advice/*.toml`.

mod circumstances;
mod rules;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

pub use circumstances::Circumstances;

use rules::Rules;

/// The most pieces of advice for a case.
const MOST: usize = 6;

/// In which language advice is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

/// One step that an operator may take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// A stable name of the rule.
    pub id: String,
    /// What to do.
    pub action: String,
    /// Why.
    pub why: String,
    /// What it brings, and what it does to others.
    pub effect: String,
    /// How to take it back.
    pub undo: String,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    Rules::built_in().unwrap_or_else(|error| {
        tracing::error!("the rules of advice are broken, so no advice is given: {error}");
        Rules::default()
    })
});

/// What to do about a case, the most important first, at most six pieces.
#[must_use]
pub fn advise(circumstances: &Circumstances<'_>, language: Language) -> Vec<Advice> {
    RULES.matching(circumstances).take(MOST).map(|rule| rule.advice(circumstances, language)).collect()
}

#[cfg(test)]
mod tests;

//! What to do about a case.

use serde::{Deserialize, Serialize};

/// In which language advice is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

use jiff::Timestamp;
use serde::Serialize;

use super::Mode;

/// What made blocking do other than the configuration wants, or ended that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Incident {
    /// Too much would have been dropped: only counted from now on.
    #[serde(rename = "block-alarm")]
    Alarm,
    /// There is no room for further blocks.
    #[serde(rename = "block-full")]
    Full,
    /// Somebody said that nothing is to be dropped.
    #[serde(rename = "block-panic")]
    Panic,
    /// Somebody said that blocks hold again.
    #[serde(rename = "block-resume")]
    Resume,
}

/// That it happened, for those who read the outputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// When.
    #[serde(skip)]
    pub time: Timestamp,
    /// What.
    pub event: Incident,
    /// In words, with what to do about it.
    pub message: String,
    /// Who: a user, or `firedamp`.
    pub by: String,
    /// What the configuration wants.
    pub requested: Mode,
    /// What is done now.
    pub effective: Mode,
    /// How many blocks there are.
    pub entries: usize,
}

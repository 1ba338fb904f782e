use detector_common::block::Control;
use jiff::Timestamp;
use serde::Serialize;

use super::{Entry, Method, Mode};

/// What the kernel does about a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effective {
    /// Packets are dropped.
    Dropping,
    /// They are counted and pass.
    Counting,
    /// They pass uncounted.
    Passing,
    /// The kernel has no such block, although it should.
    Missing,
    /// The kernel is about to be told.
    Pending,
    /// The kernel has it, and lets no packet come to it.
    Bypassed,
    /// The kernel does not tell.
    Unknown,
}

/// A block as it is wanted, and as it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed {
    /// What is wanted.
    #[serde(flatten)]
    pub entry: Entry,
    /// Since when.
    pub since: Timestamp,
    /// When it is over, as the clock stands now.
    pub until: Timestamp,
    /// What the kernel does.
    pub effective: Effective,
    /// Packets that were kept back, or would have been.
    pub hits: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// When the latest of them came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_hit: Option<Timestamp>,
}

/// What is done about blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// As the configuration wants it.
    pub requested: Mode,
    /// Where packets are dropped.
    pub backend: Method,
    /// As the kernel does it.
    pub effective: Mode,
    /// Why it is not as it is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// How many blocks there are.
    pub entries: usize,
}

/// What the kernel does by what it was told last.
pub(super) fn done(control: &Control, now: u64) -> Mode {
    if now < control.until { Mode::of(control.mode) } else { Mode::Observe }
}

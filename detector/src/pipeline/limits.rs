use std::sync::Arc;

use jiff::SignedDuration;

use super::fragments::{FragmentLimits, FragmentLosses};
use crate::signature::Signatures;
use crate::{ledger, stream};

/// Limits of a pipeline.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The most conversations that are followed, at least 1.
    pub conversations: usize,
    /// Bytes that all conversations together may hold while they wait for missing segments, and of
    /// messages that are not complete, with what it takes to follow what else is said between
    /// their ends. What is remembered of a stream to compare later copies with it, 2 KiB of a
    /// conversation, is not part of it.
    pub buffered_bytes: usize,
    /// A conversation that is silent for this long is forgotten; its next message starts a new one.
    pub idle: SignedDuration,
    /// A conversation for which nothing speaks is given up if it has not completed a message for
    /// this long.
    pub unfinished: SignedDuration,
    /// Pairs of a client and a server of which it is remembered how often the client asked for
    /// work, at least 1.
    pub habits: usize,
    /// Limits of packets that come in fragments.
    pub fragments: FragmentLimits,
    /// Limits of each conversation.
    pub stream: stream::Limits,
    /// Limits of the ledger.
    pub ledger: ledger::Settings,
    /// Those of them that have a weight bear on the judgement of what is said.
    pub signatures: Option<Arc<Signatures>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            conversations: 65_536,
            buffered_bytes: 256 << 20,
            idle: SignedDuration::from_hours(6),
            unfinished: SignedDuration::from_mins(10),
            habits: 16_384,
            fragments: FragmentLimits::default(),
            stream: stream::Limits::default(),
            ledger: ledger::Settings::default(),
            signatures: None,
        }
    }
}

/// What was lost in the agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Conversations given up early because there were too many.
    pub conversations: u64,
    /// Conversations given up, or what they held, because all held too much together or a message
    /// was never completed.
    pub buffers: u64,
    /// Places in conversations at which bytes never came.
    pub gaps: u64,
    /// Lines that were too long to read.
    pub overlong_lines: u64,
    /// Messages of a batch that were too many to read.
    pub messages: u64,
    /// Segments and ends that cannot be of any connection between their ends, by their sequence
    /// numbers.
    pub strays: u64,
    /// Fragmented packets.
    pub fragments: FragmentLosses,
}

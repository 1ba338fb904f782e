//! Two sides whose segments come in any order.

use detector_common::flow::Direction;
use jiff::{SignedDuration, Timestamp};

use super::super::{Conversation, Shares, Side};
use super::fill;
use crate::stream::Limits;

pub(super) const JOB: &str = r#"{"jsonrpc":"2.0","method":"job","params":{"blob":"BLOB","job_id":"j2","target":"711b0d00","algo":"rx/0"}}"#;
pub(super) const LOGIN_ANSWER: &str = r#"{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"s1","job":{"blob":"BLOB","job_id":"j1","target":"711b0d00","algo":"rx/0"},"status":"OK"}}"#;

pub(super) fn share(id: u32) -> String {
    format!(
        r#"{{"id":{id},"jsonrpc":"2.0","method":"submit","params":{{"id":"s1","job_id":"j2","nonce":"{id:08x}","result":"HEX64"}}}}"#
    )
}

pub(super) fn accepted(id: u32) -> String {
    format!(r#"{{"id":{id},"jsonrpc":"2.0","error":null,"result":{{"status":"OK"}}}}"#)
}

/// Two sides whose segments come as the test likes.
pub(super) struct Wire {
    pub(super) conversation: Conversation,
    pub(super) next: [u32; 2],
    pub(super) now: Timestamp,
}

impl Wire {
    pub(super) fn new() -> Self {
        let conversation = Conversation::new(Limits::default());
        Self { conversation, next: [u32::MAX - 300, 7], now: Timestamp::UNIX_EPOCH }
    }

    pub(super) fn at(&mut self, direction: Direction, sequence: u32, bytes: &[u8]) {
        self.conversation.segment(direction, sequence, bytes, self.now);
    }

    /// Takes the next sequence numbers without a segment.
    pub(super) fn skip(&mut self, direction: Direction, length: usize) -> u32 {
        let next = &mut self.next[direction as usize];
        let sequence = *next;
        *next = next.wrapping_add(u32::try_from(length).unwrap());
        sequence
    }

    pub(super) fn line(&mut self, direction: Direction, line: &str) {
        let bytes = line_of(line);
        let sequence = self.skip(direction, bytes.len());
        self.at(direction, sequence, &bytes);
    }

    pub(super) fn wait(&mut self, milliseconds: i64) {
        self.now += SignedDuration::from_millis(milliseconds);
        self.conversation.pass(self.now);
    }

    pub(super) fn shares(&self) -> Shares {
        self.conversation.assessment().expect("mining is found").facts.shares
    }

    pub(super) fn conflict(&self) -> Option<Side> {
        let judged = self.conversation.assessment()?;
        judged.evidence.iter().find(|reason| reason.kind == "overlap-conflict").map(|reason| reason.side)
    }
}

pub(super) fn line_of(line: &str) -> Vec<u8> {
    (fill(line) + "\n").into_bytes()
}

pub(super) const fn shares(submitted: u64, accepted: u64) -> Shares {
    Shares { submitted, accepted, rejected: 0 }
}

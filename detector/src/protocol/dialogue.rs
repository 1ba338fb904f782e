use detector_common::flow::Direction;

use super::finding::{Finding, Kind};
use super::frames::Frames;
use super::message::Message;
use super::outstanding::{Ask, Outstanding};
use super::{cryptonote, eth_proxy, stratum};
use crate::judge::{Protocol, Side};
use crate::transport::Utterance;

/// Messages that are read of one line.
const MAX_BATCH: usize = 64;

/// Methods without a prefix that mining dialects use: not foreign even if their form is unknown.
const BARE_METHODS: [&str; 10] = [
    "login",
    "submit",
    "job",
    "keepalived",
    "keepalive",
    "getjob",
    "getjobtemplate",
    "status",
    "solution",
    "set_extranonce",
];

/// What an utterance says.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// Nothing for or against mining.
    Nothing,
    /// Messages, of which some may say nothing about mining.
    Findings(Vec<Finding>),
    /// Something that has no place in a mining conversation.
    Foreign,
}

/// Understands the lines of both sides, and which response answers which request.
#[derive(Debug, Default)]
pub struct Dialogue {
    outstanding: Outstanding,
    works: [eth_proxy::Works; 2],
    /// Whether a `CryptoNote` job was sent in this direction.
    jobs: [bool; 2],
    /// Whether a miner's message was sent in this direction.
    miner: [bool; 2],
    dropped: u64,
    frames: Frames,
}

impl Dialogue {
    /// Reads what was said in `direction`.
    pub fn hear(&mut self, direction: Direction, said: Utterance<'_>) -> Heard {
        match said {
            Utterance::Line(text) | Utterance::Message(text) => self.json(direction, text),
            Utterance::Frame(frame) => {
                self.frames.hear(direction, frame).map_or(Heard::Nothing, |said| Heard::Findings(vec![said]))
            }
            Utterance::Head(_) | Utterance::Body(..) | Utterance::Target(_) | Utterance::Unreadable => {
                Heard::Nothing
            }
        }
    }

    fn json(&mut self, direction: Direction, line: &[u8]) -> Heard {
        let Some(messages) = Message::read(line) else { return Heard::Foreign };
        self.dropped += messages.len().saturating_sub(MAX_BATCH) as u64;
        let mut foreign = false;
        let mut findings = Vec::new();
        for message in messages.iter().take(MAX_BATCH) {
            if !message.is_rpc() {
                foreign = true;
            } else if message.is_answer() {
                findings.extend(self.answer(direction, message));
            } else if let Some(method) = message.method() {
                let finding = self.request(direction, method, message);
                if finding.is_none() && is_foreign(method) {
                    foreign = true;
                    self.await_answer(direction, message, Ask::Foreign);
                }
                findings.extend(finding);
            }
        }
        if foreign && findings.is_empty() { Heard::Foreign } else { Heard::Findings(findings) }
    }

    /// Messages that were not read because there were too many in one line.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    fn request(&mut self, direction: Direction, method: &str, message: &Message) -> Option<Finding> {
        let (finding, ask) = stratum::request(method, message)
            .or_else(|| cryptonote::request(method, message))
            .or_else(|| eth_proxy::request(method, message))?;
        self.await_answer(direction, message, ask);
        self.remember(direction, &finding);
        Some(finding)
    }

    fn await_answer(&mut self, direction: Direction, message: &Message, ask: Ask) {
        if let Some(id) = message.id() {
            self.outstanding.add(direction, id, ask);
        }
    }

    fn answer(&mut self, direction: Direction, message: &Message) -> Option<Finding> {
        let ask = message.id().and_then(|id| self.outstanding.answered(direction, &id));
        let foreign = ask == Some(Ask::Foreign);
        let ask = ask.filter(|_| !foreign);
        let here = direction as usize;
        // With the miner out of sight, an OK after jobs came can only be for a share.
        let jobs = self.jobs.get(here).copied().unwrap_or_default();
        let miner = self.miner.get(direction.reverse() as usize).copied().unwrap_or_default();
        let finding = stratum::answer(ask, message)
            .or_else(|| cryptonote::answer(ask, message, jobs && !miner))
            .or_else(|| self.works.get_mut(here).filter(|_| !foreign)?.answer(ask, message))?;
        self.remember(direction, &finding);
        Some(finding)
    }

    fn remember(&mut self, direction: Direction, finding: &Finding) {
        let jobs = finding.protocol == Protocol::CryptoNote
            && finding.kinds.iter().any(|kind| [Kind::JOB, Kind::LOGIN_ANSWER].contains(kind));
        let miner = finding.side == Side::Miner;
        if let Some(seen) = self.jobs.get_mut(direction as usize) {
            *seen |= jobs;
        }
        if let Some(seen) = self.miner.get_mut(direction as usize) {
            *seen |= miner;
        }
    }
}

fn is_foreign(method: &str) -> bool {
    let dialect = ["mining.", "client."].iter().any(|prefix| method.starts_with(prefix));
    !dialect && !BARE_METHODS.contains(&method)
}

//! The interface of pools for Gram, a token of TON that is mined.
//!
//! Source: the description of the pool's interface by ton-nexus.

use super::super::account;
use super::super::finding::{Fact, Finding, Kind};
use super::super::message::Message;
use super::super::shape::{clean, text};
use super::{Ask, Said, client};
use crate::judge::{Protocol, Stage};
use crate::transport::Head;

const PROTOCOL: Protocol = Protocol::GetWork;

impl Kind {
    pub(crate) const GRAM_TASK: Self =
        Self::message("client-gram-task", "asks a Gram pool for a task, with X-MINER-VERSION", 12.0);
    pub(crate) const GRAM_SOLUTION: Self =
        Self::message("client-gram-solution", "hands in a solution to a Gram pool", 12.0);
    pub(crate) const GRAM_TASK_ANSWER: Self =
        Self::message("pool-gram-task", "task with seed, complexity and the pool's address", 9.0);
}

/// Reads a request.
pub(super) fn request(head: &Head, body: Option<&[u8]>) -> Option<Said> {
    let version = head.header("x-miner-version").and_then(clean)?;
    let (path, _) = client::target(head, &["GET", "POST"])?;
    if let Some((_, address)) = path.rsplit_once("/v2/task/") {
        let finding = Finding::miner(PROTOCOL, Kind::GRAM_TASK).fact(account::user(address));
        return Some(Said::new(finding.fact(Some(Fact::Agent(version))), Ask::Task));
    }
    path.trim_end_matches('/').contains("/v2/solution").then_some(())?;
    body?;
    let finding = Finding::miner(PROTOCOL, Kind::GRAM_SOLUTION).stage(Stage::Submitting);
    let finding = finding.fact(Some(Fact::Agent(version))).fact(Some(Fact::Submitted));
    Some(Said::new(finding, Ask::Share))
}

/// Reads an answer.
pub(super) fn answer(ask: Option<Ask>, message: &Message) -> Option<Finding> {
    let task = message.value("task").filter(|_| matches!(ask, None | Some(Ask::Task)))?;
    let whole = ["seed", "complexity", "pool_address"].iter().all(|key| text(task.get(key)).is_some());
    let finding = Finding::pool(PROTOCOL, Kind::GRAM_TASK_ANSWER).stage(Stage::Working);
    whole.then(|| finding.fact(Some(Fact::Job)))
}

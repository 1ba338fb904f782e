//! Sia's node as a miner's pool: headers as bytes over HTTP.
//!
//! Source: the description of the interface in Sia's api/miner.html.

use super::super::finding::{Fact, Finding, Kind};
use super::super::shape::difficulty_of_target;
use super::{Ask, Said, client};
use crate::judge::{Protocol, Stage};
use crate::transport::Head;

const PROTOCOL: Protocol = Protocol::GetWork;

/// Bytes of a block's header.
const HEADER: usize = 80;

/// Bytes of a target.
const TARGET: usize = 32;

impl Kind {
    pub(crate) const SIA_HEADER: Self =
        Self::message("client-sia-header", "asks a Sia node for a header to mine", 6.0);
    pub(crate) const SIA_AGENT: Self =
        Self::feature("client-sia-agent", "the user agent that a Sia node demands", 5.5);
    pub(crate) const SIA_SOLVED: Self =
        Self::message("client-sia-solved", "hands in a solved header to a Sia node", 10.0);
    pub(crate) const SIA_HEADER_ANSWER: Self =
        Self::message("pool-sia-header", "target and header of a Sia block", 6.0);
}

/// Reads a request.
pub(super) fn request(head: &Head, body: Option<&[u8]>) -> Option<Said> {
    let (path, _) = client::target(head, &["GET", "POST"])?;
    let path = path.trim_end_matches('/');
    if path != "/miner/header" && path != "/miner/headerforwork" {
        return None;
    }
    let agent = head.header("user-agent").is_some_and(|agent| agent.contains("Sia-Agent"));
    let said = |kind| Finding::miner(PROTOCOL, kind).with(Kind::SIA_AGENT, agent);
    match (head.request()?, body) {
        (("GET", _), _) => Some(Said::new(said(Kind::SIA_HEADER), Ask::SiaHeader).habit()),
        (_, Some(body)) if body.len() == HEADER => {
            let finding = said(Kind::SIA_SOLVED).stage(Stage::Submitting);
            Some(Said::new(finding.fact(Some(Fact::Submitted)), Ask::Share))
        }
        _ => None,
    }
}

/// Reads an answer: the target, most significant byte first, and the header.
pub(super) fn answer(ask: Ask, head: &Head, body: &[u8]) -> Option<Finding> {
    let target = body.get(..TARGET).filter(|target| target.starts_with(&[0; 3]))?;
    let digits = target.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
    let work = ask == Ask::SiaHeader && head.status() == Some(200) && body.len() == TARGET + HEADER;
    let finding = Finding::pool(PROTOCOL, Kind::SIA_HEADER_ANSWER).stage(Stage::Working);
    let difficulty = difficulty_of_target(&digits).map(Fact::difficulty_hashes);
    work.then(|| finding.fact(difficulty).fact(Some(Fact::Job)))
}

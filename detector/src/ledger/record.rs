use std::net::SocketAddr;

use detector_common::flow::FlowKey;
use detector_common::packet::Encapsulation;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CaseId, Day, State};
use crate::estimate::Estimate;
use crate::judge::{Carrier, Evidence, Facts, Protocol, Stage, Verdict};

/// Why a record is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The case is new.
    Opened,
    /// The verdict rose.
    Verdict,
    /// The stage rose.
    Stage,
    /// The case had been quiet and went on.
    Returned,
    /// The interval passed and something happened in it.
    Periodic,
    /// Nothing happened for long.
    Quiet,
    /// It was quiet for so long that it is over.
    Closed,
    /// The agent ends, the capture ends, or the case had to make room.
    Final,
    /// For the ledger on disk only: what changed since the last record.
    Update,
}

/// Whether a case goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Life {
    /// Something happens in it.
    Open,
    /// Nothing happened for long.
    Quiet,
    /// It is over, had to make room, or is not followed any more.
    Closed,
}

/// What is known about a case at one moment. Sums are over all flows of the case.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Which case.
    pub case: CaseId,
    /// The how many-eth record of the case this is, from 1; an update has the number of the record before it.
    pub number: u64,
    /// Why it is written.
    pub reason: Reason,
    /// Whether the case goes on.
    pub life: Life,
    /// The moment.
    pub time: Timestamp,
    /// The case's latest flow.
    pub key: FlowKey,
    /// The miner's end of the latest flow.
    pub miner: SocketAddr,
    /// The pool's end.
    pub pool: SocketAddr,
    /// The interface that last saw the case.
    pub interface: Option<String>,
    /// What packets of the latest flow are wrapped in, as seen from the miner.
    pub outer: Encapsulation,
    /// The dialect spoken.
    pub protocol: Protocol,
    /// The strongest verdict so far.
    pub verdict: Verdict,
    /// The furthest stage so far.
    pub stage: Stage,
    /// What carries the conversation.
    pub carrier: Carrier,
    /// Whether its contents are encrypted.
    pub encrypted: bool,
    /// The highest confidence so far, 0 to 1.
    pub confidence: f64,
    /// The reasons for the strongest verdict.
    pub evidence: Vec<Evidence>,
    /// The latest of each fact; jobs and shares are sums.
    pub facts: Facts,
    /// How fast the miner computes, if it can be known. Flows side by side add up.
    pub estimate: Option<Estimate>,
    /// Payload bytes seen.
    pub bytes: u64,
    /// How many flows there were.
    pub connections: u64,
    /// Connections an hour over the last 24 hours, or over the case's life if that is shorter (but
    /// at least an hour). `None` while the case is younger than an hour and has only one
    /// connection. Counted in clock hours: an estimate.
    pub connections_per_hour: Option<f64>,
    /// When the case was first seen.
    pub first_seen: Timestamp,
    /// When something last happened.
    pub last_seen: Timestamp,
    /// How often the case came back after it had been quiet.
    pub returns: u64,
    /// The most flows at the same time.
    pub parallel: u32,
    /// How many different names of machines there were, at most 64.
    pub workers: u32,
    /// Activity on the days that changed since the last record or update; in a record and at the end, on all days on which
    /// something happened since then.
    pub days: Vec<Day>,
    /// What the ledger needs to go on with the case.
    pub state: State,
}

impl Record {
    /// Whether it mines now: something happens in the case, and it is not that of a node.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.life == Life::Open && self.verdict != Verdict::Node
    }
}

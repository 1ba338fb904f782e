use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::block::Target;

/// What the agent is asked or told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// How it is.
    Status,
    /// To block something.
    BlockAdd {
        /// What.
        target: Target,
        /// Why.
        reason: String,
        /// For how long; if it is not said, as long as the configuration says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minutes: Option<u32>,
    },
    /// What is blocked.
    BlockList,
    /// To let pass what was blocked.
    BlockRemove {
        /// The number of the block.
        id: u64,
    },
    /// To let everything pass at once.
    BlockPanic,
    /// To go on after a panic or an alarm.
    BlockResume,
    /// What a block would meet, if it were there.
    BlockPreview {
        /// What would be blocked.
        target: Target,
    },
}

/// What it answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It is done, or this is how it is.
    Ok(Value),
    /// Why it is not done.
    Error(String),
}

/// How the agent is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Of the program.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// Seconds since it started.
    pub uptime_s: u64,
    /// What is watched.
    pub interfaces: Vec<Interface>,
    /// What is done about blocks; not there if nothing is to be blocked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<Value>,
    /// Packets a second, over the last seconds.
    pub packets_per_second: f64,
    /// All counters since the start.
    pub counters: BTreeMap<String, u64>,
    /// Of these, those of what was lost or not read, unless they are 0.
    pub losses: BTreeMap<String, u64>,
    /// Bytes that the tables in the kernel take.
    pub kernel_bytes: u64,
    /// Bytes of memory of the process.
    pub resident_bytes: u64,
    /// Conversations that are followed, and cases that go on.
    pub conversations: u64,
    /// Cases that go on.
    pub cases: u64,
    /// Where records go.
    pub outputs: Vec<Output>,
    /// Files about addresses.
    pub files: Vec<File>,
}

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// `native` or `generic` for XDP, or `tcx`.
    pub mode: String,
    /// Why it is watched there and at no faster place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// Whether the receiver is there, as far as is known.
    pub connected: bool,
    /// Records written.
    pub written: u64,
    /// Records that wait.
    pub waiting: u64,
    /// Records lost.
    pub lost: u64,
    /// Age of the oldest that waits, in seconds.
    pub lag_s: f64,
}

/// A file about addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// What it holds.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Seconds since it was made or changed.
    pub age_s: u64,
    /// Rows or nodes.
    pub entries: u64,
}

/// What a block would meet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Why it would be refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Connections that the kernel remembers now and that it would meet.
    pub connections: usize,
    /// Of these, those that are watched because they may mine.
    pub watched: usize,
    /// Different addresses on the other side of what is blocked.
    pub hosts: usize,
    /// Some of the connections.
    pub examples: Vec<Seen>,
}

/// A connection that a block would meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// One end.
    pub one: SocketAddr,
    /// The other.
    pub other: SocketAddr,
    /// Whether it is watched.
    pub watched: bool,
}

impl Seen {
    /// The end that a block does not name.
    #[must_use]
    pub fn besides(&self, target: &Target) -> IpAddr {
        let names = |address: IpAddr| match target {
            Target::Flow(..) => false,
            Target::Pair(_, server) => server.ip() == address,
            Target::Network(network) => network.contains(&address),
        };
        if names(self.one.ip()) { self.other.ip() } else { self.one.ip() }
    }
}

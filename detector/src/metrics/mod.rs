//! What the agent knows of itself, for Prometheus: [`Metrics`] holds the latest [`Snapshot`], [`Server`] shows it on a
//! local HTTP port.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use serde::Deserialize;

use crate::config::within;
use crate::enrich::NetworkType;
use crate::kernel::Hook;

mod counters;
mod labels;
mod page;
mod received;
mod server;
mod text;

pub(crate) use labels::COINS;
pub use labels::Detection;
pub use server::{MetricsError, Server};

/// `[metrics]` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Config {
    /// Address and port of the HTTP server; `None`: there is none.
    pub listen: Option<SocketAddr>,
    /// Whether other machines may read it, that is, whether `listen` may be another address than a loopback address.
    pub allow_remote: bool,
    /// For how many seconds the agent counts as ready after it last emptied the ring buffer, from 1 to 3600.
    #[serde(deserialize_with = "within::<_, _, 1, 3600>")]
    pub ready_within: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { listen: None, allow_remote: false, ready_within: 10 }
    }
}

impl Config {
    /// Whether it says itself that other machines may read what they could read.
    ///
    /// # Errors
    /// It does not.
    pub fn check(&self) -> Result<(), MetricsError> {
        match self.listen {
            Some(address) if !self.allow_remote && !address.ip().to_canonical().is_loopback() => {
                Err(MetricsError::Remote(address))
            }
            _ => Ok(()),
        }
    }
}

/// The state of the agent at one moment. All counts are since its start.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The counters of kernel program and agent by the names they have in records of type `stats`.
    pub counters: BTreeMap<&'static str, u64>,
    /// The interfaces that are watched now.
    pub interfaces: Vec<Interface>,
    /// When the ring buffer was last found empty.
    pub drained: Option<Instant>,
    /// How many cases reached a verdict: one for each record with the reason `opened` or `verdict`
    /// that nothing hides.
    pub detections: BTreeMap<Detection, u64>,
    /// How many cases are open now, by the network of the miner.
    pub open: BTreeMap<NetworkType, u64>,
    /// The outputs of the configuration.
    pub outputs: Vec<Output>,
    /// The ledger on disk, if there is one.
    pub store: Option<Store>,
    /// The operator's files of addresses and names.
    pub data: Vec<DataFile>,
    /// How many signatures are in use.
    pub rules: u64,
    /// How the configuration was last read, the start included.
    pub reload: Option<Reload>,
    /// The files about addresses could not be read anew; the old ones are in use.
    pub data_refused: bool,
}

/// An interface that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Where the program runs.
    pub hook: Hook,
    /// Why it runs there and at no faster place.
    pub reason: Option<String>,
}

/// An output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Its name in the configuration.
    pub name: String,
    /// Records written.
    pub written: u64,
    /// Records left out, by the filter or because the format has no place for them.
    pub filtered: u64,
    /// Records left out after a restart, because the file had them.
    pub repeated: u64,
    /// Records that were lost.
    pub lost: u64,
    /// Messages cut to fit a datagram.
    pub cut: u64,
    /// How often the receiver ceased to be writable.
    pub outages: u64,
    /// How often it was tried again in vain.
    pub retries: u64,
    /// The receiver is there, as far as is known.
    pub connected: bool,
    /// Records that wait.
    pub waiting: u64,
    /// Bytes of those of them that are in memory.
    pub waiting_bytes: u64,
    /// How old the oldest record is that waits; zero if none does.
    pub lag: Duration,
}

/// The ledger on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Store {
    /// Transactions that were committed.
    pub writes: u64,
    /// How long they took together.
    pub writing: Duration,
    /// Bytes of its file that hold something.
    pub bytes: u64,
}

/// A file that the operator supplies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// What it holds, such as `prefixes` or `database`.
    pub kind: &'static str,
    /// Its name without folder and extension, unless another file of the kind has the same.
    pub name: String,
    /// How old its contents are.
    pub age: Duration,
    /// Rows; of a database, nodes of its search tree.
    pub entries: u64,
    /// Records of a database that were looked up and could not be read.
    pub failures: u64,
}

/// How the configuration was last read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reload {
    /// Whether it was in order and is in use.
    pub success: bool,
    /// When it was read.
    pub time: Timestamp,
}

/// The latest state of the agent, for other threads to read. Taking it in waits for nobody.
#[derive(Debug, Default)]
pub struct Metrics {
    latest: ArcSwapOption<Snapshot>,
}

impl Metrics {
    /// Takes in the state of the agent, as it does each second.
    pub fn update(&self, snapshot: Snapshot) {
        self.latest.store(Some(Arc::new(snapshot)));
    }

    /// Whether an interface is watched and the ring buffer was empty within so long before `now`.
    ///
    /// # Errors
    /// The reason why not.
    pub fn ready(&self, now: Instant, within: Duration) -> Result<(), String> {
        let latest = self.latest.load();
        let Some(snapshot) = latest.as_deref() else { return Err("the agent starts".to_owned()) };
        if snapshot.interfaces.is_empty() {
            return Err("no interface is watched".to_owned());
        }
        let Some(drained) = snapshot.drained else {
            return Err("the ring buffer was never empty yet".to_owned());
        };
        let passed = now.saturating_duration_since(drained);
        if passed > within {
            return Err(format!("the ring buffer was last empty {} s ago", passed.as_secs()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use detector_common::block::{DRY_RUN, ENFORCE};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::nftables::check_name;
use super::{Hook, Method};
use crate::config::within;
use crate::judge::Verdict;

/// So many blocks are brought to nftables within its patience: 65,536 take three seconds.
const MOST_ELEMENTS: u32 = 65_536;

/// What is done about what is to be blocked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nothing; nothing stands before the program that reads.
    #[default]
    Observe,
    /// What would be dropped is counted.
    DryRun,
    /// It is dropped.
    Enforce,
}

impl Mode {
    /// As the gate's [`Control`](detector_common::block::Control) has it.
    pub(super) const fn code(self) -> u32 {
        match self {
            Self::Observe => 0,
            Self::DryRun => DRY_RUN,
            Self::Enforce => ENFORCE,
        }
    }

    /// What the gate takes a number for.
    pub(super) const fn of(code: u32) -> Self {
        match code {
            DRY_RUN => Self::DryRun,
            ENFORCE => Self::Enforce,
            _ => Self::Observe,
        }
    }
}

/// How much is blocked of a miner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The connection that was found.
    Flow,
    /// All connections of the miner to that address and port.
    #[default]
    Pair,
    /// All that anybody says to the address of the pool.
    Pool,
}

/// What becomes of blocks when the agent ends, however it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnExit {
    /// None is left.
    #[default]
    Lift,
    /// Each goes on until its time is over.
    Keep,
}

/// `[block]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// What is done.
    pub mode: Mode,
    /// Where it is dropped.
    pub backend: Method,
    /// The table of the family inet in which nftables has it.
    pub nftables_table: String,
    /// From where packets come into the chain there.
    pub nftables_hook: Hook,
    /// What becomes of blocks when the agent ends.
    pub on_exit: OnExit,
    /// Whether miners that are found are blocked; otherwise only what is asked for by hand.
    pub automatic: bool,
    /// How much of them.
    pub scope: Scope,
    /// At least this verdict.
    pub verdict: Verdict,
    /// And this confidence, 0 to 1.
    pub confidence: f64,
    /// Minutes for which something is blocked, from 1 to 10080. A miner that is blocked again is blocked twice as long.
    #[serde(deserialize_with = "within::<_, _, 1, 10080>")]
    pub minutes: u32,
    /// But not longer than so many minutes, from 1 to 10080.
    #[serde(deserialize_with = "within::<_, _, 1, 10080>")]
    pub longest_minutes: u32,
    /// Networks that are never blocked, whatever happens.
    pub allow: Vec<IpNet>,
    /// So many things at most are blocked at the same time, from 1 to 1048576.
    #[serde(deserialize_with = "within::<_, _, 1, 1048576>")]
    pub entries: u32,
    /// Of 1,000 packets, so many at most may be dropped within a second, from 0 to 1000; above that nothing is dropped any
    /// more until somebody says so.
    #[serde(deserialize_with = "within::<_, _, 0, 1000>")]
    pub share: u32,
    /// So many packets a second a CPU may drop in any case, from 0 to 1000000.
    #[serde(deserialize_with = "within::<_, _, 0, 1000000>")]
    pub free: u32,
    /// The file to which every action is added. Needed unless nothing is done.
    pub audit: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            mode: Mode::Observe,
            backend: Method::Xdp,
            nftables_table: "firedamp".to_owned(),
            nftables_hook: Hook::None,
            on_exit: OnExit::Lift,
            automatic: true,
            scope: Scope::Pair,
            verdict: Verdict::Confirmed,
            confidence: 0.95,
            minutes: 60,
            longest_minutes: 24 * 60,
            allow: Vec::new(),
            entries: 4096,
            share: 50,
            free: 1000,
            audit: None,
        }
    }
}

impl Config {
    /// What takes effect of a new configuration while the agent runs: room in the kernel, and whether anything stands before
    /// the program that reads, are settled when it is loaded.
    #[must_use]
    pub fn succeeded_by(&self, new: Self) -> Self {
        let mode = if self.mode == Mode::Observe { self.mode } else { new.mode };
        Self {
            mode,
            backend: self.backend,
            nftables_table: self.nftables_table.clone(),
            nftables_hook: self.nftables_hook,
            on_exit: self.on_exit,
            entries: self.entries,
            ..new
        }
    }

    /// Whether blocks outlive the agent.
    #[must_use]
    pub const fn keeps(&self) -> bool {
        matches!(self.on_exit, OnExit::Keep) && !matches!(self.mode, Mode::Observe)
    }

    /// Whether what is found leads to blocks.
    #[must_use]
    pub const fn decides(&self) -> bool {
        self.automatic && !matches!(self.mode, Mode::Observe)
    }

    /// Room for blocks in the tables of the gate; 0 if there is to be none.
    #[must_use]
    pub const fn room(&self) -> u32 {
        match (self.mode, self.backend) {
            (Mode::Observe, _) | (_, Method::Nftables) => 0,
            (Mode::DryRun | Mode::Enforce, Method::Xdp) => self.entries,
        }
    }

    /// What is wrong with it as a whole: the key, and how to mend it.
    ///
    /// # Errors
    /// A key and what to do about it.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        if !(0.0..=1.0).contains(&self.confidence) {
            return Err(("confidence", format!("confidence = {} must be from 0 to 1", self.confidence)));
        }
        if self.verdict == Verdict::Node {
            return Err((
                "verdict",
                "nodes do not mine; write \"suspected\", \"probable\" or \"confirmed\"".to_owned(),
            ));
        }
        if let Some(network) = self.allow.iter().find(|network| network.trunc() != **network) {
            let message = format!("{network} has bits set behind the prefix: write {}", network.trunc());
            return Err(("allow", message));
        }
        if self.minutes > self.longest_minutes {
            let message =
                format!("minutes = {} is more than longest-minutes = {}", self.minutes, self.longest_minutes);
            return Err(("minutes", message));
        }
        if self.backend == Method::Nftables && self.entries > MOST_ELEMENTS {
            let message =
                format!("nft takes too long for so many: write at most {MOST_ELEMENTS} with nftables");
            return Err(("entries", message));
        }
        if self.mode != Mode::Observe && self.audit.is_none() {
            let message =
                "every action is logged: name a file, as in audit = \"/var/log/firedamp/audit.jsonl\"";
            return Err(("audit", message.to_owned()));
        }
        check_name(&self.nftables_table).map_err(|message| ("nftables-table", message))
    }
}

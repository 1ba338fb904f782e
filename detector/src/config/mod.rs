//! The one configuration file: what may stand in it, what it says when nothing stands there, and what is wrong in it.

mod changes;
mod check;
mod document;
mod filters;
mod load;
mod log;
mod overrides;
mod privacy;
mod range;
mod resolve;
mod secret;
mod sort;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

pub use changes::Changes;
pub use load::{Loaded, Problems, Settled};
pub use log::{LOG_LEVELS, Log, log_level};
pub use overrides::Overrides;
pub use privacy::{Form, Privacy};
pub use range::within;
pub use sort::{Sort, sort};

use crate::advice::Language;
use crate::kernel::{Limits, WhenOccupied, XdpMode};
use crate::output::Identities;
use crate::{block, control, enrich, exclude, ledger, metrics, output, pipeline, store};

/// The file that `firedamp config init` prints: every key with its meaning, its range and its default.
pub const COMMENTED: &str = include_str!("default.toml");

/// The most connections that may be remembered in the kernel.
pub const MOST_FLOWS: u32 = 67_108_864;

/// The most connections that may be watched at the same time.
pub const MOST_WATCHED: u32 = 16_777_216;

/// The longest time between two records of counters, in seconds.
pub const LONGEST_STATS_INTERVAL: u32 = 86_400;

/// All that the file may say. Paths are relative to the directory of the file until [`Settled::read`] has resolved them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// What is watched.
    pub capture: Capture,
    /// What is looked for.
    pub signatures: Signatures,
    /// What is kept.
    pub ledger: Ledger,
    /// What files of the operator say of addresses.
    pub enrich: enrich::Config,
    /// How names of persons are kept.
    pub privacy: Privacy,
    /// What is not reported.
    pub exclude: Vec<exclude::Rule>,
    /// Where records go.
    pub output: Vec<output::Config>,
    /// What is dropped.
    pub block: block::Config,
    /// Who may ask and tell the running agent.
    pub control: control::Config,
    /// Numbers for monitoring.
    pub metrics: metrics::Config,
    /// What is advised.
    pub advice: Advice,
    /// What the agent says of itself.
    pub log: Log,
}

/// `[capture]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Capture {
    /// Names of the interfaces to watch, or patterns of them, see [`Wanted`](crate::kernel::Wanted).
    pub interfaces: Vec<String>,
    /// The interfaces get a copy of the traffic, of a mirror port or a tap: they take in what is addressed to others, and
    /// nothing can be kept back there.
    pub mirror: bool,
    /// A directory of bpffs in which tables and links outlive the agent.
    pub pin: Option<PathBuf>,
    /// Where in the receive path the program runs.
    pub xdp_mode: XdpMode,
    /// What is done where the XDP hook of an interface is not to be had.
    pub when_occupied: WhenOccupied,
    /// Size of the ring buffer between kernel and agent in KiB: a power of two from 64 to 1048576.
    #[serde(deserialize_with = "ring")]
    pub ring_kib: u32,
    /// Connections that are remembered in the kernel, from 1 to [`MOST_FLOWS`].
    #[serde(deserialize_with = "within::<_, _, 1, { MOST_FLOWS as u64 }>")]
    pub flows: u32,
    /// Connections that are watched at the same time, from 1 to [`MOST_WATCHED`].
    #[serde(deserialize_with = "within::<_, _, 1, { MOST_WATCHED as u64 }>")]
    pub watched: u32,
    /// Seconds between two records of counters, from 1 to [`LONGEST_STATS_INTERVAL`].
    #[serde(deserialize_with = "within::<_, _, 1, { LONGEST_STATS_INTERVAL as u64 }>")]
    pub stats_interval: u32,
}

impl Default for Capture {
    fn default() -> Self {
        let Limits { flows, watched, ring, .. } = Limits::default();
        Self {
            interfaces: Vec::new(),
            mirror: false,
            pin: None,
            xdp_mode: XdpMode::Auto,
            when_occupied: WhenOccupied::Refuse,
            ring_kib: ring / 1024,
            flows,
            watched,
            stats_interval: 60,
        }
    }
}

impl Capture {
    /// The sizes of the kernel's tables.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        Limits { flows: self.flows, watched: self.watched, ring: self.ring_kib * 1024, blocks: 0 }
    }
}

/// What is wrong with a size of the ring buffer in KiB: the kernel wants a power of two of at least a page.
///
/// # Errors
/// It is not such a size.
pub fn ring_size(size: u32) -> Result<u32, &'static str> {
    let fits = size.is_power_of_two() && (64..=1 << 20).contains(&size);
    fits.then_some(size).ok_or("must be a power of two from 64 to 1048576")
}

fn ring<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within::<_, u32, 64, 1_048_576>(deserializer)
        .and_then(|size| ring_size(size).map_err(serde::de::Error::custom))
}

/// `[signatures]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Signatures {
    /// Files, and directories of which every `*.toml` file is read.
    pub files: Vec<PathBuf>,
    /// Whether the built-in ones are used.
    pub built_in: bool,
}

impl Default for Signatures {
    fn default() -> Self {
        Self { files: Vec::new(), built_in: true }
    }
}

impl Signatures {
    /// Where signatures come from.
    #[must_use]
    pub fn sources(&self) -> crate::signature::Sources {
        crate::signature::Sources { built_in: self.built_in, paths: self.files.clone() }
    }
}

/// `[ledger]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Ledger {
    /// The database of cases; without one they are kept in memory only.
    pub file: Option<PathBuf>,
    /// Days after which a case that was not seen again is deleted, and what is told of a day, from 1 to 36500.
    #[serde(deserialize_with = "within::<_, _, 1, 36500>")]
    pub keep_days: u32,
    /// Size of the file in MiB above which the oldest is deleted before that, from 16 to 1048576.
    #[serde(deserialize_with = "within::<_, _, 16, 1048576>")]
    pub keep_mib: u32,
    /// Seconds after which the file knows what the agent knows, from 1 to 3600.
    #[serde(deserialize_with = "within::<_, _, 1, 3600>")]
    pub update_seconds: u32,
    /// Hours without news after which a case is quiet, from 1 to 168.
    #[serde(deserialize_with = "within::<_, _, 1, 168>")]
    pub quiet_hours: u32,
    /// Days without news after which a case is closed, from 1 to 365.
    #[serde(deserialize_with = "within::<_, _, 1, 365>")]
    pub close_days: u32,
    /// Hours between two records of a case that goes on, from 1 to 168.
    #[serde(deserialize_with = "within::<_, _, 1, 168>")]
    pub interval_hours: u32,
    /// Cases that are kept in memory, from 1 to 16777216.
    #[serde(deserialize_with = "within::<_, _, 1, 16777216>")]
    pub cases: u32,
    /// Size in MiB of what waits in the file for outputs, from 1 to 1048576.
    #[serde(deserialize_with = "within::<_, _, 1, 1048576>")]
    pub outbox_mib: u32,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            file: None,
            keep_days: 400,
            keep_mib: 8192,
            update_seconds: 60,
            quiet_hours: 1,
            close_days: 7,
            interval_hours: 1,
            cases: 262_144,
            outbox_mib: 512,
        }
    }
}

impl Ledger {
    /// The ledger on disk, if there is one.
    #[must_use]
    pub fn store(&self, identities: Identities) -> Option<store::Settings> {
        Some(store::Settings { file: self.file.clone()?, limits: self.limits(), identities })
    }

    /// How much of the ledger on disk is kept.
    #[must_use]
    pub fn limits(&self) -> store::Limits {
        store::Limits {
            days: self.keep_days,
            bytes: u64::from(self.keep_mib) << 20,
            outbox: u64::from(self.outbox_mib) << 20,
        }
    }

    /// The limits of the ledger in memory.
    #[must_use]
    pub fn settings(&self) -> ledger::Settings {
        ledger::Settings {
            update: self.file.is_some().then(|| SignedDuration::from_secs(self.update_seconds.into())),
            cases: self.cases as usize,
            quiet: SignedDuration::from_hours(self.quiet_hours.into()),
            close: SignedDuration::from_hours(24 * i64::from(self.close_days)),
            interval: SignedDuration::from_hours(self.interval_hours.into()),
            ..ledger::Settings::default()
        }
    }
}

impl Config {
    /// The limits of the agent, for names in the form of `identities`.
    #[must_use]
    pub fn pipeline(
        &self,
        signatures: &Arc<crate::signature::Signatures>,
        identities: Identities,
    ) -> pipeline::Settings {
        let ledger = ledger::Settings {
            identities,
            excerpts: self.privacy.excerpts,
            connections: self.block.decides().then_some(self.block.verdict),
            ..self.ledger.settings()
        };
        // Room is kept in the kernel's table: the agent gives up the longest silent conversation before the kernel has
        // to refuse a new one.
        let conversations = (self.capture.watched - self.capture.watched / 8) as usize;
        pipeline::Settings {
            conversations,
            ledger,
            signatures: Some(Arc::clone(signatures)),
            ..Default::default()
        }
    }

    /// The sizes of the kernel's tables, those of blocks among them.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        Limits { blocks: self.block.room(), ..self.capture.limits() }
    }

    /// Where records go: to standard output if nothing is said.
    #[must_use]
    pub fn outputs(&self) -> Vec<output::Config> {
        if self.output.is_empty() { vec![output::Target::Stdout.into()] } else { self.output.clone() }
    }
}

/// `[advice]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Advice {
    /// In which language advice is given.
    pub language: Language,
}

/// The first name that is there twice.
pub fn repeated<T: PartialEq>(names: &[T]) -> Option<(usize, &T)> {
    names.iter().enumerate().find(|(at, name)| names.iter().take(*at).any(|earlier| earlier == *name))
}

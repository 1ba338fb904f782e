use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use toml::Value;

use super::{Capture, Config, Ledger, Privacy};
use crate::block;

/// Keys that only take effect when the agent starts, each with all that is below it.
const AT_START: [&str; 21] = [
    "block.backend",
    "block.entries",
    "block.nftables-hook",
    "block.nftables-table",
    "block.on-exit",
    "capture.flows",
    "capture.interfaces",
    "capture.mirror",
    "capture.pin",
    "capture.ring-kib",
    "capture.watched",
    "capture.when-occupied",
    "capture.xdp-mode",
    "control",
    "ledger.cases",
    "ledger.file",
    "log",
    "metrics",
    "privacy.identities",
    "privacy.salt",
    "privacy.salt-file",
];

/// Keys that two configurations say something different for, in the order of the alphabet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Those that take effect at once.
    pub now: Vec<String>,
    /// Those that take effect when the agent starts anew.
    pub at_start: Vec<String>,
}

impl Changes {
    /// What is different between two configurations.
    #[must_use]
    pub fn between(old: &Config, new: &Config) -> Self {
        let (before, after) = (keys(old), keys(new));
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let different = names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned();
        let (watching, blocking) = (block::Mode::Observe, |config: &Config| config.block.mode);
        let gate = blocking(old) == watching && blocking(new) != watching;
        let tables = [
            ("enrich", old.enrich != new.enrich),
            ("exclude", old.exclude != new.exclude),
            ("metrics", old.metrics != new.metrics),
            ("output", old.output != new.output),
        ];
        let tables = tables.into_iter().filter(|(_, differ)| *differ).map(|(name, _)| name.to_owned());
        let different: BTreeSet<String> = different.chain(tables).collect();
        // Whether anything stands before the program is settled when it is loaded.
        let waits = |name: &String| needs_restart(name) || gate && name == "block.mode";
        let (at_start, now) = different.into_iter().partition(waits);
        Self { now, at_start }
    }
}

impl Changes {
    /// Takes note that something else is different that takes effect when the agent starts anew.
    pub fn wait_for_start(&mut self, key: &str) {
        if !self.at_start.iter().any(|known| known.starts_with(key)) {
            self.at_start.push(key.to_owned());
        }
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.now.as_slice(), self.at_start.as_slice()) {
            ([], []) => f.write_str("nothing changed"),
            (now, []) => write!(f, "changed: {}", now.join(", ")),
            ([], late) => write!(f, "changed, but not before a restart: {}", late.join(", ")),
            (now, late) => {
                write!(f, "changed: {}; not before a restart: {}", now.join(", "), late.join(", "))
            }
        }
    }
}

impl Config {
    /// Goes on with what only takes effect when the agent starts as it is in the configuration that is in use.
    #[must_use]
    pub fn in_place_of(self, used: &Self) -> Self {
        let (capture, ledger, privacy) = (used.capture.clone(), used.ledger.clone(), used.privacy.clone());
        Self {
            capture: Capture { stats_interval: self.capture.stats_interval, ..capture },
            ledger: Ledger { file: ledger.file, cases: ledger.cases, ..self.ledger },
            privacy: Privacy { excerpts: self.privacy.excerpts, ..privacy },
            block: used.block.succeeded_by(self.block),
            control: used.control.clone(),
            metrics: used.metrics.clone(),
            log: used.log.clone(),
            ..self
        }
    }
}

pub(super) fn needs_restart(name: &str) -> bool {
    let is_of =
        |key: &str| name.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    AT_START.iter().any(|key| is_of(key))
}

/// Every key of the tables that hold plain values, with its value.
fn keys(config: &Config) -> BTreeMap<String, Value> {
    let Config { capture, signatures, ledger, privacy, block, control, advice, log, .. } = config;
    let tables = [
        ("capture", Value::try_from(capture)),
        ("signatures", Value::try_from(signatures)),
        ("ledger", Value::try_from(ledger)),
        ("privacy", Value::try_from(privacy)),
        ("block", Value::try_from(block)),
        ("control", Value::try_from(control)),
        ("advice", Value::try_from(advice)),
        ("log", Value::try_from(log)),
    ];
    let mut keys = BTreeMap::new();
    for (name, table) in tables {
        if let Ok(Value::Table(table)) = table {
            keys.extend(table.into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
        }
    }
    keys
}

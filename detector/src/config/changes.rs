use std::collections::BTreeMap;
use std::fmt;

use toml::Value;

use super::Config;

/// Keys that only take effect when the agent starts, each with all that is below it.
const AT_START: [&str; 12] = [
    "capture.flows",
    "capture.interfaces",
    "capture.ring-kib",
    "capture.watched",
    "capture.xdp-mode",
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
        let (old, new) = (keys(old), keys(new));
        let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
        names.sort_unstable();
        names.dedup();
        let different = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
        let (at_start, now) = different.cloned().partition(|name| {
            AT_START.iter().any(|key| {
                name.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        });
        Self { now, at_start }
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

/// The keys whose change takes effect only when the agent starts anew.
#[must_use]
pub fn changes_needing_restart(old: &Config, new: &Config) -> Vec<String> {
    Changes::between(old, new).at_start
}

/// Every key with its value; a list is one value.
fn keys(config: &Config) -> BTreeMap<String, Value> {
    let mut keys = BTreeMap::new();
    if let Ok(Value::Table(table)) = Value::try_from(config) {
        flatten("", table, &mut keys);
    }
    keys
}

fn flatten(above: &str, table: toml::Table, keys: &mut BTreeMap<String, Value>) {
    for (key, value) in table {
        let name = if above.is_empty() { key } else { format!("{above}.{key}") };
        match value {
            Value::Table(table) => flatten(&name, table, keys),
            value => {
                keys.insert(name, value);
            }
        }
    }
}

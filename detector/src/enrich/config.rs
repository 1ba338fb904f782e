use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::Deserialize;

/// Files about addresses, section `[enrich]`. Each may be left out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// The operator's own table of prefixes, CSV.
    pub prefixes: Option<PathBuf>,
    /// Databases of places and networks (MMDB), the most trusted first.
    pub databases: Vec<PathBuf>,
    /// Names of pools with their addresses, CSV.
    pub pools: Option<PathBuf>,
    /// Who had which address when, CSV.
    pub leases: Option<PathBuf>,
    /// How often the files are looked at for changes, in seconds.
    pub check_seconds: NonZeroU32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            prefixes: None,
            databases: Vec::new(),
            pools: None,
            leases: None,
            check_seconds: NonZeroU32::MIN.saturating_add(9),
        }
    }
}

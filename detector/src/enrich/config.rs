use std::path::PathBuf;

use serde::Deserialize;

use crate::config::within;

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
    /// How often the files are looked at for changes, in seconds, from 1 to 86400.
    #[serde(deserialize_with = "within::<_, _, 1, 86400>")]
    pub check_seconds: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { prefixes: None, databases: Vec::new(), pools: None, leases: None, check_seconds: 10 }
    }
}

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `[control]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// The socket; without one nobody can ask or tell the running agent anything.
    pub socket: Option<PathBuf>,
    /// The group that may use it, besides the agent's user and root.
    pub group: Option<String>,
}

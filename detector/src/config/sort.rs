use std::path::Path;

use super::document::Document;
use crate::problem::{Problem, nearest};

/// What a file of the operator is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// It has tables of a configuration.
    Configuration,
    /// It has signatures, or is a directory of such files.
    Signatures,
}

/// Tells by its top-level tables what a file is for.
///
/// # Errors
/// It cannot be read, has tables of both, or of neither.
pub fn sort(path: &Path) -> Result<Sort, Problem> {
    if path.is_dir() {
        return Ok(Sort::Signatures);
    }
    let document = Document::read_lossily(path)?;
    let (found, is_whole) = document.tables();
    let is_known = |name: &&String| TABLES.contains(&name.as_str());
    // The list of signatures and the table of the configuration have different names.
    let signatures = found.iter().any(|name| name == "signature");
    match (found.iter().find(is_known), signatures) {
        (None, true) => Ok(Sort::Signatures),
        (Some(_), false) => Ok(Sort::Configuration),
        (Some(name), true) => Err(Problem::whole(
            path,
            format!(
                "has [[signature]], as a file of signatures, and [{name}], as a configuration; split it in two"
            ),
        )),
        // What is wrong with it is told when it is read; and of a configuration every part may be left out.
        (None, false) if !is_whole || found.is_empty() => Ok(Sort::Configuration),
        (None, false) => {
            let near = |name: &String| nearest(name, TABLES.into_iter().chain(["signature"]));
            let near = found.iter().find_map(|name| Some((name, near(name)?)));
            let hint =
                near.map_or_else(String::new, |(name, near)| format!("; is \"{near}\" meant by \"{name}\"?"));
            let message = format!(
                "has no table of a configuration ({}) and no [[signature]]{hint}",
                TABLES.join(", "),
            );
            Err(Problem::whole(path, message))
        }
    }
}

/// The tables of a configuration.
pub(super) const TABLES: [&str; 12] = [
    "capture",
    "signatures",
    "ledger",
    "enrich",
    "privacy",
    "exclude",
    "output",
    "block",
    "control",
    "metrics",
    "advice",
    "log",
];

use std::path::Path;

use toml::Value;

use super::Config;
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
    let document = Document::read(path)?;
    let found = document.tables();
    let known = tables();
    let is_known = |name: &&String| known.iter().any(|known| known == *name);
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
        (None, false) => {
            let known: Vec<&str> = known.iter().map(String::as_str).chain(["signature"]).collect();
            let near =
                found.iter().find_map(|name| nearest(name, known.iter().copied()).map(|near| (name, near)));
            let hint =
                near.map_or_else(String::new, |(name, near)| format!("; is \"{near}\" meant by \"{name}\"?"));
            let message = format!(
                "has no table of a configuration ({}) and no [[signature]]{hint}",
                known.split_last().map_or_else(String::new, |(_, tables)| tables.join(", ")),
            );
            Err(Problem::whole(path, message))
        }
    }
}

/// The names of the tables of a configuration.
fn tables() -> Vec<String> {
    match Value::try_from(Config::default()) {
        Ok(Value::Table(table)) => table.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

use std::fs;
use std::path::{Path, PathBuf};

use crate::problem::Problem;

/// The signatures that are built in: the contents of `signatures/`.
const BUILT_IN: &[(&str, &str)] = &[
    ("built-in:stratum.toml", include_str!("../../../signatures/stratum.toml")),
    ("built-in:cryptonote.toml", include_str!("../../../signatures/cryptonote.toml")),
    ("built-in:ethereum.toml", include_str!("../../../signatures/ethereum.toml")),
    ("built-in:tunnel.toml", include_str!("../../../signatures/tunnel.toml")),
    ("built-in:websocket.toml", include_str!("../../../signatures/websocket.toml")),
    ("built-in:beam.toml", include_str!("../../../signatures/beam.toml")),
    ("built-in:grin.toml", include_str!("../../../signatures/grin.toml")),
    ("built-in:ckb.toml", include_str!("../../../signatures/ckb.toml")),
    ("built-in:ironfish.toml", include_str!("../../../signatures/ironfish.toml")),
    ("built-in:qubic.toml", include_str!("../../../signatures/qubic.toml")),
    ("built-in:aleo.toml", include_str!("../../../signatures/aleo.toml")),
    ("built-in:duino.toml", include_str!("../../../signatures/duino.toml")),
    ("built-in:merge-mining.toml", include_str!("../../../signatures/merge-mining.toml")),
    ("built-in:stratum-v2.toml", include_str!("../../../signatures/stratum-v2.toml")),
    ("built-in:nodes.toml", include_str!("../../../signatures/nodes.toml")),
    ("built-in:http.toml", include_str!("../../../signatures/http.toml")),
];

/// The longest signature file that is read, in bytes.
const LARGEST_FILE: u64 = 1 << 20;

/// Where signatures come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// Whether the built-in ones are used.
    pub built_in: bool,
    /// Files, and directories of which every `*.toml` file is read in the order of their names.
    pub paths: Vec<PathBuf>,
}

impl Sources {
    /// The built-in signatures and no others.
    pub const BUILT_IN: Self = Self { built_in: true, paths: Vec::new() };
}

/// The text of one signature file.
pub(super) struct Source {
    pub(super) name: PathBuf,
    pub(super) text: String,
}

/// Reads all files, the built-in ones first.
pub(super) fn read(sources: &Sources, problems: &mut Vec<Problem>) -> Vec<Source> {
    let mut list: Vec<Source> = Vec::new();
    for (name, text) in BUILT_IN.iter().filter(|_| sources.built_in) {
        list.push(Source { name: (*name).into(), text: (*text).to_owned() });
    }
    let mut seen: Vec<PathBuf> = Vec::new();
    for path in &sources.paths {
        match files(path) {
            Ok(paths) => {
                for path in paths {
                    let canonical = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
                    if seen.contains(&canonical) {
                        problems.push(Problem::whole(&path, "is given twice; name it once"));
                        continue;
                    }
                    seen.push(canonical);
                    match text(&path) {
                        Ok(text) => list.push(Source { name: path, text }),
                        Err(problem) => problems.push(problem),
                    }
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    list
}

fn unreadable(path: &Path, cause: impl std::fmt::Display) -> Problem {
    Problem::whole(path, format!("cannot read signatures: {cause}; give a readable file or directory"))
}

/// The file itself, or those of a directory.
fn files(path: &Path) -> Result<Vec<PathBuf>, Problem> {
    let failed = |cause| unreadable(path, cause);
    if !fs::metadata(path).map_err(failed)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.is_empty() {
        return Err(Problem::whole(path, "no *.toml file in this directory; give one with signatures"));
    }
    Ok(paths)
}

fn text(path: &Path) -> Result<String, Problem> {
    let about = fs::metadata(path).map_err(|cause| unreadable(path, cause))?;
    if !about.is_file() {
        return Err(Problem::whole(path, "is no plain file; give a file with signatures"));
    }
    if about.len() > LARGEST_FILE {
        let message =
            format!("has {} bytes, and a signature file may have {LARGEST_FILE}; split it", about.len());
        return Err(Problem::whole(path, message));
    }
    let bytes = fs::read(path).map_err(|cause| unreadable(path, cause))?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = String::from_utf8_lossy(good).matches('\n').count() + 1;
        let message = "is not UTF-8; write bytes as \\x00 in a token";
        Problem { line: Some(line), ..Problem::whole(path, message) }
    })
}

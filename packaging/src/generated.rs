//! What the program writes about itself.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// What it prints on standard output.
pub(crate) fn printed<S: AsRef<OsStr>>(firedamp: &Path, arguments: &[S]) -> Result<Vec<u8>> {
    let mut command = Command::new(firedamp);
    command.args(arguments).env_remove("FIREDAMP_LOG");
    let output = command.output().with_context(|| format!("cannot start {}", firedamp.display()))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed ({}): {complaint}", output.status);
    Ok(output.stdout)
}

/// Its manual pages by name, such as `firedamp-run.1`.
pub(crate) fn manual(firedamp: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let folder = tempfile::tempdir().context("cannot make a temporary directory")?;
    printed(firedamp, &[OsStr::new("man"), folder.path().as_os_str()])?;
    let mut pages = Vec::new();
    for page in fs::read_dir(folder.path())? {
        let page = page?;
        pages.push((page.file_name().to_string_lossy().into_owned(), fs::read(page.path())?));
    }
    ensure!(!pages.is_empty(), "`firedamp man` wrote no page");
    pages.sort();
    Ok(pages)
}

//! The packages that are tested.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context as _, Result, anyhow, ensure};
use firedamp_packaging::{Sources, make};
use tempfile::TempDir;

/// Both packages, made once, of the agent that cargo puts beside the folder of this test, without its symbols.
pub(crate) struct Made {
    pub(crate) deb: PathBuf,
    pub(crate) rpm: PathBuf,
    _folder: TempDir,
}

pub(crate) fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| packages(1_795_000_000).unwrap())
}

/// Both packages with the files' time.
pub(crate) fn packages(time: u32) -> Result<Made> {
    let built = std::env::current_exe()?.ancestors().nth(2).context("no folder")?.join("firedamp");
    ensure!(built.is_file(), "there is no agent at {}: `cargo xtask build` makes it", built.display());
    let folder = tempfile::tempdir()?;
    let firedamp = folder.path().join("firedamp");
    output(Command::new("strip").arg("-o").arg(&firedamp).arg(built))?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let [deb, rpm] = <[_; 2]>::try_from(make(&Sources { root, firedamp, time }, folder.path())?)
        .map_err(|made| anyhow!("{made:?}"))?;
    Ok(Made { deb, rpm, _folder: folder })
}

/// What a program says, which has to succeed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {}\n{said}{complaint}", output.status);
    Ok(said)
}

/// What dpkg says of the package.
pub(crate) fn dpkg_deb(option: &str, further: &[&OsStr]) -> Result<String> {
    output(Command::new("dpkg-deb").arg(option).arg(&made().deb).args(further))
}

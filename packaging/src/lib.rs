//! Makes the packages, a `.deb` and an `.rpm`, of a `firedamp` that is built.
//!
//! [`layout`] says which files a machine gets; [`deb`] and [`rpm`] write them down in their formats.

mod binary;
mod configuration;
mod deb;
mod generated;
mod layout;
mod rpm;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::binary::Needs;

/// What a package says of itself, whatever its format.
const NAME: &str = "firedamp";
const VERSION: &str = env!("CARGO_PKG_VERSION");
const LICENSE: &str = env!("CARGO_PKG_LICENSE");
const SUMMARY: &str = "detector of cryptocurrency miners in network traffic";
const DESCRIPTION: &str = "Firedamp watches interfaces of a gateway with an XDP program, finds the hosts that mine\n\
                           cryptocurrency from what they say, keeps a ledger of them, and reports them.";
const MAINTAINER: &str = "The Firedamp developers <packages@firedamp.invalid>";
/// The user and the group of the service.
const USER: &str = "firedamp";

/// What is packed, and when.
pub struct Sources {
    /// The checkout, with `deploy` and `docs`.
    pub root: PathBuf,
    /// The program. It is run for its manual pages, completions and configuration.
    pub firedamp: PathBuf,
    /// The time of all files, in seconds since 1970: the same sources make the same packages.
    pub time: u32,
}

/// Writes both packages into the directory, which is made if it is not there.
///
/// # Errors
/// The program does not run here or needs libraries that not every machine has, a file is missing, or nothing can be
/// written.
pub fn make(sources: &Sources, directory: &Path) -> Result<Vec<PathBuf>> {
    let program = fs::read(&sources.firedamp).with_context(|| {
        format!("cannot read {}; `cargo xtask dist` builds it", sources.firedamp.display())
    })?;
    let needs = Needs::of(&program).with_context(|| format!("in {}", sources.firedamp.display()))?;
    let entries = layout::entries(sources, program)?;
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    let deb = directory.join(format!("{NAME}_{VERSION}_{}.deb", needs.machine.debian));
    deb::write(&deb, sources, &needs, &entries).with_context(|| format!("cannot write {}", deb.display()))?;
    let rpm = directory.join(format!("{NAME}-{VERSION}-1.{}.rpm", needs.machine.rpm));
    rpm::write(&rpm, sources, &needs, entries).with_context(|| format!("cannot write {}", rpm.display()))?;
    Ok(vec![deb, rpm])
}

/// A file of the checkout.
fn read(sources: &Sources, path: &str) -> Result<Vec<u8>> {
    let path = sources.root.join(path);
    fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// A text of the checkout.
fn read_text(sources: &Sources, path: &str) -> Result<String> {
    String::from_utf8(read(sources, path)?).with_context(|| format!("{path} is no text"))
}

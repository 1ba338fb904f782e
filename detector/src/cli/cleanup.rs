use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use detector::block::{Method, remove_table};
use detector::config::{Overrides, Settled};
use detector::kernel::{PINS, cleanup as remove};

use super::print;

#[derive(Args)]
pub(super) struct Options {
    /// The configuration that names the directory, as `pin` in [capture], and the table of nftables, if that blocks
    #[arg(long, value_name = "FILE", conflicts_with = "pin")]
    config: Option<PathBuf>,

    /// The directory [default: what the configuration says, or /sys/fs/bpf/firedamp]
    #[arg(long, value_name = "DIRECTORY")]
    pin: Option<PathBuf>,
}

pub(super) fn cleanup(options: &Options) -> anyhow::Result<ExitCode> {
    let config = match &options.config {
        Some(file) => Some(Settled::read(Some(file), &Overrides::default())?.config),
        None => None,
    };
    let socket = config.as_ref().and_then(|config| config.control.socket.as_deref());
    if let Some(socket) = socket.filter(|socket| UnixStream::connect(socket).is_ok()) {
        bail!("an agent runs, and answers at {}: stop it first", socket.display());
    }
    let pinned = config.as_ref().and_then(|config| config.capture.pin.clone());
    let unpinned = unpin(&options.pin.clone().or(pinned).unwrap_or_else(|| PINS.into()));
    // What one of the two cannot do is no reason for leaving the other.
    if let Some(block) = config.as_ref().map(|config| &config.block)
        && block.backend == Method::Nftables
    {
        let table = &block.nftables_table;
        let removed = remove_table(table).with_context(|| format!("cannot remove the table inet {table}"))?;
        let said = if removed { "removed what was blocked in the" } else { "there is no" };
        print::line(format!("{said} nftables table inet {table}"))?;
    }
    unpinned.map(|()| ExitCode::SUCCESS)
}

fn unpin(directory: &Path) -> anyhow::Result<()> {
    let removed = remove(directory)?;
    if removed.is_empty() {
        print::line(format!("nothing is pinned in {}", directory.display()))?;
    }
    for path in removed {
        print::line(format!("removed {}", path.display()))?;
    }
    Ok(())
}

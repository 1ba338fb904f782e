use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use detector::config::{Overrides, Settled};
use detector::kernel::{PINS, cleanup as remove};

use super::print;

#[derive(Args)]
pub(super) struct Options {
    /// The configuration that names the directory, as `pin` in [capture]
    #[arg(long, value_name = "FILE", conflicts_with = "pin")]
    config: Option<PathBuf>,

    /// The directory [default: what the configuration says, or /sys/fs/bpf/firedamp]
    #[arg(long, value_name = "DIRECTORY")]
    pin: Option<PathBuf>,
}

pub(super) fn cleanup(options: &Options) -> anyhow::Result<ExitCode> {
    let configured = match &options.config {
        Some(file) => Settled::read(Some(file), &Overrides::default())?.config.capture.pin,
        None => None,
    };
    let directory = options.pin.clone().or(configured).unwrap_or_else(|| PINS.into());
    let removed = remove(&directory)?;
    if removed.is_empty() {
        print::line(format!("nothing is pinned in {}", directory.display()))?;
    }
    for path in removed {
        print::line(format!("removed {}", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

//! Installing packages, where that is ours to do: as root on Debian and its kin.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{find, is_root, run_quietly, step};

/// Whether `apt-get` is there and would be obeyed.
pub(super) fn may_install() -> bool {
    is_root() && is_debian()
}

/// Whether `apt-get` brings what is missing.
pub(crate) fn is_debian() -> bool {
    let about = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let kin = about.lines().filter(|line| line.starts_with("ID=") || line.starts_with("ID_LIKE="));
    kin.into_iter().any(|line| line.contains("debian")) && find("apt-get").is_some()
}

/// Installs packages and removes none: rustc-web conflicts with Debian's own rustc and rustup, and
/// those may be what somebody works with.
pub(super) fn install(packages: &[&str]) -> Result<()> {
    step(&format!("installing {} with apt-get, a minute or two", packages.join(" ")));
    if let Err(error) = run_quietly(apt_get().arg("update")) {
        step(&format!("the list of packages stays as it is: {error:#}"));
    }
    let mut install = apt_get();
    install.args(["install", "-y", "--no-install-recommends", "--no-remove"]).args(packages);
    run_quietly(&mut install).map(drop).context("the packages could not be installed")
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.args(["-qq", "-o", "DPkg::Lock::Timeout=120"]).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

//! Whether Firedamp can work on this machine: what was looked at, how it stands, why, and what mends it.
//!
//! Thin readers fetch text and bytes from the kernel; what they mean is said by functions that touch nothing.

mod clock;
mod configuration;
mod disk;
mod finding;
mod interface;
mod kernel;
mod memory;
mod nftables;
mod options;
mod privileges;

use std::path::{Path, PathBuf};

pub use finding::{Check, Finding, Group, State};

/// What is to be looked at.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Interfaces; if there are none, those of the configuration, or else all of Ethernet that are up.
    pub interfaces: Vec<String>,
    /// The configuration.
    pub config: Option<PathBuf>,
}

/// Looks at all of it, in the network namespace of the calling thread. Nothing is changed; the program is loaded with
/// the smallest tables, attached nowhere, and let go of.
#[must_use]
pub fn examine(request: &Request) -> Vec<Finding> {
    let (config, files) = configuration::examine(request.config.as_deref());
    let mut findings = kernel::examine();
    findings.extend(privileges::examine());
    findings.push(memory::examine(&config.limits()));
    findings.push(kernel::bpffs());
    findings.push(clock::examine());
    findings.extend(files);
    findings.extend(disk::examine(&config));
    findings.extend(nftables::examine(&config.block));
    let named = if request.interfaces.is_empty() { &config.capture.interfaces } else { &request.interfaces };
    findings.extend(interface::examine(named, &config.capture));
    findings
}

/// The text of a file of the kernel; `None` if there is none or it may not be read.
fn text(path: impl AsRef<Path>) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

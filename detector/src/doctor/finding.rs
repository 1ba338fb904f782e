use std::fmt;

use serde::Serialize;

pub(super) use crate::legible::word;

/// How it stands with what was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// As it should be.
    Fine,
    /// Firedamp works, but less well than it could; or what could not be seen may be worse.
    Degraded,
    /// Firedamp does not work so.
    Fatal,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Fine => "fine",
            Self::Degraded => "degraded",
            Self::Fatal => "fatal",
        })
    }
}

/// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// The kernel and what it lets this process do.
    Kernel,
    /// Memory, clock and file systems.
    Machine,
    /// The configuration and what it names.
    Configuration,
    /// An interface.
    Interface,
}

/// What is looked at. The names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The release of the kernel.
    KernelVersion,
    /// How the kernel was built.
    KernelOptions,
    /// The kernel's description of its own types.
    Btf,
    /// Whether programs are translated to machine code.
    Jit,
    /// Whether the kernel is locked down.
    Lockdown,
    /// What this process may do.
    Capabilities,
    /// Whether the kernel takes the program.
    Program,
    /// Room for the tables.
    Memory,
    /// The file system of pinned programs.
    Bpffs,
    /// The time of day.
    Clock,
    /// The configuration file.
    Configuration,
    /// A file that the configuration names for what it says of addresses.
    DataFile,
    /// Where the ledger or an output is written.
    Disk,
    /// The program that hands blocks to nftables.
    Nftables,
    /// Whether an interface is there and its frames can be read.
    Interface,
    /// Whether it is up.
    Link,
    /// What it consists of or belongs to.
    Stacking,
    /// Its driver.
    Driver,
    /// What its driver can do of XDP.
    XdpFeatures,
    /// The longest packet, against what XDP takes.
    Mtu,
    /// Whether it joins packets before they are seen.
    ReceiveOffload,
    /// Whether it takes VLAN tags off before they are seen.
    VlanOffload,
    /// How many CPUs share its packets.
    Queues,
    /// The XDP programs attached to it.
    XdpProgram,
}

impl Check {
    /// All there are, in the order in which they are told.
    pub const ALL: [Self; 24] = [
        Self::KernelVersion,
        Self::KernelOptions,
        Self::Btf,
        Self::Jit,
        Self::Lockdown,
        Self::Capabilities,
        Self::Program,
        Self::Memory,
        Self::Bpffs,
        Self::Clock,
        Self::Configuration,
        Self::DataFile,
        Self::Disk,
        Self::Nftables,
        Self::Interface,
        Self::Link,
        Self::Stacking,
        Self::Driver,
        Self::XdpFeatures,
        Self::Mtu,
        Self::ReceiveOffload,
        Self::VlanOffload,
        Self::Queues,
        Self::XdpProgram,
    ];

    /// Its name in all outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::KernelVersion => "kernel-version",
            Self::KernelOptions => "kernel-options",
            Self::Btf => "btf",
            Self::Jit => "jit",
            Self::Lockdown => "lockdown",
            Self::Capabilities => "capabilities",
            Self::Program => "program",
            Self::Memory => "memory",
            Self::Bpffs => "bpffs",
            Self::Clock => "clock",
            Self::Configuration => "configuration",
            Self::DataFile => "data-file",
            Self::Disk => "disk",
            Self::Nftables => "nftables",
            Self::Interface => "interface",
            Self::Link => "link",
            Self::Stacking => "stacking",
            Self::Driver => "driver",
            Self::XdpFeatures => "xdp-features",
            Self::Mtu => "mtu",
            Self::ReceiveOffload => "receive-offload",
            Self::VlanOffload => "vlan-offload",
            Self::Queues => "queues",
            Self::XdpProgram => "xdp-program",
        }
    }

    /// What it is about.
    #[must_use]
    pub const fn group(self) -> Group {
        match self {
            Self::KernelVersion
            | Self::KernelOptions
            | Self::Btf
            | Self::Jit
            | Self::Lockdown
            | Self::Capabilities
            | Self::Program => Group::Kernel,
            Self::Memory | Self::Bpffs | Self::Clock => Group::Machine,
            Self::Configuration | Self::DataFile | Self::Disk | Self::Nftables => Group::Configuration,
            _ => Group::Interface,
        }
    }
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// Of which interface or file, if there may be several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// How it stands.
    pub state: State,
    /// What was seen, and what it means.
    pub why: String,
    /// The command that mends it, or what to do where no command does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Finding {
    fn new(check: Check, state: State, why: impl Into<String>) -> Self {
        Self { check, subject: None, state, why: why.into(), mend: None }
    }

    pub(super) fn fine(check: Check, why: impl Into<String>) -> Self {
        Self::new(check, State::Fine, why)
    }

    pub(super) fn degraded(check: Check, why: impl Into<String>) -> Self {
        Self::new(check, State::Degraded, why)
    }

    pub(super) fn fatal(check: Check, why: impl Into<String>) -> Self {
        Self::new(check, State::Fatal, why)
    }

    pub(super) fn mend(self, command: impl Into<String>) -> Self {
        Self { mend: Some(command.into()), ..self }
    }

    pub(super) fn of(self, subject: impl Into<String>) -> Self {
        Self { subject: Some(subject.into()), ..self }
    }
}

/// What to do about what only root may see.
pub(super) const AS_ROOT: &str = "sudo firedamp doctor";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_all_outputs() {
        for check in Check::ALL {
            assert_eq!(serde_json::to_value(check).unwrap(), check.name());
        }
    }

    #[test]
    fn odd_names_are_quoted_for_the_shell() {
        assert_eq!(word("/var/log/eve.json"), "/var/log/eve.json");
        assert_eq!(word("a;reboot"), "'a;reboot'");
        assert_eq!(word("it's"), r"'it'\''s'");
        assert_eq!(word(""), "''");
    }

    #[test]
    fn what_is_not_said_is_left_out() {
        let finding = Finding::fine(Check::Btf, "there");
        let json = serde_json::json!({"check": "btf", "state": "fine", "why": "there"});
        assert_eq!(serde_json::to_value(finding).unwrap(), json);
    }
}

use serde::{Deserialize, Serialize};

/// Where what is blocked is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// By a program before the one that reads, before the packet goes anywhere else on the machine.
    #[default]
    Xdp,
    /// By rules of nftables, in a table of the firewall.
    Nftables,
}

/// From where packets come into the chain that drops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hook {
    /// From the operator's own rules only.
    #[default]
    None,
    /// Routed packets, before the usual rules of a firewall see them.
    Forward,
    /// All packets that arrive, before connection tracking.
    Prerouting,
}

impl Hook {
    /// All that have a chain of their own.
    pub(super) const HOOKED: [Self; 2] = [Self::Forward, Self::Prerouting];

    /// The word of nft, and the priority of the chain there.
    pub(super) const fn parts(self) -> Option<(&'static str, i32)> {
        match self {
            Self::None => None,
            Self::Forward => Some(("forward", -10)),
            Self::Prerouting => Some(("prerouting", -310)),
        }
    }
}

/// What is wrong with the name of a table.
pub(in crate::block) fn check_name(name: &str) -> Result<(), String> {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    let is_name = name.starts_with(|sign: char| sign.is_ascii_alphabetic())
        && name.len() <= 64
        && name.chars().all(plain);
    if is_name {
        return Ok(());
    }
    Err(format!("{name:?} is no name of a table: write a letter and up to 63 letters, digits or _ after it"))
}

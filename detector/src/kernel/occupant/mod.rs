//! Who is at the hook of an interface: it has room for one XDP program.

mod holders;

use std::fmt;
use std::path::PathBuf;

use aya::programs::{loaded_links, loaded_programs};
use jiff::Timestamp;

pub(crate) use holders::BPFFS;

use super::PROGRAM;
use super::listing::{AtHook, Link, Mode};
use crate::legible::word;

/// A program at a hook, with all that this process may know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Occupant {
    pub(crate) at: AtHook,
    /// What the kernel says of it; `None` if it does not tell this process.
    pub(crate) described: Option<Described>,
    /// Who has a descriptor of it.
    pub(crate) holders: Vec<Holder>,
    /// Where it is pinned.
    pub(crate) pins: Vec<Pin>,
    /// Whether a link holds it there, which nobody else can take off, and not a message over netlink.
    pub(crate) linked: Option<bool>,
}

/// What the kernel says of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) name: String,
    /// A digest of its code.
    pub(crate) tag: u64,
    /// When it was loaded.
    pub(crate) loaded: Option<Timestamp>,
}

/// A process with a descriptor of a program or of its link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) process: u32,
    /// The name of the process.
    pub(crate) command: String,
    /// It has the link: when the process ends, the program is detached, unless the link is pinned.
    pub(crate) link: bool,
}

/// A file in bpffs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pin {
    pub(crate) path: PathBuf,
    /// It is the link that is pinned.
    pub(crate) link: bool,
}

/// Those at the hook of an interface.
pub(crate) fn occupants(link: &Link) -> Vec<Occupant> {
    link.programs.iter().map(|at| Occupant::of(*at)).collect()
}

impl Occupant {
    fn of(at: AtHook) -> Self {
        let info = loaded_programs().filter_map(Result::ok).find(|program| program.id() == at.id);
        let described = info.map(|info| Described {
            name: info.name_as_str().unwrap_or_default().to_owned(),
            tag: info.tag(),
            loaded: info.loaded_at().and_then(|time| Timestamp::try_from(time).ok()),
        });
        let (holders, pins) = (holders::holders(at.id), holders::pins(at.id));
        let has_link = holders.iter().any(|holder| holder.link) || pins.iter().any(|pin| pin.link);
        let linked = has_link.then_some(true).or_else(|| linked(at.id));
        Self { at, described, holders, pins, linked }
    }

    /// Its name; `None` if the kernel does not tell this process.
    pub(crate) fn name(&self) -> Option<&str> {
        self.described.as_ref().map(|described| described.name.as_str())
    }

    /// What it is and who has it, in few words.
    pub(crate) fn briefly(&self) -> String {
        let mut words = format!("program {}", self.at.id);
        if let Some(name) = self.name().filter(|name| !name.is_empty()) {
            words = format!("{words} `{name}`");
        }
        let holders: Vec<String> = self.holders.iter().map(ToString::to_string).collect();
        if !holders.is_empty() {
            words = format!("{words} of {}", holders.join(", "));
        }
        words
    }

    /// A command that takes it off; `None` if too little is known of it. A link is detached when nobody has it any more,
    /// and by nothing else.
    pub(crate) fn mend(&self, interface: &str) -> Option<String> {
        let own = self.name().is_some_and(|name| name.starts_with(PROGRAM));
        let links = self.pins.iter().filter(|pin| pin.link);
        let pins: Vec<String> = links.clone().map(|pin| word(pin.path.display())).collect();
        // A pin of an agent is in a directory of its layout, in the one that the agent was given.
        let root = links.filter(|_| own).find_map(|pin| pin.path.parent()?.parent());
        let processes = self.holders.iter().filter(|holder| holder.link);
        let processes: Vec<String> = processes.map(|holder| holder.process.to_string()).collect();
        let mut commands = Vec::new();
        if !pins.is_empty() && root.is_none() {
            commands.push(format!("sudo rm {}", pins.join(" ")));
        }
        if !processes.is_empty() {
            commands.push(format!("sudo kill {}", processes.join(" ")));
        }
        if let Some(root) = root {
            // It refuses as long as an agent runs.
            if !processes.is_empty() {
                commands.push("sleep 5".to_owned());
            }
            commands.push(format!("sudo firedamp cleanup --pin {}", word(root.display())));
        }
        if !commands.is_empty() {
            return Some(commands.join(" && "));
        }
        self.described.as_ref()?;
        let hook = match self.at.mode {
            Mode::Native => "xdpdrv",
            Mode::Generic => "xdpgeneric",
            Mode::Offloaded => "xdpoffload",
        };
        Some(format!("sudo ip link set dev {} {hook} off", word(interface)))
    }
}

/// Whether there is a link of a program; `None` if the kernel does not let this process look.
fn linked(program: u32) -> Option<bool> {
    for link in loaded_links() {
        if link.ok()?.program_id() == program {
            return Some(true);
        }
    }
    Some(false)
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.command, self.process)
    }
}

impl fmt::Display for Occupant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, described, holders, pins, linked } = self;
        write!(f, "program {}", at.id)?;
        if let Some(name) = self.name().filter(|name| !name.is_empty()) {
            write!(f, " `{name}`")?;
        }
        let mode = match at.mode {
            Mode::Native => "native",
            Mode::Generic => "generic",
            Mode::Offloaded => "offloaded",
        };
        write!(f, " ({mode})")?;
        if let Some(Described { tag, loaded, .. }) = described {
            write!(f, ", tag {tag:016x}")?;
            if let Some(loaded) = loaded {
                write!(f, ", loaded {}", loaded.strftime("%Y-%m-%dT%H:%M:%SZ"))?;
            }
        }
        match linked {
            Some(true) => f.write_str(", attached by a link")?,
            Some(false) => f.write_str(", attached over netlink")?,
            None => {}
        }
        let listed = |names: Vec<String>| names.join(", ");
        if !holders.is_empty() {
            write!(f, ", held by {}", listed(holders.iter().map(ToString::to_string).collect()))?;
        }
        if !pins.is_empty() {
            write!(
                f,
                ", pinned at {}",
                listed(pins.iter().map(|pin| pin.path.display().to_string()).collect())
            )?;
        }
        match (holders.is_empty() && pins.is_empty(), described) {
            (true, Some(_)) => f.write_str(", held by no process that can be seen, and not pinned"),
            (true, None) => f.write_str(", of which only root may see whose it is"),
            (false, _) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_known_is_told() {
        let at = AtHook { mode: Mode::Native, id: 42 };
        let described = Some(Described {
            name: "xdp_drop".to_owned(),
            tag: 0x0f_5eef_06a7_f555,
            loaded: Some("2026-11-23T20:15:00Z".parse().unwrap()),
        });
        let holder = Holder { process: 77, command: "guard".to_owned(), link: false };
        let occupant =
            Occupant { at, described, holders: vec![holder], pins: Vec::new(), linked: Some(false) };
        assert_eq!(
            occupant.to_string(),
            "program 42 `xdp_drop` (native), tag 000f5eef06a7f555, loaded 2026-11-23T20:15:00Z, attached over netlink, \
             held by guard (77)"
        );
        assert_eq!(occupant.briefly(), "program 42 `xdp_drop` of guard (77)");
        assert_eq!(occupant.mend("eth0").as_deref(), Some("sudo ip link set dev eth0 xdpdrv off"));
    }
}

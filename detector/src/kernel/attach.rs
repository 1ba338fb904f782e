use std::fmt;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use aya::programs::ProgramError;
use aya::programs::links::FdLink;
use aya::programs::xdp::{XdpError, XdpLink, XdpMode as Flags};
use nix::errno::Errno;
use nix::net::if_;
use serde::{Deserialize, Serialize};

use super::attachment::{Attachment, program as number};
use super::link::{LinkKind, interfaces};
use super::listing::one;
use super::occupant::{Occupant, occupants};
use super::pins::Kept;
use super::{LoadError, PatternError, Program};

/// How long after its last owner the kernel lets go of a link, at most, and how often that is looked at.
const LETTING_GO: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(10);

/// Where in the receive path the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum XdpMode {
    /// Native if the driver can, else generic.
    Auto,
    /// In the driver.
    Native,
    /// In the network stack: any interface, slower.
    Generic,
}

/// Where the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// XDP, in the driver.
    Native,
    /// XDP, in the network stack.
    Generic,
    /// The ingress of tc, behind XDP.
    Tcx,
}

impl Hook {
    /// Its name in all outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Generic => "generic",
            Self::Tcx => "tcx",
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Native => f.write_str("XDP in native mode"),
            Self::Generic => f.write_str("XDP in generic mode"),
            Self::Tcx => f.write_str("tcx ingress"),
        }
    }
}

/// An interface to which the program is attached.
#[derive(Clone, Debug)]
pub struct Attached {
    /// Its name.
    pub interface: String,
    /// Its index.
    pub index: u32,
    /// Where it runs.
    pub hook: Hook,
    /// Why nothing faster is used, if it was tried.
    pub fallback: Option<String>,
    /// An earlier agent had attached it: no packet passed unread in between.
    pub taken_over: bool,
}

impl fmt::Display for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "watching {} with {}", self.interface, self.hook)?;
        if self.taken_over {
            f.write_str(", where the program of an earlier agent was")?;
        }
        match (&self.fallback, self.hook) {
            (Some(reason), Hook::Tcx) => write!(f, " ({reason})"),
            (Some(reason), _) => write!(f, " (native is not possible: {reason}; generic is slower)"),
            (None, _) => Ok(()),
        }
    }
}

/// Who has the hook of an interface.
#[derive(Debug)]
pub struct TakenBy {
    /// All that is known of the program.
    pub words: String,
    /// The same in few words.
    pub briefly: String,
    /// The numbers of the programs in the kernel.
    pub programs: Vec<u32>,
    /// A command that takes it off.
    pub mend: Option<String>,
}

/// Why the program is not attached.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// The interface does not exist.
    #[error("there is no interface {name}; there are: {}", .present.join(", "))]
    NoInterface {
        /// What was asked for.
        name: String,
        /// What there is.
        present: Vec<String>,
    },
    /// Its frames would be misread.
    #[error(
        "{interface} carries {kind}, and only Ethernet frames can be read; watch an Ethernet interface \
         that the same traffic passes, for example the one towards the local network"
    )]
    NotEthernet {
        /// The interface.
        interface: String,
        /// What it carries.
        kind: LinkKind,
    },
    /// The kernel does not let this process.
    #[error(
        "not permitted to attach to {interface}: {cause}; CAP_NET_ADMIN must hold in the network namespace \
         of the interface: run as root outside of containers"
    )]
    NotPermitted {
        /// The interface.
        interface: String,
        /// The error of the system call.
        cause: String,
    },
    /// Another XDP program is attached.
    #[error(
        "{interface} already has an XDP program ({cause}): {}; stop the program that put it there (`{}`)",
        .by.words, .by.mend.clone().unwrap_or_else(|| format!("ip link set dev {interface} xdp off"))
    )]
    Occupied {
        /// The interface.
        interface: String,
        /// By whom.
        by: Box<TakenBy>,
        /// The error of the system call.
        cause: String,
    },
    /// The kernel or the driver refuses.
    #[error("cannot attach to {interface} in {mode} mode: {cause}{hint}")]
    Refused {
        /// The interface.
        interface: String,
        /// The mode that was tried.
        mode: &'static str,
        /// The error of the system call.
        cause: String,
        /// What to do.
        hint: &'static str,
    },
    /// Neither XDP nor the ingress of tc is to be had.
    #[error("{xdp}; tcx ingress, which is to take the place of XDP, is not to be had, either: {cause}")]
    NoTcx {
        /// Why not with XDP.
        xdp: Box<Self>,
        /// Why not with tcx ingress.
        cause: String,
    },
    /// Blocking is configured, and the interface is watched where nothing can be dropped.
    #[error(
        "XDP can block nothing on {interface}, which can be watched with tcx ingress only ({why}): write backend = \"nftables\" \
         or mode = \"observe\" in [block], take {interface} out of the interfaces, or free its XDP hook"
    )]
    CannotBlock {
        /// The interface.
        interface: String,
        /// Why not with XDP.
        why: String,
    },
    /// What was meant as a pattern is none.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// The program is not loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl AttachError {
    /// What stays the same from one try to the next.
    pub(crate) fn gist(&self) -> String {
        match self {
            Self::Occupied { by, .. } => format!("{:?}", by.programs),
            Self::NoTcx { cause, xdp } => format!("{}{cause}", xdp.gist()),
            other => other.to_string(),
        }
    }
}

/// Attaches the program to an interface.
///
/// # Errors
/// The interface does not exist, is no Ethernet, is occupied, or does not take the program in the
/// wanted mode.
pub fn attach(program: &mut Program, interface: &str, mode: XdpMode) -> Result<Attached, AttachError> {
    let index = readable(interface)?;
    let attached = |hook, fallback| Attached {
        interface: interface.to_owned(),
        index,
        hook,
        fallback,
        taken_over: false,
    };
    if let Some(native) = take_over(program, interface, index, mode)? {
        let hook = if native { Hook::Native } else { Hook::Generic };
        return Ok(Attached { taken_over: true, ..attached(hook, None) });
    }
    if mode != XdpMode::Generic {
        match attach_as(program, interface, index, Flags::Driver) {
            Ok(()) => return Ok(attached(Hook::Native, None)),
            Err(AttachError::Refused { cause, .. }) if mode == XdpMode::Auto => {
                attach_as(program, interface, index, Flags::Skb)?;
                return Ok(attached(Hook::Generic, Some(cause)));
            }
            Err(error) => return Err(error),
        }
    }
    attach_as(program, interface, index, Flags::Skb)?;
    Ok(attached(Hook::Generic, None))
}

/// The index of an interface whose frames can be read.
///
/// # Errors
/// The interface does not exist, or is no Ethernet.
pub fn readable(interface: &str) -> Result<u32, AttachError> {
    let index = if_::if_nametoindex(interface)
        .map_err(|_| AttachError::NoInterface { name: interface.to_owned(), present: interfaces() })?;
    // A kernel that does not tell the kind has the last word when the program is attached.
    if let Ok(kind) = LinkKind::of(interface)
        && !kind.is_ethernet()
    {
        return Err(AttachError::NotEthernet { interface: interface.to_owned(), kind });
    }
    Ok(index)
}

/// Puts the program in the place of the one that an earlier agent has left on an interface, so that each packet is read by
/// one of the two. Tells whether it runs in the driver; `None` if nothing of use was left.
fn take_over(
    program: &mut Program,
    interface: &str,
    index: u32,
    mode: XdpMode,
) -> Result<Option<bool>, AttachError> {
    let Some(kept) = program.pins.as_ref().and_then(|pins| pins.kept(index)) else { return Ok(None) };
    let wanted = match mode {
        XdpMode::Auto => true,
        XdpMode::Native => kept.native,
        XdpMode::Generic => !kept.native,
    };
    let taken = if wanted { succeed(program, &kept) } else { Err("it runs in another mode".to_owned()) };
    match (taken, &program.pins) {
        (Ok(id), Some(pins)) => {
            let link = pins.adopt(&kept, index).map_err(LoadError::from)?;
            program.links.insert(index, Attachment::pinned(id, link));
            Ok(Some(kept.native))
        }
        (Err(reason), _) => {
            tracing::warn!("the program that an earlier agent has left on {interface} is detached: {reason}");
            let id = kept.link().ok().and_then(|link| number(&link));
            kept.remove().map_err(LoadError::from)?;
            wait_until_free(index, id);
            Ok(None)
        }
        (Ok(_), None) => Ok(None),
    }
}

/// Waits until a program is not at an interface any more.
fn wait_until_free(index: u32, program: Option<u32>) {
    let deadline = Instant::now() + LETTING_GO;
    let is_there = || one(index).is_ok_and(|link| link.programs.iter().any(|at| Some(at.id) == program));
    while is_there() && Instant::now() < deadline {
        thread::sleep(LOOK);
    }
}

/// Updates a link. Gives the number of the program.
fn succeed(program: &mut Program, kept: &Kept) -> Result<Option<u32>, String> {
    let link = kept.link().map_err(|error| error.to_string())?;
    let link = XdpLink::try_from(link).map_err(|error| error.to_string())?;
    let xdp = program.xdp().map_err(|error| error.to_string())?;
    xdp.attach_to_link(link).and_then(|link| xdp.take_link(link)).map_err(|error| cause(&error))?;
    Ok(xdp.info().ok().map(|info| info.id()))
}

fn attach_as(program: &mut Program, interface: &str, index: u32, flags: Flags) -> Result<(), AttachError> {
    let xdp = program.xdp()?;
    let attached = xdp.attach_to_if_index(index, flags).and_then(|link| xdp.take_link(link));
    // All kernels since 5.9 make a link with a descriptor.
    let linked = attached.and_then(|link| {
        FdLink::try_from(link).map_err(|error| ProgramError::IOError(io::Error::other(error)))
    });
    let error = match linked {
        Ok(link) => {
            let attachment = match &program.pins {
                Some(pins) => {
                    let (id, native) = (number(&link), matches!(flags, Flags::Driver));
                    Attachment::pinned(id, pins.keep(index, native, link).map_err(LoadError::from)?)
                }
                None => Attachment::new(link),
            };
            program.links.insert(index, attachment);
            return Ok(());
        }
        Err(error) => error,
    };
    let (interface, cause) = (interface.to_owned(), cause(&error));
    match errno(&error) {
        Some(Errno::EBUSY | Errno::EEXIST) => Err(occupied(interface, index, cause)),
        Some(Errno::EPERM | Errno::EACCES) => Err(AttachError::NotPermitted { interface, cause }),
        _ if matches!(flags, Flags::Driver) => {
            let hint = "; try --xdp-mode generic";
            Err(AttachError::Refused { interface, mode: "native", cause, hint })
        }
        _ => Err(AttachError::Refused { interface, mode: "generic", cause, hint: "" }),
    }
}

/// Says who is at the hook.
fn occupied(interface: String, index: u32, cause: String) -> AttachError {
    let occupants = one(index).map(|link| occupants(&link)).unwrap_or_default();
    let listed = |words: Vec<String>| {
        if words.is_empty() { "one of which the kernel tells nothing".to_owned() } else { words.join("; ") }
    };
    let by = TakenBy {
        words: listed(occupants.iter().map(ToString::to_string).collect()),
        briefly: listed(occupants.iter().map(Occupant::briefly).collect()),
        programs: occupants.iter().map(|occupant| occupant.at.id).collect(),
        mend: occupants.first().and_then(|occupant| occupant.mend(&interface)),
    };
    AttachError::Occupied { interface, by: Box::new(by), cause }
}

pub(super) fn errno(error: &ProgramError) -> Option<Errno> {
    let raw = match error {
        ProgramError::SyscallError(error) => error.io_error.raw_os_error(),
        ProgramError::XdpError(XdpError::NetlinkError(error)) => error.raw_os_error(),
        _ => None,
    };
    raw.map(Errno::from_raw)
}

/// The cause in words: the driver's own if the kernel passes it on, else that of the error number.
pub(super) fn cause(error: &ProgramError) -> String {
    match error {
        ProgramError::SyscallError(error) => error.io_error.to_string(),
        ProgramError::XdpError(XdpError::NetlinkError(error)) => error.to_string(),
        other => other.to_string(),
    }
}

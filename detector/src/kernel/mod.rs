//! Everything that touches the kernel: may we, the program and its maps, the interfaces, the
//! ring buffer, and running the program on given packets.

mod attach;
mod attachment;
mod error;
mod gate;
mod link;
mod listing;
mod load;
mod memory;
mod netlink;
mod object;
mod occupant;
mod pins;
mod preflight;
mod promiscuous;
mod tables;
mod tcx;
mod test_run;
mod wanted;
mod watches;

pub use attach::{AttachError, Attached, Hook, TakenBy, XdpMode, attach, readable};
pub use error::LoadError;
pub use gate::{Gate, Place};
pub use link::LinkKind;
pub(crate) use link::request;
pub use listing::Link;
pub(crate) use listing::links;
#[cfg(test)]
pub(crate) use listing::{AtHook, Mode};
pub use load::{Limits, PROGRAM, Program};
pub use memory::{Mebibytes, Memory, Table};
pub(crate) use netlink::{Scope, ask};
pub(crate) use occupant::{BPFFS, Occupant, Pin, occupants};
#[cfg(test)]
pub(crate) use occupant::{Described, Holder};
pub use pins::{PINS, PinError, Pins, cleanup};
pub use preflight::{NotReady, OLDEST, preflight, privileged, recent, release, version};
pub use promiscuous::Promiscuous;
pub use tables::Tables;
pub use tcx::{TCX, WhenOccupied, attach_or, tcx};
pub use test_run::TestRunError;
pub use wanted::{PatternError, Wanted};
pub use watches::Watches;

//! Everything that touches the kernel: may we, the program and its maps, the interfaces, the
//! ring buffer, and running the program on given packets.

mod attach;
mod attachment;
mod error;
mod gate;
mod link;
mod load;
mod memory;
mod object;
mod preflight;
mod promiscuous;
mod tables;
mod test_run;
mod watches;

pub use attach::{AttachError, Attached, XdpMode, attach, readable};
pub use error::LoadError;
pub use gate::{Gate, Place};
pub use link::LinkKind;
pub(crate) use link::request;
pub use load::{Limits, PROGRAM, Program};
pub use memory::{Mebibytes, Memory, Table};
pub use preflight::{NotReady, OLDEST, preflight, privileged, recent, release, version};
pub use promiscuous::Promiscuous;
pub use tables::Tables;
pub use test_run::TestRunError;
pub use watches::Watches;

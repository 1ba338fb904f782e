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
mod tables;
mod test_run;
mod watches;

pub use attach::{AttachError, Attached, XdpMode, attach, readable};
pub use error::LoadError;
pub use gate::{Gate, Place};
pub use link::LinkKind;
pub use load::{Limits, Program};
pub use memory::{Memory, Table};
pub use preflight::{NotReady, preflight};
pub use tables::Tables;
pub use test_run::TestRunError;
pub use watches::Watches;

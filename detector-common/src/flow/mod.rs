//! The conversation a packet belongs to, and what is remembered of it.

mod credit;
mod key;
mod position;
mod state;

pub use credit::{Credit, Ticks, ticks};
pub(crate) use key::TCP;
pub use key::{Direction, End, FlowKey};
pub use position::{Place, Position};
pub use state::{Flow, Half, Mode, Watch};

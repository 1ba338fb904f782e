//! The conversation a packet belongs to, and what is remembered of it.

mod credit;
mod key;
mod position;
mod state;
mod watch;

pub use credit::{Budget, Credit, Ticks, ticks};
pub use key::{Direction, End, FRAGMENTS, FlowKey, TCP, UDP};
pub use position::{Place, Position};
pub use state::{Flow, Half, Mode};
pub use watch::Watch;

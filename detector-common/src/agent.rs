//! What the agent may copy to and from the maps of the kernel.

use aya::Pod;

use crate::automaton::Automaton;
use crate::block::{Block, BlockKey, Control};
use crate::counters::Counters;
use crate::flow::{Budget, Flow, FlowKey, Watch};
use crate::settings::Settings;

// SAFETY: for all of these, `repr(C)` or `repr(transparent)` structures of integers and byte
// arrays without padding, for which every bit pattern is valid.
unsafe impl Pod for FlowKey {}
// SAFETY: as above.
unsafe impl Pod for Flow {}
// SAFETY: as above.
unsafe impl Pod for Watch {}
// SAFETY: as above.
unsafe impl Pod for Budget {}
// SAFETY: as above.
unsafe impl Pod for Counters {}
// SAFETY: as above.
unsafe impl Pod for Settings {}
// SAFETY: as above.
unsafe impl Pod for Automaton {}
// SAFETY: as above.
unsafe impl Pod for BlockKey {}
// SAFETY: as above.
unsafe impl Pod for Block {}
// SAFETY: as above.
unsafe impl Pod for Control {}

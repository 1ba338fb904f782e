//! The recogniser: everything that decides what a packet means before the agent judges it.
//!
//! The same code runs in three places: in the kernel (`detector-ebpf` supplies packet bytes and
//! maps), in `firedamp replay --engine host`, and in tests. It therefore allocates nothing,
//! never panics, and reaches packets and storage only through the traits of [`packet`] and
//! [`triage`]. Modules stand in the order in which a packet meets them:
//!
//! [`packet`] reads headers, [`block`] decides whether the packet goes on, [`flow`] names and remembers the conversation, [`automaton`] looks
//! for the tokens of mining protocols, [`triage`] ties them together, [`event`] is what leaves
//! the kernel, [`counters`] accounts for every packet, and [`settings`] holds the limits.
#![no_std]

#[cfg(test)]
extern crate std;

#[cfg(feature = "agent")]
mod agent;
pub mod automaton;
pub mod block;
pub mod counters;
pub mod event;
pub mod flow;
pub mod packet;
pub mod repeat;
pub mod settings;
pub mod triage;

/// Rises whenever entries of maps that may outlive the agent, or events, come to mean something else without another size:
/// an agent goes on only with maps of its own number.
pub const LAYOUT: u16 = 1;

//! The Firedamp agent, in the order in which an event passes through it:
//! ring -> decode -> [`stream`] -> [`transport`] -> [`protocol`] -> [`judge`] -> [`ledger`] -> [`output`].
//!
//! [`block`] keeps back what the operator wants kept back, and [`control`] lets him say so while the agent runs.
//!
//! [`kernel`] loads and feeds the program that finds the flows, [`signature`] gives it the tokens
//! to look for, [`pipeline`] strings the parts together, [`live`] and [`replay`] drive it.

pub mod advice;
pub mod block;
pub mod config;
pub mod control;
pub mod dispatch;
pub mod doctor;
pub mod enrich;
pub mod estimate;
pub mod exclude;
mod intern;
pub mod judge;
pub mod kernel;
pub mod ledger;
pub mod legible;
pub mod live;
pub mod losses;
pub mod metrics;
pub mod output;
pub mod pipeline;
pub mod problem;
pub mod protocol;
pub mod replay;
pub mod report;
pub mod signature;
pub mod store;
pub mod stream;
pub mod transport;

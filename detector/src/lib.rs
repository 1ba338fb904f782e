//! The Firedamp agent, in the order in which an event passes through it:
//! ring -> decode -> [`stream`] -> [`protocol`] -> [`judge`] -> [`ledger`] -> [`output`].

pub mod judge;
pub mod kernel;
pub mod signature;

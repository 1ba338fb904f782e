//! The Firedamp agent, in the order in which an event passes through it:
//!
//! [`kernel`] loads and feeds the program that finds the flows, [`signature`] gives it the tokens

pub mod judge;
pub mod kernel;
pub mod ledger;
pub mod replay;
pub mod signature;

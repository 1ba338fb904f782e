//! What a packet costs in the kernel, and, in [`ledger`], what a case costs on disk.
//!
//! The program runs on the machine's own clock, as in a live run, by way of `BPF_PROG_TEST_RUN`.
//! There are two ways to measure. *Warm*: one packet many times over, everything it touches in the
//! cache; the kernel gives the mean in whole nanoseconds. *Cold*: each packet once, each of a flow
//! never seen before, one system call each; from the time of each is taken what an empty program takes
//! that way, which is mostly the reading of the timer.
//!
//! The classes take turns, so that what else goes on in the machine hits all alike; what counts is the
//! median over the rounds.

mod blocking;
mod classes;
pub mod ledger;
mod measure;
mod report;

pub use blocking::Blocking;
pub use measure::{Options, measure};
pub use report::{Measured, Report};

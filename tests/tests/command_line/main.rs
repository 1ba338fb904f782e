//! What `firedamp` says to bad input, and with which exit code: where it is wrong and how to mend it.

#![cfg(test)]

mod ledger;
mod live;
mod replay;
mod runs;
mod signatures;
mod usage;

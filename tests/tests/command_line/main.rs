//! What `firedamp` says to bad input, and with which exit code: where it is wrong and how to mend it.

#![cfg(test)]

mod configuration;
mod doctor;
mod ledger;
mod live;
mod replay;
mod report;
mod runs;
mod signatures;
mod usage;

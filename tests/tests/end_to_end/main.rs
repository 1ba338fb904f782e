//! The agent on the gateway of the laboratory: miners are found, ordinary traffic is left alone,
//! nothing is left behind.

#![cfg(test)]

mod blocked;
mod configured;
mod firewall;
mod miners;
mod mirrored;
mod pair;
mod restarted;
mod signals;
mod supervised;

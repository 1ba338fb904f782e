//! The XDP programs, and one for tc: maps, the packet's bytes, and the calls into the recogniser and the gate.
//!
//! Only the gate drops packets. The object is built for `bpfel-unknown-none`; on any other
//! target this crate is an empty program, so that the whole workspace builds everywhere.
#![cfg_attr(target_arch = "bpf", no_std, no_main)]

#[cfg(target_arch = "bpf")]
mod gate;
#[cfg(target_arch = "bpf")]
mod maps;
#[cfg(target_arch = "bpf")]
mod packet;
#[cfg(target_arch = "bpf")]
mod program;
#[cfg(target_arch = "bpf")]
mod tc;

#[cfg(not(target_arch = "bpf"))]
fn main() {}

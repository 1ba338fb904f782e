//! The XDP program: maps, the packet's bytes, and the call into the recogniser.
//!
//! It always passes the packet on. The object is built for `bpfel-unknown-none`; on any other
//! target this crate is an empty program, so that the whole workspace builds everywhere.
#![cfg_attr(target_arch = "bpf", no_std, no_main)]

#[cfg(target_arch = "bpf")]
mod maps;
#[cfg(target_arch = "bpf")]
mod packet;
#[cfg(target_arch = "bpf")]
mod program;

#[cfg(not(target_arch = "bpf"))]
fn main() {}

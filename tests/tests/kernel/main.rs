//! The program in the kernel, packet by packet: what it makes of each kind, and what of full tables.

#![cfg(test)]

mod flows;
mod gate;
mod kinds;
mod room;
mod seat;
mod watches;

//! `firedamp`: the command line.

fn main() {}

//! The development loop.
fn main() {}

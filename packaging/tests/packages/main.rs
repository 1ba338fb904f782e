//! What other programs read in the packages, and what the packages leave on a machine.

#![cfg(test)]

mod installed;
mod made;
mod read;

//! The tokens of the mining protocols as data, and their compilation to the automaton that the
//! recogniser steps.

mod compile;
mod file;

use std::path::Path;

use detector_common::automaton::Automaton;

pub use file::{Signature, SignatureError};

/// The signatures that are built in: the contents of `signatures/`.
const BUILT_IN: &[(&str, &str)] = &[
    ("stratum.toml", include_str!("../../../signatures/stratum.toml")),
    ("cryptonote.toml", include_str!("../../../signatures/cryptonote.toml")),
    ("ethereum.toml", include_str!("../../../signatures/ethereum.toml")),
];

/// Signatures with the automaton that finds them.
pub struct Signatures {
    list: Vec<Signature>,
    automaton: Box<Automaton>,
    states: usize,
}

impl Signatures {
    /// The built-in signatures.
    ///
    /// # Errors
    /// A file of the project is broken; a test holds that it is not.
    pub fn built_in() -> Result<Self, SignatureError> {
        let mut list = Vec::new();
        for (name, text) in BUILT_IN {
            list.extend(file::parse(Path::new(name), text)?);
        }
        Self::compile(list)
    }

    /// The signatures of all `*.toml` files in a directory, in the order of their names.
    ///
    /// # Errors
    /// The directory or a file cannot be read, a file is not valid (the error names the line), or
    /// the signatures together are too large for the automaton.
    pub fn from_directory(directory: &Path) -> Result<Self, SignatureError> {
        Self::compile(file::read_directory(directory)?)
    }

    fn compile(list: Vec<Signature>) -> Result<Self, SignatureError> {
        file::check_names(&list)?;
        let (automaton, states) = compile::compile(&list)?;
        Ok(Self { list, automaton, states })
    }

    /// The table for the recogniser.
    #[must_use]
    pub fn automaton(&self) -> &Automaton {
        &self.automaton
    }

    /// The signature with an accept number of the automaton.
    #[must_use]
    pub fn get(&self, accept: u16) -> Option<&Signature> {
        self.list.get(usize::from(accept).checked_sub(1)?)
    }

    /// How many signatures there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none. A directory without signatures is an error, so there are some.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many states the automaton has.
    #[must_use]
    pub fn states(&self) -> usize {
        self.states
    }
}

#[cfg(test)]
mod tests;

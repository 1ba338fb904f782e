//! The tokens of the mining protocols as data, and their compilation to the automaton that the
//! recogniser steps.

mod check;
mod classes;
mod compile;
mod error;
mod file;
mod ordinary;
mod search;
mod source;
mod token;
mod weighed;

use detector_common::automaton::{Automaton, GENERATIONS};

pub use check::{Check, Size, check};
pub use error::SignatureError;
pub use file::{HEAVIEST, SaidBy, Signature};
pub use search::{Hit, Search, Stream};
pub use source::Sources;
pub use weighed::Weighed;

use compile::Compiled;

/// The most tokens of all files together.
pub const MOST_TOKENS: usize = 1000;

/// Signatures with the automaton that finds them.
pub struct Signatures {
    list: Vec<Signature>,
    compiled: Compiled,
    /// By signature: what it says in a judgement, if it has a weight.
    weighed: Vec<Option<Weighed>>,
}

impl std::fmt::Debug for Signatures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signatures({})", self.size())
    }
}

impl Signatures {
    /// The built-in signatures.
    ///
    /// # Errors
    /// A file of the project is broken; a test holds that it is not.
    pub fn built_in() -> Result<Self, SignatureError> {
        Self::load(&Sources::BUILT_IN)
    }

    /// Reads and compiles the signatures of all sources.
    ///
    /// # Errors
    /// A file or directory cannot be read, a file is not valid (the error names the line), or the
    /// signatures together are too large for the automaton. All that is wrong is told at once.
    pub fn load(sources: &Sources) -> Result<Self, SignatureError> {
        let (list, problems) = check::read(sources);
        if !problems.is_empty() {
            return Err(SignatureError(problems));
        }
        match compile::compile(&list) {
            Ok(compiled) => {
                let weighed = list.iter().map(Weighed::of).collect();
                Ok(Self { list, compiled: compiled.numbered(), weighed })
            }
            Err(_) => Err(SignatureError(vec![check::overflow(&list)])),
        }
    }

    /// Makes these the ones that take the place of others, so that the recogniser tells the states
    /// of the two automata apart.
    pub fn succeed(&mut self, predecessors: &Self) {
        let generation = predecessors.automaton().generation();
        self.compiled.automaton.set_generation((generation + 1) % GENERATIONS);
    }

    /// The table for the recogniser.
    #[must_use]
    pub fn automaton(&self) -> &Automaton {
        &self.compiled.automaton
    }

    /// The first signature of those with an accept number of the automaton.
    #[must_use]
    pub fn get(&self, accept: u16) -> Option<&Signature> {
        self.ending(accept).next()
    }

    /// All signatures whose tokens end where the automaton gives this accept number.
    pub fn ending(&self, accept: u16) -> impl Iterator<Item = &Signature> {
        self.indices(accept).iter().filter_map(|index| self.list.get(usize::from(*index)))
    }

    fn indices(&self, accept: u16) -> &[u16] {
        let index = usize::from(accept).checked_sub(1);
        index.and_then(|index| self.compiled.endings.get(index)).map_or(&[], |tokens| tokens)
    }

    /// The signatures, in the order of files and lines.
    pub fn iter(&self) -> impl Iterator<Item = &Signature> {
        self.list.iter()
    }

    /// How many signatures there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none. Sources without signatures are an error, so there are some.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How much of the table they need.
    #[must_use]
    pub fn size(&self) -> Size {
        Size { signatures: self.list.len(), states: self.compiled.states, classes: self.compiled.classes }
    }

    /// What is different from `old`, in names, each list in the order of files.
    #[must_use]
    pub fn changes_since(&self, old: &Self) -> Changes {
        let find = |list: &Self, name: &str| list.list.iter().find(|one| one.name == name).cloned();
        let mut changes = Changes::default();
        for new in &self.list {
            match find(old, &new.name) {
                None => changes.added.push(new.name.clone()),
                Some(known) if !known.same(new) => changes.changed.push(new.name.clone()),
                Some(_) => {}
            }
        }
        let gone = old.list.iter().filter(|one| find(self, &one.name).is_none());
        changes.removed.extend(gone.map(|one| one.name.clone()));
        changes
    }
}

/// Names of signatures that differ between two sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Those that are new.
    pub added: Vec<String>,
    /// Those that mean something else now.
    pub changed: Vec<String>,
    /// Those that are gone.
    pub removed: Vec<String>,
}

/// Names that are listed of each sort of change.
const LISTED: usize = 10;

impl std::fmt::Display for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sorts = [("added", &self.added), ("changed", &self.changed), ("removed", &self.removed)];
        let mut first = true;
        for (what, names) in sorts.into_iter().filter(|(_, names)| !names.is_empty()) {
            let listed = names.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
            let more = if names.len() > LISTED { ", ..." } else { "" };
            write!(f, "{}{} {what} ({listed}{more})", if first { "" } else { ", " }, names.len())?;
            first = false;
        }
        if first { f.write_str("nothing changed") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use regex_automata::nfa::thompson::NFA;
use regex_automata::util::primitives::StateID;

use super::compile::step;

/// Classes of bytes that no token tells apart, numbered in the order of their first bytes.
///
/// The library's classes are ranges: bytes that no token uses are in as many of them as there are gaps between those
/// that some token uses.
pub(super) struct Classes {
    /// By byte.
    of: Vec<u8>,
    /// The first byte of each class.
    first: Vec<u8>,
}

impl Classes {
    /// Those of an automaton.
    pub(super) fn new(nfa: &NFA) -> Self {
        let mut known: BTreeMap<Vec<(StateID, StateID)>, u8> = BTreeMap::new();
        let mut classes = Self { of: Vec::with_capacity(256), first: Vec::new() };
        let states = 0..nfa.states().len();
        let states: Vec<StateID> = states.filter_map(|number| StateID::new(number).ok()).collect();
        for byte in 0..=u8::MAX {
            let steps = states.iter().filter_map(|&state| Some((state, step(nfa, state, byte)?))).collect();
            // There are no more classes than bytes before this one.
            let class = *known.entry(steps).or_insert_with(|| {
                classes.first.push(byte);
                u8::try_from(classes.first.len() - 1).unwrap_or(u8::MAX)
            });
            classes.of.push(class);
        }
        classes
    }

    /// The class of each byte.
    pub(super) fn bytes(&self) -> impl Iterator<Item = (u8, u8)> {
        (0..=u8::MAX).zip(self.of.iter().copied())
    }

    /// A byte of each class, in the order of their numbers.
    pub(super) fn representatives(&self) -> &[u8] {
        &self.first
    }
}

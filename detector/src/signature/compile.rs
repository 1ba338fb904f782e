use std::collections::HashMap;
use std::collections::hash_map::Entry;

use detector_common::automaton::{Automaton, CLASSES, STATES};
use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};

use super::file::{Signature, SignatureError};

/// Memory for the intermediate automata, in bytes: far more than a table of [`STATES`] needs.
const MEMORY: usize = 64 << 20;

/// Determinises the tokens and copies the result into the recogniser's table. Gives the number
/// of states, too.
pub(super) fn compile(signatures: &[Signature]) -> Result<(Box<Automaton>, usize), SignatureError> {
    let too_large = |error: &dyn std::fmt::Display| SignatureError::TooLarge(error.to_string());
    let hirs: Vec<_> = signatures.iter().map(|signature| &signature.hir).collect();
    let nfa = thompson::Compiler::new()
        .configure(thompson::Config::new().utf8(false).nfa_size_limit(Some(MEMORY)))
        .build_many_from_hir(&hirs)
        .map_err(|error| too_large(&error))?;
    let dfa = dense::Builder::new()
        .configure(
            dense::Config::new()
                .match_kind(MatchKind::All)
                .start_kind(StartKind::Unanchored)
                .dfa_size_limit(Some(MEMORY))
                .determinize_size_limit(Some(MEMORY)),
        )
        .build_from_nfa(&nfa)
        .map_err(|error| too_large(&error))?;
    export(&dfa)
}

/// Copies the automaton breadth first, so that the states near the start, which are visited most,
/// lie close together.
fn export(dfa: &dense::DFA<Vec<u32>>) -> Result<(Box<Automaton>, usize), SignatureError> {
    let classes = dfa.byte_classes();
    // One class stands for the end of input.
    let count = classes.alphabet_len() - 1;
    if count > CLASSES {
        return Err(SignatureError::TooLarge(format!(
            "they tell {count} classes of bytes apart, and the table has {CLASSES}"
        )));
    }
    let full = || SignatureError::TooLarge(format!("they need more than {STATES} states"));
    let mut automaton = Box::new(Automaton::EMPTY);
    let mut representative = [None; CLASSES];
    for byte in 0..=u8::MAX {
        let class = classes.get(byte);
        automaton.set_class(byte, class).ok_or_else(full)?;
        if let Some(slot) = representative.get_mut(usize::from(class)) {
            *slot = Some(byte);
        }
    }
    let start = dfa
        .start_state(&start::Config::new().anchored(Anchored::No))
        .map_err(|error| SignatureError::TooLarge(error.to_string()))?;
    let mut numbers = HashMap::from([(start, 0)]);
    let mut queue = vec![start];
    let mut at = 0;
    while let Some(&state) = queue.get(at) {
        let number = u16::try_from(at).map_err(|_| full())?;
        at += 1;
        for (class, byte) in (0..).zip(representative.iter().map_while(|byte| *byte)) {
            let next = dfa.next_state(state, byte);
            let target = match numbers.entry(next) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(new) => {
                    queue.push(next);
                    *new.insert(u16::try_from(queue.len() - 1).map_err(|_| full())?)
                }
            };
            automaton.set_transition(number, class, target, accept(dfa, next)).ok_or_else(full)?;
        }
    }
    Ok((automaton, queue.len()))
}

/// The number (from 1) of the first token that ends in `state`, 0 for none. The library reports
/// a match one byte late; asking what the end of input would find gives it at once.
fn accept(dfa: &dense::DFA<Vec<u32>>, state: StateID) -> u16 {
    let end = dfa.next_eoi_state(state);
    if !dfa.is_match_state(end) {
        return 0;
    }
    (0..dfa.match_len(end))
        .map(|index| dfa.match_pattern(end, index).as_usize() + 1)
        .min()
        .and_then(|number| u16::try_from(number).ok())
        .unwrap_or(0)
}

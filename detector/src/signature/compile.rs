use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use detector_common::automaton::{Automaton, CLASSES, GENERATIONS, STATES};
use regex_automata::nfa::thompson::{self, NFA, State, WhichCaptures};
use regex_automata::util::primitives::StateID;

use super::classes::Classes;
use super::file::Signature;

/// Memory for the nondeterministic automaton, in bytes: some times more than a full table needs.
const MEMORY: usize = 16 << 20;

/// What came of compiling tokens.
pub(super) struct Compiled {
    pub(super) automaton: Box<Automaton>,
    /// Which tokens end together, by accept number less 1; the numbers of tokens count from 0.
    pub(super) endings: Vec<Box<[u16]>>,
    pub(super) states: usize,
    pub(super) classes: usize,
}

impl Compiled {
    /// Numbers the automaton by what is in it: connections that are remembered in the middle of a token may have been read
    /// by an earlier agent with other signatures.
    pub(super) fn numbered(mut self) -> Self {
        let mut hasher = DefaultHasher::new();
        self.automaton.hash(&mut hasher);
        #[expect(clippy::cast_possible_truncation, reason = "less than GENERATIONS")]
        self.automaton.set_generation((hasher.finish() % u64::from(GENERATIONS)) as u16);
        self
    }
}

/// Why the tokens do not fit, in words.
pub(super) struct Full(pub(super) String);

fn full() -> Full {
    Full(format!("they need more than {STATES} states"))
}

/// States of the nondeterministic automaton that are reached together, in ascending order: those
/// that read a byte, and those in which a token ends.
type Set = Box<[StateID]>;

/// Determinises the tokens into the recogniser's table, breadth first, so that the states near the
/// start, which are visited most, lie close together.
///
/// The library's own determinisation tells sets apart by their order, and matches a byte late; that
/// makes up to twice as many states.
pub(super) fn compile(signatures: &[Signature]) -> Result<Compiled, Full> {
    let hirs: Vec<_> = signatures.iter().map(|signature| &signature.hir).collect();
    let config =
        thompson::Config::new().utf8(false).nfa_size_limit(Some(MEMORY)).which_captures(WhichCaptures::None);
    let nfa = thompson::Compiler::new().configure(config).build_many_from_hir(&hirs).map_err(|_| full())?;
    let classes = Classes::new(&nfa);
    let count = classes.representatives().len();
    if count > CLASSES {
        return Err(Full(format!("they tell {count} classes of bytes apart, and the table has {CLASSES}")));
    }
    let mut automaton = empty();
    for (byte, class) in classes.bytes() {
        automaton.set_class(byte, class).ok_or_else(full)?;
    }
    let mut closure = Closure::new(&nfa);
    let mut endings = Endings::default();
    let start = closure.of([]);
    let mut numbers = HashMap::from([(start.clone(), 0)]);
    let mut queue = vec![start];
    let mut at = 0;
    while let Some(set) = queue.get(at).cloned() {
        let number = u16::try_from(at).map_err(|_| full())?;
        at += 1;
        for (class, byte) in (0..).zip(classes.representatives()) {
            let next = closure.of(set.iter().filter_map(|state| step(&nfa, *state, *byte)));
            let accept = endings.number(&nfa, &next).ok_or_else(full)?;
            let target = match numbers.entry(next) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(new) => {
                    queue.push(new.key().clone());
                    *new.insert(u16::try_from(queue.len() - 1).map_err(|_| full())?)
                }
            };
            automaton.set_transition(number, class, target, accept).ok_or_else(full)?;
        }
    }
    Ok(Compiled { automaton, endings: endings.list, states: queue.len(), classes: count })
}

/// An empty table, made where it stays: it is too large for the stack.
fn empty() -> Box<Automaton> {
    let zeros = Box::<Automaton>::new_zeroed();
    // SAFETY: the table is of integers, for which zero is a value; it is `Automaton::EMPTY`.
    unsafe { zeros.assume_init() }
}

/// Where a state leads that reads `byte`.
pub(super) fn step(nfa: &NFA, state: StateID, byte: u8) -> Option<StateID> {
    match nfa.state(state) {
        State::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
        State::Sparse(transitions) => transitions.matches_byte(byte),
        State::Dense(transitions) => transitions.matches_byte(byte),
        _ => None,
    }
}

/// Finds the states that are reached without reading a byte.
struct Closure<'a> {
    nfa: &'a NFA,
    /// By state: in which round it was reached.
    reached: Vec<u32>,
    round: u32,
    stack: Vec<StateID>,
}

impl<'a> Closure<'a> {
    fn new(nfa: &'a NFA) -> Self {
        Self { nfa, reached: vec![0; nfa.states().len()], round: 0, stack: Vec::new() }
    }

    /// What is reached from `states` and from the beginning of every token, because each may begin anywhere.
    fn of(&mut self, states: impl IntoIterator<Item = StateID>) -> Set {
        self.round += 1;
        self.stack.clear();
        self.stack.push(self.nfa.start_anchored());
        self.stack.extend(states);
        let mut set = Vec::new();
        while let Some(id) = self.stack.pop() {
            let Some(round) = self.reached.get_mut(id.as_usize()) else { continue };
            if std::mem::replace(round, self.round) == self.round {
                continue;
            }
            match self.nfa.state(id) {
                State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) | State::Match { .. } => {
                    set.push(id);
                }
                State::Union { alternates } => self.stack.extend(alternates.iter()),
                State::BinaryUnion { alt1, alt2 } => self.stack.extend([*alt1, *alt2]),
                State::Capture { next, .. } => self.stack.push(*next),
                // Tokens have no assertions.
                State::Look { .. } | State::Fail => {}
            }
        }
        set.sort_unstable();
        set.into()
    }
}

/// Numbers the sets of tokens that end together.
#[derive(Default)]
struct Endings {
    list: Vec<Box<[u16]>>,
    numbers: HashMap<Box<[u16]>, u16>,
}

impl Endings {
    /// The accept number of a set of states, 0 if no token ends there.
    fn number(&mut self, nfa: &NFA, set: &Set) -> Option<u16> {
        let ends = |state: &StateID| match nfa.state(*state) {
            State::Match { pattern_id } => u16::try_from(pattern_id.as_usize()).ok(),
            _ => None,
        };
        let mut tokens: Vec<u16> = set.iter().filter_map(ends).collect();
        if tokens.is_empty() {
            return Some(0);
        }
        tokens.sort_unstable();
        match self.numbers.entry(tokens.into()) {
            Entry::Occupied(known) => Some(*known.get()),
            Entry::Vacant(new) => {
                self.list.push(new.key().clone());
                Some(*new.insert(u16::try_from(self.list.len()).ok()?))
            }
        }
    }
}

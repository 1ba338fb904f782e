//! The token automaton: a table, built by the agent from the signatures, that the recogniser
//! steps over payload bytes one by one.

/// The most states a table holds.
pub const STATES: usize = 4096;

/// The most classes of bytes a table tells apart.
pub const CLASSES: usize = 128;

/// How many automata that take each other's place are told apart.
pub const GENERATIONS: u16 = u16::MAX;

/// In an entry of the table: the state it leads to accepts.
pub const ACCEPT: u16 = 1 << 15;

const CELLS: usize = STATES * CLASSES;

/// A deterministic automaton over byte classes. State 0 is the start; a cell holds the next
/// state, with [`ACCEPT`] set if tokens end there.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Automaton {
    classes: [u8; 256],
    generation: u16,
    accepts: [u16; STATES],
    cells: [u16; CELLS],
}

impl Automaton {
    /// An automaton that accepts nothing. All its fields are zero.
    #[expect(clippy::large_stack_arrays, reason = "a constant; it is only ever referred to")]
    pub const EMPTY: Self =
        Self { classes: [0; 256], generation: 0, accepts: [0; STATES], cells: [0; CELLS] };

    /// The state after `byte`, with [`ACCEPT`] set if tokens end there.
    #[must_use]
    #[inline(always)]
    pub const fn step(&self, state: u16, byte: u8) -> u16 {
        #[expect(clippy::indexing_slicing, reason = "a byte indexes 256 entries, the mask the cells")]
        {
            let class = self.classes[byte as usize] as usize;
            self.cells[((state as usize) * CLASSES + class) & (CELLS - 1)]
        }
    }

    /// The number under which the accepting `state` is known to the agent; 0 for none.
    #[must_use]
    #[inline(always)]
    pub const fn accept(&self, state: u16) -> u16 {
        #[expect(clippy::indexing_slicing, reason = "masked to the length of the array")]
        {
            self.accepts[(state as usize) & (STATES - 1)]
        }
    }

    /// Tells this automaton from those that were in its place before it.
    #[must_use]
    #[inline(always)]
    pub const fn generation(&self) -> u16 {
        self.generation
    }

    /// Numbers this automaton among those that take each other's place, from 0 to
    /// [`GENERATIONS`] - 1.
    pub const fn set_generation(&mut self, generation: u16) {
        self.generation = generation;
    }

    /// Puts `byte` into `class`.
    ///
    /// Returns `None` if there is no such class.
    pub fn set_class(&mut self, byte: u8, class: u8) -> Option<()> {
        if usize::from(class) >= CLASSES {
            return None;
        }
        *self.classes.get_mut(usize::from(byte))? = class;
        Some(())
    }

    /// Lets `state` go on to `next` on bytes of `class`. `accept` is the number of `next`.
    ///
    /// Returns `None` if a number is out of range.
    pub fn set_transition(&mut self, state: u16, class: u8, next: u16, accept: u16) -> Option<()> {
        if usize::from(class) >= CLASSES {
            return None;
        }
        *self.accepts.get_mut(usize::from(next))? = accept;
        let cell = self.cells.get_mut(usize::from(state) * CLASSES + usize::from(class))?;
        *cell = next | if accept == 0 { 0 } else { ACCEPT };
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_token() {
        let mut automaton = std::boxed::Box::new(Automaton::EMPTY);
        automaton.set_class(b'a', 1).unwrap();
        automaton.set_class(b'b', 2).unwrap();
        automaton.set_transition(0, 1, 1, 0).unwrap();
        automaton.set_transition(1, 1, 1, 0).unwrap();
        automaton.set_transition(1, 2, 2, 7).unwrap();
        automaton.set_transition(2, 1, 1, 0).unwrap();
        let mut state = 0;
        let mut found = std::vec::Vec::new();
        for (at, byte) in b"xaab ab b".iter().enumerate() {
            state = automaton.step(state, *byte);
            if state & ACCEPT != 0 {
                found.push((at, automaton.accept(state)));
            }
        }
        assert_eq!(found, [(3, 7), (6, 7)]);
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let mut automaton = std::boxed::Box::new(Automaton::EMPTY);
        assert_eq!(automaton.set_class(0, 128), None);
        assert_eq!(automaton.set_transition(4096, 0, 0, 0), None);
        assert_eq!(automaton.set_transition(0, 0, 4096, 0), None);
    }
}

/// How far one direction of a flow has been read: the next TCP sequence number, and the state
/// of the automaton there.
///
/// `known` is 0 as long as nothing was read, then one more than the generation of the automaton
/// that the state is of.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    next: u32,
    state: u16,
    known: u16,
}

/// Where a segment lies relative to the [`Position`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The first of its direction; nothing is known about what came before.
    First,
    /// It continues where the last one ended, after `skip` bytes that were read before.
    Continues {
        /// Bytes to skip.
        skip: u32,
    },
    /// Bytes are missing before it.
    Gap,
    /// It is so far away that it belongs to another connection of the same ends, or to nobody.
    Far,
    /// All of it was read before.
    Repeated,
}

/// A sequence number further away than this belongs to another connection of the same ends.
const WINDOW: u32 = 1 << 20;

impl Position {
    /// Nothing read yet.
    pub const UNKNOWN: Self = Self { next: 0, state: 0, known: 0 };

    /// Where a segment of `length` bytes at `sequence` lies. Sequence numbers wrap around.
    #[must_use]
    #[inline(always)]
    pub const fn place(&self, sequence: u32, length: u32) -> Place {
        if self.known == 0 {
            return Place::First;
        }
        let behind = self.next.wrapping_sub(sequence);
        if behind == 0 {
            Place::Continues { skip: 0 }
        } else if behind.wrapping_neg() <= WINDOW {
            Place::Gap
        } else if behind > WINDOW {
            Place::Far
        } else if behind < length {
            Place::Continues { skip: behind }
        } else {
            Place::Repeated
        }
    }

    /// What was read is not to go on.
    #[inline(always)]
    pub const fn break_off(&mut self) {
        self.state = 0;
    }

    /// Whether a segment at `sequence` may be of the stream, of which nothing is read any more. The
    /// place moves along in large steps only, because a write costs more than a comparison.
    #[must_use]
    #[inline(always)]
    pub const fn keeps_up(&mut self, sequence: u32) -> bool {
        let ahead = sequence.wrapping_sub(self.next).wrapping_add(WINDOW);
        if ahead > WINDOW + WINDOW / 4 {
            if ahead > 4 * WINDOW {
                return false;
            }
            self.next = sequence;
        }
        true
    }

    /// The state in which the automaton of this generation goes on: the start, if what was read
    /// before was read by another. A token that stands across the change of automata is missed.
    #[must_use]
    #[inline(always)]
    pub const fn state(&self, generation: u16) -> u16 {
        if self.known == generation.wrapping_add(1) { self.state } else { 0 }
    }

    /// Everything before `next` was read and left the automaton of this generation in `state`.
    #[inline(always)]
    pub const fn advance(&mut self, next: u32, state: u16, generation: u16) {
        *self = Self { next, state, known: generation.wrapping_add(1) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(next: u32) -> Position {
        let mut position = Position::UNKNOWN;
        position.advance(next, 9, 3);
        position
    }

    #[test]
    fn places() {
        assert_eq!(Position::UNKNOWN.place(5, 1), Place::First);
        assert_eq!(at(100).place(100, 10), Place::Continues { skip: 0 });
        assert_eq!(at(100).place(90, 20), Place::Continues { skip: 10 });
        assert_eq!(at(100).place(90, 10), Place::Repeated);
        assert_eq!(at(100).place(101, 1), Place::Gap);
        assert_eq!(at(100).place(99, 1), Place::Repeated, "a keep-alive probe");
    }

    #[test]
    fn a_state_is_good_for_its_own_automaton_only() {
        assert_eq!(at(100).state(3), 9);
        assert_eq!(at(100).state(4), 0);
        assert_eq!(at(100).place(100, 10), Place::Continues { skip: 0 }, "the place is kept");
        let mut position = Position::UNKNOWN;
        assert_eq!(position.state(0), 0);
        position.advance(100, 9, 0);
        assert_eq!((position.state(0), position.state(u16::MAX)), (9, 0));
    }

    #[test]
    fn sequence_numbers_wrap() {
        assert_eq!(at(4).place(u32::MAX - 5, 12), Place::Continues { skip: 10 });
        assert_eq!(at(u32::MAX).place(0, 1), Place::Gap);
    }

    #[test]
    fn a_stream_that_is_not_read_is_kept_up_with() {
        let mut position = at(u32::MAX - 9);
        for round in 0..10_000_u32 {
            assert!(position.keeps_up(round.wrapping_mul(1 << 20)), "{round}");
            assert!(position.keeps_up(round.wrapping_mul(1 << 20).wrapping_sub(1000)), "it was late");
        }
        let mut position = at(10 << 20);
        let before = position;
        for sequence in [9 << 20, 10 << 20, (10 << 20) + (1 << 18)] {
            assert!(position.keeps_up(sequence));
        }
        assert_eq!(position, before);
        for sequence in [0, (9 << 20) - 1, (13 << 20) + 1, 1 << 31, u32::MAX] {
            assert!(!position.keeps_up(sequence), "{sequence}");
        }
        assert_eq!(position, before);
    }

    #[test]
    fn another_connection_starts_afresh() {
        assert_eq!(at(10 << 20).place(0, 100), Place::Far);
        assert_eq!(at(0).place(1 << 20, 100), Place::Gap);
        assert_eq!(at(0).place((1 << 20) + 1, 100), Place::Far);
        assert_eq!(at(5 << 20).place(4 << 20, 100), Place::Repeated);
        assert_eq!(at(5 << 20).place((4 << 20) - 1, 100), Place::Far);
    }
}

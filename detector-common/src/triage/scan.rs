use core::ops::ControlFlow;

use crate::automaton::{ACCEPT, Automaton};
use crate::packet::Packet;
use crate::repeat::{Round, repeat};

/// How many payload bytes are fetched at once.
pub(super) const WINDOW: usize = 256;

/// Enough rounds for the longest segment.
const ROUNDS: u32 = (1 << 16) / 256 + 1;

/// What a scan came to.
pub(super) struct Scanned {
    /// The accept number that was met, 0 for none; the scan ends there.
    pub(super) accept: u16,
    /// The state of the automaton after the last byte read.
    pub(super) state: u16,
    /// The last byte read.
    pub(super) last: u8,
}

struct Scan<'a, P> {
    packet: &'a P,
    automaton: &'a Automaton,
    window: &'a mut [u8; WINDOW],
    offset: u32,
    left: u32,
    scanned: Scanned,
}

impl<P: Packet> Round for Scan<'_, P> {
    #[inline(always)]
    fn round(&mut self) -> ControlFlow<()> {
        #[expect(clippy::cast_possible_truncation, reason = "256")]
        let length = self.left.min(WINDOW as u32);
        if length == 0 || !self.packet.copy(self.offset, length, self.window) {
            return ControlFlow::Break(());
        }
        let (mut state, mut last) = (self.scanned.state, 0);
        for at in 0..WINDOW {
            if at >= length as usize {
                break;
            }
            #[expect(clippy::indexing_slicing, reason = "the loop ends at the length of the array")]
            {
                last = self.window[at];
            }
            state = self.automaton.step(state, last);
            if state & ACCEPT != 0 {
                // One match is reason enough: from here on the agent reads everything.
                self.scanned.accept = self.automaton.accept(state);
                self.left = 0;
                return ControlFlow::Break(());
            }
        }
        self.scanned = Scanned { accept: 0, state, last };
        self.offset += length;
        self.left -= length;
        ControlFlow::Continue(())
    }
}

/// Steps the automaton from `state` over `length` bytes of the packet. `None` if they could not
/// all be read.
#[inline(always)]
pub(super) fn scan<P: Packet>(
    packet: &P,
    automaton: &Automaton,
    window: &mut [u8; WINDOW],
    offset: u32,
    length: u32,
    state: u16,
) -> Option<Scanned> {
    let scanned = Scanned { accept: 0, state, last: 0 };
    let mut scan = Scan { packet, automaton, window, offset, left: length, scanned };
    repeat(ROUNDS, &mut scan);
    (scan.left == 0).then_some(scan.scanned)
}

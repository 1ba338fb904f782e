use core::ops::ControlFlow;

use crate::automaton::{ACCEPT, Automaton};
use crate::event::EVENT_PAYLOAD;
use crate::packet::Packet;
use crate::repeat::{Round, repeat};

/// Where payload is put to be read: the buffer of a possible event.
pub(super) type Window = [u8; EVENT_PAYLOAD];

/// Bytes a round steps over. The verifier follows each of them once for each way that leads to
/// the scan, so the loop within a round is short and the loop over the rounds is long.
const BLOCK: usize = 16;

/// Enough rounds for a full window, and enough windows for the longest segment.
#[expect(clippy::cast_possible_truncation, reason = "129")]
const BLOCKS: u32 = (EVENT_PAYLOAD / BLOCK) as u32 + 1;
#[expect(clippy::cast_possible_truncation, reason = "34")]
const WINDOWS: u32 = ((1 << 16) / EVENT_PAYLOAD) as u32 + 2;

/// What a scan came to.
pub(super) struct Scanned {
    /// The accept number that was met, 0 for none; the scan ends there.
    pub(super) accept: u16,
    /// The state of the automaton after the last byte read.
    pub(super) state: u16,
    /// The last byte read.
    pub(super) last: u8,
}

/// Steps the automaton over the bytes of a window.
struct Blocks<'a> {
    automaton: &'a Automaton,
    window: &'a Window,
    length: usize,
    scanned: Scanned,
}

impl Round for Blocks<'_> {
    #[inline(always)]
    fn round(&mut self, index: u32) -> ControlFlow<()> {
        let Scanned { mut state, mut last, .. } = self.scanned;
        let start = index as usize * BLOCK;
        for at in start..start + BLOCK {
            if at >= self.length {
                self.scanned = Scanned { accept: 0, state, last };
                return ControlFlow::Break(());
            }
            #[expect(clippy::indexing_slicing, reason = "masked to the length of the array")]
            {
                last = self.window[at & (EVENT_PAYLOAD - 1)];
            }
            state = self.automaton.step(state, last);
            if state & ACCEPT != 0 {
                // One match is reason enough: from here on the agent reads everything.
                self.scanned = Scanned { accept: self.automaton.accept(state), state, last };
                return ControlFlow::Break(());
            }
        }
        self.scanned = Scanned { accept: 0, state, last };
        ControlFlow::Continue(())
    }
}

/// Goes through a segment window by window.
struct Windows<'a, P> {
    packet: &'a P,
    automaton: &'a Automaton,
    window: &'a mut Window,
    offset: u32,
    length: u32,
    complete: bool,
    scanned: Scanned,
}

impl<P: Packet> Round for Windows<'_, P> {
    #[inline(always)]
    fn round(&mut self, index: u32) -> ControlFlow<()> {
        #[expect(clippy::cast_possible_truncation, reason = "2048")]
        let window = EVENT_PAYLOAD as u32;
        let done = index * window;
        if done >= self.length {
            self.complete = true;
            return ControlFlow::Break(());
        }
        let length = (self.length - done).min(window);
        if !self.packet.copy(self.offset + done, length, self.window) {
            return ControlFlow::Break(());
        }
        let Scanned { state, last, .. } = self.scanned;
        let mut blocks = Blocks {
            automaton: self.automaton,
            window: self.window,
            length: length as usize,
            scanned: Scanned { accept: 0, state, last },
        };
        repeat(BLOCKS, &mut blocks);
        self.scanned = blocks.scanned;
        if self.scanned.accept == 0 {
            return ControlFlow::Continue(());
        }
        self.complete = true;
        ControlFlow::Break(())
    }
}

/// Steps the automaton from `state` over `length` bytes of the packet. `None` if they could not
/// all be read.
#[inline(always)]
pub(super) fn scan<P: Packet>(
    packet: &P,
    automaton: &Automaton,
    window: &mut Window,
    offset: u32,
    length: u32,
    state: u16,
) -> Option<Scanned> {
    let scanned = Scanned { accept: 0, state, last: 0 };
    let mut windows = Windows { packet, automaton, window, offset, length, complete: false, scanned };
    repeat(WINDOWS, &mut windows);
    windows.complete.then_some(windows.scanned)
}

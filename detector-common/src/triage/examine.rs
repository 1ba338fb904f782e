use super::opening::Opening;
use super::scan::{Window, scan};
use super::scratch::forget;
use crate::automaton::Automaton;
use crate::counters::{Counter, Counters};
use crate::flow::{Flow, Place, Ticks};
use crate::packet::{Packet, Segment};
use crate::settings::Settings;

/// What the payload of a flow that is not under watch gives away.
pub(super) enum Finding {
    /// Nothing.
    Nothing,
    /// A token; the accept number of the automaton.
    Match(u16),
    /// The beginning of the stream cannot be read here, or not in order.
    Doubt,
}

/// What is needed to examine a segment, beside its flow.
pub(super) struct Examiner<'a> {
    pub(super) settings: &'a Settings,
    pub(super) automaton: &'a Automaton,
    pub(super) counters: &'a mut Counters,
    pub(super) window: &'a mut Window,
    pub(super) reading: &'a mut Reading,
}

/// The part of a segment to scan, and in which state.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    offset: u32,
    length: u32,
    state: u16,
    order: Order,
    opening: Opening,
}

impl Reading {
    pub(super) const NOTHING: Self =
        Self { offset: 0, length: 0, state: 0, order: Order::KEPT, opening: Opening::NOTHING };
}

/// How a segment lies to what was read before. A number, not an enumeration, because it goes by
/// way of memory that [`forget`] makes opaque.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Order(u16);

impl Order {
    /// It begins the stream or continues it.
    const KEPT: Self = Self(0);
    /// Bytes are missing before it.
    const AHEAD: Self = Self(1);
    /// It lies wholly before the end of what was read.
    const BEHIND: Self = Self(2);
}

impl Examiner<'_> {
    #[inline(always)]
    pub(super) fn examine<P: Packet>(
        self,
        packet: &P,
        segment: &Segment,
        side: usize,
        flow: &mut Flow,
        now: Ticks,
    ) -> Finding {
        if flow.is_ignored(self.settings.ignore_ticks, now) {
            self.counters.add(Counter::Ignored);
            return Finding::Nothing;
        }
        #[expect(clippy::indexing_slicing, reason = "masked to the two directions")]
        let half = &mut flow.halves[side & 1];
        let seen = half.bytes;
        half.bytes = seen.wrapping_add(u64::from(segment.length));
        let mut opening = Opening::NOTHING;
        if seen == 0 {
            // A number of its own: else the verifier would follow what each comparison tells of the
            // segment's to the end of the program.
            let length = forget(&mut self.reading.length, segment.length);
            if packet.copy(segment.offset, length.min(Opening::HEAD), self.window) {
                opening = Opening::read(self.window, length);
            }
            opening = forget(&mut self.reading.opening, opening);
            flow.opens_as_text(side, opening.text());
            if flow.opens(side, opening == Opening::TLS) {
                self.counters.add(Counter::Tls);
                return Finding::Nothing;
            }
        }
        #[expect(clippy::indexing_slicing, reason = "masked to the two directions")]
        let half = &mut flow.halves[side & 1];
        if !half.credit.available(self.settings.scan_burst, self.settings.scan_rate, now) {
            self.counters.add(Counter::Spent);
            return Finding::Nothing;
        }
        let (skip, state, order) = match half.position.place(segment.sequence, segment.length) {
            Place::First => (0, 0, Order::KEPT),
            // A new connection on the ends of an earlier one.
            Place::Gap | Place::Repeated if seen == 0 => (0, 0, Order::KEPT),
            Place::Continues { skip } => {
                (skip, half.position.state(self.automaton.generation()), Order::KEPT)
            }
            Place::Gap => {
                self.counters.add(Counter::Gaps);
                (0, 0, Order::AHEAD)
            }
            // It may be no repetition, but what was missing.
            Place::Repeated => {
                self.counters.add(Counter::Retransmitted);
                (0, 0, Order::BEHIND)
            }
        };
        let reading =
            Reading { offset: segment.offset + skip, length: segment.length - skip, state, order, opening };
        let Reading { offset, length, state, order, opening } = forget(self.reading, reading);
        half.credit.take(length);
        self.counters.add(Counter::Scanned);
        let Some(scanned) = scan(packet, self.automaton, self.window, offset, length, state) else {
            self.counters.add(Counter::Unreadable);
            return Finding::Nothing;
        };
        if order != Order::BEHIND {
            let next = segment.sequence.wrapping_add(segment.length);
            half.position.advance(next, scanned.state, self.automaton.generation());
        }
        if scanned.accept != 0 {
            return Finding::Match(scanned.accept);
        }
        let early = seen < u64::from(self.settings.early_bytes);
        let disorder = early && order != Order::KEPT;
        // JSON that answers a handshake of TLS is a pool that was tried with it.
        let odd_json = opening.is_json() && (!closes_json(scanned.last) || flow.answers_tls(side));
        if disorder || odd_json || opening.is_binary() {
            return Finding::Doubt;
        }
        Finding::Nothing
    }
}

/// Whether a JSON message may be complete with this byte.
const fn closes_json(last: u8) -> bool {
    matches!(last, b'}' | b']' | b'\n' | b'\r' | b' ')
}

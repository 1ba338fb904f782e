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

/// In fewer bytes there is hardly room for a token: who sends so little, and not in order, may have
/// cut one.
const SHORT: u32 = 64;

/// The part of a segment to scan, and in which state.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    offset: u32,
    length: u32,
    state: u16,
    /// Not 0 if a token may be hidden where this segment and what was read before meet.
    seam: u16,
    order: Order,
    opening: Opening,
}

impl Reading {
    pub(super) const NOTHING: Self =
        Self { offset: 0, length: 0, state: 0, seam: 0, order: Order::KEPT, opening: Opening::NOTHING };
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
    /// It continues the stream, but begins before the end of what was read.
    const OVERLAPPING: Self = Self(4);
    /// It is far away from what was read.
    const FAR: Self = Self(8);

    /// Whether it does not bring its direction on.
    const fn strays(self) -> bool {
        self.0 & (Self::BEHIND.0 | Self::FAR.0) != 0
    }

    /// Whether bytes are missing before it.
    const fn has_gap(self) -> bool {
        self.0 & (Self::AHEAD.0 | Self::FAR.0) != 0
    }
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
        half.bytes = seen.saturating_add(segment.length);
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
                let next = segment.sequence.wrapping_add(segment.length);
                flow.begins(side, next, self.automaton.generation());
                return Finding::Nothing;
            }
        }
        #[expect(clippy::indexing_slicing, reason = "masked to the two directions")]
        let half = &mut flow.halves[side & 1];
        let generation = self.automaton.generation();
        let known = half.position.state(generation);
        let (skip, state, seam, order) = match half.position.place(segment.sequence, segment.length) {
            Place::First => (0, 0, 0, Order::KEPT),
            // A new connection on the ends of an earlier one.
            Place::Gap | Place::Far | Place::Repeated if seen == 0 => (0, 0, 0, Order::KEPT),
            Place::Continues { skip: 0 } => (0, known, 0, Order::KEPT),
            // The other side may have taken the later copy.
            Place::Continues { skip } => (skip, known, 1, Order::OVERLAPPING),
            // A token that was begun may go on in what is missing, or one that begins there here.
            Place::Gap => (0, 0, known | u16::from(segment.length < SHORT), Order::AHEAD),
            Place::Far => (0, 0, known, Order::FAR),
            // It may be no repetition, but what was missing.
            Place::Repeated => (0, 0, 0, Order::BEHIND),
        };
        let (offset, length) = (segment.offset + skip, segment.length - skip);
        let reading = Reading { offset, length, state, seam, order, opening };
        let Reading { offset, length, state, mut seam, order, opening } = forget(self.reading, reading);
        let next = segment.sequence.wrapping_add(segment.length);
        let (burst, rate) = (self.settings.scan_burst, self.settings.scan_rate);
        if !half.credit.available(burst, rate, now) {
            self.counters.add(Counter::Spent);
            // What follows shall not look as if something were missing.
            if order != Order::BEHIND {
                half.position.advance(next, 0, generation);
            }
            return Finding::Nothing;
        }
        if order.strays() {
            let is_download = !half.credit.is_ample(burst);
            if !flow.strays.available(burst, rate, now) {
                self.counters.add(Counter::Spent);
                let doubt = !is_download && flow.may_be_doubted(self.settings, now);
                return if doubt { Finding::Doubt } else { Finding::Nothing };
            }
            flow.strays.take(length);
        } else {
            half.credit.take(length);
        }
        if order.has_gap() {
            self.counters.add(Counter::Gaps);
        }
        if order == Order::BEHIND {
            self.counters.add(Counter::Retransmitted);
        }
        self.counters.add(Counter::Scanned);
        let Some(scanned) = scan(packet, self.automaton, self.window, offset, length, state) else {
            self.counters.add(Counter::Unreadable);
            return Finding::Nothing;
        };
        if order == Order::BEHIND {
            // A token that begins here may go on in what was read before.
            seam = scanned.state;
        } else {
            half.position.advance(next, scanned.state, generation);
        }
        if scanned.accept != 0 {
            return Finding::Match(scanned.accept);
        }
        let early = seen < self.settings.early_bytes;
        let disorder = order != Order::KEPT && (early || seam != 0);
        // JSON that answers a handshake of TLS is a pool that was tried with it.
        let begun = !closes_json(scanned.last) || opening.is_begun();
        let odd_json = opening.is_json() && (begun || flow.answers_tls(side));
        let doubt = disorder && flow.may_be_doubted(self.settings, now);
        if doubt || odd_json || opening.is_binary() {
            return Finding::Doubt;
        }
        Finding::Nothing
    }
}

/// Whether a JSON message may be complete with this byte.
const fn closes_json(last: u8) -> bool {
    matches!(last, b'}' | b']' | b'\n' | b'\r' | b' ')
}

use super::forget;
use super::scan::{Window, scan};
use crate::automaton::Automaton;
use crate::counters::{Counter, Counters};
use crate::flow::{Flow, Mode, Place, Ticks};
use crate::packet::{Packet, Segment};
use crate::settings::Settings;

/// What the payload of a flow that is not under watch gives away.
pub(super) enum Finding {
    /// Nothing.
    Nothing,
    /// A token; the accept number of the automaton.
    Match(u16),
    /// The beginning of the stream cannot be read in order.
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
}

impl Reading {
    pub(super) const NOTHING: Self = Self { offset: 0, length: 0, state: 0, order: Order::KEPT };
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
        if seen == 0 && is_tls(packet, segment) {
            flow.set_mode(Mode::Tls);
            self.counters.add(Counter::Tls);
            return Finding::Nothing;
        }
        if !half.credit.available(self.settings.scan_burst, self.settings.scan_rate, now) {
            self.counters.add(Counter::Spent);
            return Finding::Nothing;
        }
        let (skip, state, order) = match half.position.place(segment.sequence, segment.length) {
            Place::First => (0, 0, Order::KEPT),
            Place::Continues { skip } => (skip, half.position.state(), Order::KEPT),
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
        let reading = Reading { offset: segment.offset + skip, length: segment.length - skip, state, order };
        let Reading { offset, length, state, order } = forget(self.reading, reading);
        half.credit.take(length);
        self.counters.add(Counter::Scanned);
        let Some(scanned) = scan(packet, self.automaton, self.window, offset, length, state) else {
            self.counters.add(Counter::Unreadable);
            return Finding::Nothing;
        };
        if order != Order::BEHIND {
            half.position.advance(segment.sequence.wrapping_add(segment.length), scanned.state);
        }
        if scanned.accept != 0 {
            return Finding::Match(scanned.accept);
        }
        let early = seen < u64::from(self.settings.early_bytes);
        let disorder = early && order != Order::KEPT;
        if disorder || (seen == 0 && opens_json(packet, segment) && !closes_json(scanned.last)) {
            return Finding::Doubt;
        }
        Finding::Nothing
    }
}

/// The header of a TLS record (RFC 8446, section 5.1): type, version 3.x, length.
#[inline(always)]
fn is_tls<P: Packet>(packet: &P, segment: &Segment) -> bool {
    if segment.length < 5 {
        return false;
    }
    // A default, not a match on the option: the compiler would look at the bytes before it looks
    // whether there are any, and the verifier refuses that.
    match packet.header::<5>(segment.offset).unwrap_or_default() {
        [0x14..=0x17, 3, 0..=4, high, low] => matches!(u16::from_be_bytes([high, low]), 1..=0x4800),
        _ => false,
    }
}

/// Whether the stream opens as a line of JSON might: a bracket, white space or a byte order mark.
#[inline(always)]
fn opens_json<P: Packet>(packet: &P, segment: &Segment) -> bool {
    // Two bytes, because the verifier cannot bound a read of one at a variable offset; the frame
    // is long enough: the TCP header lies before the payload.
    let [_, first] = packet.header::<2>(segment.offset - 1).unwrap_or_default();
    matches!(first, b'{' | b'[' | b' ' | b'\t' | b'\r' | b'\n' | 0xef)
}

/// Whether a JSON message may be complete with this byte.
const fn closes_json(last: u8) -> bool {
    matches!(last, b'}' | b']' | b'\n' | b'\r' | b' ')
}

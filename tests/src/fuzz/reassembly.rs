use detector::stream::{Connection, Limits, Overlap, Piece, Reassembler};
use jiff::{SignedDuration, Timestamp};

use super::input::Input;
use crate::noise::Noise;

/// Bytes of the stream that segments are cut from.
const LENGTH: usize = 1 << 16;

/// Segments of a stream in any order, some of them altered: what is handed on is what arrived, the first copy of each
/// byte, in order, without a hole that is not told; all that was in time is handed on; memory is bounded.
///
/// # Panics
/// It is not so.
pub fn reassembly(data: &[u8]) {
    let mut input = Input(data);
    let small = input.byte() & 1 == 1;
    let limits = if small {
        Limits { reorder_bytes: 2000, reorder_pieces: 8, patience_segments: 4, ..Limits::default() }
    } else {
        Limits::default()
    };
    let base = input.word();
    let stream = Noise::new(u64::from(base)).bytes(LENGTH);
    let mut model = Model::new();
    let mut reassembler = Reassembler::new(limits);
    let mut time = Timestamp::UNIX_EPOCH;
    while !input.is_empty() {
        let (action, place, length) = (input.byte(), input.short(), input.short() & 0x7ff);
        let sequence = base.wrapping_add(u32::from(place));
        let place = usize::from(place);
        match action & 7 {
            0..=4 => {
                let end = LENGTH.min(place + usize::from(length));
                let mut payload = stream.get(place..end).unwrap_or_default().to_vec();
                if action & 7 == 4 {
                    for byte in &mut payload {
                        *byte ^= 0x55;
                    }
                }
                model.compares(place, &payload, reassembler.overlap(sequence, &payload));
                model.arrives(place, &payload);
                let taken =
                    reassembler.segment(sequence, &payload, time, &mut |piece| model.handed_on(piece));
                assert_eq!(taken, Connection::Same);
            }
            5 => {
                time = time.saturating_add(SignedDuration::from_millis(i64::from(length))).unwrap_or(time);
                reassembler.time(time, &mut |piece| model.handed_on(piece));
            }
            6 if model.begun() => {
                let far = sequence.wrapping_add(1 << 30);
                assert!(!reassembler.continues(far));
                let taken = reassembler.segment(far, &[0; 9], time, &mut |_| {
                    unreachable!("another connection's bytes are not handed on")
                });
                assert_eq!(taken, Connection::Another);
            }
            _ => {
                reassembler.close(sequence, &mut |piece| model.handed_on(piece));
                model.closed(place);
            }
        }
        assert!(reassembler.held_bytes() <= limits.reorder_bytes, "{} bytes", reassembler.held_bytes());
        assert!(reassembler.gaps() >= model.gaps);
    }
    reassembler.finish(&mut |piece| model.handed_on(piece));
    assert_eq!((reassembler.held_bytes(), reassembler.holds()), (0, false));
    model.finished();
}

/// The same, byte by byte in a table.
struct Model {
    /// The first copy of each byte that arrived.
    arrived: Vec<Option<u8>>,
    /// What was handed on, without what was before.
    span: Option<(usize, usize)>,
    /// One after the last byte that arrived in time.
    expected: usize,
    lost: bool,
    gaps: u64,
    settled: bool,
    /// Where what was handed on begins that is remembered.
    recent: usize,
}

/// Bytes that are remembered of what was handed on.
const REMEMBERED: usize = 1024;

impl Model {
    fn new() -> Self {
        Self {
            arrived: vec![None; LENGTH],
            span: None,
            expected: 0,
            lost: false,
            gaps: 0,
            settled: false,
            recent: 0,
        }
    }

    const fn begun(&self) -> bool {
        self.span.is_some()
    }

    fn arrives(&mut self, place: usize, payload: &[u8]) {
        if payload.is_empty() {
            return;
        }
        let (_, end) = *self.span.get_or_insert((place, place));
        if place + payload.len() > end {
            self.expected = self.expected.max(place + payload.len());
        }
        for (known, byte) in self.arrived.iter_mut().skip(place).zip(payload) {
            known.get_or_insert(*byte);
        }
    }

    /// A segment differs from what was handed on lately, or agrees with all that arrived.
    fn compares(&self, place: usize, payload: &[u8], overlap: Overlap) {
        let Some((_, end)) = self.span else {
            assert_eq!(overlap, Overlap::Agrees, "nothing came before it");
            return;
        };
        let stop = place + payload.len();
        let unlike = |(at, byte): (usize, &u8)| {
            self.arrived.get(at).copied().flatten().is_some_and(|known| known != *byte)
        };
        if !(place..).zip(payload).any(unlike) {
            assert_ne!(overlap, Overlap::Differs, "{place}..{stop}");
        }
        let recent = self.recent.max(end.saturating_sub(REMEMBERED))..end;
        let probe = payload == [0] && stop == end;
        if !probe && (place..).zip(payload).filter(|(at, _)| recent.contains(at)).any(unlike) {
            assert_eq!(overlap, Overlap::Differs, "{place}..{stop}");
        }
    }

    fn handed_on(&mut self, piece: Piece<'_>) {
        let (start, end) = self.span.expect("nothing is handed on before something arrived");
        match piece {
            Piece::Next(bytes) => {
                let lost = std::mem::take(&mut self.lost);
                let from = if lost { self.next_arrived(end) } else { end };
                if lost || start == end {
                    self.recent = from;
                }
                self.compare(from, bytes);
                self.span = Some((start, from + bytes.len()));
            }
            Piece::Before(bytes) => {
                assert!(!self.settled, "nothing comes before what is settled");
                let from = start.checked_sub(bytes.len()).expect("the stream has a beginning");
                self.compare(from, bytes);
                self.span = Some((from, end));
            }
            Piece::Settled => self.settled = true,
            Piece::Gap => {
                assert!(!self.lost, "a gap has an end");
                self.lost = true;
                self.gaps += 1;
            }
        }
    }

    fn next_arrived(&self, end: usize) -> usize {
        let ahead = self.arrived.iter().skip(end).position(Option::is_some);
        let from = end + ahead.expect("something follows a gap");
        assert!(from > end, "a gap is not empty");
        from
    }

    fn compare(&self, from: usize, bytes: &[u8]) {
        assert!(!bytes.is_empty());
        let known: Option<Vec<u8>> = self.arrived.iter().skip(from).take(bytes.len()).copied().collect();
        assert!(known.as_deref() == Some(bytes), "what was handed on from {from} did not arrive so");
    }

    /// The sender ended at `place`.
    fn closed(&mut self, place: usize) {
        let Some((start, end)) = self.span else { return };
        assert_eq!(self.lost, place > end, "the bytes before the end are missing");
        if std::mem::take(&mut self.lost) {
            self.recent = place;
        }
        self.span = Some((start, end.max(place)));
    }

    fn finished(&self) {
        let end = self.span.map_or(0, |(_, end)| end);
        assert!(end >= self.expected, "{end} of {} were handed on", self.expected);
        assert!(!self.lost, "a gap has an end");
    }
}

use std::borrow::Cow;
use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;

use super::{CREDIT, CREDIT_OF_A_BYTE, Copies};
use crate::stream::{Limits, Overlap, Piece, Reassembler};
use crate::transport::{Lines, Origin};

/// One direction, read by its first copies and by its last ones.
struct Reader {
    stream: Reassembler,
    lines: Lines,
    copies: Copies,
    heard: BTreeSet<Vec<u8>>,
    work: usize,
}

impl Reader {
    fn new() -> Self {
        let limits = Limits { patience_segments: 1000, ..Limits::default() };
        let lines = Lines::new(limits.line_bytes, Origin::Line);
        let (copies, heard) = (Copies::default(), BTreeSet::new());
        Self { stream: Reassembler::new(limits), lines, copies, heard, work: 0 }
    }

    fn take(&mut self, sequence: u32, payload: &[u8]) {
        let now = Timestamp::UNIX_EPOCH;
        let differs = self.stream.overlap(sequence, payload) != Overlap::Agrees;
        let paid = self.copies.debt.saturating_sub(payload.len() * CREDIT_OF_A_BYTE);
        let rewritten = self.copies.take(&self.stream, sequence, payload, differs, now);
        self.work += self.copies.debt - paid;
        self.heard.extend(rewritten.new.iter().flat_map(|line| parts(line)));
        let Self { stream, lines, heard, .. } = self;
        stream.segment(sequence, payload, now, &mut |piece| hear(lines, piece, heard));
    }

    fn finish(&mut self) {
        let Self { stream, lines, heard, .. } = self;
        stream.finish(&mut |piece| hear(lines, piece, heard));
        lines.finish(&mut |line| heard.extend(parts(line.text)));
    }
}

fn hear(lines: &mut Lines, piece: Piece<'_>, heard: &mut BTreeSet<Vec<u8>>) {
    lines.take(piece, &mut |line| heard.extend(parts(line.text)));
}

/// The lines of a message, and what begins within one where another ends.
fn parts(text: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(text).replace("}{", "}\n{");
    text.lines().map(|line| line.trim().as_bytes().to_vec()).collect()
}

/// A receiver that keeps the last copy of each byte, and never forgets.
struct Naive {
    bytes: Vec<Option<u8>>,
    heard: BTreeSet<Vec<u8>>,
}

impl Naive {
    fn take(&mut self, place: usize, payload: &[u8]) {
        for (known, byte) in self.bytes.iter_mut().skip(place).zip(payload) {
            *known = Some(*byte);
        }
        for stretch in self.bytes.split(Option::is_none).enumerate() {
            let bytes: Vec<u8> = stretch.1.iter().copied().flatten().collect();
            let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
            lines.pop();
            // Of the first line of a stretch nobody knows where it begins.
            let begin = usize::from(stretch.0 > 0);
            let lines = lines.into_iter().skip(begin).map(<[u8]>::trim_ascii);
            self.heard.extend(lines.filter(|line| !line.is_empty()).flat_map(parts));
        }
    }

    /// What it has read and the other one has not.
    fn missed<'a>(&'a self, heard: &BTreeSet<Vec<u8>>) -> Vec<Cow<'a, str>> {
        let missed = self.heard.iter().filter(|line| !is_heard(line, heard));
        missed.map(|line| String::from_utf8_lossy(line)).collect()
    }
}

/// Behind the closing bracket of a message that began before, with whatever copies, another line begins without a line feed.
fn is_heard(line: &[u8], heard: &BTreeSet<Vec<u8>>) -> bool {
    let line = line.trim_ascii();
    let mut ends = (1..line.len()).filter(|&end| matches!(line[end - 1], b'}' | b']'));
    heard.contains(line) || ends.any(|end| heard.contains(&line[..end]) && is_heard(&line[end..], heard))
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof!["\\{\"[a-z]{1,4}\":[0-9]{1,30}\\}\n", "[a-z ]{1,40}\n"]
}

proptest! {
    /// Whatever copies of whatever pieces come in whatever order: each line that a receiver of the last ones has read is
    /// read too.
    #[test]
    fn what_is_read_is_what_a_receiver_of_the_last_copies_reads(
        lines in prop::collection::vec(line(), 1..10),
        others in prop::collection::vec(prop_oneof![line(), "[x]{1,80}", "[{}\"\n]{1,20}"], 0..8),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        places in prop::collection::vec(any::<prop::sample::Index>(), 8),
        order in any::<[u64; 32]>(),
        base in any::<u32>(),
    ) {
        let text = lines.concat().into_bytes();
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len())).chain([0, text.len()]).collect();
        ends.sort_unstable();
        ends.dedup();
        let mut segments: Vec<(usize, Vec<u8>)> =
            ends.windows(2).map(|pair| (pair[0], text[pair[0]..pair[1]].to_vec())).collect();
        for (other, place) in others.iter().zip(&places) {
            let place = place.index(text.len());
            let length = other.len().min(text.len() - place);
            segments.push((place, other.as_bytes()[..length].to_vec()));
        }
        let mut shuffled: Vec<_> = order.into_iter().zip(segments).collect();
        shuffled.sort_unstable();
        let mut reader = Reader::new();
        let bytes = vec![None; text.len() + 1];
        let mut naive = Naive { bytes, heard: BTreeSet::new() };
        naive.take(0, b"\n");
        reader.take(base, b"\n");
        for (_, (place, payload)) in shuffled {
            let sequence = base.wrapping_add(u32::try_from(place + 1).unwrap());
            reader.take(sequence, &payload);
            naive.take(place + 1, &payload);
        }
        reader.finish();
        let missed = naive.missed(&reader.heard);
        prop_assert!(missed.is_empty(), "{missed:?} of {:?}", String::from_utf8_lossy(&text));
    }
}

/// Its name, and where which bytes come.
type Pattern<'a> = (&'a str, &'a dyn Fn(u32) -> (u32, Vec<u8>));

#[test]
fn no_bytes_make_more_work_than_they_are_worth() {
    let patterns: [Pattern; 5] = [
        ("the middle of a long line", &|number| {
            (4000 + number % 7, vec![b'a' + u8::try_from(number % 26).unwrap()])
        }),
        ("feeds", &|number| (4000, vec![if number % 2 == 0 { b'\n' } else { b'x' }])),
        ("braces at the end", &|number| (7990, vec![if number % 2 == 0 { b'}' } else { b']' }])),
        ("everywhere", &|number| {
            (number.wrapping_mul(2_654_435_761) % 8000, vec![b'0' + u8::try_from(number % 10).unwrap()])
        }),
        ("short lines", &|number| {
            (number % 6000, [b"{}\n".repeat(500), vec![b'0' + u8::try_from(number % 10).unwrap()]].concat())
        }),
    ];
    for (name, pattern) in patterns {
        let mut reader = Reader::new();
        reader.take(0, b"\n");
        let long = format!("{{\"a\":\"{}\"}}", "b".repeat(7980));
        let mut bytes = 1;
        for (number, piece) in (0..).zip(long.as_bytes().chunks(500)) {
            reader.take(1 + number * 500, &vec![b'x'; piece.len()]);
            reader.take(1 + number * 500, piece);
            bytes += 2 * piece.len();
        }
        for number in 0..20_000 {
            let (place, payload) = pattern(number);
            reader.take(1 + place, &payload);
            bytes += payload.len();
            assert!(reader.copies.held_bytes() < 64 * 1024, "{name}");
        }
        let most = 2 * CREDIT + CREDIT_OF_A_BYTE * bytes;
        assert!(reader.work < most, "{name}: {} for {bytes} bytes", reader.work);
        if name == "the middle of a long line" {
            assert!(reader.copies.unread() > 0, "{name}: what is not read is counted");
        }
    }
}

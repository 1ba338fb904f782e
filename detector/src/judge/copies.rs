use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::de::IgnoredAny;

use crate::protocol::Kind;

/// Places of a stream that are followed at the same time.
const MAX_WINDOWS: usize = 2;

/// Bytes of each.
const WINDOW: usize = 8 * 1024;

/// Bytes after which a place is given up at which no more copies came.
const QUIET: usize = 4 * 1024;

/// Lines remembered of a direction, so that none counts twice: as many as a sender has on the way at once, who sends them
/// again when a link was down.
const MAX_LINES: usize = 256;

impl Kind {
    /// No mining by itself, and no weight: a device on the way may mangle packets. Beside mining it is a reason to look at
    /// the host.
    pub(crate) const OVERLAP: Self = Self::feature(
        "overlap-conflict",
        "segments with the same sequence numbers had different contents: both were read",
        0.0,
    );
}

/// One direction as a receiver reads it that has got the last copy of each byte.
///
/// The stream itself is read by its first copies. Whoever sends a segment that the receiver never gets, and then the real
/// one with the same sequence numbers, has the real one read here. Only lines are read, around the places at which copies
/// differ.
#[derive(Debug, Default)]
pub(super) struct Copies {
    windows: VecDeque<Window>,
}

#[derive(Debug)]
struct Window {
    /// The sequence number of the first byte.
    start: u32,
    bytes: Vec<u8>,
    /// Bytes taken since the last copy.
    quiet: usize,
}

impl Copies {
    /// Takes a segment and gives the lines that it completes. If it is a copy that differs from the stream, `before` is
    /// what leads to it there.
    pub(super) fn take(
        &mut self,
        sequence: u32,
        payload: &[u8],
        before: Option<Vec<u8>>,
        out: &mut dyn FnMut(&[u8]),
    ) {
        let copy = before.is_some();
        let known = self.windows.iter_mut().rev().find_map(|window| Some((window.offset(sequence)?, window)));
        match (known, before) {
            (Some((offset, window)), _) => window.write(offset, payload, copy, out),
            (None, Some(before)) => {
                if !before.is_empty() {
                    // What leads to it may never have been received, either.
                    lines(payload, out);
                }
                let (start, offset) = (sequence.wrapping_sub(number(before.len())), before.len());
                let mut window = Window { start, bytes: before, quiet: 0 };
                window.write(offset, payload, copy, out);
                self.windows.push_back(window);
            }
            (None, None) => {}
        }
        self.windows.retain(|window| window.quiet < QUIET);
        if self.windows.len() > MAX_WINDOWS {
            self.windows.pop_front();
        }
    }

    /// Bytes held.
    pub(super) fn held_bytes(&self) -> usize {
        self.windows.iter().map(|window| window.bytes.len()).sum()
    }
}

impl Window {
    /// Where a segment belongs, if it continues or replaces what is here.
    fn offset(&self, sequence: u32) -> Option<usize> {
        let offset = usize::try_from(sequence.wrapping_sub(self.start)).ok()?;
        (offset <= self.bytes.len()).then_some(offset)
    }

    fn write(&mut self, offset: usize, payload: &[u8], copy: bool, out: &mut dyn FnMut(&[u8])) {
        self.quiet = if copy { 0 } else { self.quiet + payload.len() };
        let end = offset + payload.len();
        if self.bytes.get(offset..end) == Some(payload) {
            return;
        }
        self.bytes.splice(offset..end.min(self.bytes.len()), payload.iter().copied());
        let (first, rest) = self.bytes.split_at_checked(end).unwrap_or_default();
        let begin = after_feed(first.get(..offset).unwrap_or_default());
        lines(first.get(begin..).unwrap_or_default(), out);
        // The end of the last line may be older.
        let last = after_feed(first);
        if let Some(feed) = rest.iter().position(|&byte| byte == b'\n').filter(|_| last < end) {
            lines(self.bytes.get(last..=end + feed).unwrap_or_default(), out);
        }
        let excess = self.bytes.len().saturating_sub(WINDOW);
        self.bytes.drain(..excess);
        self.start = self.start.wrapping_add(number(excess));
    }
}

/// A length as a distance between sequence numbers, which wrap around.
#[expect(clippy::cast_possible_truncation, reason = "sequence numbers wrap around")]
const fn number(length: usize) -> u32 {
    length as u32
}

/// Where the last line of a text begins.
fn after_feed(text: &[u8]) -> usize {
    text.iter().rposition(|&byte| byte == b'\n').map_or(0, |feed| feed + 1)
}

/// Gives the complete lines of a text. JSON needs no line feed behind it.
fn lines(text: &[u8], out: &mut dyn FnMut(&[u8])) {
    let (whole, rest) = text.split_at_checked(after_feed(text)).unwrap_or_default();
    for line in whole.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
        out(line);
    }
    let rest = rest.trim_ascii();
    let closed = matches!(rest.first(), Some(b'{' | b'[')) && matches!(rest.last(), Some(b'}' | b']'));
    if closed && serde_json::from_slice::<IgnoredAny>(rest).is_ok() {
        out(rest);
    }
}

/// Which lines were heard lately in one direction, in the first copy of its bytes and in others: a line that is in both
/// was said once.
#[derive(Debug, Default)]
pub(super) struct Heard {
    first: VecDeque<u32>,
    other: VecDeque<u32>,
}

impl Heard {
    /// Whether a line of the first copy was heard in another. If it comes once more there, it is said again.
    pub(super) fn known(&mut self, line: &[u8]) -> bool {
        if self.other.is_empty() {
            return false;
        }
        let digest = digest(line);
        let place = self.other.iter().position(|&known| known == digest);
        place.and_then(|place| self.other.remove(place)).is_some()
    }

    /// A line of the first copy was heard.
    pub(super) fn first(&mut self, line: &[u8]) {
        remember(&mut self.first, digest(line));
    }

    /// Whether a line of another copy is new.
    pub(super) fn other(&mut self, line: &[u8]) -> bool {
        let digest = digest(line);
        let new = !self.first.contains(&digest) && !self.other.contains(&digest);
        if new {
            remember(&mut self.other, digest);
        }
        new
    }
}

fn remember(lines: &mut VecDeque<u32>, digest: u32) {
    if lines.len() >= MAX_LINES {
        lines.pop_front();
    }
    lines.push_back(digest);
}

#[expect(clippy::cast_possible_truncation, reason = "half of the digest tells so few lines apart")]
fn digest(line: &[u8]) -> u32 {
    let mut hasher = DefaultHasher::new();
    line.hash(&mut hasher);
    hasher.finish() as u32
}

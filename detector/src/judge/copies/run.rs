use jiff::Timestamp;
use serde::de::IgnoredAny;

/// Bytes that are kept of a run that has grown to twice as many.
const KEPT: usize = 8 * 1024;

/// A stretch of a stream without a hole, of which each byte is the last copy that came.
#[derive(Debug)]
pub(super) struct Run {
    /// The position of the first byte.
    pub(super) start: u64,
    pub(super) bytes: Vec<u8>,
    /// Bytes written since the last copy.
    pub(super) quiet: usize,
    pub(super) written: Timestamp,
}

impl Run {
    pub(super) fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    pub(super) fn touches(&self, start: u64, end: u64) -> bool {
        self.start <= end && start <= self.end()
    }

    /// Where a position is in the bytes, or would be.
    pub(super) fn offset(&self, position: u64) -> usize {
        usize::try_from(position.saturating_sub(self.start)).unwrap_or(usize::MAX)
    }

    /// Whether exactly these bytes are at a position already.
    pub(super) fn has(&self, position: u64, bytes: &[u8]) -> bool {
        let at = self.offset(position);
        self.bytes.get(at..).is_some_and(|known| known.starts_with(bytes))
    }

    /// Writes over what is there, or continues it. The position is within the run or at its end.
    pub(super) fn put(&mut self, position: u64, bytes: &[u8]) {
        let at = self.offset(position).min(self.bytes.len());
        let (over, further) = bytes.split_at(bytes.len().min(self.bytes.len() - at));
        if let Some(place) = self.bytes.get_mut(at..at + over.len()) {
            place.copy_from_slice(over);
        }
        self.bytes.extend_from_slice(further);
    }

    /// Takes in another run that touches this one. Where both have bytes, those of the other one count, but not between
    /// `from` and `to`.
    pub(super) fn absorb(&mut self, other: Self, from: u64, to: u64) {
        let just = self.bytes.get(self.offset(from)..self.offset(to)).unwrap_or_default().to_vec();
        let (start, mut bytes) = if other.start < self.start {
            (other.start, other.bytes)
        } else {
            let mut bytes = std::mem::take(&mut self.bytes);
            let at = usize::try_from(other.start - self.start).unwrap_or(usize::MAX).min(bytes.len());
            let end = bytes.len().min(at + other.bytes.len());
            bytes.splice(at..end, other.bytes);
            (self.start, bytes)
        };
        // What this one has behind the other one.
        let known = usize::try_from(start + bytes.len() as u64 - self.start).unwrap_or(usize::MAX);
        bytes.extend_from_slice(self.bytes.get(known..).unwrap_or_default());
        (self.start, self.bytes) = (start, bytes);
        self.put(from, &just);
    }

    /// Forgets the beginning of a run that has become long.
    pub(super) fn trim(&mut self) {
        if self.bytes.len() > 2 * KEPT {
            let excess = self.bytes.len() - KEPT;
            self.bytes.drain(..excess);
            self.bytes.shrink_to(2 * KEPT);
            self.start += excess as u64;
        }
    }
}

/// A line, without white space around it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Line {
    pub(super) text: Vec<u8>,
    /// It may have begun before the text in which it was found.
    is_end: bool,
}

/// The complete lines of a text that have something between `from` and `to`, or begin or end there. JSON needs no line feed behind
/// it. `work` rises by the bytes that were looked at.
pub(super) fn lines(text: &[u8], from: usize, to: usize, work: &mut usize) -> Vec<Line> {
    let (first, rest) = text.split_at_checked(to).unwrap_or_default();
    let begin = after_feed(first.get(..from).unwrap_or_default());
    let last = begin.max(after_feed(first));
    let feed = rest.iter().position(|&byte| byte == b'\n');
    let stop = feed.map_or(text.len(), |feed| to + feed + 1);
    *work += stop - begin;
    let mut lines = Vec::new();
    let mut add = |at: usize, line: &[u8]| {
        let line = line.trim_ascii();
        if !line.is_empty() {
            *work += cost(line);
            lines.push(Line { text: line.to_vec(), is_end: at == 0 });
        }
    };
    let whole = text.get(begin..last).unwrap_or_default();
    let mut at = begin;
    for line in whole.split_inclusive(|&byte| byte == b'\n') {
        add(at, line);
        at += line.len();
    }
    let unfinished = first.get(last..).unwrap_or_default();
    if is_closed(unfinished) {
        add(last, unfinished);
    }
    // Behind a line feed that was written there begins another line.
    if !rest.is_empty() {
        let longer = text.get(last..stop).unwrap_or_default();
        if feed.is_some() || is_closed(longer) {
            add(last, longer);
        }
    }
    lines
}

/// JSON is parsed, anything else hardly looked at.
const fn cost(line: &[u8]) -> usize {
    let times = if matches!(line.first(), Some(b'{' | b'[')) { 8 } else { 1 };
    64 + times * line.len()
}

/// Where the last line of a text begins.
fn after_feed(text: &[u8]) -> usize {
    text.iter().rposition(|&byte| byte == b'\n').map_or(0, |feed| feed + 1)
}

fn is_closed(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let closed = matches!(text.first(), Some(b'{' | b'[')) && matches!(text.last(), Some(b'}' | b']'));
    closed && serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

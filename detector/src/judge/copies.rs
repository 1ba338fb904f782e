mod run;

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use crate::protocol::Kind;
use crate::stream::Reassembler;
use run::{Line, Run, lines};

/// Runs, and bytes of them, that are kept of what lies ahead of the stream, and as many of what lies far behind its end.
const MAX_RUNS: usize = 8;
const MAX_BYTES: usize = 8 * 1024;

/// Bytes after which a run is given up at which no more copies came.
const QUIET: usize = 4 * 1024;

/// How long a run is kept in which nothing is written.
const KEPT: SignedDuration = SignedDuration::from_mins(2);

/// Bytes that may be looked at in the beginning, and further ones for each byte that is taken.
const CREDIT: usize = 1024 * 1024;
const CREDIT_OF_A_BYTE: usize = 64;

/// Bytes of a segment for which it is worth to look for a line that consists of first and of other copies.
const MIN_MIXED: usize = 16;

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
/// The stream itself is read by its first copies. Whoever sends a segment that the receiver never gets, before or after the
/// real one with the same sequence numbers, has the real one read here or there. Only lines are read, around the places at
/// which copies differ: a run is begun there with the first copies around it, and from then on each segment is written into
/// it.
#[derive(Debug, Default)]
pub(super) struct Copies {
    /// They do not touch each other. The one that was written last is the last.
    runs: Vec<Run>,
    /// Bytes that were looked at for lines, beyond those that others have earned. Each segment also has some KiB around it
    /// copied, which is little beside its way here.
    debt: usize,
    unread: u64,
}

/// What a segment makes of other copies.
#[derive(Debug, Default)]
pub(super) struct Rewritten {
    /// Lines that were there and are no more.
    pub(super) old: Vec<Vec<u8>>,
    /// Lines that are there now.
    pub(super) new: Vec<Vec<u8>>,
    /// Lines that are there if not all of the last copies were received.
    pub(super) mixed: Vec<Vec<u8>>,
}

impl Copies {
    /// Takes a segment before `stream` does. `differs` says that it is no part of the first copies.
    pub(super) fn take(
        &mut self,
        stream: &Reassembler,
        sequence: u32,
        payload: &[u8],
        differs: bool,
        now: Timestamp,
    ) -> Rewritten {
        self.debt = self.debt.saturating_sub(payload.len().saturating_mul(CREDIT_OF_A_BYTE));
        let mut rewritten = Rewritten::default();
        if !differs && self.runs.is_empty() {
            return rewritten;
        }
        let Some(position) = stream.place(sequence) else { return rewritten };
        if self.debt > CREDIT {
            // Somebody makes more work than the bytes are worth.
            self.runs.clear();
            self.unread += u64::from(differs);
            return rewritten;
        }
        self.write(stream, position, payload, differs, now, &mut rewritten);
        self.make_room(stream, now);
        rewritten
    }

    /// Gives up what is held.
    pub(super) fn forget(&mut self) {
        self.runs.clear();
    }

    /// Bytes held.
    pub(super) fn held_bytes(&self) -> usize {
        self.runs.iter().map(|run| run.bytes.len()).sum()
    }

    /// Segments that were not read because they make too much work.
    pub(super) const fn unread(&self) -> u64 {
        self.unread
    }

    fn write(
        &mut self,
        stream: &Reassembler,
        position: u64,
        payload: &[u8],
        differs: bool,
        now: Timestamp,
        out: &mut Rewritten,
    ) {
        let end = position + payload.len() as u64;
        let continues = |run: &Run| run.start < position && position <= run.end();
        let mut run = if let Some(at) = self.runs.iter().position(continues) {
            self.runs.remove(at)
        } else if differs || self.runs.iter().any(|run| run.touches(position, end)) {
            let bytes = stream.before(position);
            Run { start: position - bytes.len() as u64, bytes, quiet: 0, written: now }
        } else {
            return;
        };
        let mut work = payload.len();
        if differs && payload.len() >= MIN_MIXED {
            let (before, after) = (stream.before(position), stream.after(end));
            let text = [&before, payload, &after].concat();
            let mut mixed = lines(&text, before.len(), before.len() + payload.len(), &mut work);
            mixed.extend(lines(payload, 0, payload.len(), &mut work));
            out.mixed = texts(mixed);
            work += text.len();
        }
        if run.end() < end {
            run.put(run.end(), &stream.after(run.end()));
        }
        self.absorb(&mut run, [position; 2]);
        if !run.has(position, payload) {
            let mut old = Vec::new();
            if position < run.end() {
                let known = run.offset(end).min(run.bytes.len());
                old = lines(&run.bytes, run.offset(position), known, &mut work);
            }
            run.put(position, payload);
            if run.end() == end {
                run.put(end, &stream.after(end));
            }
            self.absorb(&mut run, [position, end]);
            let mut new = lines(&run.bytes, run.offset(position), run.offset(end), &mut work);
            let [there, here] = [&old, &new].map(|lines| lines.iter().cloned().collect::<HashSet<_>>());
            old.retain(|line| !here.contains(line));
            new.retain(|line| !there.contains(line));
            (out.old, out.new) = (texts(old), texts(new));
        }
        run.quiet = if differs { 0 } else { run.quiet + payload.len() };
        run.written = now;
        run.trim();
        self.runs.push(run);
        self.debt += work;
    }

    /// Takes the runs that touch this one into it, but for what was just written.
    fn absorb(&mut self, run: &mut Run, [from, to]: [u64; 2]) {
        while let Some(at) = self.runs.iter().position(|other| other.touches(run.start, run.end())) {
            self.debt += run.bytes.len();
            run.absorb(self.runs.remove(at), from, to);
        }
    }

    /// What was written last stays. What one sends ahead of the stream, or of its beginnings, takes no room from others.
    fn make_room(&mut self, stream: &Reassembler, now: Timestamp) {
        self.runs.retain(|run| run.quiet < QUIET && now.duration_since(run.written) <= KEPT);
        let end = stream.end();
        let remembered = end.saturating_sub(stream.remembered_bytes() as u64);
        let places: [&dyn Fn(&Run) -> bool; 3] =
            [&|run| run.start > end, &|run| run.end() < remembered, &|run| {
                run.start <= end && run.end() >= remembered
            }];
        for here in places {
            loop {
                let sizes: Vec<usize> =
                    self.runs.iter().filter(|run| here(run)).map(|run| run.bytes.len()).collect();
                let few = sizes.len() <= MAX_RUNS && sizes.iter().sum::<usize>() <= MAX_BYTES;
                if few || sizes.len() < 2 {
                    break;
                }
                let Some(oldest) = self.runs.iter().position(here) else { break };
                self.runs.remove(oldest);
            }
        }
    }
}

fn texts(lines: Vec<Line>) -> Vec<Vec<u8>> {
    lines.into_iter().map(|line| line.text).collect()
}

#[cfg(test)]
mod tests;

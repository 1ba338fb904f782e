use detector_common::flow::Direction;
use jiff::Timestamp;

use super::hypothesis::Hypothesis;
use super::{Assessment, Side, Verdict};
use crate::protocol::{Dialogue, Heard, Transport, after_binary, after_socks, is_socks, transport};
use crate::stream::{Connection, Limits, Line, Lines, Piece, Reassembler};

/// One watched flow, from its segments to a judgement.
///
/// It may be joined at any place and be seen from one side only.
#[derive(Debug)]
pub struct Conversation {
    limits: Limits,
    ways: [Way; 2],
    speech: Speech,
    /// Bytes read of both directions.
    read: u64,
}

/// What could not be read of a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Places at which bytes never came.
    pub gaps: u64,
    /// Lines that were too long.
    pub overlong_lines: u64,
    /// Messages that were too many in one line.
    pub messages: u64,
}

#[derive(Debug)]
struct Way {
    reassembler: Reassembler,
    lines: Lines,
}

/// What was said, once it is in lines.
#[derive(Debug, Default)]
struct Speech {
    dialogue: Dialogue,
    /// The miner sends up, the miner sends down.
    hypotheses: [Hypothesis; 2],
    spoken: [u32; 2],
    foreign: [u32; 2],
    /// A tunnel through an HTTP proxy was asked for: its headers are no foreign lines.
    tunnel: bool,
    preamble: [bool; 2],
    /// The direction began with messages of a SOCKS proxy, and nothing else was said in it yet.
    socks: [bool; 2],
    /// It is HTTP, and stays silent: JSON-RPC over HTTP is how wallets and nodes talk. A line of HTTP before the first
    /// message hides a miner.
    http: bool,
    revision: u64,
}

impl Conversation {
    /// Nothing was said yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let way = || Way { reassembler: Reassembler::new(limits), lines: Lines::new(limits.line_bytes) };
        Self { limits, ways: [way(), way()], speech: Speech::default(), read: 0 }
    }

    /// Takes a segment, in any order, also repeated or overlapping. `time` is that of the packet.
    ///
    /// A segment of another connection is not taken: the caller finishes this conversation and gives the segment to a new
    /// one.
    pub fn segment(
        &mut self,
        direction: Direction,
        sequence: u32,
        payload: &[u8],
        time: Timestamp,
    ) -> Connection {
        let taken = self
            .listen(direction, |reassembler, mut out| reassembler.segment(sequence, payload, time, &mut out));
        if taken == Connection::Same {
            self.pass(time);
        }
        taken
    }

    /// The sender of `direction` has ended with FIN or RST at `sequence`: reads what is held.
    ///
    /// An end of another connection is not taken.
    pub fn closed(&mut self, direction: Direction, sequence: u32, time: Timestamp) -> Connection {
        let continues = self.listen(direction, |reassembler, _| reassembler.continues(sequence));
        if !continues {
            return Connection::Another;
        }
        self.pass(time);
        self.listen(direction, |reassembler, mut out| reassembler.close(sequence, &mut out));
        Connection::Same
    }

    /// Lets time pass: gaps are given up that are too old at `time`.
    pub fn pass(&mut self, time: Timestamp) {
        for direction in [Direction::Up, Direction::Down] {
            self.listen(direction, |reassembler, mut out| reassembler.time(time, &mut out));
        }
    }

    /// Whether segments are held for others that may never come, so that time bears on the judgement.
    #[must_use]
    pub fn waiting(&self) -> bool {
        self.ways.iter().any(|way| way.reassembler.holds())
    }

    /// Nothing more will come, of either direction: reads all that is held. To be called before the last look at the
    /// judgement and the losses, however the conversation ended.
    pub fn finish(&mut self) {
        for direction in [Direction::Up, Direction::Down] {
            self.listen(direction, |reassembler, mut out| reassembler.finish(&mut out));
            if let Some(way) = self.ways.get_mut(direction as usize) {
                way.lines.finish(&mut |line| self.speech.hear(direction, line));
            }
        }
    }

    /// Lets the reassembler of `direction` act, and hears what it hands on.
    fn listen<T>(
        &mut self,
        direction: Direction,
        act: impl FnOnce(&mut Reassembler, &mut dyn FnMut(Piece<'_>)) -> T,
    ) -> T {
        let Self { ways: [up, down], speech, read, .. } = self;
        let Way { reassembler, lines } = match direction {
            Direction::Up => up,
            Direction::Down => down,
        };
        act(reassembler, &mut |piece| {
            if let Piece::Next(bytes) | Piece::Before(bytes) = piece {
                *read += bytes.len() as u64;
            }
            lines.take(piece, &mut |line| speech.hear(direction, line));
        })
    }

    /// Rises whenever something was said that bears on the judgement.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.speech.revision
    }

    /// The judgement so far. `None` if nothing speaks for mining.
    #[must_use]
    pub fn assessment(&self) -> Option<Assessment> {
        self.speech.assess()
    }

    /// Enough was read and it is not mining: the caller can end the watch.
    #[must_use]
    pub fn hopeless(&self) -> bool {
        let enough =
            self.speech.http || self.speech.weighty() || self.fruitless() >= self.limits.fruitless_bytes;
        enough && self.speech.score().is_none()
    }

    /// Bytes read that could have been evidence: a single job can be larger than what is enough.
    fn fruitless(&self) -> u64 {
        let unjudged: usize = self.ways.iter().map(|way| way.lines.unjudged_bytes()).sum();
        self.read.saturating_sub(unjudged as u64)
    }

    /// Bytes held in memory.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.ways.iter().map(|way| way.reassembler.held_bytes() + way.lines.held_bytes()).sum()
    }

    /// What could not be read so far.
    #[must_use]
    pub fn losses(&self) -> Losses {
        let spoken = Losses { messages: self.speech.dialogue.dropped(), ..Losses::default() };
        self.ways.iter().fold(spoken, |sum, way| Losses {
            gaps: sum.gaps + way.reassembler.gaps(),
            overlong_lines: sum.overlong_lines + way.lines.overlong(),
            ..sum
        })
    }
}

impl Speech {
    fn hear(&mut self, direction: Direction, line: Line<'_>) {
        if let Some(header) = transport(line.text) {
            self.header(direction, header);
            return;
        }
        let text = if get(&self.socks, direction) {
            // An address of the proxy's messages may have a line feed in it.
            after_binary(line.text)
        } else if line.whole {
            Some(line.text)
        } else {
            set(&mut self.socks, direction, is_socks(line.text));
            after_socks(line.text)
        };
        let Some(text) = text.filter(|_| !self.http) else { return };
        set(&mut self.socks, direction, false);
        let before = self.revision;
        self.revision += 1;
        match self.dialogue.hear(direction, text) {
            Heard::Foreign if get(&self.preamble, direction) => self.revision = before,
            Heard::Foreign => count(&mut self.foreign, direction),
            Heard::Findings(findings) => {
                set(&mut self.preamble, direction, false);
                if findings.is_empty() {
                    self.revision = before;
                    return;
                }
                count(&mut self.spoken, direction);
                for finding in findings {
                    let miner_sends = match finding.side {
                        Side::Miner => direction,
                        Side::Pool => direction.reverse(),
                    };
                    if let Some(hypothesis) = self.hypotheses.get_mut(miner_sends as usize) {
                        hypothesis.add(&finding);
                    }
                }
            }
        }
    }

    fn header(&mut self, direction: Direction, header: Transport) {
        match header {
            Transport::Proxy => {}
            Transport::Tunnel => {
                self.tunnel = true;
                set(&mut self.preamble, direction, true);
            }
            Transport::Response if self.tunnel => set(&mut self.preamble, direction, true),
            // A single line cannot undo what is already well founded.
            Transport::Request | Transport::Response => {
                let founded = self.assess().is_some_and(|judged| judged.verdict >= Verdict::Probable);
                if founded {
                    count(&mut self.foreign, direction);
                } else {
                    self.http = true;
                }
                self.revision += 1;
            }
        }
    }

    fn assess(&self) -> Option<Assessment> {
        if self.http {
            return None;
        }
        let (hypothesis, rival, miner_sends) = self.likelier();
        hypothesis.assess(miner_sends, rival, self.foreign_of(miner_sends))
    }

    /// The weight of the judgement, without its reasons. `None` if there is none.
    fn score(&self) -> Option<f64> {
        if self.http {
            return None;
        }
        let (hypothesis, rival, miner_sends) = self.likelier();
        hypothesis.score(rival, self.foreign_of(miner_sends))
    }

    /// Foreign lines of the miner and the pool, for each line that was spoken.
    fn foreign_of(&self, miner_sends: Direction) -> [f64; 2] {
        [miner_sends, miner_sends.reverse()].map(|way| match get(&self.spoken, way) {
            0 => 0.0,
            spoken => f64::from(get(&self.foreign, way)) / f64::from(spoken),
        })
    }

    /// The likelier hypothesis, its rival and the direction in which the miner sends.
    fn likelier(&self) -> (&Hypothesis, &Hypothesis, Direction) {
        let [up, down] = &self.hypotheses;
        if up.weight() >= down.weight() { (up, down, Direction::Up) } else { (down, up, Direction::Down) }
    }

    /// Enough was said to be suspicious: if it is not, it was a quotation.
    fn weighty(&self) -> bool {
        self.hypotheses.iter().any(Hypothesis::weighty)
    }
}

fn get<T: Copy + Default>(pair: &[T; 2], direction: Direction) -> T {
    pair.get(direction as usize).copied().unwrap_or_default()
}

fn set<T>(pair: &mut [T; 2], direction: Direction, value: T) {
    if let Some(place) = pair.get_mut(direction as usize) {
        *place = value;
    }
}

fn count(pair: &mut [u32; 2], direction: Direction) {
    if let Some(number) = pair.get_mut(direction as usize) {
        *number = number.saturating_add(1);
    }
}

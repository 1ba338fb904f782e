use std::ops::AddAssign;
use std::sync::Arc;

use detector_common::event::EventHeader;
use detector_common::flow::Direction;
use detector_common::triage::opens_as_text;
use jiff::Timestamp;

use super::copies::{Copies, Rewritten};
use super::hypothesis::{Hearing, Hypothesis};
use super::speech::Speech;
use super::weighing::NO_RIVAL;
use super::{Assessment, Carrier, Side, Source, Verdict};
use crate::protocol::{Finding, Habit, Kind, discv4, is_text_message};
use crate::signature::Signatures;
use crate::stream::{Connection, Limits, Overlap, Piece, Reassembler};
use crate::transport::{self, Transport};

/// One watched flow, from its segments to a judgement.
///
/// It may be joined at any place and be seen from one side only.
#[derive(Debug)]
pub struct Conversation {
    limits: Limits,
    streams: [Reassembler; 2],
    copies: [Copies; 2],
    transport: Transport,
    speech: Speech,
    /// Bytes read of both directions since something was said over HTTP that bears on mining, without those that answer it.
    read: u64,
}

/// What could not be read of a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Places at which bytes never came.
    pub gaps: u64,
    /// Lines that were too long.
    pub overlong_lines: u64,
    /// Messages that were too many in one line, and segments with other contents than before that made too much work.
    pub messages: u64,
}

impl AddAssign for Losses {
    fn add_assign(&mut self, more: Self) {
        self.gaps += more.gaps;
        self.overlong_lines += more.overlong_lines;
        self.messages += more.messages;
    }
}

/// The judgement on a datagram that was sent at `time` in `direction`: a node of Ethereum, or nothing.
#[must_use]
pub fn datagram(time: Timestamp, direction: Direction, payload: &[u8]) -> Option<Assessment> {
    let finding = discv4::read(payload)?;
    let mut hypothesis = Hypothesis::NONE;
    hypothesis.add(&finding, &Source::datagram(time, direction, payload));
    let assessment = hypothesis.assess(direction, &NO_RIVAL, &Hearing::default())?;
    Some(Assessment { carrier: Carrier::Udp, ..assessment })
}

impl Conversation {
    /// Nothing was said yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            streams: [Reassembler::new(limits), Reassembler::new(limits)],
            copies: <[Copies; 2]>::default(),
            transport: Transport::new(limits.line_bytes),
            speech: Speech::default(),
            read: 0,
        }
    }

    /// Lets the signatures that have a weight speak to what is said from now on.
    pub fn set_signatures(&mut self, signatures: &Arc<Signatures>) {
        self.speech.marks.set_signatures(signatures);
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
        self.speech.now = self.speech.now.max(time);
        self.opens(direction, payload);
        let (overlap, rewritten) = self.compare(direction, sequence, payload);
        let taken = self
            .listen(direction, |reassembler, mut out| reassembler.segment(sequence, payload, time, &mut out));
        if taken == Connection::Same {
            self.speech.rewrite(direction, overlap == Overlap::Differs, &rewritten);
            self.pass(time);
        }
        taken
    }

    /// Looks at how the stream opens that answers the one for which the conversation is followed: the recogniser has not
    /// heard it, if it looks only now.
    fn opens(&mut self, direction: Direction, payload: &[u8]) {
        let begun = |way: Direction| self.streams.get(way as usize).is_some_and(Reassembler::has_begun);
        let text = || opens_as_text(payload) && !is_text_message(payload.trim_ascii());
        if !begun(direction) && begun(direction.reverse()) && text() {
            self.opened_as_text(direction);
        }
    }

    /// What a segment says of those before it, and what it makes of the copies that differ from the stream.
    fn compare(&mut self, direction: Direction, sequence: u32, payload: &[u8]) -> (Overlap, Rewritten) {
        let at = direction as usize;
        let Some((stream, copies)) = self.streams.get(at).zip(self.copies.get_mut(at)) else {
            return (Overlap::Agrees, Rewritten::default());
        };
        let overlap = stream.overlap(sequence, payload);
        let differs = match overlap {
            Overlap::Agrees => false,
            Overlap::Differs => true,
            Overlap::Forgotten => self.speech.reads_what_is_late(),
        };
        let mut rewritten = copies.take(stream, sequence, payload, differs, self.speech.now);
        if differs && let Some(text) = transport::frame_text(payload) {
            rewritten.mixed.push(text.trim_ascii().to_vec());
        }
        (overlap, rewritten)
    }

    /// The sender of `direction` has ended with FIN or RST at `sequence`: reads what is held.
    ///
    /// An end of another connection is not taken.
    pub fn closed(&mut self, direction: Direction, sequence: u32, time: Timestamp) -> Connection {
        if !self.continues(direction, sequence) {
            return Connection::Another;
        }
        self.pass(time);
        self.listen(direction, |reassembler, mut out| reassembler.close(sequence, &mut out));
        Connection::Same
    }

    /// Lets time pass: gaps are given up that are too old at `time`.
    pub fn pass(&mut self, time: Timestamp) {
        self.speech.now = self.speech.now.max(time);
        for direction in [Direction::Up, Direction::Down] {
            self.listen(direction, |reassembler, mut out| reassembler.time(time, &mut out));
        }
    }

    /// Whether segments are awaited that may never come, so that time bears on the judgement and on what is held.
    #[must_use]
    pub fn waiting(&self) -> bool {
        self.streams.iter().any(Reassembler::awaits_time)
    }

    /// Nothing more will come, of either direction: reads all that is held. To be called before the last look at the
    /// judgement and the losses, however the conversation ended.
    pub fn finish(&mut self) {
        for direction in [Direction::Up, Direction::Down] {
            self.listen(direction, |reassembler, mut out| reassembler.finish(&mut out));
            let Self { transport, speech, .. } = self;
            transport.finish(direction, &mut |said| speech.hear(direction, said));
        }
    }

    /// Lets the reassembler of `direction` act, and hears what it hands on.
    fn listen<T>(
        &mut self,
        direction: Direction,
        act: impl FnOnce(&mut Reassembler, &mut dyn FnMut(Piece<'_>)) -> T,
    ) -> T {
        let Self { streams: [up, down], transport, speech, read, .. } = self;
        let reassembler = match direction {
            Direction::Up => up,
            Direction::Down => down,
        };
        act(reassembler, &mut |piece| {
            if let Piece::Next(bytes) | Piece::Before(bytes) = piece {
                // A block template may be larger than all that was said before.
                *read += if speech.dialogue.awaits(direction) { 0 } else { bytes.len() as u64 };
            }
            speech.anew = matches!(piece, Piece::Before(_));
            transport.take(direction, piece, &mut |said| speech.hear(direction, said));
            speech.unsay(direction, transport.take_unsaid(direction));
            if std::mem::take(&mut speech.fruitful) {
                *read = 0;
            }
        })
    }

    /// The other direction opened as TLS, and `direction` did not answer so.
    pub const fn refuses_tls(&mut self, direction: Direction) {
        self.speech.dialogue.refuses_tls(direction);
    }

    /// The requests for work so far that ordinary tools make once.
    #[must_use]
    pub const fn habit(&self) -> Option<Habit> {
        self.speech.dialogue.habit()
    }

    /// Such requests were made again and again lately, here or on other connections of the same two ends.
    pub fn repeated(&mut self) {
        if let Some(habit) = self.habit() {
            self.speech.revision += 1;
            let asked = self.speech.hypotheses.get(habit.asker as usize);
            let source = Source::of(asked.and_then(|asked| asked.latest_by(Side::Miner)));
            self.speech.weigh(habit.asker, &Finding::miner(habit.protocol, Kind::REPEATED), &source);
        }
    }

    /// Whether a segment at `sequence` belongs to this connection and not to another one between the same ends.
    #[must_use]
    pub fn continues(&self, direction: Direction, sequence: u32) -> bool {
        self.streams.get(direction as usize).is_none_or(|stream| stream.continues(sequence))
    }

    /// Whether a FIN or RST at `sequence` may be the end of this stream, and not one that somebody made up.
    #[must_use]
    pub fn may_end(&self, direction: Direction, sequence: u32) -> bool {
        self.streams.get(direction as usize).is_none_or(|stream| stream.may_end(sequence))
    }

    /// Takes note of what the recogniser tells of how the streams opened before the conversation was followed.
    pub fn opened(&mut self, header: &EventHeader) {
        if header.answers_tls() {
            self.refuses_tls(header.direction());
        }
        for way in [Direction::Up, Direction::Down].into_iter().filter(|way| header.opened_as_text(*way)) {
            self.opened_as_text(way);
        }
    }

    /// Whether a segment was given.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.streams.iter().any(Reassembler::has_begun)
    }

    /// Takes note that the stream of `direction` opened with text that is no JSON, before the conversation was followed.
    pub fn opened_as_text(&mut self, direction: Direction) {
        self.speech.opened_as_text(direction);
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

    /// Whether anything speaks for mining: whether there is an assessment.
    #[must_use]
    pub fn is_suspicious(&self) -> bool {
        self.speech.score().is_some()
    }

    /// Both ends are nodes of a blockchain, and there is nothing more to learn: the caller can end the watch.
    #[must_use]
    pub fn is_settled_node(&self) -> bool {
        let enough = self.speech.both_are_peers() || self.fruitless() >= self.limits.fruitless_bytes;
        enough && self.assessment().is_some_and(|judged| judged.verdict == Verdict::Node)
    }

    /// Enough was read and it is not mining: the caller can end the watch.
    #[must_use]
    pub fn hopeless(&self) -> bool {
        let enough = self.fruitless() >= self.limits.fruitless_bytes && self.speech.score().is_none();
        enough || self.quotes()
    }

    /// Enough was said of mining to be suspicious, and what else was said tells that it is a quotation.
    #[must_use]
    pub fn quotes(&self) -> bool {
        self.speech.weighty() && !self.speech.may_be_quoted() && self.speech.score().is_none()
    }

    /// Bytes read that could have been evidence: a single job can be larger than what is enough.
    fn fruitless(&self) -> u64 {
        self.read.saturating_sub(self.transport.unjudged_bytes() as u64)
    }

    /// Bytes held for what is missing or not complete. What is remembered of the streams, to compare later copies with it,
    /// is bounded by itself, and so are excerpts: one for each kind of thing that was said.
    #[must_use]
    pub fn buffered(&self) -> usize {
        let streams = self.streams.iter().map(Reassembler::held_bytes);
        let copies = self.copies.iter().map(Copies::held_bytes);
        streams.chain(copies).sum::<usize>() + self.unfinished() + self.speech.held_bytes()
    }

    /// Whether a message is not complete, or something is held for which other bytes are missing.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.transport.is_interrupted() || self.streams.iter().any(Reassembler::holds)
    }

    /// Bytes held of messages that are not complete.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.transport.held_bytes()
    }

    /// Holds no more than it must: reads what is held behind gaps, gives up messages that are not complete, and forgets
    /// which lines were heard.
    pub fn relieve(&mut self) {
        for direction in [Direction::Up, Direction::Down] {
            self.listen(direction, |reassembler, mut out| {
                reassembler.finish(&mut out);
                out(Piece::Gap);
            });
        }
        self.copies.iter_mut().for_each(Copies::forget);
        self.speech.forget_lines();
    }

    /// Whether segments had other contents than segments before them in their place.
    #[must_use]
    pub fn contradicted(&self) -> bool {
        self.speech.contradicted.contains(&true)
    }

    /// The sequence numbers that come next, of the directions that were heard.
    #[must_use]
    pub fn next(&self) -> [Option<u32>; 2] {
        let [up, down] = &self.streams;
        [up.next(), down.next()]
    }

    /// Payload bytes of both directions, each once however often it came.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.streams.iter().map(Reassembler::taken).sum()
    }

    /// What could not be read so far.
    #[must_use]
    pub fn losses(&self) -> Losses {
        Losses {
            gaps: self.streams.iter().map(Reassembler::gaps).sum(),
            overlong_lines: self.transport.overlong(),
            messages: self.speech.dialogue.dropped() + self.copies.iter().map(Copies::unread).sum::<u64>(),
        }
    }
}

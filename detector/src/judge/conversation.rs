use std::sync::Arc;

use detector_common::event::EventHeader;
use detector_common::flow::Direction;
use jiff::Timestamp;

use super::copies::{self, Copies};
use super::hypothesis::{Hypothesis, reason};
use super::marks::Marks;
use super::{Assessment, Carrier, Side, Verdict};
use crate::protocol::{Dialogue, Finding, Habit, Heard, Kind, discv4};
use crate::signature::Signatures;
use crate::stream::{Connection, Limits, Overlap, Piece, Reassembler};
use crate::transport::{self, Frame, Head, Secrecy, Transport, Utterance};

/// Foreign lines that the opening with other text counts for. Not more: the stream of a miner may have been joined
/// within a message, and then what it goes on to say outweighs this.
const OPENING: f64 = 12.0;

/// How much more a foreign line counts in a stream that opened with other text.
const EMPHASIS: f64 = 12.0;

/// Answers to requests after which two sides converse, whatever they opened with.
const CONVERSES: u32 = 3;

/// Peers do not contradict each other.
static NO_RIVAL: Hypothesis = Hypothesis::NONE;

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
    /// Messages that were too many in one line.
    pub messages: u64,
}

/// What was said, once it is taken out of what carried it.
#[derive(Debug, Default)]
struct Speech {
    dialogue: Dialogue,
    /// The miner sends up, the miner sends down.
    hypotheses: [Hypothesis; 2],
    /// Neither is a miner by its role: both ends are peers.
    peers: Hypothesis,
    /// The direction in which a peer spoke first.
    first_peer: Option<Direction>,
    /// The directions in which peers spoke.
    peers_spoke: [bool; 2],
    spoken: [u32; 2],
    foreign: [u32; 2],
    /// Which lines were heard lately.
    heard: [copies::Heard; 2],
    /// Whether segments of the direction had other contents than segments before them in their place.
    contradicted: [bool; 2],
    /// The direction opened with other text than JSON, and neither HTTP nor a proxy explains it yet.
    other_text: [bool; 2],
    /// What carried the last message that said something.
    carrier: Carrier,
    /// How much of what was said can be read, at best.
    secrecy: Option<Secrecy>,
    http: Exchanges,
    /// What a user's signatures say.
    marks: Marks,
    /// Something was said over HTTP that bears on mining.
    fruitful: bool,
    revision: u64,
    /// The latest time that was told.
    now: Timestamp,
}

/// The judgement on a datagram that was sent in `direction`: a node of Ethereum, or nothing.
#[must_use]
pub fn datagram(direction: Direction, payload: &[u8]) -> Option<Assessment> {
    let finding = discv4::read(payload)?;
    let mut hypothesis = Hypothesis::NONE;
    hypothesis.add(&finding);
    let assessment = hypothesis.assess(direction, &NO_RIVAL, [0.0; 2])?;
    Some(Assessment { carrier: Carrier::Udp, ..assessment })
}

/// What the heads of HTTP told so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Exchanges {
    /// There was none, or a tunnel's.
    #[default]
    Unseen,
    /// They began with a request.
    Requested,
    /// They began with a response: what was said before it in the other direction were bodies.
    Unasked,
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
        let stream = self.streams.get(direction as usize);
        let overlap = stream.map_or(Overlap::Agrees, |stream| stream.overlap(sequence, payload));
        let taken = self
            .listen(direction, |reassembler, mut out| reassembler.segment(sequence, payload, time, &mut out));
        if taken == Connection::Same {
            self.copy(direction, sequence, payload, overlap);
            self.pass(time);
        }
        taken
    }

    /// Reads a segment by itself if the stream has, or may have, other bytes in its place, or if such a one led to it.
    fn copy(&mut self, direction: Direction, sequence: u32, payload: &[u8], overlap: Overlap) {
        let Self { copies, speech, .. } = self;
        let before = match overlap {
            Overlap::Agrees => None,
            Overlap::Differs { before, lines } => {
                speech.contradict(direction, lines);
                Some(before)
            }
            // What is late and in HTTP may be any part of a page.
            Overlap::Forgotten => (speech.http == Exchanges::Unseen).then(Vec::new),
        };
        if before.is_some()
            && let Some(text) = transport::frame_text(payload)
        {
            speech.hear_copy(direction, text.trim_ascii());
        }
        if let Some(copies) = copies.get_mut(direction as usize) {
            copies.take(sequence, payload, before, &mut |line| speech.hear_copy(direction, line));
        }
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

    /// Whether segments are held for others that may never come, so that time bears on the judgement.
    #[must_use]
    pub fn waiting(&self) -> bool {
        self.streams.iter().any(Reassembler::holds)
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
            self.speech.weigh(habit.asker, &Finding::miner(habit.protocol, Kind::REPEATED));
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

    /// Takes note that the stream of `direction` opened with text that is no JSON, before the conversation was followed.
    pub fn opened_as_text(&mut self, direction: Direction) {
        if let Some(other_text) = self.speech.other_text.get_mut(direction as usize) {
            *other_text = true;
        }
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
        let enough = self.speech.peers_spoke == [true; 2] || self.fruitless() >= self.limits.fruitless_bytes;
        enough && self.assessment().is_some_and(|judged| judged.verdict == Verdict::Node)
    }

    /// Enough was read and it is not mining: the caller can end the watch.
    #[must_use]
    pub fn hopeless(&self) -> bool {
        let weighty = self.speech.weighty() && !self.speech.ways_that_may_quote();
        let enough = weighty || self.fruitless() >= self.limits.fruitless_bytes;
        enough && self.speech.score().is_none()
    }

    /// Bytes read that could have been evidence: a single job can be larger than what is enough.
    fn fruitless(&self) -> u64 {
        self.read.saturating_sub(self.transport.unjudged_bytes() as u64)
    }

    /// Bytes held in memory.
    #[must_use]
    pub fn buffered(&self) -> usize {
        let streams = self.streams.iter().map(|stream| stream.held_bytes() + stream.remembered_bytes());
        let copies = self.copies.iter().map(Copies::held_bytes);
        streams.chain(copies).sum::<usize>() + self.transport.held_bytes()
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
            messages: self.speech.dialogue.dropped(),
        }
    }
}

impl Speech {
    fn hear(&mut self, direction: Direction, said: Utterance<'_>) {
        if let Utterance::Overheard(by, line) = said {
            return self.hear(by, Utterance::Line(line));
        }
        if let Utterance::Head(head) = said {
            self.head(direction, head);
        }
        if !matches!(said, Utterance::Line(_) | Utterance::Unreadable)
            && let Some(other_text) = self.other_text.get_mut(direction as usize)
        {
            *other_text = false;
        }
        if let Utterance::Line(line) = said
            && self.heard.get_mut(direction as usize).is_some_and(|heard| heard.known(line))
        {
            return;
        }
        self.dialogue.pass(self.now);
        let marks = self.marks.of(said);
        let direction = if let Utterance::Frame(Frame::Noise { by, .. }) = said { by } else { direction };
        match self.dialogue.hear(direction, said) {
            Heard::Nothing if marks.is_empty() => {}
            Heard::Foreign if marks.is_empty() => {
                self.revision += 1;
                count(&mut self.foreign, direction);
            }
            heard => {
                let findings = if let Heard::Findings(findings) = heard { findings } else { Vec::new() };
                if (findings.is_empty() && marks.is_empty())
                    || (self.http == Exchanges::Unasked
                        && said.carrier() == Carrier::Tcp
                        && self.dialogue.paired() < CONVERSES)
                {
                    return;
                }
                if let Utterance::Line(line) = said
                    && let Some(heard) = self.heard.get_mut(direction as usize)
                {
                    heard.first(line);
                }
                if let Some(secrecy) = said.secrecy() {
                    self.secrecy = Some(self.secrecy.map_or(secrecy, |known| known.min(secrecy)));
                }
                let marked = marks.iter().filter_map(|mark| self.marks.finding(direction, mark));
                let findings: Vec<Finding> = findings.into_iter().chain(marked).collect();
                self.say(direction, said.carrier(), &findings);
            }
        }
        for (direction, finding) in self.dialogue.met() {
            self.say(direction, said.carrier(), &[finding]);
        }
    }

    /// Hears a line of another copy of what was sent in `direction`. What is foreign in it counts for nothing.
    fn hear_copy(&mut self, direction: Direction, line: &[u8]) {
        if !self.heard.get_mut(direction as usize).is_none_or(|heard| heard.other(line)) {
            return;
        }
        self.dialogue.pass(self.now);
        if let Heard::Findings(findings) = self.dialogue.hear_copy(direction, line)
            && !findings.is_empty()
        {
            self.secrecy = Some(Secrecy::Clear);
            self.say(direction, Carrier::Tcp, &findings);
        }
        for (direction, finding) in self.dialogue.met() {
            self.say(direction, Carrier::Tcp, &[finding]);
        }
    }

    /// A segment of `direction` denies bytes in which `lines` ended: if they were foreign, perhaps nobody has got them.
    fn contradict(&mut self, direction: Direction, lines: u32) {
        if let (Some(contradicted), Some(foreign)) =
            (self.contradicted.get_mut(direction as usize), self.foreign.get_mut(direction as usize))
        {
            self.revision += u64::from(!*contradicted || *foreign > 0);
            *contradicted = true;
            *foreign = foreign.saturating_sub(lines);
        }
    }

    /// So many lines turned out to be none: they speak against nothing.
    fn unsay(&mut self, direction: Direction, lines: u32) {
        if lines > 0
            && let Some(foreign) = self.foreign.get_mut(direction as usize)
        {
            self.revision += 1;
            *foreign = foreign.saturating_sub(lines);
        }
    }

    fn say(&mut self, direction: Direction, carrier: Carrier, findings: &[Finding]) {
        self.revision += 1;
        // A pool of Stratum that is asked over HTTP answers in bare lines.
        if carrier != Carrier::Tcp {
            self.carrier = carrier;
        }
        self.fruitful |= carrier == Carrier::Http;
        count(&mut self.spoken, direction);
        for finding in findings {
            self.weigh(direction, finding);
        }
    }

    fn weigh(&mut self, direction: Direction, finding: &Finding) {
        let miner_sends = match finding.side {
            Side::Miner => direction,
            Side::Pool => direction.reverse(),
            Side::Peer => {
                self.first_peer.get_or_insert(direction);
                if let Some(spoke) = self.peers_spoke.get_mut(direction as usize) {
                    *spoke = true;
                }
                self.peers.add(finding);
                return;
            }
        };
        if let Some(hypothesis) = self.hypotheses.get_mut(miner_sends as usize) {
            hypothesis.add(finding);
            hypothesis.measure(finding, self.now);
        }
    }

    /// A response to a request that was not seen tells that the lines before it were bodies of HTTP. It cannot undo what
    /// is already well founded.
    fn head(&mut self, direction: Direction, head: &Head) {
        if head.request().is_some() {
            if self.http == Exchanges::Unseen {
                self.http = Exchanges::Requested;
            }
        } else if !head.opens_tunnel()
            && self.http == Exchanges::Unseen
            && self.assess().is_none_or(|judged| judged.verdict < Verdict::Probable)
        {
            self.http = Exchanges::Unasked;
            self.revision += 1;
            self.hypotheses = <[Hypothesis; 2]>::default();
            (self.spoken, self.foreign) = Default::default();
            let findings = self.dialogue.unasked(direction);
            if !findings.is_empty() {
                self.say(direction.reverse(), Carrier::Http, &findings);
            }
        }
    }

    /// The direction opened with other text. Who answers the other side's requests, one after the other, does not quote.
    fn may_quote(&self, way: Direction) -> bool {
        get(&self.other_text, way) && self.dialogue.paired() < CONVERSES
    }

    fn ways_that_may_quote(&self) -> bool {
        [Direction::Up, Direction::Down].into_iter().any(|way| self.may_quote(way))
    }

    fn assess(&self) -> Option<Assessment> {
        let settled = self.marks.settle(&self.hypotheses);
        let (hypothesis, rival, miner_sends) = self.likelier(&settled);
        let mut assessment = hypothesis.assess(miner_sends, rival, self.foreign_of(miner_sends))?;
        if self.secrecy == Some(Secrecy::Sizes) {
            assessment.verdict = assessment.verdict.min(Verdict::Probable);
        }
        for way in [Direction::Up, Direction::Down].into_iter().filter(|way| get(&self.contradicted, *way)) {
            let side = match assessment.evidence.first() {
                Some(first) if first.side == Side::Peer => Side::Peer,
                _ if way == miner_sends => Side::Miner,
                _ => Side::Pool,
            };
            assessment.evidence.push(reason(Kind::OVERLAP, side));
        }
        let encrypted = self.secrecy.is_some_and(|secrecy| secrecy != Secrecy::Clear);
        Some(Assessment { carrier: self.carrier, encrypted, ..assessment })
    }

    /// The weight of the judgement, without its reasons. `None` if there is none.
    fn score(&self) -> Option<f64> {
        let settled = self.marks.settle(&self.hypotheses);
        let (hypothesis, rival, miner_sends) = self.likelier(&settled);
        hypothesis.score(rival, self.foreign_of(miner_sends))
    }

    /// Foreign lines of the miner and the pool, for each line that was spoken. What is encrypted has no lines.
    fn foreign_of(&self, miner_sends: Direction) -> [f64; 2] {
        if self.secrecy == Some(Secrecy::Sizes) {
            return [0.0; 2];
        }
        [miner_sends, miner_sends.reverse()].map(|way| match get(&self.spoken, way) {
            0 => 0.0,
            spoken => {
                let foreign = f64::from(get(&self.foreign, way));
                let foreign = if self.may_quote(way) { EMPHASIS * (foreign + OPENING) } else { foreign };
                foreign / f64::from(spoken)
            }
        })
    }

    /// The likelier hypothesis, its rival and the direction in which the miner sends. Peers have no rival: what both of
    /// them say does not contradict itself. Whoever is suspected of mining is no mere node: anybody can open with a
    /// message of one.
    fn likelier<'a>(
        &'a self,
        hypotheses: &'a [Hypothesis; 2],
    ) -> (&'a Hypothesis, &'a Hypothesis, Direction) {
        let [up, down] = hypotheses;
        let (likelier, rival, direction) = if up.weight() >= down.weight() {
            (up, down, Direction::Up)
        } else {
            (down, up, Direction::Down)
        };
        match self.first_peer {
            Some(first) if self.peers.weight() > likelier.weight() => {
                let mines = || likelier.score(rival, self.foreign_of(direction)).is_some();
                if self.peers.is_node() && mines() {
                    (likelier, rival, direction)
                } else {
                    (&self.peers, &NO_RIVAL, first)
                }
            }
            _ => (likelier, rival, direction),
        }
    }

    /// Enough was said to be suspicious: if it is not, it was a quotation.
    fn weighty(&self) -> bool {
        self.hypotheses.iter().chain([&self.peers]).any(Hypothesis::weighty)
    }
}

fn get<T: Copy + Default>(pair: &[T; 2], direction: Direction) -> T {
    pair.get(direction as usize).copied().unwrap_or_default()
}

fn count(pair: &mut [u32; 2], direction: Direction) {
    if let Some(number) = pair.get_mut(direction as usize) {
        *number = number.saturating_add(1);
    }
}

use detector_common::flow::Direction;
use jiff::Timestamp;

use super::copies::Rewritten;
use super::hypothesis::Hypothesis;
use super::marks::Marks;
use super::tally::{Counted, Tally};
use super::{Carrier, Excerpt, Side, Source, Verdict, heard};
use crate::protocol::{Dialogue, Fact, Finding, Heard, is_said};
use crate::transport::{Frame, Head, Secrecy, Utterance};

/// Answers to requests after which two sides converse, whatever they opened with.
pub(super) const CONVERSES: u32 = 3;

/// What was said, once it is taken out of what carried it.
#[derive(Debug, Default)]
pub(super) struct Speech {
    pub(super) dialogue: Dialogue,
    /// The miner sends up, the miner sends down.
    pub(super) hypotheses: [Hypothesis; 2],
    /// Neither is a miner by its role: both ends are peers.
    pub(super) peers: Hypothesis,
    /// The direction in which a peer spoke first.
    pub(super) first_peer: Option<Direction>,
    /// The directions in which peers spoke.
    pub(super) peers_spoke: [bool; 2],
    pub(super) tallies: [Tally; 2],
    /// Which lines were heard lately.
    pub(super) heard: [heard::Heard; 2],
    /// Whether segments of the direction had other contents than segments before them in their place.
    pub(super) contradicted: [bool; 2],
    /// A message that was in them.
    pub(super) overlaps: [Option<Excerpt>; 2],
    /// Whether a foreign line was denied in the place of which none has come yet.
    pub(super) owed: [bool; 2],
    /// The direction opened with other text than JSON, and neither HTTP nor a proxy explains it yet.
    pub(super) other_text: [bool; 2],
    /// What carried the last message that said something.
    pub(super) carrier: Carrier,
    /// How much of what was said can be read, at best.
    pub(super) secrecy: Option<Secrecy>,
    pub(super) http: Exchanges,
    /// What a user's signatures say.
    pub(super) marks: Marks,
    /// What is heard now was in part heard before: the stream began earlier than it seemed.
    pub(super) anew: bool,
    /// Something was said over HTTP that bears on mining.
    pub(super) fruitful: bool,
    pub(super) revision: u64,
    /// The latest time that was told.
    pub(super) now: Timestamp,
}

/// What the heads of HTTP told so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Exchanges {
    /// There was none, or a tunnel's.
    #[default]
    Unseen,
    /// They began with a request.
    Requested,
    /// They began with a response: what was said before it in the other direction were bodies.
    Unasked,
}

impl Speech {
    pub(super) fn hear(&mut self, direction: Direction, said: Utterance<'_>) {
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
        if let Some(line) = line_of(said)
            && self.heard.get_mut(direction as usize).is_some_and(|heard| heard.known(line))
        {
            return;
        }
        self.dialogue.pass(self.now);
        let marks = self.marks.of(said);
        let direction = if let Utterance::Frame(Frame::Noise { by, .. }) = said { by } else { direction };
        let source = Source::new(self.now, direction, said);
        match self.dialogue.hear(direction, said) {
            Heard::Nothing if marks.is_empty() => {}
            Heard::Foreign if marks.is_empty() => {
                self.revision += 1;
                self.count_foreign(direction, line_of(said), &source);
            }
            heard => {
                let findings = if let Heard::Findings(findings) = heard { findings } else { Vec::new() };
                let body = self.http == Exchanges::Unasked && said.carrier() == Carrier::Tcp;
                if (findings.is_empty() && marks.is_empty()) || (body && !self.converse()) {
                    return;
                }
                if let Some(line) = line_of(said)
                    && let Some(heard) = self.heard.get_mut(direction as usize)
                {
                    heard.first(line);
                    if findings.iter().any(tells_of_a_share) {
                        heard.share(line);
                    }
                }
                if let Some(secrecy) = said.secrecy() {
                    self.secrecy = Some(self.secrecy.map_or(secrecy, |known| known.min(secrecy)));
                }
                let marked = marks.iter().filter_map(|mark| self.marks.finding(direction, mark, &source));
                let findings: Vec<Finding> = findings.into_iter().chain(marked).collect();
                self.count(direction, Counted::Spoken, line_of(said));
                self.say(direction, said.carrier(), &findings, &source);
            }
        }
        self.meet(said.carrier());
    }

    /// Hears what could not be understood before the last message.
    fn meet(&mut self, carrier: Carrier) {
        for met in self.dialogue.met() {
            self.count(met.direction, Counted::Spoken, None);
            self.say(met.direction, carrier, &[met.finding], &Source::of(met.excerpt));
        }
    }

    /// Whether lines are read that come late. In HTTP they may be any part of a page.
    pub(super) fn reads_what_is_late(&self) -> bool {
        self.http == Exchanges::Unseen
    }

    /// Who answers the other side's requests, one after the other, does not quote.
    pub(super) const fn converse(&self) -> bool {
        self.dialogue.paired() >= CONVERSES
    }

    /// Hears what a segment makes of other copies of what was sent in `direction`. `differs` says that it has other
    /// contents than one before it.
    ///
    /// Lines that nobody may have got do not speak against mining. Those in their place speak for and against it, but no
    /// more of them than were there: garbage that nobody gets does not outweigh anything, and text that is altered on its
    /// way stays as foreign as it was.
    pub(super) fn rewrite(&mut self, direction: Direction, differs: bool, rewritten: &Rewritten) {
        if differs
            && let Some(contradicted) = self.contradicted.get_mut(direction as usize)
            && !std::mem::replace(contradicted, true)
        {
            self.revision += 1;
            self.note_overlap(direction, rewritten);
        }
        let owed = self.owed.get_mut(direction as usize).is_some_and(std::mem::take);
        let mut denied = Denied { spoken: 0, foreign: u32::from(owed) };
        for line in &rewritten.old {
            match self.tallies.get_mut(direction as usize).and_then(|tally| tally.deny(line)) {
                Some(Counted::Spoken) => denied.spoken += 1,
                Some(Counted::Foreign) => {
                    denied.foreign += 1;
                    self.revision += 1;
                }
                None => {}
            }
        }
        for line in &rewritten.new {
            self.hear_copy(direction, line, &mut denied);
        }
        // The next line may only be complete with the next segment.
        if let Some(owed) = self.owed.get_mut(direction as usize) {
            *owed = denied.foreign > 0;
        }
        denied.foreign = 0;
        for line in &rewritten.mixed {
            self.hear_copy(direction, line, &mut denied);
        }
    }

    /// Keeps a whole message of other copies: a segment may be any part of one.
    fn note_overlap(&mut self, direction: Direction, rewritten: &Rewritten) {
        let mut lines = [&rewritten.new, &rewritten.old, &rewritten.mixed].into_iter().flatten();
        let line = lines.find(|line| is_said(line));
        let said = line.map_or(Utterance::Unreadable, |line| Utterance::Line(line));
        if let Some(overlap) = self.overlaps.get_mut(direction as usize) {
            *overlap = Source::new(self.now, direction, said).excerpt();
        }
    }

    /// Hears a line of another copy, in the place of those that are denied.
    fn hear_copy(&mut self, direction: Direction, line: &[u8], denied: &mut Denied) {
        if self.heard.get(direction as usize).is_some_and(|heard| heard.knows(line)) {
            return;
        }
        self.dialogue.pass(self.now);
        let source = Source::new(self.now, direction, Utterance::Line(line));
        let findings = match self.dialogue.hear_copy(direction, line) {
            Heard::Foreign => {
                if take(&mut denied.foreign) {
                    self.count_foreign(direction, Some(line), &source);
                }
                return;
            }
            Heard::Nothing => Vec::new(),
            Heard::Findings(findings) => findings,
        };
        if let Some(heard) = self.heard.get_mut(direction as usize) {
            heard.other(line);
            if findings.iter().any(tells_of_a_share) {
                heard.share(line);
            }
        }
        if self.http != Exchanges::Unseen {
            // Part of a body, perhaps, which devices on the way alter, and which the other side may echo. What it asks for is
            // known from now on.
            drop(self.dialogue.met());
            return;
        }
        if !findings.is_empty() {
            self.secrecy = Some(Secrecy::Clear);
            if take(&mut denied.spoken) {
                self.in_place(direction, line);
            } else {
                self.count(direction, Counted::Spoken, Some(line));
            }
            self.say(direction, Carrier::Tcp, &findings, &source);
        }
        self.meet(Carrier::Tcp);
    }

    /// So many lines turned out to be none: they speak against nothing.
    pub(super) fn unsay(&mut self, direction: Direction, lines: u32) {
        if lines > 0
            && let Some(tally) = self.tallies.get_mut(direction as usize)
        {
            self.revision += 1;
            tally.unsay(lines);
        }
    }

    fn count(&mut self, direction: Direction, counted: Counted, line: Option<&[u8]>) {
        if let Some(tally) = self.tallies.get_mut(direction as usize) {
            tally.count(counted, line);
        }
    }

    fn count_foreign(&mut self, direction: Direction, line: Option<&[u8]>, source: &Source<'_>) {
        if let Some(tally) = self.tallies.get_mut(direction as usize) {
            tally.count_foreign(line, source);
        }
    }

    fn in_place(&mut self, direction: Direction, line: &[u8]) {
        if let Some(tally) = self.tallies.get_mut(direction as usize) {
            tally.remember(Counted::Spoken, line);
        }
    }

    /// Lines of a direction that speak for mining, and against it.
    pub(super) fn tally(&self, direction: Direction) -> [u32; 2] {
        self.tallies.get(direction as usize).map_or([0; 2], |tally| [tally.spoken(), tally.foreign()])
    }

    /// Bytes held.
    pub(super) fn held_bytes(&self) -> usize {
        self.heard.iter().map(heard::Heard::held_bytes).sum()
    }

    /// Forgets which lines were heard: one that comes once more counts once more.
    pub(super) fn forget_lines(&mut self) {
        self.heard = Default::default();
    }

    pub(super) fn opened_as_text(&mut self, direction: Direction) {
        if let Some(other_text) = self.other_text.get_mut(direction as usize) {
            *other_text = true;
        }
    }

    pub(super) fn both_are_peers(&self) -> bool {
        self.peers_spoke == [true; 2]
    }

    pub(super) fn say(
        &mut self,
        direction: Direction,
        carrier: Carrier,
        findings: &[Finding],
        source: &Source<'_>,
    ) {
        self.revision += 1;
        // A pool of Stratum that is asked over HTTP answers in bare lines.
        if carrier != Carrier::Tcp {
            self.carrier = carrier;
        }
        self.fruitful |= carrier == Carrier::Http;
        for finding in findings {
            self.weigh(direction, finding, source);
        }
    }

    pub(super) fn weigh(&mut self, direction: Direction, finding: &Finding, source: &Source<'_>) {
        let miner_sends = match finding.side {
            Side::Miner => direction,
            Side::Pool => direction.reverse(),
            Side::Peer => {
                self.first_peer.get_or_insert(direction);
                if let Some(spoke) = self.peers_spoke.get_mut(direction as usize) {
                    *spoke = true;
                }
                self.peers.add(finding, source);
                return;
            }
        };
        if let Some(hypothesis) = self.hypotheses.get_mut(miner_sends as usize) {
            hypothesis.add(finding, source);
            hypothesis.measure(finding, self.now);
        }
    }

    /// A response to a request that was not seen tells that the lines before it were bodies of HTTP; so does a request of
    /// which the body came first. It cannot undo what is already well founded.
    fn head(&mut self, direction: Direction, head: &Head) {
        let request = head.request().is_some();
        if self.http != Exchanges::Unseen || (!request && head.opens_tunnel()) {
            return;
        }
        let founded = self.assess().is_some_and(|judged| judged.verdict >= Verdict::Probable);
        if request {
            self.http = Exchanges::Requested;
        } else if !founded {
            self.http = Exchanges::Unasked;
        }
        if founded || (request && !self.anew) {
            return;
        }
        self.revision += 1;
        let before = std::mem::take(&mut self.hypotheses);
        self.tallies = <[Tally; 2]>::default();
        if !request {
            let findings = self.dialogue.unasked(direction);
            if !findings.is_empty() {
                let asker = direction.reverse();
                self.count(asker, Counted::Spoken, None);
                for finding in findings {
                    let first = finding.kinds.first();
                    let known = before.get(asker as usize).zip(first);
                    let source = Source::of(known.and_then(|(said, kind)| said.excerpt_of(*kind)));
                    self.say(asker, Carrier::Http, &[finding], &source);
                }
            }
        }
    }
}

/// Lines that were counted, and may have been received by nobody.
#[derive(Debug, Default)]
struct Denied {
    spoken: u32,
    foreign: u32,
}

fn take(count: &mut u32) -> bool {
    let any = *count > 0;
    *count = count.saturating_sub(1);
    any
}

fn tells_of_a_share(finding: &Finding) -> bool {
    finding.facts.iter().any(|fact| matches!(fact, Fact::Submitted | Fact::Accepted | Fact::Rejected))
}

const fn line_of(said: Utterance<'_>) -> Option<&[u8]> {
    if let Utterance::Line(line) = said { Some(line) } else { None }
}

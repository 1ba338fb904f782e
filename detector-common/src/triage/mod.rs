//! What to do with a packet: dismiss it, scan it, or pass it up.

mod datagrams;
mod environment;
mod examine;
mod opening;
mod scan;
mod scratch;
mod upcall;
mod watching;

use crate::automaton::Automaton;
use crate::counters::{Counter, Counters};
use crate::event::{EventHeader, EventKind, EventRecord};
use crate::flow::{Budget, Flow, FlowKey, Mode, Ticks, UDP, Watch, ticks};
use crate::packet::{self, FIN, Fragment, Packet, RST, SYN, Segment};
use crate::settings::Settings;
use examine::{Examiner, Finding};
pub use opening::opens_as_text;
use upcall::{Extract, Sent, upcall};

pub use environment::{Arrival, Output, Table};
pub use scratch::Scratch;
use scratch::forget;

/// All that the recogniser reads and changes for a packet.
pub struct Recogniser<'a, A, F, L, W, O> {
    /// The limits.
    pub settings: &'a Settings,
    /// Gives what to look for. Asked only if there is something to scan.
    pub automaton: A,
    /// Flows, until they have lasted for a while. What is new pushes out what was silent for longest.
    pub flows: F,
    /// Flows that have lasted, and are slow. A flood of new flows does not reach them.
    pub lasting: L,
    /// Flows under watch.
    pub watched: W,
    /// To the agent.
    pub output: O,
    /// What became of the packets.
    pub counters: &'a mut Counters,
    /// How many bytes this CPU may still copy.
    pub budget: &'a mut Budget,
    /// Working memory.
    pub scratch: &'a mut Scratch,
}

/// What happened to a packet, for the log of the kernel program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing worth a word.
    Passed,
    /// Its flow is under watch.
    Watched,
    /// Its flow was put under watch.
    WatchStarted,
    /// Its flow should have been put under watch, but the table is full.
    WatchRefused,
    /// It is a datagram for the agent.
    Datagram,
}

/// How a segment lies to what its direction opened with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    /// It is the opening.
    Opens,
    /// It may come after it.
    GoesOn,
    /// Of TLS, in which nothing else tells: it belongs to another stream.
    Elsewhere,
}

impl Stream {
    #[inline(always)]
    fn of(flow: &mut Flow, side: usize, segment: &Segment) -> Self {
        if !flow.has_spoken(side) {
            Self::Opens
        } else if flow.mode() != Mode::Tls || flow.keeps_up(side, segment.sequence) {
            Self::GoesOn
        } else {
            Self::Elsewhere
        }
    }
}

/// The entry of a flow, in whichever of the two tables it is.
#[inline(always)]
fn find<'t, F: Table<Flow>, L: Table<Flow>>(
    flows: &'t mut F,
    lasting: &'t mut L,
    key: &FlowKey,
) -> Option<&'t mut Flow> {
    match flows.get(key) {
        Some(flow) => Some(flow),
        None => lasting.get(key),
    }
}

impl<'a, A, F, L, W, O> Recogniser<'a, A, F, L, W, O>
where
    A: Fn() -> Option<&'a Automaton>,
    F: Table<Flow>,
    L: Table<Flow>,
    W: Table<Watch>,
    O: Output,
{
    /// Reads one packet. `arrival` is asked only if the packet bears on a conversation: reading the
    /// clock costs as much as all the rest for one that does not.
    #[inline(always)]
    pub fn packet<P: Packet>(&mut self, packet: &P, arrival: impl Fn() -> Arrival) -> Outcome {
        self.counters.add(Counter::Packets);
        let Scratch { record, walk, .. } = &mut *self.scratch;
        let outcome = match packet::parse(packet, &mut record.outer, walk) {
            Ok(()) => self.segment(packet, &arrival),
            Err(reason) => {
                self.counters.add_computed(reason.counter());
                Outcome::Passed
            }
        };
        let outcome = forget(&mut self.scratch.outcome, outcome);
        if self.scratch.walk.fragment().is_some() {
            self.fragment(packet, arrival());
        }
        outcome
    }

    /// Reads a segment or a datagram.
    #[inline(always)]
    fn segment<P: Packet>(&mut self, packet: &P, arrival: &impl Fn() -> Arrival) -> Outcome {
        let segment = self.scratch.walk.segment();
        let (opens, closes) = (segment.flags & SYN != 0, segment.flags & (FIN | RST) != 0);
        if segment.length == 0 {
            self.counters.add(Counter::NoPayload);
            if !opens && !closes {
                return Outcome::Passed;
            }
        }
        let (key, direction) = FlowKey::between(segment.source, segment.destination, segment.protocol);
        let Arrival { time, interface } = arrival();
        // The header of a possible event is where the key lives: the stack of the kernel is small.
        self.scratch.record.header =
            EventHeader::new(EventKind::Segment, key, direction, time, segment.sequence, interface);
        let now = ticks(time);
        if opens {
            self.opened(now);
        }
        let outcome = if segment.length == 0 {
            Outcome::Passed
        } else if segment.protocol == UDP {
            self.datagram(now)
        } else {
            self.payload(packet, &segment, now)
        };
        if outcome != Outcome::Passed && !self.copy(packet, now) {
            self.unheard(outcome);
        }
        if self.scratch.walk.segment().flags & (FIN | RST) != 0 {
            self.closed(now);
        }
        outcome
    }

    /// Copies a fragment of TCP to the agent, within the budget of this CPU.
    #[inline(always)]
    fn fragment<P: Packet>(&mut self, packet: &P, arrival: Arrival) {
        let Arrival { time, interface } = arrival;
        let Some(&Fragment { source, destination, place, total, protocol, offset, length }) =
            self.scratch.walk.fragment()
        else {
            return;
        };
        let (key, direction) = FlowKey::fragments(source, destination);
        if !self.budget.take_fragment(self.settings, &key, length, ticks(time)) {
            self.counters.add(Counter::FragmentsSpent);
            return;
        }
        let record = &mut self.scratch.record;
        record.header = EventHeader::new(EventKind::Fragment, key, direction, time, place, interface);
        record.header.set_fragment(protocol, total);
        let extract = Extract { sequence: place, offset, length };
        self.counters.add_computed(match upcall(packet, &mut self.output, record, extract) {
            Sent::All => Counter::FragmentsCopied,
            Sent::RingFull => Counter::RingFull,
            Sent::Unreadable => Counter::Unreadable,
        });
    }

    /// Forgets what was known of an earlier connection on the same ends. A connection gets an entry
    /// with its first payload, not here: a flood of SYNs pushes no flow out.
    #[inline(always)]
    fn opened(&mut self, now: Ticks) {
        let header = &self.scratch.record.header;
        if let Some(flow) = find(&mut self.flows, &mut self.lasting, header.key()) {
            flow.restart(header.side(), self.settings, now);
        }
    }

    #[inline(always)]
    fn payload<P: Packet>(&mut self, packet: &P, segment: &Segment, now: Ticks) -> Outcome {
        let known = self.known(segment, now);
        match known {
            Some((Mode::Tls, Stream::GoesOn)) if !opening::is_clear(packet, segment) => {
                self.counters.add(Counter::Tls);
                return Outcome::Passed;
            }
            Some((Mode::Tls, Stream::GoesOn | Stream::Elsewhere)) => {
                let key = self.scratch.record.header.key();
                if let Some(flow) = find(&mut self.flows, &mut self.lasting, key) {
                    flow.is_no_tls();
                }
            }
            // The other direction of TLS has yet to show that it is TLS, too.
            Some((Mode::Tls | Mode::Scan | Mode::Ignore, _)) => {}
            // A watched flow outlives its entry in the table that floods of short flows wash out.
            Some((Mode::Watch, _)) | None => {
                if let Some(outcome) = self.watched(segment, now) {
                    return outcome;
                }
                if !self.start_scanning(known.is_none(), now) {
                    return Outcome::Passed;
                }
            }
        }
        let Scratch { record: EventRecord { header, payload, .. }, reading, .. } = &mut *self.scratch;
        let flow = find(&mut self.flows, &mut self.lasting, header.key());
        let Some((automaton, flow)) = (self.automaton)().zip(flow) else {
            // Another CPU's flow has just washed it out.
            self.counters.add(Counter::FlowsRefused);
            return Outcome::Passed;
        };
        let examiner = Examiner {
            settings: self.settings,
            automaton,
            counters: self.counters,
            window: payload,
            reading,
        };
        match examiner.examine(packet, segment, header.side(), flow, now) {
            Finding::Nothing => return Outcome::Passed,
            Finding::Match(accept) => {
                self.counters.add(Counter::Matches);
                header.set_accept(accept);
            }
            Finding::Doubt => self.counters.add(Counter::Doubtful),
        }
        header.set_answers_tls(flow.answers_tls(header.side()));
        header.add_texts(flow.texts(header.side()));
        self.watch(now)
    }

    /// What is done with the flow, and whether this direction of it has spoken. A flow that has
    /// lasted goes over to the other table.
    #[inline(always)]
    fn known(&mut self, segment: &Segment, now: Ticks) -> Option<(Mode, Stream)> {
        let header = &self.scratch.record.header;
        let (key, side) = (header.key(), header.side());
        let Some(flow) = self.flows.get(key) else {
            return self.lasting.get(key).map(|flow| (flow.mode(), Stream::of(flow, side, segment)));
        };
        let known = Some((flow.mode(), Stream::of(flow, side, segment)));
        if flow.lasts(self.settings, now) && self.lasting.insert(key, flow) {
            self.counters.add(Counter::FlowsLasting);
            self.flows.remove(key);
        }
        known
    }

    /// Makes an entry for a new flow, or dismisses one whose watch the agent has ended. False if
    /// there is nothing to scan.
    #[inline(always)]
    fn start_scanning(&mut self, new: bool, now: Ticks) -> bool {
        let Scratch { record, flow, .. } = &mut *self.scratch;
        let key = record.header.key();
        if new {
            *flow = Flow::new(self.settings, now);
            if self.flows.insert(key, flow) {
                self.counters.add(Counter::Flows);
                return true;
            }
            // The other direction may have made it in the meantime, on another CPU.
            if self.flows.get(key).is_some() {
                return true;
            }
            self.counters.add(Counter::FlowsRefused);
        } else {
            if let Some(flow) = find(&mut self.flows, &mut self.lasting, key)
                && flow.dismiss(self.settings, now)
            {
                return true;
            }
            self.counters.add(Counter::Ignored);
        }
        false
    }
}

#[cfg(test)]
mod tests;

use std::sync::Arc;

use detector_common::event::{Event, EventKind};
use detector_common::flow::{Direction, FlowKey};
use detector_common::packet::Encapsulation;
use jiff::Timestamp;

use super::Settings;
use super::ends::Ends;
use super::habits::{HabitKey, Habits};
use super::rivals::{Rivals, SILENCE};
use super::room::Held;
use crate::judge::{Conversation, Losses};
use crate::ledger::{Ledger, Observation, Record};
use crate::signature::Signatures;

/// A conversation that is followed.
pub(super) struct Followed {
    pub(super) conversation: Conversation,
    /// What else is said between the same ends.
    pub(super) rivals: Rivals,
    pub(super) since: Timestamp,
    /// When it was last heard.
    pub(super) active: Timestamp,
    /// When it was last entered into the ledger.
    pub(super) observed: Timestamp,
    /// Whether something spoke for mining when it was.
    pub(super) suspicious: bool,
    /// Requests of the conversation's habit that were taken into account.
    requests: u64,
    /// Those of them that the server did not know.
    refused: u64,
    revision: u64,
    ends: Ends,
    /// It took the place of another one, so that somebody may have made up one of the two.
    pub(super) contested: bool,
    /// Ends that cannot be its own.
    strays: u64,
    /// The recogniser had no room to watch it.
    pub(super) unwatched: bool,
    interface: Option<Box<str>>,
    /// What the packets of each direction were wrapped in, if in anything.
    outer: [Option<Box<Encapsulation>>; 2],
}

impl Followed {
    pub(super) fn new(settings: &Settings, time: Timestamp) -> Self {
        let mut conversation = Conversation::new(settings.stream);
        if let Some(signatures) = &settings.signatures {
            conversation.set_signatures(signatures);
        }
        Self {
            conversation,
            rivals: Rivals::default(),
            since: time,
            active: time,
            observed: Timestamp::MIN,
            suspicious: false,
            requests: 0,
            refused: 0,
            revision: 0,
            ends: Ends::default(),
            contested: false,
            strays: 0,
            unwatched: false,
            interface: None,
            outer: [None, None],
        }
    }

    /// Lets other signatures bear on what is said from now on.
    pub(super) fn set_signatures(&mut self, signatures: &Arc<Signatures>) {
        self.conversation.set_signatures(signatures);
        self.rivals.each(|rival| rival.set_signatures(signatures));
    }

    /// Takes an event in, of whichever connection it is.
    pub(super) fn take(
        &mut self,
        event: &Event<'_>,
        time: Timestamp,
        interface: Option<&str>,
        settings: &Settings,
    ) {
        let (direction, sequence) = (event.header.direction(), event.header.sequence());
        let is_unheard = !self.has_heard(direction) && !self.rivals.go_on(direction, sequence);
        if is_unheard || self.goes_on_at(direction, sequence) {
            self.take_own(event, time, interface);
        } else {
            self.rivals.take(event, time, interface, settings);
        }
    }

    pub(super) fn take_own(&mut self, event: &Event<'_>, time: Timestamp, interface: Option<&str>) {
        let (direction, sequence) = (event.header.direction(), event.header.sequence());
        let is_end = matches!(event.kind, EventKind::Closed | EventKind::Reset);
        if is_end && !self.conversation.may_end(direction, sequence) {
            self.strays += 1;
            return;
        }
        // Each part of a segment says it, and the first one may have explained it since.
        if event.kind == EventKind::First && !self.conversation.has_begun() {
            self.conversation.opened(&event.header);
        }
        self.active = self.active.max(time);
        if let Some(interface) = interface
            && self.interface.as_deref() != Some(interface)
        {
            self.interface = Some(interface.into());
        }
        // A gateway may see a packet within its tunnel and outside: the plain copy takes nothing
        // back.
        if !event.outer.is_none()
            && let Some(outer) = self.outer.get_mut(direction as usize)
            && outer.as_deref() != Some(&event.outer)
        {
            *outer = Some(Box::new(event.outer));
        }
        match event.kind {
            EventKind::First | EventKind::Segment => {
                self.conversation.segment(direction, sequence, event.payload, time);
                let length = u32::try_from(event.payload.len()).unwrap_or(u32::MAX);
                self.ends.goes_on(direction, sequence.wrapping_add(length));
            }
            EventKind::Closed => self.ends.end(direction, sequence),
            EventKind::Reset => self.ends.reset(direction, sequence, self.has_heard(direction)),
            // No part of a stream.
            EventKind::Datagram | EventKind::Fragment => {}
        }
    }

    pub(super) fn has_heard(&self, direction: Direction) -> bool {
        self.next().get(direction as usize).is_some_and(Option::is_some)
    }

    /// Whether a segment belongs to a direction that was heard.
    pub(super) fn goes_on_at(&self, direction: Direction, sequence: u32) -> bool {
        self.has_heard(direction) && self.conversation.continues(direction, sequence)
    }

    /// Whether time has changed what is to be done with it.
    pub(super) fn is_due(&self, time: Timestamp) -> bool {
        self.has_news() || self.has_ended(time) || self.is_done() || self.is_over(time)
    }

    /// Whether it can be left alone. If somebody may have made up some of it, it would be read anew from its next token on:
    /// what quotes mining is followed on, because without what speaks against it the rest would pass for mining.
    pub(super) fn is_done(&self) -> bool {
        self.is_hopeless() && !(self.is_contested() && self.conversation.quotes())
    }

    /// Whether there is no more to learn from it, of mining or of the node that it is.
    pub(super) fn is_hopeless(&self) -> bool {
        self.conversation.hopeless() || self.conversation.is_settled_node()
    }

    /// Whether some of what was read may have been made up by somebody else.
    pub(super) fn is_contested(&self) -> bool {
        self.contested || self.strays() > 0 || !self.rivals.is_empty() || self.conversation.contradicted()
    }

    /// The sequence numbers that come next, of the directions that were heard.
    pub(super) fn next(&self) -> [Option<u32>; 2] {
        self.conversation.next()
    }

    /// Reads what is held behind gaps, and gives up what is not complete, and what else is said between the same ends
    /// unless it speaks of mining.
    pub(super) fn relieve(&mut self) {
        self.rivals.make_room();
        self.conversation.relieve();
        self.rivals.each(Conversation::relieve);
    }

    /// What it holds, with the other connections.
    pub(super) fn held(&self) -> Held {
        Held { bytes: self.buffered(), unfinished: self.conversation.unfinished() }
    }

    /// Bytes held in memory.
    pub(super) fn buffered(&self) -> usize {
        self.conversation.buffered() + self.rivals.buffered()
    }

    /// Whether time bears on what is to be done with it.
    pub(super) fn waiting(&self) -> bool {
        self.conversation.waiting() || !self.rivals.is_empty() || self.is_ended()
    }

    /// Reads all that is still held: nothing more will come.
    pub(super) fn finish(&mut self) {
        let ended = self.ends.fit();
        for direction in [Direction::Up, Direction::Down].into_iter().filter(|_| ended) {
            if let Some(end) = self.ends.place(direction) {
                self.conversation.closed(direction, end, self.active);
            }
        }
        self.conversation.finish();
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, time: Timestamp) {
        self.conversation.pass(time);
        self.rivals.each(|rival| rival.pass(time));
    }

    /// Tells the conversation if what it asked for was asked for again and again lately, on
    /// whichever connection.
    pub(super) fn habit(&mut self, key: &FlowKey, time: Timestamp, habits: &mut Habits) {
        let Some(habit) = self.conversation.habit() else { return };
        let key = HabitKey {
            client: key.sender(habit.asker).ip(),
            server: key.receiver(habit.asker).into(),
            protocol: habit.protocol,
        };
        habits.take_back(&key, habit.refused.saturating_sub(self.refused));
        self.refused = habit.refused;
        if habit.requests > self.requests && habits.note(key, habit.requests - self.requests, time) {
            self.conversation.repeated();
        }
        self.requests = habit.requests;
    }

    /// Whether something was said since it was last entered into the ledger.
    pub(super) fn has_news(&self) -> bool {
        self.revision != self.conversation.revision()
    }

    /// Segments and ends that are not its own, other than those of connections that are followed beside it.
    pub(super) const fn strays(&self) -> u64 {
        self.strays + self.rivals.strays()
    }

    /// What could not be read, here and in what was given up beside it.
    pub(super) fn losses(&self) -> Losses {
        let mut losses = self.conversation.losses();
        losses += self.rivals.losses();
        losses
    }

    /// Whether it speaks of mining.
    pub(super) fn is_suspicious(&self) -> bool {
        self.conversation.is_suspicious()
    }

    /// Whether it seems to have ended.
    pub(super) fn is_ended(&self) -> bool {
        self.ends.are_seen()
    }

    /// Whether its end is to be believed. In the middle of a message somebody may have made it up who sees the sequence
    /// numbers, so the rest is waited for.
    pub(super) fn has_ended(&self, time: Timestamp) -> bool {
        let is_certain = self.ends.fit() && !self.conversation.is_interrupted();
        is_certain || (self.is_ended() && time.duration_since(self.active) >= SILENCE)
    }

    /// What packets from the miner are wrapped in; if none were, what those to it are.
    fn outer(&self, miner_sends: Direction) -> Encapsulation {
        let known =
            |direction: Direction| self.outer.get(direction as usize).and_then(Option::as_deref).copied();
        let back = || known(miner_sends.reverse()).map(Encapsulation::reverse);
        known(miner_sends).or_else(back).unwrap_or(Encapsulation::NONE)
    }

    /// Enters the judgement as it is now into the ledger.
    pub(super) fn observe(
        &mut self,
        key: FlowKey,
        time: Timestamp,
        ledger: &mut Ledger,
        due: &mut Vec<Record>,
    ) {
        self.revision = self.conversation.revision();
        self.observed = time;
        let Some(assessment) = self.conversation.assessment() else { return };
        self.suspicious = true;
        let interface = self.interface.as_deref();
        let (outer, bytes) = (self.outer(assessment.miner_sends), self.conversation.bytes());
        let observation = Observation { key, interface, outer, time, bytes, assessment: &assessment };
        due.extend(ledger.observe(&observation));
    }
}

use detector_common::event::{Event, EventKind};
use detector_common::flow::{Direction, FlowKey};
use detector_common::packet::Encapsulation;
use jiff::Timestamp;

use super::Settings;
use super::habits::{HabitKey, Habits};
use crate::judge::Conversation;
use crate::ledger::{Ledger, Observation, Record};
use crate::stream::Connection;

/// A conversation that is followed.
pub(super) struct Followed {
    pub(super) conversation: Conversation,
    /// When it was last heard.
    pub(super) active: Timestamp,
    /// When it was last entered into the ledger.
    pub(super) observed: Timestamp,
    /// Requests of the conversation's habit that were taken into account.
    requests: u64,
    revision: u64,
    ended: [bool; 2],
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
            active: time,
            observed: Timestamp::MIN,
            requests: 0,
            revision: 0,
            ended: [false; 2],
            interface: None,
            outer: [None, None],
        }
    }

    /// Takes an event in, unless it belongs to another connection of the same ends.
    pub(super) fn take(&mut self, event: &Event<'_>, time: Timestamp, interface: Option<&str>) -> Connection {
        let (direction, sequence) = (event.header.direction(), event.header.sequence());
        if !self.conversation.continues(direction, sequence) {
            return Connection::Another;
        }
        self.conversation.opened(&event.header);
        let connection = match event.kind {
            EventKind::First | EventKind::Segment => {
                self.conversation.segment(direction, sequence, event.payload, time)
            }
            EventKind::Closed | EventKind::Reset => self.conversation.closed(direction, sequence, time),
            // No part of a stream.
            EventKind::Datagram | EventKind::Fragment => Connection::Same,
        };
        if connection == Connection::Another {
            return connection;
        }
        self.active = self.active.max(time);
        if self.interface.as_deref() != interface {
            self.interface = interface.map(Box::from);
        }
        // A gateway may see a packet within its tunnel and outside: the plain copy takes nothing back.
        if !event.outer.is_none()
            && let Some(outer) = self.outer.get_mut(direction as usize)
            && outer.as_deref() != Some(&event.outer)
        {
            *outer = Some(Box::new(event.outer));
        }
        match event.kind {
            EventKind::First | EventKind::Segment | EventKind::Datagram | EventKind::Fragment => {}
            EventKind::Closed => {
                if let Some(ended) = self.ended.get_mut(direction as usize) {
                    *ended = true;
                }
            }
            EventKind::Reset => self.ended = [true; 2],
        }
        connection
    }

    /// Tells the conversation if what it asked for was asked for again and again lately, on whichever connection.
    pub(super) fn habit(&mut self, key: &FlowKey, time: Timestamp, habits: &mut Habits) {
        let Some(habit) = self.conversation.habit().filter(|habit| habit.requests > self.requests) else {
            return;
        };
        let key = HabitKey {
            client: key.sender(habit.asker).ip(),
            server: key.receiver(habit.asker).into(),
            protocol: habit.protocol,
        };
        if habits.note(key, habit.requests - self.requests, time) {
            self.conversation.repeated();
        }
        self.requests = habit.requests;
    }

    /// Whether something was said since it was last entered into the ledger.
    pub(super) fn has_news(&self) -> bool {
        self.revision != self.conversation.revision()
    }

    /// Whether both sides, or a reset, have ended it.
    pub(super) fn has_ended(&self) -> bool {
        self.ended == [true; 2]
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
        let interface = self.interface.as_deref();
        let (outer, bytes) = (self.outer(assessment.miner_sends), self.conversation.bytes());
        let observation = Observation { key, interface, outer, time, bytes, assessment: &assessment };
        due.extend(ledger.observe(&observation));
    }
}

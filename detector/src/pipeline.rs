//! From an event to the records it leads to, without any input or output of its own: live rings
//! and replays drive it alike.

mod datagrams;
mod dismissed;
mod ending;
mod ends;
mod followed;
mod fragments;
mod habits;
mod limits;
mod rivals;
mod room;

use std::sync::Arc;

use detector_common::event::{Event, EventKind};
use detector_common::flow::FlowKey;
use detector_common::packet::SYN;
use hashlink::{LinkedHashMap, LinkedHashSet};
use jiff::{SignedDuration, Timestamp};

use crate::ledger::{self, Ledger, Record};
use crate::signature::Signatures;
use datagrams::Datagrams;
use dismissed::Dismissed;
use followed::Followed;
pub use fragments::{FragmentLimits, FragmentLosses};
pub(crate) use fragments::{Fragments, Whole};
use habits::Habits;
pub use limits::{Losses, Settings};
use room::Room;

/// What the recogniser is to do with a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feedback {
    /// It is not mining: leave it alone for a while.
    Dismiss(FlowKey),
    /// It has ended: what speaks next on these ends is a new flow.
    Forget(FlowKey),
    /// It comes in fragments and is followed: copy what of it is not fragmented.
    Watch(FlowKey),
}

/// What an event, or the passing of time, leads to.
#[derive(Debug, Default)]
pub struct Reaction {
    /// Records that are due.
    pub records: Vec<Record>,
    /// What to tell the recogniser.
    pub feedback: Vec<Feedback>,
}

/// How often a conversation that says nothing new is entered into the ledger, so that the last
/// time something was seen is right to the minute.
const REFRESH: SignedDuration = SignedDuration::from_secs(60);

/// The followed conversations and the ledger.
pub struct Pipeline {
    settings: Settings,
    /// The longest silent first.
    followed: LinkedHashMap<FlowKey, Followed>,
    /// How much they hold, and which of them go first when there are too many.
    room: Room,
    /// Those on which time bears.
    waiting: LinkedHashSet<FlowKey>,
    fragments: Fragments,
    dismissed: Dismissed,
    datagrams: Datagrams,
    habits: Habits,
    ledger: Ledger,
    losses: Losses,
}

impl Pipeline {
    /// Nothing is followed yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            followed: LinkedHashMap::new(),
            room: Room::default(),
            waiting: LinkedHashSet::new(),
            fragments: Fragments::new(settings.fragments),
            dismissed: Dismissed::new(settings.conversations),
            datagrams: Datagrams::new(settings.conversations, settings.ledger.silence),
            habits: Habits::new(settings.habits),
            ledger: Ledger::new(settings.ledger.clone()),
            losses: Losses::default(),
            settings,
        }
    }

    /// Lets other signatures bear on what is said from now on, also in the conversations that are
    /// followed already.
    pub fn set_signatures(&mut self, signatures: Arc<Signatures>) {
        for (_, followed) in &mut self.followed {
            followed.set_signatures(&signatures);
        }
        self.settings.signatures = Some(signatures);
    }

    /// Other limits of the ledger hold from now on, but for the number of flows and the form of names.
    pub fn set_ledger(&mut self, settings: ledger::Settings) {
        self.ledger.set_settings(&settings);
        self.settings.ledger = settings;
    }

    /// Takes a case in of which a record was written before the agent was started anew.
    pub fn restore(&mut self, record: Record) {
        self.ledger.restore(record);
    }

    /// Goes on with a connection that an earlier agent has followed, of which only the ends are known. False if there is no
    /// room.
    pub fn resume(&mut self, key: FlowKey, time: Timestamp) -> bool {
        if self.followed.len() >= self.settings.conversations {
            return false;
        }
        let followed = Followed::new(&self.settings, time);
        self.room.enter(key, followed.held(), followed.suspicious, time);
        self.followed.insert(key, followed);
        true
    }

    /// A record was lost on its way: the ledger on disk gets what it said with a later update.
    pub fn retell(&mut self, lost: &Record) {
        self.ledger.retell(lost);
    }

    /// The clock was set back by so much, and it is `now`. Deadlines of cases move with it; a conversation's wait until
    /// the time at which they would have been.
    pub fn set_back(&mut self, by: SignedDuration, now: Timestamp) {
        self.ledger.set_back(by, now);
    }

    /// Takes an event that happened at `time` on an interface.
    pub fn event(&mut self, event: &Event<'_>, time: Timestamp, interface: Option<&str>) -> Reaction {
        let mut reaction = Reaction::default();
        match event.kind {
            EventKind::Datagram => {
                let (ledger, due) = (&mut self.ledger, &mut reaction.records);
                self.datagrams.take(event, time, interface, ledger, due);
            }
            EventKind::Fragment => {
                for whole in self.fragments.take(event, time) {
                    self.whole(&whole, time, interface, &mut reaction);
                }
            }
            EventKind::First | EventKind::Segment | EventKind::Closed | EventKind::Reset => {
                if event.kind == EventKind::First {
                    // The recogniser does not leave it alone any more.
                    self.dismissed.forget(event.header.key());
                }
                self.stream(event, time, interface, &mut reaction);
            }
        }
        reaction
    }

    /// Takes a segment that came in fragments. Nobody but this pipeline has read it, so it is a
    /// reason to follow its flow.
    fn whole(&mut self, whole: &Whole, time: Timestamp, interface: Option<&str>, reaction: &mut Reaction) {
        let key = whole.key;
        if whole.flags & SYN != 0 {
            // As in the recogniser: what was known of an earlier connection is void.
            self.dismissed.forget(&key);
        }
        let known = self.followed.contains_key(&key);
        let dismissed = || self.dismissed.contains(&key, whole.direction, whole.sequence, time);
        if !known && (whole.payload.is_empty() || dismissed()) {
            return;
        }
        if !whole.payload.is_empty() {
            let kind = if known { EventKind::Segment } else { EventKind::First };
            self.stream(&whole.event(kind), time, interface, reaction);
        }
        let Some(followed) = self.followed.get_mut(&key) else { return };
        if !known || std::mem::take(&mut followed.unwatched) {
            reaction.feedback.push(Feedback::Watch(key));
        }
        if let Some(end) = whole.end() {
            self.stream(&end, time, interface, reaction);
        }
    }

    /// The recogniser had no room to watch a flow for which [`Feedback::Watch`] asked. It is asked
    /// again with the next of its segments that comes in fragments.
    pub fn watch_refused(&mut self, key: &FlowKey) {
        if let Some(followed) = self.followed.get_mut(key) {
            followed.unwatched = true;
        }
    }

    fn stream(
        &mut self,
        event: &Event<'_>,
        time: Timestamp,
        interface: Option<&str>,
        reaction: &mut Reaction,
    ) {
        let key = *event.header.key();
        let known = self.take_out(&key);
        let fresh = || Followed::new(&self.settings, time);
        let known = known.or_else(|| (event.kind == EventKind::First).then(fresh));
        let Some(mut followed) = known else {
            match event.kind {
                // A segment was on its way while the watch was ended, or overtook the first on
                // another CPU. A datagram is part of no conversation.
                EventKind::First | EventKind::Segment | EventKind::Datagram | EventKind::Fragment => {}
                EventKind::Closed | EventKind::Reset => reaction.feedback.push(Feedback::Forget(key)),
            }
            return;
        };
        followed.take(event, time, interface, &self.settings);
        self.judge(key, followed, time, reaction);
        self.make_room(time, reaction);
    }

    /// Takes a conversation out, to be put back by `judge` or concluded.
    fn take_out(&mut self, key: &FlowKey) -> Option<Followed> {
        let followed = self.followed.remove(key)?;
        self.room.leave(key, followed.held());
        Some(followed)
    }

    /// Enters what is new into the ledger, and decides whether to go on following.
    fn judge(&mut self, key: FlowKey, mut followed: Followed, time: Timestamp, reaction: &mut Reaction) {
        if let Some(next) = followed.successor(time) {
            // The same ends serve a new connection, and nobody saw the old one end.
            let old = std::mem::replace(&mut followed, next);
            self.conclude(key, old, reaction);
            self.ledger.closed(&key);
        }
        followed.habit(&key, time, &mut self.habits);
        if followed.has_news() || time.duration_since(followed.observed) > REFRESH {
            followed.observe(key, time, &mut self.ledger, &mut reaction.records);
        }
        if self.room.buffered() + followed.buffered() > self.settings.buffered_bytes {
            followed.rivals.make_room();
        }
        if followed.has_ended(time) {
            self.conclude(key, followed, reaction);
            self.ledger.closed(&key);
            reaction.feedback.push(Feedback::Forget(key));
        } else if followed.is_done() {
            self.dismiss(key, followed, time, reaction);
        } else {
            if followed.waiting() {
                self.waiting.insert(key);
            } else {
                self.waiting.remove(&key);
            }
            self.room.enter(key, followed.held(), followed.suspicious, time);
            self.followed.insert(key, followed);
        }
    }

    /// Lets time pass: what is missing is given up after a while, silent conversations are
    /// forgotten, quiet cases recorded.
    pub fn advance(&mut self, time: Timestamp) -> Reaction {
        let mut reaction = Reaction { records: self.ledger.advance(time), feedback: Vec::new() };
        self.dismissed.advance(time);
        self.datagrams.advance(time);
        self.habits.advance(time);
        for whole in self.fragments.advance(time) {
            self.whole(&whole, time, None, &mut reaction);
        }
        for key in std::mem::take(&mut self.waiting) {
            let Some(followed) = self.followed.get_mut(&key) else { continue };
            let before = followed.held();
            followed.pass(time);
            // It keeps its place among those that were heard.
            self.room.change(key, [before, followed.held()], followed.suspicious, time);
            if followed.waiting() {
                self.waiting.insert(key);
            }
            if followed.is_due(time)
                && let Some(followed) = self.take_out(&key)
            {
                self.judge(key, followed, time, &mut reaction);
            }
        }
        while let Some(key) = self.room.unfinished_since(time, self.settings.unfinished) {
            if self.followed.get(&key).is_some_and(|followed| !followed.suspicious) {
                self.losses.buffers += 1;
                self.give_up(&key, &mut reaction);
            }
        }
        self.make_room(time, &mut reaction);
        while let Some((_, followed)) = self.followed.front() {
            if time.duration_since(followed.active) < self.settings.idle {
                break;
            }
            self.give_up_oldest(&mut reaction);
        }
        reaction
    }

    /// Ends: gives what is still to be said of the conversations, and the last record of every
    /// case.
    pub fn finish(&mut self, time: Timestamp) -> Vec<Record> {
        let mut reaction = Reaction::default();
        for whole in self.fragments.finish() {
            self.whole(&whole, time, None, &mut reaction);
        }
        while self.give_up_oldest(&mut reaction) {}
        reaction.records.extend(self.ledger.finish(time));
        reaction.records
    }

    /// How many conversations are followed.
    #[must_use]
    pub fn conversations(&self) -> usize {
        self.followed.len()
    }

    /// How many cases of mining are open.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.ledger.cases() - self.ledger.nodes()
    }

    /// How many cases of nodes are open, which do not mine.
    #[must_use]
    pub const fn nodes(&self) -> usize {
        self.ledger.nodes()
    }

    /// How many cases were closed to make room.
    #[must_use]
    pub fn cases_evicted(&self) -> u64 {
        self.ledger.evicted()
    }

    /// What was lost in conversations that have ended, and of packets in fragments.
    #[must_use]
    pub const fn losses(&self) -> Losses {
        Losses { fragments: self.fragments.losses(), ..self.losses }
    }
}

#[cfg(test)]
mod tests;

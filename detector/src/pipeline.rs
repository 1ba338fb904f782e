//! From an event to the records it leads to, without any input or output of its own: live rings
//! and replays drive it alike.

mod datagrams;
mod dismissed;
mod followed;
mod fragments;
mod habits;

use std::collections::HashSet;
use std::sync::Arc;

use detector_common::event::{Event, EventKind};
use detector_common::flow::FlowKey;
use detector_common::packet::SYN;
use hashlink::{LinkedHashMap, LinkedHashSet};
use jiff::{SignedDuration, Timestamp};

use crate::ledger::{self, Ledger, Record};
use crate::signature::Signatures;
use crate::stream;
use datagrams::Datagrams;
use dismissed::Dismissed;
use followed::Followed;
pub use fragments::{FragmentLimits, FragmentLosses};
pub(crate) use fragments::{Fragments, Whole};
use habits::Habits;

/// Limits of a pipeline.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The most conversations that are followed, at least 1.
    pub conversations: usize,
    /// Bytes that all conversations together may hold while they wait for missing segments.
    pub buffered_bytes: usize,
    /// A conversation that is silent for this long is forgotten; its next message starts a new one.
    pub idle: SignedDuration,
    /// Pairs of a client and a server of which it is remembered how often the client asked for work, at least 1.
    pub habits: usize,
    /// Limits of packets that come in fragments.
    pub fragments: FragmentLimits,
    /// Limits of each conversation.
    pub stream: stream::Limits,
    /// Limits of the ledger.
    pub ledger: ledger::Settings,
    /// Those of them that have a weight bear on the judgement of what is said.
    pub signatures: Option<Arc<Signatures>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            conversations: 65_536,
            buffered_bytes: 256 << 20,
            idle: SignedDuration::from_hours(6),
            habits: 16_384,
            fragments: FragmentLimits::default(),
            stream: stream::Limits::default(),
            ledger: ledger::Settings::default(),
            signatures: None,
        }
    }
}

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

/// What was lost in the agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Conversations given up early because there were too many.
    pub conversations: u64,
    /// Conversations given up early because they held too much together.
    pub buffers: u64,
    /// Places in conversations at which bytes never came.
    pub gaps: u64,
    /// Lines that were too long to read.
    pub overlong_lines: u64,
    /// Messages of a batch that were too many to read.
    pub messages: u64,
    /// Segments and ends that cannot be of any connection between their ends, by their sequence numbers.
    pub strays: u64,
    /// Fragmented packets.
    pub fragments: FragmentLosses,
}

/// How often a conversation that says nothing new is entered into the ledger, so that the last
/// time something was seen is right to the minute.
const REFRESH: SignedDuration = SignedDuration::from_secs(60);

/// The followed conversations and the ledger.
pub struct Pipeline {
    settings: Settings,
    /// The longest silent first.
    followed: LinkedHashMap<FlowKey, Followed>,
    /// Those of them for which nothing spoke yet: they go first when there are too many.
    unproven: LinkedHashSet<FlowKey>,
    /// Those that hold segments for which others are missing.
    waiting: HashSet<FlowKey>,
    buffered: usize,
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
            unproven: LinkedHashSet::new(),
            waiting: HashSet::new(),
            buffered: 0,
            fragments: Fragments::new(settings.fragments),
            dismissed: Dismissed::new(settings.conversations),
            datagrams: Datagrams::new(settings.conversations),
            habits: Habits::new(settings.habits),
            ledger: Ledger::new(settings.ledger.clone()),
            losses: Losses::default(),
            settings,
        }
    }

    /// Lets other signatures bear on what is said from now on, also in the conversations that are followed already.
    pub fn set_signatures(&mut self, signatures: Arc<Signatures>) {
        for (_, followed) in &mut self.followed {
            followed.conversation.set_signatures(&signatures);
        }
        self.settings.signatures = Some(signatures);
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
                self.stream(event, time, interface, &mut reaction);
            }
        }
        reaction
    }

    /// Takes a segment that came in fragments. Nobody but this pipeline has read it, so it is a reason to follow its flow.
    fn whole(&mut self, whole: &Whole, time: Timestamp, interface: Option<&str>, reaction: &mut Reaction) {
        let key = whole.key;
        if whole.flags & SYN != 0 {
            // As in the recogniser: what was known of an earlier connection is void.
            self.dismissed.forget(&key);
        }
        let known = self.followed.contains_key(&key);
        if !known && (whole.payload.is_empty() || self.dismissed.contains(&key, time)) {
            return;
        }
        if !whole.payload.is_empty() {
            let kind = if known { EventKind::Segment } else { EventKind::First };
            self.stream(&whole.event(kind), time, interface, reaction);
            if !known && self.followed.contains_key(&key) {
                reaction.feedback.push(Feedback::Watch(key));
            }
        }
        if self.followed.contains_key(&key)
            && let Some(end) = whole.end()
        {
            self.stream(&end, time, interface, reaction);
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
        let fresh = || Followed::new(&self.settings, time);
        let known = self.followed.remove(&key).or_else(|| (event.kind == EventKind::First).then(fresh));
        let Some(mut followed) = known else {
            match event.kind {
                // A segment was on its way while the watch was ended, or overtook the first on another
                // CPU. A datagram is part of no conversation.
                EventKind::First | EventKind::Segment | EventKind::Datagram | EventKind::Fragment => {}
                EventKind::Closed | EventKind::Reset => reaction.feedback.push(Feedback::Forget(key)),
            }
            return;
        };
        self.buffered = self.buffered.saturating_sub(followed.buffered());
        followed.take(event, time, interface, &self.settings);
        self.judge(key, followed, time, reaction);
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
        if self.buffered + followed.buffered() > self.settings.buffered_bytes {
            followed.give_up_rival();
        }
        let buffered = followed.buffered();
        if followed.has_ended() {
            self.conclude(key, followed, reaction);
            self.ledger.closed(&key);
            reaction.feedback.push(Feedback::Forget(key));
        } else if followed.conversation.hopeless() || followed.conversation.is_settled_node() {
            self.dismiss(key, followed, time, reaction);
        } else if self.buffered + buffered > self.settings.buffered_bytes {
            // Those that hold nothing are not to suffer from those that hold much.
            self.losses.buffers += 1;
            self.dismiss(key, followed, time, reaction);
        } else {
            self.buffered += buffered;
            if followed.waiting() {
                self.waiting.insert(key);
            } else {
                self.waiting.remove(&key);
            }
            if followed.suspicious {
                self.unproven.remove(&key);
            } else {
                self.unproven.insert(key);
            }
            self.followed.insert(key, followed);
            self.make_room(reaction);
        }
    }

    fn dismiss(&mut self, key: FlowKey, followed: Followed, time: Timestamp, reaction: &mut Reaction) {
        self.conclude(key, followed, reaction);
        self.dismissed.insert(key, time);
        reaction.feedback.push(Feedback::Dismiss(key));
    }

    /// Lets time pass: what is missing is given up after a while, silent conversations are forgotten,
    /// quiet cases recorded.
    pub fn advance(&mut self, time: Timestamp) -> Reaction {
        let mut reaction = Reaction { records: self.ledger.advance(time), feedback: Vec::new() };
        for whole in self.fragments.advance(time) {
            self.whole(&whole, time, None, &mut reaction);
        }
        for key in std::mem::take(&mut self.waiting) {
            if let Some(mut followed) = self.followed.remove(&key) {
                self.buffered = self.buffered.saturating_sub(followed.buffered());
                followed.pass(time);
                self.judge(key, followed, time, &mut reaction);
            }
        }
        while let Some((_, followed)) = self.followed.front() {
            if time.duration_since(followed.active) < self.settings.idle {
                break;
            }
            self.give_up_oldest(&mut reaction);
        }
        reaction
    }

    /// Ends: gives what is still to be said of the conversations, and the last record of every case.
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
    pub fn nodes(&self) -> usize {
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

    fn make_room(&mut self, reaction: &mut Reaction) {
        while self.followed.len() > self.settings.conversations.max(1) {
            self.losses.conversations += 1;
            // A flood of what only looks like mining must not push out who mines.
            let unproven = self.unproven.pop_front();
            match unproven.and_then(|key| Some((key, self.followed.remove(&key)?))) {
                Some((key, followed)) => self.give_up(key, followed, reaction),
                None => drop(self.give_up_oldest(reaction)),
            }
        }
    }

    fn give_up_oldest(&mut self, reaction: &mut Reaction) -> bool {
        let Some((key, followed)) = self.followed.pop_front() else { return false };
        self.give_up(key, followed, reaction);
        true
    }

    fn give_up(&mut self, key: FlowKey, followed: Followed, reaction: &mut Reaction) {
        self.buffered = self.buffered.saturating_sub(followed.buffered());
        self.conclude(key, followed, reaction);
        reaction.feedback.push(Feedback::Forget(key));
    }

    /// Reads what a conversation still holds, takes the last judgement, and counts what was lost.
    fn conclude(&mut self, key: FlowKey, mut followed: Followed, reaction: &mut Reaction) {
        self.waiting.remove(&key);
        self.unproven.remove(&key);
        followed.conversation.finish();
        followed.observe(key, followed.active, &mut self.ledger, &mut reaction.records);
        self.ledger.paused(&key);
        let losses = followed.conversation.losses();
        self.losses.gaps += losses.gaps;
        self.losses.overlong_lines += losses.overlong_lines;
        self.losses.messages += losses.messages;
        self.losses.strays += followed.strays;
        if let Some(rival) = followed.suspicious_rival() {
            self.ledger.closed(&key);
            self.conclude(key, rival, reaction);
        }
    }
}

#[cfg(test)]
mod tests;

//! From an event to the records it leads to, without any input or output of its own: live rings
//! and replays drive it alike.

use detector_common::event::{Event, EventKind};
use detector_common::flow::{Direction, FlowKey};
use hashlink::LinkedHashMap;
use jiff::{SignedDuration, Timestamp};

use crate::judge::Conversation;
use crate::ledger::{self, Ledger, Observation, Record};
use crate::stream;

/// Limits of a pipeline.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The most conversations that are followed, at least 1.
    pub conversations: usize,
    /// Bytes that all conversations together may hold while they wait for missing segments.
    pub buffered_bytes: usize,
    /// A conversation that is silent for this long is forgotten; its next message starts a new one.
    pub idle: SignedDuration,
    /// Limits of each conversation.
    pub stream: stream::Limits,
    /// Limits of the ledger.
    pub ledger: ledger::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            conversations: 65_536,
            buffered_bytes: 256 << 20,
            idle: SignedDuration::from_hours(6),
            stream: stream::Limits::default(),
            ledger: ledger::Settings::default(),
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
}

struct Followed {
    conversation: Conversation,
    bytes: u64,
    revision: u64,
    ended: [bool; 2],
    active: Timestamp,
    observed: Timestamp,
}

/// How often a conversation that says nothing new is entered into the ledger, so that the last
/// time something was seen is right to the minute.
const REFRESH: SignedDuration = SignedDuration::from_secs(60);

/// The followed conversations and the ledger.
pub struct Pipeline {
    settings: Settings,
    /// The longest silent first.
    followed: LinkedHashMap<FlowKey, Followed>,
    buffered: usize,
    ledger: Ledger,
    losses: Losses,
}

impl Pipeline {
    /// Nothing is followed yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            followed: LinkedHashMap::new(),
            buffered: 0,
            ledger: Ledger::new(settings.ledger.clone()),
            losses: Losses::default(),
            settings,
        }
    }

    /// Takes an event that happened at `time` on an interface.
    pub fn event(&mut self, event: &Event<'_>, time: Timestamp, interface: Option<&str>) -> Reaction {
        let mut reaction = Reaction::default();
        let key = *event.header.key();
        if !self.followed.contains_key(&key) {
            match event.kind {
                EventKind::First => {}
                // It was on its way while the watch was ended.
                EventKind::Segment => {
                    reaction.feedback.push(Feedback::Dismiss(key));
                    return reaction;
                }
                EventKind::Closed | EventKind::Reset => {
                    reaction.feedback.push(Feedback::Forget(key));
                    return reaction;
                }
            }
        }
        let mut followed = self.followed.remove(&key).unwrap_or_else(|| Followed {
            conversation: Conversation::new(self.settings.stream),
            bytes: 0,
            revision: 0,
            ended: [false; 2],
            active: time,
            observed: Timestamp::MIN,
        });
        self.buffered = self.buffered.saturating_sub(followed.conversation.buffered());
        followed.take(event, time);
        let buffered = followed.conversation.buffered();
        if followed.revision != followed.conversation.revision()
            || time.duration_since(followed.observed) > REFRESH
        {
            self.observe(&mut followed, key, time, interface, &mut reaction);
        }
        if followed.ended == [true; 2] {
            self.ledger.closed(&key);
            self.account(&followed.conversation);
            reaction.feedback.push(Feedback::Forget(key));
        } else if followed.conversation.hopeless() {
            self.account(&followed.conversation);
            reaction.feedback.push(Feedback::Dismiss(key));
        } else if self.buffered + buffered > self.settings.buffered_bytes {
            // Those that hold nothing are not to suffer from those that hold much.
            self.losses.buffers += 1;
            self.account(&followed.conversation);
            reaction.feedback.push(Feedback::Dismiss(key));
        } else {
            self.buffered += buffered;
            self.followed.insert(key, followed);
            self.make_room(&mut reaction);
        }
        reaction
    }

    /// Lets time pass: silent conversations are forgotten, quiet cases recorded.
    pub fn advance(&mut self, time: Timestamp) -> Reaction {
        let mut reaction = Reaction { records: self.ledger.advance(time), feedback: Vec::new() };
        while let Some((_, followed)) = self.followed.front() {
            if time.duration_since(followed.active) < self.settings.idle {
                break;
            }
            self.give_up_oldest(&mut reaction);
        }
        reaction
    }

    /// Ends: gives the last record of every case.
    pub fn finish(&mut self, time: Timestamp) -> impl Iterator<Item = Record> {
        while self.give_up_oldest(&mut Reaction::default()) {}
        self.ledger.finish(time)
    }

    /// How many conversations are followed.
    #[must_use]
    pub fn conversations(&self) -> usize {
        self.followed.len()
    }

    /// How many cases are open.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.ledger.cases()
    }

    /// How many cases were closed to make room.
    #[must_use]
    pub fn cases_evicted(&self) -> u64 {
        self.ledger.evicted()
    }

    /// What was lost in conversations that have ended.
    #[must_use]
    pub const fn losses(&self) -> Losses {
        self.losses
    }

    fn observe(
        &mut self,
        followed: &mut Followed,
        key: FlowKey,
        time: Timestamp,
        interface: Option<&str>,
        reaction: &mut Reaction,
    ) {
        followed.revision = followed.conversation.revision();
        followed.observed = time;
        let Some(assessment) = followed.conversation.assessment() else { return };
        let observation =
            Observation { key, interface, time, bytes: followed.bytes, assessment: &assessment };
        reaction.records.extend(self.ledger.observe(&observation));
    }

    fn make_room(&mut self, reaction: &mut Reaction) {
        while self.followed.len() > self.settings.conversations.max(1) {
            self.losses.conversations += 1;
            self.give_up_oldest(reaction);
        }
    }

    fn give_up_oldest(&mut self, reaction: &mut Reaction) -> bool {
        let Some((key, followed)) = self.followed.pop_front() else { return false };
        self.buffered = self.buffered.saturating_sub(followed.conversation.buffered());
        self.account(&followed.conversation);
        reaction.feedback.push(Feedback::Forget(key));
        true
    }

    fn account(&mut self, conversation: &Conversation) {
        let losses = conversation.losses();
        self.losses.gaps += losses.gaps;
        self.losses.overlong_lines += losses.overlong_lines;
    }
}

impl Followed {
    fn take(&mut self, event: &Event<'_>, time: Timestamp) {
        self.active = self.active.max(time);
        let (direction, sequence) = (event.header.direction(), event.header.sequence());
        match event.kind {
            EventKind::First | EventKind::Segment => {
                self.bytes += event.payload.len() as u64;
                self.conversation.segment(direction, sequence, event.payload, time);
            }
            EventKind::Closed => {
                self.conversation.closed(direction, sequence, time);
                self.end(direction);
            }
            EventKind::Reset => {
                self.conversation.closed(direction, sequence, time);
                self.ended = [true; 2];
            }
        }
    }

    fn end(&mut self, direction: Direction) {
        if let Some(ended) = self.ended.get_mut(direction as usize) {
            *ended = true;
        }
    }
}

#[cfg(test)]
mod tests;

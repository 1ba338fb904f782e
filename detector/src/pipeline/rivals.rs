//! What else is said between the two ends of a conversation.

use detector_common::event::Event;
use detector_common::flow::Direction;
use jiff::{SignedDuration, Timestamp};

use super::Settings;
use super::followed::Followed;
use crate::judge::{Conversation, Losses};

/// The most that are followed beside one conversation. Whoever forges segments must make up so many at other places
/// between two segments of a connection to hide that the second continues the first.
const MOST: usize = 8;

/// How long a connection must have been silent to be over because another one has the same ends, or because it seems to
/// have ended in the middle of a message.
pub(super) const SILENCE: SignedDuration = SignedDuration::from_secs(60);

/// What may be other connections between the same ends, because their sequence numbers are far away. They may as well be
/// forged, so all are followed until the conversation beside them is silent.
#[derive(Default)]
pub(super) struct Rivals {
    /// The longest silent first.
    followed: Vec<Box<Followed>>,
    /// How many were given up, and segments and ends that belong to none.
    strays: u64,
    /// What was lost in those that were given up.
    losses: Losses,
}

impl Rivals {
    /// Takes in an event that does not belong to the conversation.
    pub(super) fn take(
        &mut self,
        event: &Event<'_>,
        time: Timestamp,
        interface: Option<&str>,
        settings: &Settings,
    ) {
        let mut rival = match self.place(event) {
            Some(place) => self.followed.remove(place),
            // What speaks of mining is not to be lost among what else is said.
            None if event.payload.is_empty() || !self.has_room() => {
                self.strays += 1;
                return;
            }
            None => Box::new(Followed::new(settings, time)),
        };
        rival.take_own(event, time, interface);
        let is_over = rival.has_ended(time) && !rival.is_suspicious();
        // A quotation that is given up is begun anew, without what told that it is one.
        if is_over || (rival.is_hopeless() && !rival.conversation.quotes()) {
            self.give_up(&rival);
        } else {
            self.followed.push(rival);
        }
    }

    /// Whether another one can be followed; gives up the longest silent for it, unless one speaks of mining.
    fn has_room(&mut self) -> bool {
        if self.followed.iter().any(|rival| rival.is_suspicious()) {
            return false;
        }
        if self.followed.len() >= MOST {
            let mut oldest = self.followed.remove(0);
            if oldest.speaks_in_the_end() {
                self.followed.push(oldest);
                return false;
            }
            self.give_up(&oldest);
        }
        true
    }

    /// Whether an event belongs to a direction of one of them that was heard.
    pub(super) fn go_on(&self, direction: Direction, sequence: u32) -> bool {
        self.followed.iter().any(|rival| rival.goes_on_at(direction, sequence))
    }

    /// The one to which an event belongs: if that direction of none was heard before, most likely the one of which most was
    /// heard. Whether an end belongs there nobody knows.
    fn place(&self, event: &Event<'_>) -> Option<usize> {
        let (direction, sequence) = (event.header.direction(), event.header.sequence());
        let known = self.followed.iter().position(|rival| rival.goes_on_at(direction, sequence));
        if known.is_some() || event.payload.is_empty() {
            return known;
        }
        let unheard = self.followed.iter().enumerate().filter(|(_, rival)| !rival.has_heard(direction));
        unheard.max_by_key(|(_, rival)| rival.conversation.bytes()).map(|(place, _)| place)
    }

    fn give_up(&mut self, rival: &Followed) {
        self.strays += 1 + rival.strays();
        self.losses += rival.conversation.losses();
    }

    /// There is no room for any but those that speak of mining, with all that they hold.
    pub(super) fn make_room(&mut self) {
        for mut rival in std::mem::take(&mut self.followed) {
            if rival.speaks_in_the_end() {
                self.followed.push(rival);
            } else {
                self.give_up(&rival);
            }
        }
    }

    /// Those that speak of mining in the end; the others are given up.
    pub(super) fn finish(&mut self) -> Vec<Box<Followed>> {
        self.make_room();
        std::mem::take(&mut self.followed)
    }

    /// Lets `act` on each of them.
    pub(super) fn each(&mut self, act: impl FnMut(&mut Conversation)) {
        self.followed.iter_mut().map(|rival| &mut rival.conversation).for_each(act);
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.followed.is_empty()
    }

    /// How many were given up, and segments and ends that belong to none.
    pub(super) const fn strays(&self) -> u64 {
        self.strays
    }

    /// What was lost in those that were given up.
    pub(super) const fn losses(&self) -> Losses {
        self.losses
    }

    /// Bytes held in memory, with what it takes to follow each.
    pub(super) fn buffered(&self) -> usize {
        self.followed.iter().map(|rival| size_of::<Followed>() + rival.buffered()).sum()
    }
}

impl Followed {
    /// Whether it speaks of mining with all that it holds. If not, it is not to be followed any more.
    fn speaks_in_the_end(&mut self) -> bool {
        if !self.is_suspicious() {
            self.conversation.relieve();
        }
        if !self.is_suspicious() {
            self.conversation.finish();
        }
        self.is_suspicious()
    }

    /// The connection that takes the place of this one, if this one is over or nothing more is to be learnt from it:
    /// rather one that speaks of mining, or else the last that was heard. The others go on beside it.
    pub(super) fn successor(&mut self, time: Timestamp) -> Option<Self> {
        let place = self.place_of_successor(time)?;
        let mut successor = *self.rivals.followed.remove(place);
        successor.rivals.followed = std::mem::take(&mut self.rivals.followed);
        successor.contested = true;
        successor.unwatched = self.unwatched;
        Some(successor)
    }

    fn place_of_successor(&self, time: Timestamp) -> Option<usize> {
        let yields = |rival: &Self| {
            time.duration_since(self.active.max(rival.since)) >= SILENCE
                || self.is_done()
                || self.has_ended(time)
                || (rival.is_suspicious() && (self.is_ended() || !self.is_suspicious()))
        };
        let rivals = &self.rivals.followed;
        let of_miner = rivals.iter().rposition(|rival| rival.is_suspicious() && yields(rival));
        of_miner.or_else(|| rivals.iter().rposition(|rival| yields(rival)))
    }

    /// Whether another connection is to take its place.
    pub(super) fn is_over(&self, time: Timestamp) -> bool {
        self.place_of_successor(time).is_some()
    }
}

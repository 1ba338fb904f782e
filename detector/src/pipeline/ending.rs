//! How conversations end other than by themselves.

use detector_common::flow::FlowKey;
use jiff::Timestamp;

use super::followed::Followed;
use super::{Feedback, Pipeline, Reaction};

impl Pipeline {
    /// There is no more to learn from a conversation.
    pub(super) fn dismiss(
        &mut self,
        key: FlowKey,
        followed: Followed,
        time: Timestamp,
        reaction: &mut Reaction,
    ) {
        let (contested, next) = (followed.is_contested(), followed.next());
        self.conclude(key, followed, reaction);
        if contested {
            // Somebody may have made up what was read: what comes next is looked at anew.
            reaction.feedback.push(Feedback::Forget(key));
        } else {
            self.dismissed.insert(key, next, time);
            reaction.feedback.push(Feedback::Dismiss(key));
        }
    }

    /// Gives up conversations if there are too many, and what they hold if it is too much.
    pub(super) fn make_room(&mut self, time: Timestamp, reaction: &mut Reaction) {
        while self.followed.len() > self.settings.conversations.max(1) {
            self.losses.conversations += 1;
            // A flood of what only looks like mining must not push out who mines.
            match self.room.oldest_unproven() {
                Some(key) => drop(self.give_up(&key, reaction)),
                None => drop(self.give_up_oldest(reaction)),
            }
        }
        // Those that hold little are not to suffer from those that hold much.
        while self.room.buffered() > self.settings.buffered_bytes
            && let Some(key) = self.room.largest()
        {
            self.relieve(&key, time, reaction);
        }
    }

    /// Gives up what a conversation holds: all of it, if nothing speaks for mining. Else what is
    /// held behind gaps is read, and it goes on.
    pub(super) fn relieve(&mut self, key: &FlowKey, time: Timestamp, reaction: &mut Reaction) {
        self.losses.buffers += 1;
        if self.followed.get(key).is_none_or(|followed| !followed.suspicious) {
            self.give_up(key, reaction);
        } else if let Some(mut followed) = self.take_out(key) {
            let before = followed.buffered();
            followed.relieve();
            if followed.buffered() > before / 2 {
                self.conclude(*key, followed, reaction);
                reaction.feedback.push(Feedback::Forget(*key));
            } else {
                self.judge(*key, followed, time, reaction);
            }
        }
    }

    pub(super) fn give_up_oldest(&mut self, reaction: &mut Reaction) -> bool {
        let oldest = self.followed.front().map(|(key, _)| *key);
        oldest.is_some_and(|key| self.give_up(&key, reaction))
    }

    pub(super) fn give_up(&mut self, key: &FlowKey, reaction: &mut Reaction) -> bool {
        let Some(followed) = self.take_out(key) else { return false };
        self.conclude(*key, followed, reaction);
        reaction.feedback.push(Feedback::Forget(*key));
        true
    }

    /// Reads what a conversation still holds, takes the last judgement, and counts what was lost.
    pub(super) fn conclude(&mut self, key: FlowKey, mut followed: Followed, reaction: &mut Reaction) {
        self.waiting.remove(&key);
        self.room.forget(&key);
        followed.finish();
        followed.observe(key, followed.active, &mut self.ledger, &mut reaction.records);
        self.ledger.paused(&key);
        let rivals = followed.rivals.finish();
        let losses = followed.losses();
        self.losses.gaps += losses.gaps;
        self.losses.overlong_lines += losses.overlong_lines;
        self.losses.messages += losses.messages;
        self.losses.strays += followed.strays();
        for rival in rivals {
            self.ledger.closed(&key);
            self.conclude(key, *rival, reaction);
        }
    }
}

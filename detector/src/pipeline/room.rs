use detector_common::flow::FlowKey;
use hashlink::{LinkedHashMap, LinkedHashSet};
use jiff::{SignedDuration, Timestamp};

/// By the number of binary digits of what is held.
const CLASSES: usize = usize::BITS as usize + 1;

/// How much the followed conversations hold, and which of them are the first to make room.
#[derive(Debug)]
pub(super) struct Room {
    buffered: usize,
    /// Those for which nothing speaks yet, the longest silent first.
    unproven: LinkedHashSet<FlowKey>,
    /// Those that hold anything, by how much, roughly: the unproven and the others.
    holding: [[LinkedHashSet<FlowKey>; CLASSES]; 2],
    /// Those that hold a message that is not complete, and how much of it; the longest first.
    unfinished: LinkedHashMap<FlowKey, Unfinished>,
}

/// What a conversation holds, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) bytes: usize,
    /// Those of them that are of messages that are not complete.
    pub(super) unfinished: usize,
}

#[derive(Debug)]
struct Unfinished {
    since: Timestamp,
    bytes: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            buffered: 0,
            unproven: LinkedHashSet::new(),
            holding: std::array::from_fn(|_| std::array::from_fn(|_| LinkedHashSet::new())),
            unfinished: LinkedHashMap::new(),
        }
    }
}

impl Room {
    /// Bytes that all hold together.
    pub(super) const fn buffered(&self) -> usize {
        self.buffered
    }

    /// A conversation was heard.
    pub(super) fn enter(&mut self, key: FlowKey, held: Held, suspicious: bool, time: Timestamp) {
        if !suspicious {
            self.unproven.insert(key);
        }
        self.hold(key, held, suspicious, time);
    }

    /// A conversation is looked at, or at its end.
    pub(super) fn leave(&mut self, key: &FlowKey, held: Held) {
        self.unproven.remove(key);
        self.let_go(key, held);
    }

    /// A conversation that was not heard holds something else than before.
    pub(super) fn change(
        &mut self,
        key: FlowKey,
        [before, held]: [Held; 2],
        suspicious: bool,
        time: Timestamp,
    ) {
        self.let_go(&key, before);
        self.hold(key, held, suspicious, time);
    }

    fn hold(&mut self, key: FlowKey, held: Held, suspicious: bool, time: Timestamp) {
        self.buffered += held.bytes;
        let classes = self.holding.get_mut(usize::from(suspicious));
        if let Some(class) = classes.and_then(|all| all.get_mut(class(held.bytes))).filter(|_| held.bytes > 0)
        {
            class.insert(key);
        }
        // What becomes less was completed, and something else was begun.
        let goes_on = self.unfinished.get(&key).is_some_and(|before| before.bytes <= held.unfinished);
        if held.unfinished == 0 {
            self.unfinished.remove(&key);
        } else if let Some(before) = self.unfinished.get_mut(&key).filter(|_| goes_on) {
            before.bytes = held.unfinished;
        } else {
            self.unfinished.insert(key, Unfinished { since: time, bytes: held.unfinished });
        }
    }

    fn let_go(&mut self, key: &FlowKey, held: Held) {
        self.buffered = self.buffered.saturating_sub(held.bytes);
        for class in self.holding.iter_mut().filter_map(|all| all.get_mut(class(held.bytes))) {
            class.remove(key);
        }
    }

    /// A conversation is at its end.
    pub(super) fn forget(&mut self, key: &FlowKey) {
        self.unfinished.remove(key);
    }

    /// The one for which nothing speaks and that is silent for longest.
    pub(super) fn oldest_unproven(&self) -> Option<FlowKey> {
        self.unproven.front().copied()
    }

    /// One of those that hold most, to within a factor of two; among them first those for which
    /// nothing speaks.
    pub(super) fn largest(&self) -> Option<FlowKey> {
        let [unproven, others] = &self.holding;
        let classes = unproven.iter().zip(others).rev();
        classes.flat_map(|(unproven, others)| [unproven, others]).find_map(|class| class.front().copied())
    }

    /// One that has not completed a message for so long.
    pub(super) fn unfinished_since(&mut self, time: Timestamp, patience: SignedDuration) -> Option<FlowKey> {
        let (_, unfinished) = self.unfinished.front()?;
        if time.duration_since(unfinished.since) < patience {
            return None;
        }
        self.unfinished.pop_front().map(|(key, _)| key)
    }
}

const fn class(held: usize) -> usize {
    (usize::BITS - held.leading_zeros()) as usize
}

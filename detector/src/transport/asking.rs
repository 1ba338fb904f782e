use std::collections::VecDeque;

use super::{Asked, What};

/// Requests that are remembered. Of more that wait for their answers it is only known how many they are.
const MAX_ASKED: usize = 64;

/// A request of which nothing is remembered: no other has its number.
const FORGOTTEN: Asked = Asked { what: What::Other, number: 0 };

/// The HTTP requests of one direction that were not answered yet, in their order, to know how each answer is built.
#[derive(Debug, Default)]
pub(super) struct Asking {
    asked: VecDeque<Asked>,
    /// How many came after those, and the last of them.
    more: u32,
    last: Option<Asked>,
}

impl Asking {
    pub(super) fn add(&mut self, asked: Asked) {
        if self.more == 0 && self.asked.len() < MAX_ASKED {
            self.asked.push_back(asked);
        } else {
            self.more = self.more.saturating_add(1);
            self.last = Some(asked);
        }
    }

    /// Those that turn out to come later.
    pub(super) fn append(&mut self, later: Self) {
        later.asked.into_iter().for_each(|asked| self.add(asked));
        self.more = self.more.saturating_add(later.more);
        self.last = later.last.or(self.last);
    }

    /// The request that is answered next.
    pub(super) fn first(&self) -> Option<Asked> {
        self.asked.front().copied()
    }

    /// The request that is answered now.
    pub(super) fn answered(&mut self) -> Option<Asked> {
        self.asked.pop_front().or_else(|| {
            self.more = self.more.checked_sub(1)?;
            self.last.filter(|_| self.more == 0).or(Some(FORGOTTEN))
        })
    }
}

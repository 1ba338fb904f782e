use std::cell::OnceCell;

use detector_common::flow::Direction;
use jiff::Timestamp;

use super::excerpt::Excerpt;
use super::scrub::{binary, scrub};
use crate::transport::Utterance;

/// Where something was said, from which an excerpt is made if it is needed.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    time: Timestamp,
    direction: Direction,
    said: Said<'a>,
    made: OnceCell<Excerpt>,
}

#[derive(Clone, Copy, Debug)]
enum Said<'a> {
    Utterance(Utterance<'a>),
    Datagram(&'a [u8]),
    /// What was said is not known any more.
    Forgotten,
}

impl<'a> Source<'a> {
    /// `said` is heard at `time`, from the sender of `direction`.
    pub(crate) const fn new(time: Timestamp, direction: Direction, said: Utterance<'a>) -> Self {
        Self { time, direction, said: Said::Utterance(said), made: OnceCell::new() }
    }

    /// A datagram of a binary protocol.
    pub(super) const fn datagram(time: Timestamp, direction: Direction, payload: &'a [u8]) -> Self {
        Self { time, direction, said: Said::Datagram(payload), made: OnceCell::new() }
    }

    /// What an excerpt was made of, or of what none was made.
    pub(crate) fn of(excerpt: Option<Excerpt>) -> Self {
        let (time, direction) = excerpt
            .as_ref()
            .map_or((Timestamp::UNIX_EPOCH, Direction::Up), |known| (known.time, known.direction));
        let made = excerpt.map_or_else(OnceCell::new, OnceCell::from);
        Self { time, direction, said: Said::Forgotten, made }
    }

    /// The excerpt, made at the first call.
    pub(crate) fn excerpt(&self) -> Option<Excerpt> {
        let (shown, length) = match self.said {
            _ if self.made.get().is_some() => return self.made.get().cloned(),
            Said::Utterance(said) => scrub(said),
            Said::Datagram(payload) => (binary(payload), payload.len()),
            Said::Forgotten => return None,
        };
        let make = || Excerpt::new(self.time, self.direction, length, &shown);
        Some(self.made.get_or_init(make).clone())
    }
}

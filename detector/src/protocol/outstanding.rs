use std::collections::VecDeque;

use detector_common::flow::Direction;
use jiff::{SignedDuration, Timestamp};

use super::message::{Id, Message};
use crate::judge::{Excerpt, Protocol};

/// Requests remembered of both sides together.
const MAX_OUTSTANDING: usize = 64;

/// Answers remembered that came before what they answer.
const MAX_EARLY: usize = 16;

/// For how long: a little longer than a missing segment is waited for.
const PATIENCE: SignedDuration = SignedDuration::from_secs(5);

/// What a request asked for, as far as it decides how the response is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Subscribe,
    Configure,
    /// To be let in.
    Admission(Protocol),
    Share(Protocol),
    Version,
    Other,
    /// Nothing of mining: no answer to it counts.
    Foreign,
}

/// What was made of an answer whose request was not seen before it.
#[derive(Clone, Debug)]
pub(crate) enum Early {
    /// Nothing: it waits to be read.
    Unread(Message, Option<Excerpt>),
    /// The share that it answers was counted with it.
    Counted,
}

/// Requests without a response yet, and responses without a request.
///
/// An answer is read before its question if a segment of the question came late, or another CPU was faster.
#[derive(Debug, Default)]
pub(crate) struct Outstanding {
    requests: VecDeque<(Direction, Id, Ask)>,
    /// By the direction of the answer, with the time until which its request may come.
    early: VecDeque<(Timestamp, Direction, Id, Early)>,
}

impl Outstanding {
    /// Remembers a request sent in `direction`; the oldest is forgotten when there are too many.
    pub(crate) fn add(&mut self, direction: Direction, id: Id, ask: Ask) {
        // Some clients use one id for each kind of request: only another kind supersedes.
        self.requests.retain(|(at, known, asked)| *at != direction || *known != id || *asked == ask);
        if self.requests.len() >= MAX_OUTSTANDING {
            self.requests.pop_front();
        }
        self.requests.push_back((direction, id, ask));
    }

    /// What the response with `id`, sent in `direction`, answers. The oldest request first.
    pub(crate) fn answered(&mut self, direction: Direction, id: &Id) -> Option<Ask> {
        let asker = direction.reverse();
        let place = self.requests.iter().position(|(at, known, _)| *at == asker && known == id)?;
        self.requests.remove(place).map(|(_, _, ask)| ask)
    }

    /// Whether a share with this id was handed in, in `direction`, and is not answered.
    pub(crate) fn awaits_share(&self, direction: Direction, id: &Id) -> bool {
        let share = |ask: &Ask| matches!(ask, Ask::Share(_));
        self.requests.iter().any(|(at, known, ask)| *at == direction && known == id && share(ask))
    }

    /// Remembers an answer, sent in `direction` at `now`, whose request may yet come.
    pub(crate) fn keep(&mut self, now: Timestamp, direction: Direction, id: Id, answer: Early) {
        if self.early.len() >= MAX_EARLY {
            self.early.pop_front();
        }
        self.early.push_back((now.saturating_add(PATIENCE).unwrap_or(now), direction, id, answer));
    }

    /// What was said before to a request with `id` that is heard only `now`, in `direction`. The oldest answer first.
    pub(crate) fn met(&mut self, now: Timestamp, direction: Direction, id: &Id) -> Option<Early> {
        self.early.retain(|(until, ..)| *until >= now);
        let answerer = direction.reverse();
        let place = self.early.iter().position(|(_, at, known, _)| *at == answerer && known == id)?;
        self.early.remove(place).map(|(.., answer)| answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_answers_the_oldest_request_of_the_other_side() {
        let mut outstanding = Outstanding::default();
        outstanding.add(Direction::Up, Id::Number(1), Ask::Version);
        outstanding.add(Direction::Up, Id::Number(1), Ask::Version);
        assert_eq!(outstanding.answered(Direction::Up, &Id::Number(1)), None);
        assert_eq!(outstanding.answered(Direction::Down, &Id::Number(1)), Some(Ask::Version));
        assert_eq!(outstanding.answered(Direction::Down, &Id::Number(1)), Some(Ask::Version));
        assert_eq!(outstanding.answered(Direction::Down, &Id::Number(1)), None);
    }

    #[test]
    fn an_early_answer_waits_a_while_for_its_request() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut outstanding = Outstanding::default();
        outstanding.keep(at(0), Direction::Down, Id::Number(1), Early::Counted);
        assert!(outstanding.met(at(1), Direction::Down, &Id::Number(1)).is_none(), "its own side's");
        assert!(outstanding.met(at(1), Direction::Up, &Id::Number(2)).is_none(), "another's");
        assert!(matches!(outstanding.met(at(5), Direction::Up, &Id::Number(1)), Some(Early::Counted)));
        assert!(outstanding.met(at(5), Direction::Up, &Id::Number(1)).is_none(), "it answers one");
        outstanding.keep(at(0), Direction::Down, Id::Number(1), Early::Counted);
        assert!(outstanding.met(at(6), Direction::Up, &Id::Number(1)).is_none(), "too late");
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut outstanding = Outstanding::default();
        for id in 0..10_000 {
            outstanding.add(Direction::Up, Id::Number(id), Ask::Other);
            outstanding.keep(Timestamp::UNIX_EPOCH, Direction::Up, Id::Number(id), Early::Counted);
        }
        assert_eq!(outstanding.early.len(), MAX_EARLY);
        assert_eq!(outstanding.requests.len(), MAX_OUTSTANDING);
        assert_eq!(outstanding.answered(Direction::Down, &Id::Number(9_999)), Some(Ask::Other));
        assert_eq!(outstanding.answered(Direction::Down, &Id::Number(0)), None);
    }
}

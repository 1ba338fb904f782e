use std::collections::VecDeque;

use detector_common::flow::Direction;

use super::message::Id;
use crate::judge::Protocol;

/// Requests remembered of both sides together.
const MAX_OUTSTANDING: usize = 64;

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

/// Requests without a response yet.
#[derive(Debug, Default)]
pub(crate) struct Outstanding {
    requests: VecDeque<(Direction, Id, Ask)>,
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
    fn the_memory_is_bounded() {
        let mut outstanding = Outstanding::default();
        for id in 0..10_000 {
            outstanding.add(Direction::Up, Id::Number(id), Ask::Other);
        }
        assert_eq!(outstanding.requests.len(), MAX_OUTSTANDING);
        assert_eq!(outstanding.answered(Direction::Down, &Id::Number(9_999)), Some(Ask::Other));
        assert_eq!(outstanding.answered(Direction::Down, &Id::Number(0)), None);
    }
}

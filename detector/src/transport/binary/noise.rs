use detector_common::flow::Direction;

use super::Variety;

/// What the sizes tell of a conversation of Stratum version 2 within Noise (sv2-spec, chapter 4: the pattern NX with
/// keys in the form `ElligatorSwift`). Both sides wait for one another up to the first job, so their turns have sizes
/// that nothing else has in this order; after that each message is a header of 22 bytes and a body with 16 more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoiseStep {
    /// The client's key: 64 bytes.
    ClientKey,
    /// The server's two keys and its certificate: 234 bytes.
    ServerKeys,
    /// As much as the fields of `SetupConnection` need.
    Setup,
    /// As `SetupConnection.Success`: 44 bytes.
    Success,
    /// As much as opens a channel.
    Open,
    /// As an opened channel and its first jobs.
    Opened,
    /// As a share.
    Share,
    /// As the answer to a share: 58 bytes.
    Answer,
}

/// The handshake in its order.
const HANDSHAKE: [NoiseStep; 4] =
    [NoiseStep::ClientKey, NoiseStep::ServerKeys, NoiseStep::Setup, NoiseStep::Success];

/// Sizes of the handshake.
const CLIENT_KEY: usize = 64;
const SERVER_KEYS: usize = 234;
const SETUP: std::ops::RangeInclusive<usize> = 55..=500;
const SUCCESS: usize = 44;

/// Sizes of messages: header and body with their authentication.
const OPEN: std::ops::RangeInclusive<usize> = 80..=336;
const OPENED: std::ops::RangeInclusive<usize> = 83..=85 + 32;
const JOBS: [usize; 4] = [74, 83, 86, 87];
const SHARE: usize = 62;
const EXTENDED_SHARE: std::ops::RangeInclusive<usize> = 64..=95;
const ANSWER: usize = 58;

/// Follows the turns of both sides.
#[derive(Debug, Default)]
pub(in crate::transport) struct Turns {
    place: Place,
    client: Option<Direction>,
    /// Who is speaking, how much was said in this turn, and which bytes.
    speaker: Option<Direction>,
    size: usize,
    variety: Variety,
    /// The size of the last share that the client may have sent in an extended channel.
    extended: usize,
    shared: bool,
    answered: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// The client's key is expected.
    #[default]
    ClientKey,
    ServerKeys,
    Setup,
    Success,
    Open,
    Opened,
    Mining,
    /// It is something else, or cannot be followed.
    Lost,
}

impl Turns {
    /// Takes what one side sent next; `None` stands for a gap. Gives what was said by whom, as far as it is certain now.
    /// Nothing is certain before the whole handshake.
    pub(in crate::transport) fn take(
        &mut self,
        direction: Direction,
        bytes: Option<&[u8]>,
        out: &mut dyn FnMut(Direction, NoiseStep),
    ) {
        let Some(bytes) = bytes else {
            if self.place != Place::Mining {
                self.place = Place::Lost;
            }
            return;
        };
        if self.place == Place::Lost || bytes.is_empty() {
            return;
        }
        let client = *self.client.get_or_insert(direction) == direction;
        if let Some(speaker) = self.speaker.filter(|&speaker| speaker != direction) {
            self.end_turn(speaker, out);
        }
        if self.place == Place::Mining {
            self.mining(direction, client, bytes.len(), out);
            return;
        }
        self.speaker = Some(direction);
        self.size += bytes.len();
        self.variety.add(bytes);
        if self.size > self.most() {
            self.place = Place::Lost;
        }
    }

    /// The most that may be said in this turn.
    const fn most(&self) -> usize {
        match self.place {
            Place::ClientKey => CLIENT_KEY,
            Place::ServerKeys => SERVER_KEYS,
            Place::Setup => *SETUP.end(),
            Place::Success => SUCCESS,
            Place::Open | Place::Opened | Place::Mining | Place::Lost => 16 * 1024,
        }
    }

    fn end_turn(&mut self, speaker: Direction, out: &mut dyn FnMut(Direction, NoiseStep)) {
        if self.place == Place::Mining {
            return;
        }
        let (size, variety) = (self.size, self.variety);
        self.size = 0;
        self.variety = Variety::default();
        let next = match self.place {
            Place::ClientKey if size == CLIENT_KEY => Place::ServerKeys,
            Place::ServerKeys if size == SERVER_KEYS => Place::Setup,
            Place::Setup if SETUP.contains(&size) => Place::Success,
            Place::Success if size == SUCCESS => Place::Open,
            Place::Open => {
                if OPEN.contains(&size) {
                    out(speaker, NoiseStep::Open);
                }
                Place::Opened
            }
            Place::Opened => {
                if is_opened(size) {
                    out(speaker, NoiseStep::Opened);
                }
                Place::Mining
            }
            _ => Place::Lost,
        };
        self.place = if variety.is_random(size) { next } else { Place::Lost };
        if self.place == Place::Open {
            let client = speaker.reverse();
            for (by, step) in [client, speaker].into_iter().cycle().zip(HANDSHAKE) {
                out(by, step);
            }
        }
    }

    /// From the first job on both sides speak when they like, and a message is a segment.
    fn mining(
        &mut self,
        by: Direction,
        client: bool,
        size: usize,
        out: &mut dyn FnMut(Direction, NoiseStep),
    ) {
        if client {
            // The size of a share in an extended channel is the same for as long as the channel lasts.
            let share = size == SHARE || (EXTENDED_SHARE.contains(&size) && size == self.extended);
            self.extended = size;
            if share && !self.shared {
                self.shared = true;
                out(by, NoiseStep::Share);
            }
        } else if size == ANSWER && self.shared && !self.answered {
            self.answered = true;
            out(by, NoiseStep::Answer);
        }
    }
}

/// Whether a turn is an opened channel with or without first jobs. Those of an extended channel have no certain size.
fn is_opened(size: usize) -> bool {
    OPENED.clone().any(|opened| {
        let Some(rest) = size.checked_sub(opened) else { return false };
        rest == 0
            || JOBS.contains(&rest)
            || JOBS.iter().any(|job| rest.checked_sub(*job).is_some_and(|rest| JOBS.contains(&rest)))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bytes that look random, and differ from call to call.
    fn random(size: usize, seed: usize) -> Vec<u8> {
        let mut state = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        };
        (0..100).for_each(|_| _ = next());
        (0..size).map(|_| next()).collect()
    }

    /// What turns of these sizes tell; the first is the client's, and each comes in pieces of at most `piece` bytes.
    fn told(sizes: &[usize], piece: usize) -> Vec<(Direction, NoiseStep)> {
        let mut turns = Turns::default();
        let mut told = Vec::new();
        for (turn, &size) in sizes.iter().enumerate() {
            let direction = if turn % 2 == 0 { Direction::Down } else { Direction::Up };
            for bytes in random(size, turn + 1).chunks(piece) {
                turns.take(direction, Some(bytes), &mut |by, step| told.push((by, step)));
            }
        }
        told
    }

    #[test]
    fn a_session_is_told_by_its_sizes() {
        use NoiseStep::{Answer, Open, Opened, Share};
        let by_turns = |steps: &[NoiseStep]| {
            let steps = [&HANDSHAKE, steps].concat();
            let miner = |step| matches!(step, NoiseStep::ClientKey | NoiseStep::Setup | Open | Share);
            let by = |step| if miner(step) { Direction::Down } else { Direction::Up };
            steps.into_iter().map(|step| (by(step), step)).collect::<Vec<_>>()
        };
        let session = [64, 234, 98, 44, 95, 83 + 8 + 83 + 86, 62, 58, 62, 58];
        assert_eq!(told(&session, 10_000), by_turns(&[Open, Opened, Share, Answer]));
        assert_eq!(told(&session[..7], 1), by_turns(&[Open, Opened]));
        let extended = [64, 234, 98, 44, 95, 900, 71, 58, 71, 58];
        assert_eq!(told(&extended, 10_000), by_turns(&[Open, Share, Answer]));
    }

    #[test]
    fn any_other_size_tells_nothing() {
        for session in [
            [64, 170, 98, 44, 95, 260],
            [32, 170, 98, 44, 95, 260],
            [64, 235, 98, 44, 95, 260],
            [63, 234, 98, 44, 95, 260],
            [64, 234, 54, 44, 95, 260],
            [64, 234, 98, 45, 95, 260],
            [64, 234, 98, 43, 95, 260],
        ] {
            assert_eq!(told(&session, 10_000), [], "{session:?}");
        }
    }

    #[test]
    fn what_is_not_random_is_no_noise() {
        let mut turns = Turns::default();
        let mut told = Vec::new();
        for (turn, size) in [64, 234, 98, 44, 95, 260].into_iter().enumerate() {
            let direction = if turn % 2 == 0 { Direction::Down } else { Direction::Up };
            let bytes: Vec<u8> = (0..size).map(|at| u8::try_from(at % 16).unwrap()).collect();
            turns.take(direction, Some(&bytes), &mut |by, step| told.push((by, step)));
        }
        assert_eq!(told, []);
    }

    #[test]
    fn a_gap_or_one_side_alone_tells_nothing() {
        let mut turns = Turns::default();
        let mut told = Vec::new();
        for size in [64, 98, 95, 62, 62] {
            turns.take(Direction::Up, Some(&random(size, size)), &mut |by, step| told.push((by, step)));
        }
        let mut turns = Turns::default();
        turns.take(Direction::Up, Some(&random(64, 1)), &mut |by, step| told.push((by, step)));
        turns.take(Direction::Down, None, &mut |by, step| told.push((by, step)));
        for (direction, size) in [(Direction::Down, 234), (Direction::Up, 98), (Direction::Down, 44)] {
            turns.take(direction, Some(&random(size, size)), &mut |by, step| told.push((by, step)));
        }
        turns.take(Direction::Up, Some(&random(95, 9)), &mut |by, step| told.push((by, step)));
        assert_eq!(told, []);
    }

    proptest! {
        /// Even those that open with a key of 64 bytes, as BIP 324 does.
        #[test]
        fn random_turns_tell_nothing(mut sizes in prop::collection::vec(1usize..400, 4..12)) {
            sizes[0] = 64;
            prop_assume!((sizes[1], sizes[3]) != (234, 44));
            prop_assert_eq!(told(&sizes, 10_000), []);
        }
    }
}

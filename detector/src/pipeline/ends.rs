use detector_common::flow::Direction;

use crate::stream::FAR;

/// How a connection seems to have ended. Whatever tells so may be made up, so what is said afterwards takes it back.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// The sequence numbers at which the directions ended.
    places: [Option<u32>; 2],
    /// A side of which something was heard has reset the connection.
    reset: bool,
    /// The same of a side of which nothing was heard: where its stream is, nobody knows.
    vague: bool,
}

impl Ends {
    /// The sender of `direction` has ended, at a place where it may have.
    pub(super) fn end(&mut self, direction: Direction, sequence: u32) {
        if let Some(place) = self.places.get_mut(direction as usize) {
            *place = Some(sequence);
        }
    }

    /// The sender of `direction` has reset the connection; `heard` if its stream is known.
    pub(super) fn reset(&mut self, direction: Direction, sequence: u32, heard: bool) {
        if heard {
            self.reset = true;
            self.end(direction, sequence);
        } else {
            self.vague = true;
        }
    }

    /// Something was said in `direction`, up to a sequence number: who sends more than there was to be has not ended.
    pub(super) fn goes_on(&mut self, direction: Direction, until: u32) {
        if let Some(place) = self.places.get_mut(direction as usize) {
            let fits = |end: &u32| end.wrapping_sub(until) <= FAR;
            self.reset &= place.as_ref().is_none_or(fits);
            *place = place.filter(fits);
        }
        self.vague = false;
    }

    /// Where the sender of `direction` has ended, if it has.
    pub(super) fn place(&self, direction: Direction) -> Option<u32> {
        self.places.get(direction as usize).copied().flatten()
    }

    /// Whether both sides, or a reset, have ended the connection, where the streams may end.
    pub(super) fn fit(&self) -> bool {
        self.reset || self.places.iter().all(Option::is_some)
    }

    /// Whether the connection seems to have ended.
    pub(super) fn are_seen(&self) -> bool {
        self.vague || self.fit()
    }
}

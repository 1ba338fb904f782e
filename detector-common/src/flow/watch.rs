use super::{Credit, Ticks};
use crate::settings::Settings;

/// A sequence number further away than this belongs to another connection of the same ends, or to
/// nobody.
const WINDOW: u32 = 1 << 20;

/// How many places far away are remembered of each direction.
const PLACES: usize = 4;

/// What is remembered of a flow under watch. The agent ends the watch by removing the entry.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// How much of it may still be copied, as far as it brings its direction on.
    pub credit: Credit,
    /// How much may still be copied of all else: repetitions, what comes late or from far away, and
    /// ends. If that took from the credit, repeating and forging would keep what is new from the
    /// agent.
    pub strays: Credit,
    /// How far each direction has come: the highest sequence number.
    reached: [u32; 2],
    /// Where the last segments ended that were far away, the latest first. What goes on there is
    /// another connection and no forgery, for who forges does not see the sequence numbers.
    elsewhere: [[u32; PLACES]; 2],
}

impl Watch {
    /// A new watch.
    #[must_use]
    #[inline(always)]
    pub const fn new(settings: &Settings, now: Ticks) -> Self {
        let full = Credit::full(settings.watch_burst, now);
        Self { credit: full, strays: full, reached: [0; 2], elsewhere: [[0; PLACES]; 2] }
    }

    /// The direction `side` has come to a sequence number.
    #[inline(always)]
    pub const fn begin(&mut self, side: usize, reached: u32) {
        #[expect(clippy::indexing_slicing, reason = "masked to the two directions")]
        {
            self.reached[side & 1] = reached;
        }
    }

    /// Takes note of a segment of the direction `side`, and gives the credit that pays for it.
    #[inline(always)]
    pub const fn pays(&mut self, side: usize, sequence: u32, length: u32) -> &mut Credit {
        let end = sequence.wrapping_add(length);
        #[expect(clippy::indexing_slicing, reason = "masked to the two directions")]
        let (reached, elsewhere) = (&mut self.reached[side & 1], &mut self.elsewhere[side & 1]);
        let ahead = end.wrapping_sub(*reached);
        if ahead.wrapping_neg() < WINDOW {
            return &mut self.strays;
        }
        if ahead <= WINDOW {
            *reached = end;
            return &mut self.credit;
        }
        let mut place = 0;
        while place < PLACES {
            #[expect(clippy::indexing_slicing, reason = "less than the length")]
            let ended = &mut elsewhere[place];
            if *ended == sequence {
                // What comes next where the direction was before goes on, too.
                *ended = *reached;
                *reached = end;
                return &mut self.credit;
            }
            place += 1;
        }
        elsewhere.rotate_right(1);
        elsewhere[0] = end;
        &mut self.strays
    }

    /// The credit that pays for an end of the direction `side` at a sequence number. Where the
    /// direction has come to, that is the first one as long as there is any: so neither ends that
    /// are forged nor bulk keep the real end from the agent.
    #[inline(always)]
    pub const fn pays_end(&mut self, side: usize, sequence: u32) -> &mut Credit {
        #[expect(clippy::indexing_slicing, reason = "masked to the two directions")]
        let is_reached = self.reached[side & 1] == sequence;
        if is_reached && self.credit.is_left() { &mut self.credit } else { &mut self.strays }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether each segment, by sequence number and length, brings its direction on.
    fn bring_on(segments: &[(u32, u32)]) -> std::vec::Vec<bool> {
        let mut watch = Watch::new(&Settings::DEFAULT, 0);
        let on = |(sequence, length): &(u32, u32)| {
            let before = watch.credit;
            watch.pays(1, *sequence, *length).take(1);
            watch.credit != before
        };
        segments.iter().map(on).collect()
    }

    #[test]
    fn what_is_new_brings_a_direction_on() {
        assert_eq!(bring_on(&[(100, 10), (110, 10), (115, 10), (140, 10)]), [true; 4]);
        assert_eq!(
            bring_on(&[(100, 10), (100, 10), (90, 20), (50, 10), (110, 1)]),
            [true, false, false, false, true]
        );
    }

    #[test]
    fn what_is_far_away_does_once_it_goes_on_there() {
        const FAR: u32 = 2_000_000_000;
        assert_eq!(bring_on(&[(FAR, 10), (FAR + 10, 10), (FAR + 20, 10)]), [false, true, true]);
        assert_eq!(
            bring_on(&[(100, 10), (FAR, 10), (110, 10), (FAR, 10), (120, 10)]),
            [true, false, true, false, true]
        );
    }

    #[test]
    fn it_does_between_others_that_are_far_away() {
        let mut segments = std::vec![(100, 10)];
        for round in 0..10 {
            segments.extend([1, 2, 3].map(|place| (place * 500_000_000 + round * 40_000_000, 10)));
            segments.push((4_000_000_000 + round * 10, 10));
        }
        let on = bring_on(&segments);
        assert_eq!(on.iter().filter(|on| **on).count(), 10, "the first, and what goes on");
        assert!(on[2 * PLACES]);
    }

    #[test]
    fn two_connections_in_turn_both_go_on() {
        const FAR: u32 = 2_000_000_000;
        let turns: std::vec::Vec<_> =
            (0..10).flat_map(|turn| [(100 + turn * 10, 10), (FAR + turn * 10, 10)]).collect();
        let stray = bring_on(&turns).iter().filter(|on| !**on).count();
        assert_eq!(stray, 1, "the first of the second");
    }

    #[test]
    fn sequence_numbers_wrap() {
        assert_eq!(
            bring_on(&[(u32::MAX - 19, 10), (u32::MAX - 9, 10), (0, 10), (10, 10)])[2..],
            [true, true]
        );
    }

    #[test]
    fn an_end_that_is_made_up_does_not_keep_the_real_one_away() {
        let mut watch = Watch::new(&Settings::DEFAULT, 0);
        watch.pays(0, 100, 10).take(10);
        watch.pays_end(0, 5).take(u32::MAX);
        assert!(watch.pays_end(0, 110).is_left());
        watch.credit.take(u32::MAX);
        let mut bulk = Watch { strays: Credit::full(1, 0), ..watch };
        assert!(bulk.pays_end(0, 110).is_left());
    }
}

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Separate spans that are kept apart.
const MAX_SPANS: usize = 16;

/// The time in which at least one flow of a case was observed.
///
/// What overlaps counts once, so that the shares of flows side by side add up, as those of several machines, and the
/// shares of flows one after the other do not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub(crate) struct Spans {
    /// Disjoint, the earliest first.
    open: Vec<(Timestamp, Timestamp)>,
    /// Seconds of spans that are no longer kept apart.
    settled: f64,
    /// Nothing before this counts any more.
    horizon: Option<Timestamp>,
}

impl Spans {
    /// Takes in a span; what of it is known adds nothing.
    pub(crate) fn add(&mut self, (from, until): (Timestamp, Timestamp)) {
        let mut from = self.horizon.map_or(from, |horizon| from.max(horizon));
        let mut until = until;
        if from >= until {
            return;
        }
        self.open.retain(|&(start, end)| {
            let apart = end < from || until < start;
            if !apart {
                from = from.min(start);
                until = until.max(end);
            }
            apart
        });
        let place = self.open.partition_point(|&(start, _)| start < from);
        self.open.insert(place, (from, until));
        if self.open.len() > MAX_SPANS {
            let oldest = self.open.remove(0);
            self.settled += seconds(oldest);
            self.horizon = Some(oldest.1);
        }
    }

    /// How long they are together.
    pub(crate) fn seconds(&self) -> f64 {
        self.settled + self.open.iter().copied().map(seconds).sum::<f64>()
    }
}

/// The same in milliseconds since the epoch, for the ledger on disk.
#[derive(Serialize, Deserialize)]
struct Kept {
    open: Vec<(i64, i64)>,
    settled: f64,
    horizon: Option<i64>,
}

impl From<Spans> for Kept {
    fn from(Spans { open, settled, horizon }: Spans) -> Self {
        let open = open.into_iter().map(|(from, until)| (from.as_millisecond(), until.as_millisecond()));
        Self { open: open.collect(), settled, horizon: horizon.map(Timestamp::as_millisecond) }
    }
}

impl From<Kept> for Spans {
    fn from(Kept { open, settled, horizon }: Kept) -> Self {
        let time = |milliseconds| Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH);
        let open = open.into_iter().map(|(from, until)| (time(from), time(until)));
        Self { open: open.collect(), settled, horizon: horizon.map(time) }
    }
}

fn seconds((from, until): (Timestamp, Timestamp)) -> f64 {
    until.duration_since(from).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn total(spans: impl IntoIterator<Item = (i64, i64)>) -> f64 {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut union = Spans::default();
        spans.into_iter().for_each(|(from, until)| union.add((at(from), at(until))));
        union.seconds()
    }

    #[test]
    fn what_overlaps_counts_once() {
        for (spans, expected) in [
            (vec![(0, 10), (20, 30)], 20.0),
            (vec![(0, 10), (5, 30)], 30.0),
            (vec![(20, 30), (0, 10), (5, 25)], 30.0),
            (vec![(0, 10), (0, 20), (0, 20)], 20.0),
            (vec![(5, 5)], 0.0),
            (vec![(5, 1)], 0.0),
        ] {
            assert!((total(spans.clone()) - expected).abs() < 1e-9, "{spans:?}");
        }
    }

    #[test]
    fn a_hundred_connections_one_after_the_other_are_added_up() {
        let sum = total((0..100).map(|number| (number * 10, number * 10 + 4)));
        assert!((sum - 400.0).abs() < 1e-9, "{sum}");
    }

    proptest! {
        #[test]
        fn it_is_the_measure_of_the_union(spans in prop::collection::vec((0i64..200, 0i64..200), 0..16)) {
            let covered = (0..200).filter(|second| spans.iter().any(|&(from, until)| (from..until).contains(second)));
            let covered = f64::from(u32::try_from(covered.count()).unwrap());
            prop_assert!((total(spans) - covered).abs() < 1e-9);
        }
    }
}

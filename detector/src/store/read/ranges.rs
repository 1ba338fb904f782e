//! Reading all cases on several threads: each has a range of their numbers, which are evenly spread, and a connection of its
//! own.

use std::ops::RangeInclusive;
use std::thread;

use super::{ReadError, Reader};

/// More threads than this gain little, and the machine has other things to do.
const THREADS: u64 = 4;

impl Reader {
    /// What is found in each range of case numbers; together they are all that there are.
    ///
    /// Each thread sees the ledger at a moment of its own. That makes no difference, since a case is in one range only.
    pub(super) fn by_ranges<T: Send>(
        &self,
        read: impl Fn(&Self, RangeInclusive<i64>) -> Result<T, ReadError> + Sync,
    ) -> Result<Vec<T>, ReadError> {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let mut ranges = split(u64::try_from(processors).unwrap_or(THREADS).min(THREADS)).into_iter();
        let Some(first) = ranges.next() else { return Ok(Vec::new()) };
        let (path, read) = (&self.path, &read);
        thread::scope(|scope| {
            let mut others = Vec::new();
            let mut left = vec![first];
            for range in ranges {
                let work = {
                    let range = range.clone();
                    move || Self::open(path).and_then(|reader| read(&reader, range))
                };
                // Where no more threads can be made, this one reads more.
                match thread::Builder::new().spawn_scoped(scope, work) {
                    Ok(other) => others.push(other),
                    Err(_) => left.push(range),
                }
            }
            let mut found = left.into_iter().map(|range| read(self, range)).collect::<Result<Vec<T>, _>>()?;
            for other in others {
                found.push(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            }
            Ok(found)
        })
    }
}

/// All numbers in so many ranges of about the same size, going up.
fn split(parts: u64) -> Vec<RangeInclusive<i64>> {
    let size = u64::MAX / parts.max(1);
    let start = |part: u64| i64::MIN.saturating_add_unsigned(part.saturating_mul(size));
    let end = |part: u64| if part == parts { i64::MAX } else { start(part) - 1 };
    (0..parts).map(|part| start(part)..=end(part + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_are_all_numbers_and_of_one_size() {
        for parts in 1..=THREADS {
            let ranges = split(parts);
            assert_eq!(u64::try_from(ranges.len()), Ok(parts));
            assert_eq!((ranges[0].start(), ranges[ranges.len() - 1].end()), (&i64::MIN, &i64::MAX));
            assert!(ranges.windows(2).all(|pair| pair[0].end() + 1 == *pair[1].start()), "{ranges:?}");
            let sizes = ranges.iter().map(|range| range.end().wrapping_sub(*range.start()).cast_unsigned());
            let (least, most) = (sizes.clone().min().unwrap(), sizes.max().unwrap());
            assert!(most - least <= 4, "{ranges:?}");
        }
    }
}

use crate::noise::Noise;

/// Numbers that look like chance and are the same in every run.
pub(crate) struct Dice(Noise);

impl Dice {
    pub(crate) const fn new() -> Self {
        Self(Noise::new(20_261_123))
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// From 0 to one less than `end`, which is above 0.
    pub(crate) fn below(&mut self, end: i64) -> i64 {
        i64::try_from(self.next() % end.unsigned_abs().max(1)).unwrap_or(0)
    }

    pub(crate) const fn percent(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    /// From 0.1 to 10, low numbers more often.
    pub(crate) fn factor(&mut self) -> f64 {
        let even = f64::from(u32::try_from(self.next() >> 32).unwrap_or(0)) / f64::from(u32::MAX);
        10_f64.powf(even.mul_add(2.0, -1.0))
    }

    /// From 0 to one less than `end`; a few of them most of the time.
    pub(crate) fn skewed(&mut self, end: u32) -> u32 {
        let even = f64::from(u32::try_from(self.next() >> 32).unwrap_or(0)) / (f64::from(u32::MAX) + 1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below `end`")]
        let number = (f64::from(end) * even.powi(4)) as u32;
        number
    }

    /// One of them.
    #[expect(clippy::indexing_slicing, reason = "the remainder is below the length")]
    pub(crate) fn of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[usize::try_from(self.next() % things.len() as u64).unwrap_or(0)]
    }
}

//! How long is too long, on a machine that may be emulated.

use std::time::Duration;

/// Set to a whole number by whoever runs the tests on a machine that is so many times slower.
const VARIABLE: &str = "FIREDAMP_PATIENCE";

/// The time that something may take here, `usual` being what it may take on a real machine.
#[must_use]
pub fn patience(usual: Duration) -> Duration {
    usual * factor(std::env::var(VARIABLE).ok().as_deref())
}

fn factor(text: Option<&str>) -> u32 {
    text.and_then(|text| text.parse().ok()).filter(|factor| *factor > 0).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_asks_for_patience() {
        assert_eq!([Some("30"), Some("0"), Some("much"), None].map(factor), [30, 1, 1, 1]);
    }
}

//! Numbers and names as people read them.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::figures::Energy;
use crate::legible::thousands;

#[expect(clippy::cast_precision_loss, reason = "a share or a length on paper needs few digits")]
pub(super) const fn float(number: u64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast keeps to the limits of u64"
)]
const fn whole(number: f64) -> u64 {
    number.round() as u64
}

/// A part of a whole in percent.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let share = 100.0 * float(part) / float(whole);
    if part > 0 && share < 0.1 { "<0.1%".to_owned() } else { format!("{share:.1}%") }
}

/// How a number changed: with its sign, and in percent if that says something.
pub(super) fn change(now: f64, before: f64) -> String {
    let difference = now - before;
    let sign = if difference < 0.0 { '\u{2212}' } else { '+' };
    let size = amount(difference.abs());
    if size == "0" {
        return "\u{b1}0".to_owned();
    }
    if before > 0.0 && difference.abs() / before < 10.0 {
        format!("{sign}{size} ({sign}{:.1}%)", 100.0 * difference.abs() / before)
    } else {
        format!("{sign}{size}")
    }
}

/// A number of which a few digits count: whole from a hundred on.
pub(super) fn amount(number: f64) -> String {
    if number >= 100.0 || number.fract() == 0.0 {
        return thousands(whole(number));
    }
    let text = if number >= 1.0 { format!("{number:.1}") } else { format!("{number:.3}") };
    if text.bytes().all(|it| matches!(it, b'0' | b'.')) { "0".to_owned() } else { text }
}

/// Kilowatt-hours; a dash where nothing is known.
pub(super) fn kwh(energy: &Energy) -> String {
    if energy.cases == 0 { "-".to_owned() } else { amount(energy.kwh) }
}

/// The least and the most that they may be.
pub(super) fn kwh_range(energy: &Energy) -> Option<(String, String)> {
    (energy.cases > 0).then(|| (amount(energy.kwh_low), amount(energy.kwh_high)))
}

/// A count in little room: two digits and a prefix.
pub(super) fn compact(number: u64) -> String {
    let whole = float(number);
    let (size, prefix) = match whole {
        _ if number < 1000 => return number.to_string(),
        _ if whole < 999.5e3 => (1e3, "k"),
        _ if whole < 999.5e6 => (1e6, "M"),
        _ if whole < 999.5e9 => (1e9, "G"),
        _ => return format!("{whole:.0e}"),
    };
    let number = whole / size;
    if number < 9.95 { format!("{number:.1}{prefix}") } else { format!("{number:.0}{prefix}") }
}

/// Four digits count in an estimate: more would be noise.
pub(super) fn significant(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

/// At most so many columns wide; letters of Chinese take two.
pub(super) fn shortened(name: &str, columns: usize) -> Cow<'_, str> {
    if name.width() <= columns {
        return Cow::Borrowed(name);
    }
    let mut room = columns.saturating_sub(1);
    let kept: String = name
        .chars()
        .take_while(|letter| {
            let width = letter.width().unwrap_or(0);
            let fits = width <= room;
            room = room.saturating_sub(width);
            fits
        })
        .collect();
    Cow::Owned(format!("{kept}\u{2026}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_a_sign_and_a_share_only_if_there_was_something() {
        assert_eq!(change(110.0, 100.0), "+10 (+10.0%)");
        assert_eq!(change(90.0, 100.0), "\u{2212}10 (\u{2212}10.0%)");
        assert_eq!(change(100.0, 100.0), "\u{b1}0");
        assert_eq!(change(5.0, 0.0), "+5");
        assert_eq!(change(500.0, 1.0), "+499");
    }

    #[test]
    fn counts_in_little_room_have_two_digits() {
        for (number, text) in
            [(999, "999"), (1000, "1.0k"), (9_960, "10k"), (94_049, "94k"), (1_569_014, "1.6M")]
        {
            assert_eq!(compact(number), text);
        }
    }

    #[test]
    fn shares_too_small_to_show_are_not_shown_as_none() {
        assert_eq!(percent(1, 100_000), "<0.1%");
        assert_eq!(percent(0, 100_000), "0.0%");
        assert_eq!(percent(0, 0), "-");
    }

    #[test]
    fn names_are_cut_by_the_columns_they_take() {
        assert_eq!(shortened("abcdef", 6), "abcdef");
        assert_eq!(shortened("abcdefg", 6), "abcde…");
        assert_eq!(shortened("济南山东省", 6), "济南…");
    }
}

//! The forms that values have on the wire.

use serde_json::Value;

/// Characters kept of any value that is reported.
const MAX_TEXT: usize = 256;

/// A text fit for a record: no control characters, bounded. `None` if nothing is left.
pub(super) fn clean(text: &str) -> Option<String> {
    let clean: String = text.chars().filter(|letter| !letter.is_control()).take(MAX_TEXT).collect();
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.to_owned())
}

/// Hexadecimal digits and nothing else, at least one.
pub(super) fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A text of exactly `digits` hexadecimal digits.
pub(super) fn hex(value: Option<&Value>, digits: usize) -> bool {
    value.and_then(Value::as_str).is_some_and(|text| text.len() == digits && is_hex(text))
}

/// The digits after `0x`.
pub(super) fn prefixed(value: Option<&Value>) -> Option<&str> {
    value?.as_str()?.strip_prefix("0x").filter(|digits| is_hex(digits))
}

/// A text of `0x` and exactly `digits` hexadecimal digits.
pub(super) fn prefixed_hex(value: Option<&Value>, digits: usize) -> bool {
    prefixed(value).is_some_and(|text| text.len() == digits)
}

pub(super) fn text(value: Option<&Value>) -> Option<&str> {
    value?.as_str()
}

/// A number, also when sent as decimal text.
pub(super) fn number(value: Option<&Value>) -> Option<f64> {
    let value = value?;
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
    (number.is_finite() && number > 0.0).then_some(number)
}

/// Difficulty of a 256-bit target in hexadecimal digits: the hashes one share takes on average.
pub(super) fn difficulty_of_target(digits: &str) -> Option<f64> {
    if digits.len() > 64 {
        return None;
    }
    let target =
        digits.chars().try_fold(0.0, |sum, digit| Some(sum * 16.0 + f64::from(digit.to_digit(16)?)))?;
    (target > 0.0).then(|| (2f64.powi(256) / target).round())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_bounded_and_stripped() {
        assert_eq!(clean("a\u{1b}[31m\nb").as_deref(), Some("a[31mb"));
        assert_eq!(clean(&"ä".repeat(1000)).unwrap().chars().count(), 256);
        assert_eq!(clean(" \u{7}\n"), None);
    }

    #[test]
    fn target_of_one_bit_less_doubles_the_difficulty() {
        assert_eq!(difficulty_of_target(&format!("8{}", "0".repeat(63))), Some(2.0));
        assert_eq!(difficulty_of_target("0000"), None);
        assert_eq!(difficulty_of_target(&"f".repeat(65)), None);
    }
}

//! Numbers and foreign text as people read them, in tables, reports and explanations.

use std::borrow::Cow;

/// With commas between thousands.
#[must_use]
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three significant digits with a prefix of the SI before the unit; small whole numbers as they are.
#[must_use]
pub fn scaled(value: f64, unit: &str) -> String {
    const PREFIXES: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];
    let mut value = value;
    let mut prefixes = PREFIXES.iter();
    let mut prefix = prefixes.next().unwrap_or(&"");
    while value.abs() >= 999.5
        && let Some(next) = prefixes.next()
    {
        value /= 1000.0;
        prefix = next;
    }
    let digits = if value.abs() >= 99.95 || (value.fract() == 0.0 && prefix.is_empty()) {
        0
    } else if value.abs() >= 9.995 {
        1
    } else {
        2
    };
    format!("{value:.digits$} {prefix}{unit}")
}

/// A hash rate in the unit that its algorithm is counted in: `hashes/s` if none is named, `solutions/s` or `graphs/s`.
#[must_use]
pub fn hash_rate(value: f64, unit: Option<&str>) -> String {
    match unit {
        Some("solutions/s") => scaled(value, "Sol/s"),
        // `G/s` would look like a prefix.
        Some("graphs/s") => scaled(value, "graph/s"),
        _ => scaled(value, "H/s"),
    }
}

/// Text that somebody else wrote: what steers a terminal, turns the direction of writing or cannot be seen is shown by its
/// code.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    let hides = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    if !text.contains(hides) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().fold(String::with_capacity(text.len()), |mut shown, letter| {
        if hides(letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
        shown
    }))
}

/// Text for a field of comma-separated values. Spreadsheets compute what begins like a formula, also in letters of full width,
/// so an apostrophe is put before text that does. Numbers stay as they are.
#[must_use]
pub fn no_formula(text: String) -> String {
    const BEGINS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
    let is_formula = text.starts_with(BEGINS) && text.parse::<f64>().is_err();
    if is_formula { format!("'{text}") } else { text }
}

/// A name or path as a word of a command: quoted where a shell would take it for more than one, or for something else.
pub(crate) fn word(text: impl std::fmt::Display) -> String {
    let text = text.to_string();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_./+-:@%,=".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_told_from_numbers() {
        for (text, told) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("－1＋1", "'－1＋1"),
            ("\tx", "'\tx"),
            ("-12.5", "-12.5"),
            ("", ""),
            ("+8", "+8"),
            ("a=b", "a=b"),
        ] {
            assert_eq!(no_formula(text.to_owned()), told);
        }
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (109_000, "109,000"), (1_234_567, "1,234,567")]
        {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn rates_have_three_digits_and_a_prefix() {
        for (value, text) in [
            (0.0, "0 H/s"),
            (0.123_4, "0.12 H/s"),
            (12.0, "12 H/s"),
            (999.4, "999 H/s"),
            (999.9, "1.00 kH/s"),
            (4_100.0, "4.10 kH/s"),
            (41_000.0, "41.0 kH/s"),
            (640_200.0, "640 kH/s"),
            (95_120_000_000_000.0, "95.1 TH/s"),
            (10_300_000_000_000_000.0, "10.3 PH/s"),
            (3e24, "3000000 EH/s"),
        ] {
            assert_eq!(hash_rate(value, None), text);
        }
        assert_eq!(hash_rate(12.0, Some("hashes/s")), "12 H/s");
        assert_eq!(hash_rate(1500.0, Some("solutions/s")), "1.50 kSol/s");
        assert_eq!(hash_rate(2.5, Some("graphs/s")), "2.50 graph/s");
    }

    #[test]
    fn foreign_text_can_neither_steer_a_terminal_nor_hide_nor_turn_what_follows() {
        assert_eq!(visible("pool\u{202e}gro.\u{1b}[2J\n"), "pool\\u{202e}gro.\\u{1b}[2J\\u{a}");
        assert_eq!(visible("rig\u{9b}7\u{ad}x"), "rig\\u{9b}7\\u{ad}x");
        assert_eq!(visible("矿池.example"), "矿池.example");
    }
}

//! JSON that other readers take, and `serde_json` does not.

use serde::de::IgnoredAny;
use serde_json::Number;

/// Levels of objects and arrays that `serde_json` reads.
const MAX_DEPTH: u32 = 127;

/// Digits of the longest number without an exponent that is in the range of a `f64`.
const MAX_DIGITS: usize = 308;

/// What `parse` makes of a text or, if that is nothing, of what lenient readers take the text for.
pub(super) fn read<T>(text: &[u8], parse: impl Fn(&str) -> Option<T>) -> Option<T> {
    let text = String::from_utf8_lossy(text);
    parse(&text).or_else(|| parse(&mend(&text)?))
}

/// Makes JSON of what lenient readers take for it: a control character becomes a blank, an escape for one half of a
/// surrogate pair without the other becomes the replacement character, a number out of range becomes 0, and what is nested
/// too deeply becomes null. `None` if there is nothing to mend.
fn mend(text: &str) -> Option<String> {
    let mut mender = Mender { mended: String::with_capacity(text.len()), depth: 0, deep: 0 };
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '"' => mender.string(rest),
            '{' | '[' => mender.open(rest),
            '}' | ']' => mender.close(rest),
            '-' | '0'..='9' | 'A'..='Z' | 'a'..='z' => mender.word(rest),
            _ if first.is_ascii_control() => mender.put(rest, 1, Some(" ")),
            _ => mender.put(rest, first.len_utf8(), None),
        };
    }
    (mender.mended != text).then_some(mender.mended)
}

/// Each method takes what its name says from the front of a text and gives the rest.
struct Mender {
    mended: String,
    depth: u32,
    /// Where what is nested too deeply begins, while it goes on.
    deep: usize,
}

impl Mender {
    /// Takes so many bytes, and keeps them or what they are replaced by.
    fn put<'a>(&mut self, text: &'a str, length: usize, instead: Option<&str>) -> &'a str {
        let (head, rest) = text.split_at_checked(length).unwrap_or((text, ""));
        self.mended.push_str(instead.unwrap_or(head));
        rest
    }

    fn open<'a>(&mut self, text: &'a str) -> &'a str {
        self.depth += 1;
        if self.depth == MAX_DEPTH + 1 {
            self.deep = self.mended.len();
        }
        self.put(text, 1, None)
    }

    fn close<'a>(&mut self, text: &'a str) -> &'a str {
        let rest = self.put(text, 1, None);
        if self.depth == MAX_DEPTH + 1 {
            self.mended.truncate(self.deep);
            self.mended.push_str("null");
        }
        self.depth = self.depth.saturating_sub(1);
        rest
    }

    fn word<'a>(&mut self, text: &'a str) -> &'a str {
        let is_of_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let length = text.find(|c| !is_of_word(c)).unwrap_or(text.len());
        let word = text.get(..length).unwrap_or(text);
        self.put(text, length, is_out_of_range(word).then_some("0"))
    }

    fn string<'a>(&mut self, text: &'a str) -> &'a str {
        let mut rest = self.put(text, 1, None);
        while let Some(at) = rest.find(|c: char| matches!(c, '\\' | '"') || c.is_ascii_control()) {
            let tail = self.put(rest, at, None);
            rest = match (surrogate(tail), tail.get(6..).and_then(surrogate)) {
                (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => self.put(tail, 12, None),
                (Some(_), _) => self.put(tail, 6, Some("\\ufffd")),
                (None, _) if tail.starts_with('"') => return self.put(tail, 1, None),
                (None, _) if tail.starts_with('\\') => {
                    self.put(tail, 1 + tail.chars().nth(1).map_or(0, char::len_utf8), None)
                }
                (None, _) => self.put(tail, 1, Some(" ")),
            };
        }
        self.put(rest, rest.len(), None)
    }
}

/// Whether a word is a number, in the grammar of JSON, that is no finite `f64`, or what some readers take for one.
fn is_out_of_range(word: &str) -> bool {
    let number = || {
        word.starts_with(|c: char| c == '-' || c.is_ascii_digit())
            && serde_json::from_str::<IgnoredAny>(word).is_ok()
    };
    let large = word.len() > MAX_DIGITS || word.contains(['e', 'E']);
    matches!(word, "NaN" | "Infinity" | "-Infinity")
        || large && number() && serde_json::from_str::<Number>(word).is_err()
}

/// The half of a surrogate pair whose escape `text` begins with.
fn surrogate(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let code = u16::from_str_radix(digits, 16).ok()?;
    (0xd800..=0xdfff).contains(&code).then_some(code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::protocol::message::Message;

    fn value(text: &str) -> Option<Value> {
        read(text.as_bytes(), |text| serde_json::from_str(text).ok())
    }

    fn nested(levels: usize, inner: &str) -> String {
        format!("{}{inner}{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn what_lenient_readers_take_is_read() {
        for odd in [r"\ud800", r"\ude00", r"\ud83d\ud83d\ude00", "\t", r"\\\ud800", r"\udfff\n"] {
            let line = format!("{{\"method\":\"login\",\"params\":{{\"rigid\":\"a{odd}b\"}}}}");
            let messages = Message::read(line.as_bytes()).unwrap_or_default();
            assert_eq!(messages.len(), 1, "{line}");
            assert_eq!(messages[0].method(), Some("login"));
        }
        assert_eq!(mend(r#"{"a":"\ud83d\ude00 \\ud800 \n"}"#), None, "nothing is wrong with it");
        assert!(Message::read(b"{\"method\":\tnonsense}").is_none());
    }

    #[test]
    fn a_number_out_of_range_hides_no_message() {
        let many = "9".repeat(400);
        for odd in ["1e999", "-1E+999", "1.5e400", &many, &format!("-{many}.5"), "NaN", "Infinity"] {
            let line = format!(r#"{{"n":{odd},"id":1,"method":"login","params":[{odd},"1e999",0.5]}}"#);
            let messages = Message::read(line.as_bytes()).unwrap_or_default();
            assert_eq!(messages.len(), 1, "{odd}");
            let [zero, text, half] = messages[0].list() else { panic!("{odd}") };
            assert_eq!((zero, text, half), (&Value::from(0), &Value::from("1e999"), &Value::from(0.5)));
        }
        for none in ["01e999", "1e", "1e99e9", "e999", "1e999x", "- 1e999"] {
            assert_eq!(value(&format!("[{none}]")), None, "{none}");
        }
    }

    #[test]
    fn deep_nesting_hides_no_message() {
        for levels in [1, 120, 125, 126, 127, 128, 200, 20_000] {
            let line = format!(
                r#"{{"foo":{},"id":1,"method":"login","params":{{"a":{}}}}}"#,
                nested(levels, r#""]}\"[""#),
                nested(levels, "1e999"),
            );
            let messages = Message::read(line.as_bytes()).unwrap_or_default();
            assert_eq!(messages.len(), 1, "{levels}");
            assert_eq!(messages[0].method(), Some("login"));
            assert!(messages[0].named().is_some_and(|params| params.contains_key("a")));
        }
        assert_eq!(value(&"[".repeat(20_000)), None);
        assert_eq!(value(&"]".repeat(20_000)), None);
    }

    #[test]
    fn as_many_levels_are_kept_as_the_parser_reads() {
        let kept = |levels| serde_json::from_str::<Value>(&nested(levels, "1")).is_ok();
        let most = MAX_DEPTH as usize;
        assert!(kept(most) && !kept(most + 1));
        let (inner, at_last) = (nested(most, "null"), nested(most + 1, "7"));
        assert_eq!(mend(&at_last), Some(inner));
    }

    proptest! {
        #[test]
        fn what_needs_no_mending_stays_as_it_is(
            text in prop::collection::vec(
                prop_oneof![
                    Just("{".to_owned()), Just("}".to_owned()), Just("[".to_owned()), Just("]".to_owned()),
                    Just(",".to_owned()), Just(r#""a":"#.to_owned()), Just(r#""\ud83d\ude00\"{""#.to_owned()),
                    Just(" ".to_owned()), "null|true|false", "-?[1-9][0-9]{0,330}", "[0-9]\\.?[0-9]e[0-9]{1,3}",
                    Just("1.7976931348623157e308".to_owned()), Just("1.7976931348623159e308".to_owned()),
                ],
                1..6,
            ),
            levels in 0_usize..140,
        ) {
            let text = nested(levels, &text.concat());
            if serde_json::from_str::<Value>(&text).is_ok() {
                prop_assert_eq!(mend(&text), None);
            }
        }

        #[test]
        fn numbers_and_nesting_never_make_a_text_unreadable(
            number in "-?(0|[1-9][0-9]{0,400})(\\.[0-9]{1,9})?([eE][-+]?[0-9]{1,12})?",
            levels in 0_usize..300,
        ) {
            prop_assert!(value(&nested(levels, &number)).is_some());
        }

        #[test]
        fn any_text_is_mended_without_a_panic(text in "[\\[\\]{}\",:\\\\ud8c0-9eE\\-+.\u{0}-\u{1f} é𝄞]{0,200}") {
            let again = mend(&text).unwrap_or_default();
            prop_assert!(again.len() <= 6 * text.len());
        }
    }
}

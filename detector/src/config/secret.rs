use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Keys of which nobody is to see the value in a log, with all that is below them.
const KEYS: [&str; 3] = ["salt", "headers", "url"];

/// Words of lines that are not shown either: what cannot be parsed has no keys.
const WORDS: [&str; 8] =
    ["salt", "headers", "authorization", "bearer", "token", "secret", "password", "cookie"];

/// Keys that hold the name of a file.
const FILES: [&str; 2] = ["salt-file", "bearer-file"];

/// Where values stand that nobody is to see.
pub(super) fn spans(table: &DeTable<'_>) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    collect(table, false, &mut spans);
    spans
}

fn collect(table: &DeTable<'_>, secret: bool, spans: &mut Vec<Range<usize>>) {
    for (key, value) in table {
        value_of(value, secret || KEYS.contains(&key.get_ref().as_ref()), spans);
    }
}

fn value_of(value: &Spanned<DeValue<'_>>, secret: bool, spans: &mut Vec<Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => collect(table, secret, spans),
        DeValue::Array(list) => list.iter().for_each(|value| value_of(value, secret, spans)),
        _ if secret => spans.push(value.span()),
        _ => {}
    }
}

/// Whether nobody is to see this line, which begins at a byte of the text.
pub(super) fn hides(line: &str, start: usize, spans: &[Range<usize>]) -> bool {
    let end = start + line.len();
    let mut words = line.to_ascii_lowercase();
    for file in FILES {
        words = words.replace(file, "");
    }
    spans.iter().any(|span| span.start <= end && start < span.end)
        || WORDS.iter().any(|word| words.contains(word))
}

/// What serde says is wrong, without the value of which it says so.
pub(super) fn discreet(message: &str) -> String {
    for wrong in ["invalid type", "invalid value"] {
        if let Some((before, rest)) = message.split_once(&format!("{wrong}: "))
            && let Some((_, expected)) = rest.rsplit_once(", expected ")
        {
            return format!("{before}{wrong}, expected {expected}");
        }
    }
    message.to_owned()
}

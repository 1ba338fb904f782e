use std::fmt;
use std::path::Path;
use std::sync::Arc;

use regex_automata::meta;
use regex_syntax::hir::Hir;
use serde::Serialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::token::{self, Reading};
use crate::problem::{Place, Problem, nearest};

/// The most weight a signature may have: enough to make an unlikely flow a likely miner, and less than
/// a whole conversation brings.
pub const HEAVIEST: f64 = 20.0;

/// The most guards of each sort that a signature may have.
const MOST_GUARDS: usize = 16;

/// One token of a protocol.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Its unique name.
    pub name: String,
    /// The protocol it speaks for, by its name in records.
    pub protocol: String,
    /// Who says it.
    pub side: SaidBy,
    /// The regular expression as it is written in the file.
    pub token: String,
    /// What it weighs in a judgement, 0 to [`HEAVIEST`], in the judge's unit. With 0 it only singles out
    /// the flow.
    pub weight: f64,
    /// Ticker symbol of the coin that is mined where it is said.
    pub coin: Option<String>,
    /// Where it stands.
    pub place: Place,
    /// None of these may be in a message that counts.
    pub(super) unless: Vec<Guard>,
    /// All of these must be in a message that counts.
    pub(super) with: Vec<Guard>,
    pub(super) reading: Reading,
    pub(super) hir: Hir,
}

/// A regular expression that tells a message from its look-alikes.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    pub(super) pattern: String,
    pub(super) regex: meta::Regex,
}

impl Signature {
    /// Whether both would be found in the same places, say the same and weigh the same.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        (&self.name, &self.protocol, self.side, &self.token, self.reading, &self.coin)
            == (&other.name, &other.protocol, other.side, &other.token, other.reading, &other.coin)
            && self.weight.to_bits() == other.weight.to_bits()
            && self.unless().eq(other.unless())
            && self.with().eq(other.with())
    }

    /// Whether ASCII letters match in either case.
    #[must_use]
    pub const fn ignores_case(&self) -> bool {
        self.reading.any_case
    }

    /// Whether white space may stand where JSON allows it.
    #[must_use]
    pub const fn ignores_spaces(&self) -> bool {
        self.reading.any_spaces
    }

    /// Regular expressions of which none may be in a message that counts.
    pub fn unless(&self) -> impl Iterator<Item = &str> {
        self.unless.iter().map(|guard| guard.pattern.as_str())
    }

    /// Regular expressions that must all be in a message that counts.
    pub fn with(&self) -> impl Iterator<Item = &str> {
        self.with.iter().map(|guard| guard.pattern.as_str())
    }

    /// Whether the guards let a message count in which the token stands.
    pub(super) fn guards_hold(&self, message: &[u8]) -> bool {
        self.with.iter().all(|guard| guard.regex.is_match(message))
            && !self.unless.iter().any(|guard| guard.regex.is_match(message))
    }

    /// Whether anything but the token decides whether a message counts.
    pub(super) fn is_guarded(&self) -> bool {
        !self.with.is_empty() || !self.unless.is_empty()
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.side {
            SaidBy::Miner => "the miner",
            SaidBy::Pool => "the pool",
            SaidBy::Either => "either side",
        };
        write!(f, "token {} of {}, said by {by}", self.name, self.protocol)
    }
}

/// Who says a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SaidBy {
    /// The miner.
    Miner,
    /// The pool.
    Pool,
    /// Both.
    Either,
}

impl SaidBy {
    /// The word for it in signature files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Miner => "miner",
            Self::Pool => "pool",
            Self::Either => "either",
        }
    }
}

/// Reads one signature file, as far as it is in order; what is not goes to `problems`.
pub(super) fn parse(file: &Path, text: &str, problems: &mut Vec<Problem>) -> Vec<Signature> {
    let file: Arc<Path> = file.into();
    let place = |byte| Place::of(&file, text, byte);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        problems.push(place(error.span().unwrap_or_default().start).problem(error.message()));
    }
    let mut list = Vec::new();
    for (key, value) in document.get_ref() {
        let at = place(key.span().start);
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("signature", DeValue::Array(entries)) => {
                for entry in entries {
                    let mut entry =
                        Entry { file: &file, text, span: entry.span().start, value: entry, problems };
                    list.extend(entry.signature());
                }
            }
            ("signature", _) => problems.push(at.problem("signature is a list: write [[signature]]")),
            (other, _) => {
                problems
                    .push(at.problem(format!("unknown key \"{other}\"; a file has [[signature]] tables")));
            }
        }
    }
    list.sort_by_key(|signature: &Signature| signature.place.line());
    list
}

const KEYS: &str = "name, protocol, side, token, case, spaces, weight, coin, unless, with";

/// A `[[signature]]` table that is being read.
struct Entry<'a> {
    file: &'a Arc<Path>,
    text: &'a str,
    span: usize,
    value: &'a Spanned<DeValue<'a>>,
    problems: &'a mut Vec<Problem>,
}

impl Entry<'_> {
    fn signature(&mut self) -> Option<Signature> {
        let value = self.value;
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong(self.span, "a signature is a table: write [[signature]]");
            return None;
        };
        let before = self.problems.len();
        for key in table.keys() {
            if !KEYS.split(", ").any(|known| known == key.get_ref().as_ref()) {
                let near = nearest(key.get_ref(), KEYS.split(", "));
                let hint = near.map_or_else(String::new, |near| format!("did you mean {near}? "));
                self.wrong(
                    key.span().start,
                    format!("unknown key \"{}\"; {hint}there are {KEYS}", key.get_ref()),
                );
            }
        }
        let name = self.needed(table, "name", |name| {
            let fits = (1..=64).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            fits.then(|| name.to_owned()).ok_or("1 to 64 letters, digits, hyphens, dots and underscores")
        });
        let protocol = self.needed(table, "protocol", |name| {
            let fits = (1..=32).contains(&name.len())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            fits.then(|| name.to_owned()).ok_or("1 to 32 small letters, digits and hyphens")
        });
        let side = self.needed(table, "side", |side| {
            let all = [SaidBy::Miner, SaidBy::Pool, SaidBy::Either];
            all.into_iter().find(|known| known.word() == side).ok_or("miner, pool or either")
        });
        let ignore = |text: &str| match text {
            "ignore" => Ok(true),
            "exact" => Ok(false),
            _ => Err("ignore or exact"),
        };
        let any_case = self.optional(table, "case", ignore).unwrap_or_default();
        let any_spaces = self.optional(table, "spaces", ignore).unwrap_or_default();
        let coin = self.optional(table, "coin", |coin| {
            let fits = (2..=10).contains(&coin.len())
                && coin.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            fits.then(|| coin.to_owned()).ok_or("a ticker symbol of 2 to 10 capital letters and digits")
        });
        let weight = self.weight(table);
        let (unless, with) = (self.guards(table, "unless"), self.guards(table, "with"));
        let reading = Reading { any_case, any_spaces };
        let token = self.needed(table, "token", |pattern| Ok(pattern.to_owned()));
        let hir = token.as_deref().and_then(|pattern| {
            let at = table.get("token").map_or(self.span, |value| value.span().start);
            token::token(pattern, reading).map_err(|message| self.wrong(at, message)).ok()
        });
        let place =
            Place::of(self.file, self.text, table.get("name").map_or(self.span, |name| name.span().start));
        let whole = self.problems.len() == before;
        whole.then_some(Signature {
            name: name?,
            protocol: protocol?,
            side: side?,
            token: token?,
            weight,
            coin,
            place,
            unless,
            with,
            reading,
            hir: hir?,
        })
    }

    fn wrong(&mut self, byte: usize, message: impl Into<String>) {
        self.problems.push(Place::of(self.file, self.text, byte).problem(message));
    }

    fn needed<T>(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        read: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        if table.get(key).is_none() {
            self.wrong(self.span, format!("this signature has no {key}; add one"));
        }
        self.optional(table, key, read)
    }

    fn optional<T>(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        read: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        let value = table.get(key)?;
        let Some(text) = value.get_ref().as_str() else {
            let kind = value.get_ref().type_str();
            self.wrong(value.span().start, format!("{key} is a text in quotes, not {kind}"));
            return None;
        };
        read(text)
            .map_err(|expected| {
                self.wrong(value.span().start, format!("{key} \"{text}\" must be {expected}"));
            })
            .ok()
    }

    fn weight(&mut self, table: &DeTable<'_>) -> f64 {
        let Some(value) = table.get("weight") else { return 0.0 };
        let number = match value.get_ref() {
            DeValue::Integer(number) => {
                i32::from_str_radix(number.as_str(), number.radix()).ok().map(f64::from)
            }
            DeValue::Float(number) => number.as_str().parse().ok(),
            _ => None,
        };
        number.filter(|number| (0.0..=HEAVIEST).contains(number)).unwrap_or_else(|| {
            self.wrong(value.span().start, format!("weight must be a number from 0 to {HEAVIEST}"));
            0.0
        })
    }

    fn guards(&mut self, table: &DeTable<'_>, key: &str) -> Vec<Guard> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let Some(list) = value.get_ref().as_array().filter(|list| list.len() <= MOST_GUARDS) else {
            let message =
                format!("{key} must be a list of at most {MOST_GUARDS} regular expressions: ['...']");
            self.wrong(value.span().start, message);
            return Vec::new();
        };
        let mut guards = Vec::new();
        for value in list {
            let read = match value.get_ref().as_str() {
                Some(pattern) => {
                    token::guard(pattern).map(|regex| Guard { pattern: pattern.to_owned(), regex })
                }
                None => Err(format!("must have texts in quotes, not {}", value.get_ref().type_str())),
            };
            match read {
                Ok(guard) => guards.push(guard),
                Err(message) => self.wrong(value.span().start, format!("{key} {message}")),
            }
        }
        guards
    }
}

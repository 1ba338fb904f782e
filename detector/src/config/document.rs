use std::collections::HashSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer};

use super::secret;
use crate::problem::{Problem, nearest};

/// The longest configuration file that is read, in bytes.
const LARGEST_FILE: u64 = 16 << 20;

/// The most problems of one file that are told at once.
pub(super) const MOST_PROBLEMS: usize = 50;

/// One step on the way to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// The text of a file, with which problems are told where they are.
#[derive(Clone, Debug)]
pub(super) struct Document {
    path: PathBuf,
    text: String,
}

impl Document {
    fn bytes(path: &Path) -> Result<Vec<u8>, Problem> {
        let failed = |cause: std::io::Error| {
            Problem::whole(
                path,
                format!(
                    "cannot read this file: {cause}; see that it is there, and that this user may read it"
                ),
            )
        };
        let about = fs::metadata(path).map_err(failed)?;
        if about.is_dir() {
            return Err(Problem::whole(path, "is a directory; give the configuration file in it"));
        }
        if about.len() > LARGEST_FILE {
            let message = format!("has {} bytes; a configuration may have {LARGEST_FILE}", about.len());
            return Err(Problem::whole(path, message));
        }
        fs::read(path).map_err(failed)
    }

    pub(super) fn read(path: &Path) -> Result<Self, Problem> {
        let text = String::from_utf8(Self::bytes(path)?).map_err(|error| {
            let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
            let text = String::from_utf8_lossy(good);
            Problem::at(path, &text, text.len(), "is not UTF-8; save the file as UTF-8 text")
        })?;
        Ok(Self { path: path.to_owned(), text })
    }

    /// The same, whatever its bytes are.
    pub(super) fn read_lossily(path: &Path) -> Result<Self, Problem> {
        let text = String::from_utf8_lossy(&Self::bytes(path)?).into_owned();
        Ok(Self { path: path.to_owned(), text })
    }

    #[cfg(test)]
    pub(super) fn of(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.to_owned() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The names at the top, and whether the text can be parsed.
    pub(super) fn tables(&self) -> (Vec<String>, bool) {
        let (document, errors) = DeTable::parse_recoverable(&self.text);
        (document.get_ref().keys().map(|key| key.get_ref().to_string()).collect(), errors.is_empty())
    }

    /// What the text says, with all that is wrong in it. Where something is wrong, the value is what it is when nothing
    /// is said there.
    pub(super) fn parse<T: DeserializeOwned + Default>(&self) -> (T, Vec<Problem>) {
        let (mut document, errors) = DeTable::parse_recoverable(&self.text);
        let secrets = secret::spans(document.get_ref());
        let mut problems: Vec<Problem> = errors
            .iter()
            .take(MOST_PROBLEMS)
            .map(|error| self.at(error.span().unwrap_or_default().start, error.message(), &secrets))
            .collect();
        problems.sort_by_key(|problem| (problem.line, problem.column));
        if !problems.is_empty() {
            return (T::default(), problems);
        }
        // Where a table begins, and a key that was taken out of it.
        let mut taken: HashSet<(usize, String)> = HashSet::new();
        loop {
            let error = match T::deserialize(Deserializer::from(document.clone())) {
                Ok(value) => {
                    problems.sort_by_key(|problem| (problem.line, problem.column));
                    return (value, problems);
                }
                Err(error) => error,
            };
            let mut wrong = Wrong::of(&error, document.get_ref());
            if let Some((index, span)) = culprit::<T>(document.get_ref(), &wrong.path, error.message()) {
                wrong.path.truncate(1);
                wrong.path.push(Trace::Index(index));
                wrong.span = span;
            }
            let follows =
                wrong.missing.as_ref().is_some_and(|key| taken.contains(&(wrong.span.start, key.clone())));
            if !follows {
                problems.push(self.at(wrong.span.start, &wrong.message, &secrets));
            }
            match remove(&mut document, &wrong.path) {
                Some(removed) if problems.len() < MOST_PROBLEMS => taken.extend([removed]),
                _ => {
                    problems.sort_by_key(|problem| (problem.line, problem.column));
                    return (T::default(), problems);
                }
            }
        }
    }

    /// Where the values of the text stand.
    pub(super) fn places(&self) -> Places<'_> {
        let (table, _) = DeTable::parse_recoverable(&self.text);
        Places { document: self, secrets: secret::spans(table.get_ref()), table }
    }

    fn at(&self, byte: usize, message: &str, secrets: &[Range<usize>]) -> Problem {
        let start = self.text.get(..byte).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
        let line = self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        if secret::hides(line, start, secrets) {
            let problem = Problem::at(&self.path, &self.text, byte, secret::discreet(message));
            return Problem { excerpt: None, ..problem };
        }
        Problem::at(&self.path, &self.text, byte, message)
    }
}

/// Where the values of a text stand, so that problems are told where they are.
pub(super) struct Places<'a> {
    document: &'a Document,
    table: Spanned<DeTable<'a>>,
    secrets: Vec<Range<usize>>,
}

impl Places<'_> {
    /// A problem with the value at the end of a way, or with the nearest table above it that is there.
    pub(super) fn problem(&self, way: &[Step<'_>], message: &str) -> Problem {
        let mut byte = 0;
        let mut at: Option<&Spanned<DeValue<'_>>> = None;
        for step in way {
            let table = at.map_or(Some(self.table.get_ref()), |value| value.get_ref().as_table());
            let next = match step {
                Step::Key(key) => table.and_then(|table| table.get(*key)),
                Step::Index(index) => at.and_then(|value| value.get_ref().as_array()?.get(*index)),
            };
            let Some(next) = next else { break };
            byte = next.span().start;
            at = Some(next);
        }
        self.document.at(byte, message, &self.secrets)
    }
}

/// An owned step.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Trace {
    Key(String),
    Index(usize),
}

/// What serde found wrong, in the user's words.
struct Wrong {
    span: Range<usize>,
    /// The way to what has to go so that the rest can be read.
    path: Vec<Trace>,
    message: String,
    /// The key that is not there but has to be.
    missing: Option<String>,
}

impl Wrong {
    fn of(error: &toml::de::Error, document: &DeTable<'_>) -> Self {
        let span = error.span().unwrap_or_default();
        let said = error.message();
        let mut path = trace(document, &span).unwrap_or_default();
        let mut span = span;
        let names: Vec<&str> = said.split('`').skip(1).step_by(2).collect();
        let (first, known) =
            names.split_first().map_or(("", [].as_slice()), |(first, known)| (*first, known));
        let mut missing = None;
        let message = if said.starts_with("unknown field `") {
            // Values that are read in two steps lose the places of what is in them.
            if path.last() != Some(&Trace::Key(first.to_owned()))
                && let Some((key, way)) = within(document, &path, first)
            {
                (span, path) = (key, way);
            }
            let section = section(path.get(..path.len().saturating_sub(1)).unwrap_or_default());
            format!("unknown key `{first}` {section}; {}", hint(first, known))
        } else if said.starts_with("unknown variant `") {
            format!("{}: `{first}` is not known; {}", place(&path), hint(first, known))
        } else if said.starts_with("missing field `") {
            missing = Some(first.to_owned());
            format!("`{first}` is missing {}; add it", section(&path))
        } else if path.is_empty() {
            said.to_owned()
        } else {
            format!("{}: {said}", place(&path))
        };
        Self { span, path, message, missing }
    }
}

fn hint(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "nothing may stand here".to_owned(),
        None => format!("there are {}", known.join(", ")),
    }
}

/// The way to the key or value that has this span.
fn trace(table: &DeTable<'_>, span: &Range<usize>) -> Option<Vec<Trace>> {
    table
        .iter()
        .find_map(|(key, value)| {
            let step = Trace::Key(key.get_ref().to_string());
            if key.span() == *span || value.span() == *span && value.get_ref().as_array().is_none() {
                return Some(vec![step]);
            }
            let mut way = vec![step];
            way.extend(trace_value(value, span)?);
            Some(way)
        })
        .or_else(|| {
            // A list may have the span of its first entry.
            let (key, _) = table.iter().find(|(_, value)| value.span() == *span)?;
            Some(vec![Trace::Key(key.get_ref().to_string())])
        })
}

fn trace_value(value: &Spanned<DeValue<'_>>, span: &Range<usize>) -> Option<Vec<Trace>> {
    match value.get_ref() {
        DeValue::Table(table) => trace(table, span),
        DeValue::Array(list) => list.iter().enumerate().find_map(|(index, value)| {
            let mut way = vec![Trace::Index(index)];
            if value.span() != *span {
                way.extend(trace_value(value, span)?);
            }
            Some(way)
        }),
        _ => None,
    }
}

/// Which entry of a list is wrong in this way, and where it is. Of entries that are read in two steps only the list is known.
fn culprit<T: DeserializeOwned>(
    document: &DeTable<'_>,
    path: &[Trace],
    message: &str,
) -> Option<(usize, Range<usize>)> {
    let ([Trace::Key(key)] | [Trace::Key(key), Trace::Index(_)]) = path else { return None };
    let (key, list) = document.get_key_value(key.as_str())?;
    list.get_ref().as_array()?.iter().enumerate().find_map(|(index, entry)| {
        let mut alone = DeTable::new();
        let list: DeArray<'_> = std::iter::once(entry.clone()).collect();
        alone.insert(key.clone(), Spanned::new(entry.span(), DeValue::Array(list)));
        let read = T::deserialize(Deserializer::from(Spanned::new(entry.span(), alone)));
        read.is_err_and(|error| error.message() == message).then(|| (index, entry.span()))
    })
}

/// Where a key stands in what the way leads to, and the way to it.
fn within(document: &DeTable<'_>, path: &[Trace], key: &str) -> Option<(Range<usize>, Vec<Trace>)> {
    let mut value: Option<&DeValue<'_>> = None;
    for step in path {
        value = Some(match (step, value) {
            (Trace::Key(key), None) => document.get(key.as_str())?.get_ref(),
            (Trace::Key(key), Some(value)) => value.as_table()?.get(key.as_str())?.get_ref(),
            (Trace::Index(index), value) => value?.as_array()?.get(*index)?.get_ref(),
        });
    }
    find(value?, key, path)
}

fn find(value: &DeValue<'_>, name: &str, way: &[Trace]) -> Option<(Range<usize>, Vec<Trace>)> {
    let further = |step| way.iter().cloned().chain([step]).collect::<Vec<_>>();
    match value {
        DeValue::Table(table) => {
            if let Some((key, _)) = table.get_key_value(name) {
                return Some((key.span(), further(Trace::Key(name.to_owned()))));
            }
            table.iter().find_map(|(key, value)| {
                find(value.get_ref(), name, &further(Trace::Key(key.get_ref().to_string())))
            })
        }
        DeValue::Array(list) => list
            .iter()
            .enumerate()
            .find_map(|(index, value)| find(value.get_ref(), name, &further(Trace::Index(index)))),
        _ => None,
    }
}

/// Takes out what is at the end of the way. Gives where the table begins that held it, and its key.
fn remove(document: &mut Spanned<DeTable<'_>>, path: &[Trace]) -> Option<(usize, String)> {
    let (end, way) = path.split_last()?;
    let root = document.span().start;
    let Some((Trace::Key(first), way)) = way.split_first() else {
        let Trace::Key(key) = end else { return None };
        document.get_mut().remove(key.as_str())?;
        return Some((root, key.clone()));
    };
    let mut value = document.get_mut().get_mut(first.as_str())?;
    for step in way {
        value = match (step, value.get_mut()) {
            (Trace::Key(key), DeValue::Table(fields)) => fields.get_mut(key.as_str())?,
            (Trace::Index(index), DeValue::Array(entries)) => entries.get_mut(*index)?,
            _ => return None,
        };
    }
    let start = value.span().start;
    match (end, value.get_mut()) {
        (Trace::Key(key), DeValue::Table(table)) => {
            table.remove(key.as_str())?;
            Some((start, key.clone()))
        }
        (Trace::Index(index), DeValue::Array(list)) if *index < list.len() => {
            // The list has no way to take one out.
            *list = std::mem::replace(list, DeArray::new())
                .into_iter()
                .enumerate()
                .filter_map(|(at, entry)| (at != *index).then_some(entry))
                .collect();
            Some((start, String::new()))
        }
        _ => None,
    }
}

/// The table at the end of the way, as in `in [capture]`.
fn section(path: &[Trace]) -> String {
    let Some((Trace::Key(first), rest)) = path.split_first() else { return "at the top".to_owned() };
    let keys = dotted(rest);
    let header = if matches!(rest.first(), Some(Trace::Index(_))) {
        format!("[[{first}]]")
    } else if keys.is_empty() {
        return format!("in [{first}]");
    } else {
        return format!("in [{first}.{keys}]");
    };
    if keys.is_empty() { format!("in {header}") } else { format!("in `{keys}` of {header}") }
}

/// The value at the end of the way, as in "`flows` in [capture]".
fn place(path: &[Trace]) -> String {
    match path.split_last() {
        Some((Trace::Key(key), [])) => format!("`{key}`"),
        Some((Trace::Key(key), table)) => format!("`{key}` {}", section(table)),
        Some((Trace::Index(_), list)) if list.len() > 1 => place(list),
        _ => section(path),
    }
}

fn dotted(path: &[Trace]) -> String {
    let keys = path.iter().filter_map(|step| match step {
        Trace::Key(key) => Some(key.as_str()),
        Trace::Index(_) => None,
    });
    keys.collect::<Vec<_>>().join(".")
}

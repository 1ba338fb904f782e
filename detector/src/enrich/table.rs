//! CSV tables of the operator: a header that names the columns in any order, `#` comments.

use std::fmt::Write;
use std::path::Path;

use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};

use super::field;
use super::file::{self, Stamp};
use super::problems::Problems;
use crate::problem::nearest;

/// What a table may hold.
pub(super) struct Layout {
    pub(super) columns: &'static [&'static str],
    /// Those that must be there.
    pub(super) needed: &'static [&'static str],
    /// The most rows.
    pub(super) rows: usize,
}

/// A row, and what is wrong with it.
pub(super) struct Row<'a> {
    record: &'a StringRecord,
    header: &'a [&'static str],
    file: &'a Path,
    problems: &'a mut Problems,
    /// From 1.
    pub(super) line: usize,
    /// Whether something is wrong with it.
    pub(super) broken: bool,
}

impl<'a> Row<'a> {
    pub(super) fn problem(&mut self, message: impl Into<String>) {
        self.broken = true;
        self.problems.add(self.file, Some(self.line), message);
    }

    /// What stands in a column, if anything does and the table has it.
    pub(super) fn text(&mut self, column: &str) -> Option<&'a str> {
        let place = self.header.iter().position(|name| *name == column)?;
        let text = self.record.get(place).filter(|text| !text.is_empty())?;
        match field::text(text) {
            Ok(text) => Some(text),
            Err(message) => {
                self.problem(format!("{column}: {message}"));
                None
            }
        }
    }

    /// The same, understood.
    pub(super) fn parsed<T>(&mut self, column: &str, parse: fn(&str) -> Result<T, String>) -> Option<T> {
        match parse(self.text(column)?) {
            Ok(value) => Some(value),
            Err(message) => {
                self.problem(format!("{column}: {message}"));
                None
            }
        }
    }

    /// The same for a column that must be filled in.
    pub(super) fn needed<T>(&mut self, column: &str, parse: fn(&str) -> Result<T, String>) -> Option<T> {
        let before = self.problems.count();
        let value = self.parsed(column, parse);
        if value.is_none() && self.problems.count() == before {
            self.problem(format!("{column} is empty"));
        }
        value
    }
}

/// Hands over the rows of a table one after the other, and tells when it was changed last. Mistakes are added to
/// `problems`; `None` if there is no table at all.
pub(super) fn read(
    path: &Path,
    layout: &Layout,
    problems: &mut Problems,
    mut take: impl FnMut(&mut Row<'_>),
) -> Option<Stamp> {
    let (contents, stamp) = file::read(path).map_err(|message| problems.add(path, None, message)).ok()?;
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .comment(Some(b'#'))
        .flexible(true)
        .trim(Trim::All)
        .from_reader(contents.as_slice());
    let mut lines = Lines { contents: &contents, byte: 0, line: 1 };
    let mut record = StringRecord::new();
    let mut header: Option<Vec<&'static str>> = None;
    let mut rows = 0;
    loop {
        let start = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        let more = reader.read_record(&mut record);
        let line = lines.of_record(start);
        match more {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let fatal = !matches!(error.kind(), ErrorKind::Utf8 { .. });
                let message = if fatal {
                    error.to_string()
                } else {
                    "is not in UTF-8: save the file with that encoding".to_owned()
                };
                problems.add(path, Some(line), message);
                if fatal {
                    break;
                }
                continue;
            }
        }
        let Some(header) = &header else {
            header = Some(columns(&record, layout, path, line, problems)?);
            continue;
        };
        rows += 1;
        if rows > layout.rows {
            let message = format!("is the first row of more than {}, the most that are read", layout.rows);
            problems.add(path, Some(line), message);
            break;
        }
        let mut row = Row { record: &record, header, file: path, problems, line, broken: false };
        if lines.is_several(usize::try_from(reader.position().byte()).unwrap_or(usize::MAX)) {
            row.problem(
                "has a text between double quotes that goes on over the end of the line: close the quotes"
                    .to_owned(),
            );
        } else if record.len() == header.len() {
            take(&mut row);
        } else {
            let (is, ought) = (record.len(), header.len());
            let s = if is == 1 { "" } else { "s" };
            row.problem(format!(
                "has {is} field{s}, and the header {ought}: leave fields empty that are not known, and put text that \
                 holds a comma between double quotes"
            ));
        }
    }
    if header.is_none() {
        problems.add(path, None, format!("is empty: its first line must be {}", layout.needed.join(",")));
    }
    Some(stamp)
}

/// The names in the header; `None` if rows cannot be understood by it.
fn columns(
    record: &StringRecord,
    layout: &Layout,
    path: &Path,
    line: usize,
    problems: &mut Problems,
) -> Option<Vec<&'static str>> {
    let known = layout.columns;
    let mut header = Vec::new();
    let mut messages = Vec::new();
    for name in record {
        match known.iter().find(|column| column.eq_ignore_ascii_case(name)) {
            Some(column) if header.contains(column) => {
                messages.push(format!("column {column} is there twice"));
            }
            Some(column) => header.push(*column),
            None => {
                let mut message = format!("unknown column {name:?}");
                if name.contains([';', '\t']) && record.len() == 1 {
                    message.push_str(": columns are separated by commas");
                } else if let Some(near) = nearest(name, known.iter().copied()) {
                    let _ = write!(message, ": did you mean {near}?");
                } else {
                    let _ = write!(message, ": columns are {}", known.join(", "));
                }
                messages.push(message);
            }
        }
    }
    if messages.is_empty() {
        let missing = layout.needed.iter().filter(|name| !header.contains(*name));
        messages.extend(missing.map(|name| format!("column {name} is missing")));
    }
    let sound = messages.is_empty();
    for message in messages {
        problems.add(path, Some(line), message);
    }
    sound.then_some(header)
}

/// Counts lines. The reader of CSV does not say on which one a record begins if comments or blank lines are before it.
struct Lines<'a> {
    contents: &'a [u8],
    byte: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line on which the record begins that was read from a byte on, not before the last one asked for.
    fn of_record(&mut self, start: usize) -> usize {
        self.advance(start);
        while let Some(rest) = self.contents.get(self.byte..) {
            let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
            let line = rest.get(..end).unwrap_or_default();
            let skipped = line.starts_with(b"#") || matches!(line, b"\n" | b"\r\n");
            if !skipped {
                break;
            }
            self.advance(self.byte + end);
        }
        self.line
    }

    /// Whether the record that ends at a byte takes more than one line: a quote is not closed.
    fn is_several(&self, end: usize) -> bool {
        let record = self.contents.get(self.byte..end).unwrap_or_default();
        let is_open = record.split(|byte| *byte == b'"').count() % 2 == 0;
        is_open || record.trim_ascii_end().contains(&b'\n')
    }

    fn advance(&mut self, to: usize) {
        let passed = self.contents.get(self.byte..to).unwrap_or_default();
        self.line += passed.iter().map(|byte| usize::from(*byte == b'\n')).sum::<usize>();
        self.byte = to.max(self.byte);
    }
}

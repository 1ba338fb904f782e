//! What is wrong in files that the operator writes, and where.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where in a file something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    file: Arc<Path>,
    /// From 1.
    line: usize,
}

impl Place {
    /// The place at a byte of the text of `file`.
    pub(crate) fn of(file: &Arc<Path>, text: &str, byte: usize) -> Self {
        Self { file: Arc::clone(file), line: line(text, byte) }
    }

    pub(crate) fn problem(&self, message: impl Into<String>) -> Problem {
        Problem { line: Some(self.line), ..Problem::whole(&self.file, message) }
    }

    /// The file as the user named it; built-in ones begin with `built-in:`.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The line, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// What is wrong, or may be, in a file that the operator writes, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file or directory.
    pub file: PathBuf,
    /// The line, from 1, if it is about one.
    pub line: Option<usize>,
    /// The character in the line, from 1, if it is about one.
    pub column: Option<usize>,
    /// The line itself, if it helps.
    pub excerpt: Option<String>,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// The longest excerpt, in characters.
const EXCERPT: usize = 160;

impl Problem {
    pub(crate) fn whole(file: &Path, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, column: None, excerpt: None, message: message.into() }
    }

    /// A problem at a byte of the text of `file`, with the line in which that stands.
    pub(crate) fn at(file: &Path, text: &str, byte: usize, message: impl Into<String>) -> Self {
        let before = text.get(..byte).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let excerpt = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        Self {
            line: Some(line(text, byte)),
            column: Some(before.get(start..).unwrap_or_default().chars().count() + 1),
            excerpt: Some(excerpt.chars().take(EXCERPT).collect()),
            ..Self::whole(file, message)
        }
    }
}

fn line(text: &str, byte: usize) -> usize {
    text.get(..byte).unwrap_or_default().matches('\n').count() + 1
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, "{number}:")?;
        }
        write!(f, " {}", self.message)?;
        match (&self.excerpt, self.line) {
            (Some(excerpt), Some(line)) => write!(f, "\n{line:>6} | {}", excerpt.trim_end()),
            _ => Ok(()),
        }
    }
}

/// Says all problems, one a line, under a heading if there are several.
pub(crate) fn list(f: &mut fmt::Formatter<'_>, problems: &[Problem], of: &str) -> fmt::Result {
    if let [only] = problems {
        return write!(f, "{only}");
    }
    write!(f, "{} mistakes in {of}:", problems.len())?;
    problems.iter().try_for_each(|problem| write!(f, "\n{problem}"))
}

/// Names that differ in no more letters than this are taken for the same one mistyped.
const MISTYPED: usize = 2;

/// The known name that is most likely meant by one that is not known.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |one: &str| strsim::osa_distance(&one.to_lowercase(), &name.to_lowercase());
    let near = known.into_iter().map(|one| (distance(one), one)).min_by_key(|(distance, _)| *distance);
    near.filter(|(distance, _)| *distance <= MISTYPED && *distance < name.chars().count()).map(|(_, one)| one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_tells_line_and_column_and_shows_the_line() {
        let text = "a = 1\r\n\u{e9}b = 2\nc = 3";
        let problem = Problem::at(Path::new("f.toml"), text, text.find("= 2").unwrap(), "no");
        assert_eq!(problem.to_string(), "f.toml:2:4: no\n     2 | \u{e9}b = 2");
        let end = Problem::at(Path::new("f.toml"), "a = 1\n", 6, "more is missing");
        assert_eq!(end.to_string(), "f.toml:2:1: more is missing\n     2 | ");
    }

    #[test]
    fn a_mistyped_name_is_told_from_another() {
        let known = ["ledger", "log", "metrics"];
        assert_eq!(nearest("ledgr", known), Some("ledger"));
        assert_eq!(nearest("Metric", known), Some("metrics"));
        assert_eq!(nearest("wg", known), None);
        assert_eq!(nearest("exclude", known), None);
    }
}

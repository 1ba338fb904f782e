//! The table of evasions in the documentation.

use std::fmt::Write as _;

use detector::judge::Verdict;

use super::{EXCEPTIONS, Evasion, Group};

/// What stands before the tables.
const HEAD: &str = "\
# Evasion

How a miner may hide in the way its packets travel and in what they look like, and what Firedamp finds of it. This file is
made by the tests: `cargo xtask docs` writes it, and a test fails if it is not up to date. A column is a conversation of the catalogue
([protocols.md](protocols.md)), a line a way to hide it, built by `tests/src/evasion`, most in several variants. Every cell
is run through the recogniser in user space and through the loaded kernel program (`BPF_PROG_TEST_RUN`); both must find the
same: `cargo xtask test -p firedamp-tests --test engines evasion`.

**C** confirmed, **P** probable, **S** suspected: the weakest verdict among the variants. *n of m*: of m variants, n are
found; the reasons stand below the tables. A verdict that is lower than *in the open* is right where a part is not to be
heard: from one side alone, or from the middle on. An empty cell: only conversations in lines of JSON are hidden like this.
";

/// What was found of a conversation that was hidden in one way: a verdict for each variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell(pub Vec<Option<Verdict>>);

impl Cell {
    fn text(&self) -> String {
        let found: Vec<Verdict> = self.0.iter().copied().flatten().collect();
        let letter = match found.iter().min() {
            None if self.0.is_empty() => "",
            None => "-",
            Some(Verdict::Confirmed) => "C",
            Some(Verdict::Probable) => "P",
            Some(Verdict::Suspected) => "S",
            Some(Verdict::Node) => "node",
        };
        match (found.len(), self.0.len()) {
            (found, all) if found == all || found == 0 => letter.to_owned(),
            (found, all) => format!("{letter} {found} of {all}"),
        }
    }
}

/// The whole document: the titles of the conversations, and of each evasion what was found of them.
#[must_use]
pub fn document(dialects: &[&str], rows: &[(Evasion, Vec<Cell>)]) -> String {
    let mut text = HEAD.to_owned();
    for (title, group) in [
        ("Streams", Group::Streams),
        ("Forms", Group::Forms),
        ("Fragments and encapsulations", Group::Encapsulations),
    ] {
        let _ = write!(text, "\n## {title}\n\n| | {} |\n", dialects.join(" | "));
        let _ = writeln!(text, "| --- |{}", " --- |".repeat(dialects.len()));
        for (evasion, cells) in rows.iter().filter(|(evasion, _)| evasion.group == group) {
            let cells: Vec<_> = cells.iter().map(Cell::text).collect();
            let _ = writeln!(text, "| {} | {} |", evasion.title, cells.join(" | "));
        }
    }
    text.push_str("\n## What is missed\n\n| evasion | variants missed | why |\n| --- | --- | --- |\n");
    for exception in EXCEPTIONS {
        let missed: Vec<_> = exception.missed.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let _ = writeln!(text, "| {} | {} | {} |", exception.evasion, missed.join(", "), exception.why);
    }
    text
}

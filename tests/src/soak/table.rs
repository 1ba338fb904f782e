//! What was held against what.

use std::fmt;

/// One thing that must hold.
#[derive(Clone, Debug)]
pub struct Check {
    /// What must hold, in a few words.
    pub what: &'static str,
    /// What was found.
    pub found: String,
    /// Whether it holds.
    pub holds: bool,
}

/// All of them. Shown as a table.
#[derive(Clone, Debug, Default)]
pub struct Checks(Vec<Check>);

impl Checks {
    /// Adds one.
    pub(super) fn add(&mut self, what: &'static str, holds: bool, found: impl Into<String>) {
        self.0.push(Check { what, found: found.into(), holds });
    }

    /// Adds one that holds if there is nothing to complain of; else what it complains of is told, the first few.
    pub(super) fn nothing(&mut self, what: &'static str, good: impl Into<String>, complaints: &[String]) {
        if complaints.is_empty() {
            self.add(what, true, good);
            return;
        }
        let first = complaints.iter().take(5).map(String::as_str).collect::<Vec<_>>().join("; ");
        self.add(what, false, format!("{}: {first}", complaints.len()));
    }

    /// Whether all hold.
    #[must_use]
    pub fn hold(&self) -> bool {
        self.0.iter().all(|check| check.holds)
    }

    /// One by one.
    pub fn iter(&self) -> impl Iterator<Item = &Check> {
        self.0.iter()
    }
}

impl fmt::Display for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|check| check.what.len()).max().unwrap_or_default();
        for Check { what, found, holds } in &self.0 {
            writeln!(f, "{}  {what:width$}  {found}", if *holds { "ok  " } else { "FAIL" })?;
        }
        Ok(())
    }
}

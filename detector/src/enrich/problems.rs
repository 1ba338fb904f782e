use std::fmt;
use std::path::Path;

use crate::problem::Problem;

/// So many are kept; the rest is counted. A file in the wrong format would have one on each line.
const MOST: usize = 200;

/// All that is wrong with the operator's files about addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
    omitted: usize,
}

impl Problems {
    /// The first 200, in the order of files and lines.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// How many there are, those that are not listed among them.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.list.len() + self.omitted
    }

    pub(super) fn add(&mut self, file: &Path, line: Option<usize>, message: impl Into<String>) {
        if self.list.len() < MOST {
            self.list.push(Problem { line, ..Problem::whole(file, message) });
        } else {
            self.omitted += 1;
        }
    }
}

impl std::error::Error for Problems {}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let ([only], 0) = (self.list.as_slice(), self.omitted) {
            return only.fmt(f);
        }
        write!(f, "{} mistakes in the files about addresses:", self.count())?;
        self.list.iter().try_for_each(|problem| write!(f, "\n{problem}"))?;
        match self.omitted {
            0 => Ok(()),
            omitted => write!(f, "\nand {omitted} more"),
        }
    }
}

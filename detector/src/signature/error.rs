use std::fmt;

use crate::problem::{self, Problem};

/// Everything that is wrong with the signatures, in the order of files and lines: at least one problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureError(pub Vec<Problem>);

impl std::error::Error for SignatureError {}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        problem::list(f, &self.0, "the signatures")
    }
}

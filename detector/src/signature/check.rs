use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use detector_common::automaton::{CLASSES, STATES};

use super::compile::compile;
use super::error::SignatureError;
use super::file::{self, Signature};
use super::source::{self, Sources};
use super::{MOST_TOKENS, ordinary};
use crate::judge::Protocol;
use crate::problem::{Problem, nearest};

/// A weighted token that is shorter than this, in bytes, and has no guard is warned of.
const SHORT: usize = 12;

/// What signatures need of the automaton's table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// How many there are.
    pub signatures: usize,
    /// States, of [`STATES`].
    pub states: usize,
    /// Classes of bytes, of [`CLASSES`].
    pub classes: usize,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { signatures, states, classes } = self;
        let plural = if *signatures == 1 { "" } else { "s" };
        write!(f, "{signatures} signature{plural}, {states} of {STATES} states, ")?;
        write!(f, "{classes} of {CLASSES} classes of bytes")
    }
}

/// What there is to say of signature files.
#[derive(Clone, Debug, Default)]
pub struct Check {
    /// What must be mended before they can be used.
    pub problems: Vec<Problem>,
    /// What is likely to be a mistake.
    pub warnings: Vec<Problem>,
    /// What each file adds, in order, and what all need together; nothing if there are problems.
    pub sizes: Vec<(PathBuf, Size)>,
    /// What all need together.
    pub total: Size,
}

/// Reads and compiles the sources and looks for likely mistakes in those that are not built in.
#[must_use]
pub fn check(sources: &Sources) -> Check {
    let (list, problems) = read(sources);
    let mut check = Check { problems, ..Check::default() };
    check.warnings = warnings(&list);
    if check.problems.is_empty()
        && let Err(SignatureError(problems)) = check.measure(&list)
    {
        check.problems = problems;
    }
    check
}

impl Check {
    /// Compiles what each file ends with, from the first on.
    fn measure(&mut self, list: &[Signature]) -> Result<(), SignatureError> {
        let mut before = Size::default();
        let mut end = 0;
        while let Some(first) = list.get(end) {
            let file = first.place.file();
            end += list.iter().skip(end).take_while(|one| one.place.file() == file).count();
            let part = list.get(..end).unwrap_or_default();
            let compiled = compile(part).map_err(|_| SignatureError(vec![overflow(list)]))?;
            let size = Size { signatures: end, states: compiled.states, classes: compiled.classes };
            let added = Size {
                signatures: size.signatures - before.signatures,
                states: size.states.saturating_sub(before.states),
                classes: size.classes.saturating_sub(before.classes),
            };
            self.sizes.push((file.to_owned(), added));
            before = size;
        }
        self.total = before;
        Ok(())
    }
}

/// Reads all sources and says what is wrong with them, but for their size.
pub(super) fn read(sources: &Sources) -> (Vec<Signature>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut list = Vec::new();
    for source in source::read(sources, &mut problems) {
        let mut found = Vec::new();
        let read = file::parse(&source.name, &source.text, &mut found);
        if read.is_empty() && found.is_empty() {
            found
                .push(Problem::whole(&source.name, "no signature in this file; write a [[signature]] table"));
        }
        found.sort_by_key(|problem| problem.line);
        problems.extend(found);
        list.extend(read);
    }
    problems.extend(taken_names(&list));
    if let Some(excess) = list.get(MOST_TOKENS) {
        let message = format!("this is signature {}; there may be {MOST_TOKENS} in all", MOST_TOKENS + 1);
        problems.push(excess.place.problem(message));
    }
    if list.is_empty() && problems.is_empty() {
        let message = "no signatures: name a file with --signatures, or use the built-in ones";
        problems.push(Problem::whole(Path::new("signatures"), message));
    }
    (list, problems)
}

/// Names are unique over all files.
fn taken_names(list: &[Signature]) -> Vec<Problem> {
    let mut first = HashMap::new();
    let mut problems = Vec::new();
    for Signature { name, place, .. } in list {
        let earlier = first.entry(name).or_insert(place);
        if *earlier == place {
            continue;
        }
        let built_in = is_built_in(earlier.file());
        let hint =
            if built_in { ", or leave the built-in ones out with --no-built-in-signatures" } else { "" };
        problems
            .push(place.problem(format!("the name \"{name}\" is taken by {earlier}; choose another{hint}")));
    }
    problems
}

fn is_built_in(file: &Path) -> bool {
    file.to_str().is_some_and(|name| name.starts_with("built-in:"))
}

/// Names the first token that does not fit behind those before it.
pub(super) fn overflow(list: &[Signature]) -> Problem {
    let fits = |count: usize| list.get(..count).is_some_and(|part| compile(part).is_ok());
    let (mut good, mut bad) = (0, list.len());
    while bad - good > 1 {
        let middle = usize::midpoint(good, bad);
        if fits(middle) { good = middle } else { bad = middle }
    }
    let before = list.get(..good).and_then(|part| compile(part).ok());
    let why = list.get(..bad).and_then(|part| compile(part).err()).map_or_else(String::new, |full| full.0);
    let (states, classes) = before.map_or((1, 1), |compiled| (compiled.states, compiled.classes));
    let Some(token) = list.get(good) else {
        return Problem::whole(Path::new("signatures"), why);
    };
    token.place.problem(format!(
        "token {} does not fit: the {good} tokens before it need {states} of {STATES} states and {classes} of \
         {CLASSES} classes of bytes, and with it {why}; shorten it (each count of a repetition such as \
         {{64}} costs a state), remove others, or leave the built-in ones out with --no-built-in-signatures",
        token.name
    ))
}

/// What is likely to be a mistake in the signatures that are not built in.
fn warnings(list: &[Signature]) -> Vec<Problem> {
    let mut warnings = Vec::new();
    for (at, one) in list.iter().enumerate().filter(|(_, one)| !is_built_in(one.place.file())) {
        let mut warn = |message: String| warnings.push(one.place.problem(message));
        let Signature { name, protocol, .. } = one;
        if let Protocol::Custom(_) = Protocol::named(protocol) {
            let known = Protocol::ALL.iter().map(|known| known.name());
            if let Some(near) = nearest(protocol, known) {
                warn(format!("{name}: protocol \"{protocol}\" is not known; is \"{near}\" meant?"));
            } else if !list.iter().any(|other| other.protocol == *protocol && other.weight > 0.0) {
                warn(format!(
                    "{name}: no part of firedamp reads protocol \"{protocol}\", and no signature of it has a \
                     weight: it leads to no record; give one a weight"
                ));
            }
        }
        if let Some(what) = ordinary::matched(one) {
            warn(format!(
                "{name}: the token is in ordinary traffic, such as {what}; every such connection is read; add \
                 what only mining has"
            ));
        }
        let shortest = one.hir.properties().minimum_len().unwrap_or_default();
        if one.weight > 0.0 && !one.is_guarded() && shortest < SHORT {
            warn(format!(
                "{name}: has a weight and no guard, and {shortest} bytes are enough for it; make the token \
                 longer, or add with = ['...'] or unless = ['...']"
            ));
        }
        if one.weight == 0.0 && one.is_guarded() {
            warn(format!("{name}: with and unless have no effect on a token without a weight"));
        }
        let twin =
            list.iter().take(at).find(|other| other.token == one.token && other.reading == one.reading);
        // That a name is taken is an error and says enough.
        if let Some(twin) = twin.filter(|twin| twin.name != one.name) {
            warn(format!("{name}: the same token as {} at {}", twin.name, twin.place));
        }
    }
    warnings
}

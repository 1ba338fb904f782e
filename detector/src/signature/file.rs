use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use regex_syntax::hir::Hir;
use serde::Deserialize;
use toml::Spanned;

/// The least number of bytes a token must have: shorter ones put too much under watch.
const SHORTEST: usize = 6;

/// The longest token file that is read, in bytes.
const LARGEST_FILE: u64 = 1 << 20;

/// One token of a protocol.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Its unique name.
    pub name: String,
    /// The protocol it speaks for, by its name in records.
    pub protocol: String,
    /// Who says it.
    pub side: SaidBy,
    pub(super) hir: Hir,
    pub(super) place: Place,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SaidBy {
    /// The miner.
    Miner,
    /// The pool.
    Pool,
    /// Both.
    Either,
}

/// Where in a file something stands.
#[derive(Clone, Debug)]
pub(super) struct Place {
    file: PathBuf,
    line: usize,
}

/// What is wrong with the signatures.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// A file or the directory cannot be read.
    #[error("cannot read signatures from {}: {cause}; give a readable directory with --signatures", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The directory holds no signature.
    #[error("no signature in {}: expected at least one *.toml file with a [[signature]] table", .0.display())]
    None(PathBuf),
    /// A file is not valid.
    #[error("{}:{line}: {message}", file.display())]
    Invalid {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong and how to mend it.
        message: String,
    },
    /// The signatures together do not fit.
    #[error("the signatures are too large for the automaton: {0}; shorten or remove tokens")]
    TooLarge(String),
}

impl Place {
    pub(super) fn invalid(&self, message: String) -> SignatureError {
        SignatureError::Invalid { file: self.file.clone(), line: self.line, message }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    signature: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Spanned<String>,
    protocol: String,
    side: SaidBy,
    token: Spanned<String>,
}

/// Reads all signature files of a directory, in the order of their names.
pub(super) fn read_directory(directory: &Path) -> Result<Vec<Signature>, SignatureError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |cause| SignatureError::Read { path, cause }
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed(directory))? {
        let path = entry.map_err(failed(directory))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut list = Vec::new();
    for path in paths {
        let size = fs::metadata(&path).map_err(failed(&path))?.len();
        if size > LARGEST_FILE {
            let error = io::Error::other(format!("{size} bytes are more than a signature file may have"));
            return Err(failed(&path)(error));
        }
        let text = fs::read_to_string(&path).map_err(failed(&path))?;
        list.extend(parse(&path, &text)?);
    }
    if list.is_empty() { Err(SignatureError::None(directory.to_owned())) } else { Ok(list) }
}

/// Names are unique over all files.
pub(super) fn check_names(list: &[Signature]) -> Result<(), SignatureError> {
    let mut places = HashMap::new();
    for Signature { name, place, .. } in list {
        if let Some(Place { file, line }) = places.insert(name, place) {
            let taken = format!("{}:{line}", file.display());
            return Err(place.invalid(format!("the name \"{name}\" is taken by {taken}; choose another")));
        }
    }
    Ok(())
}

/// Reads one signature file.
pub(super) fn parse(path: &Path, text: &str) -> Result<Vec<Signature>, SignatureError> {
    let place = |span: Range<usize>| {
        let before = text.get(..span.start).unwrap_or_default();
        Place { file: path.to_owned(), line: before.matches('\n').count() + 1 }
    };
    let file: File = toml::from_str(text)
        .map_err(|error| place(error.span().unwrap_or_default()).invalid(error.message().to_owned()))?;
    file.signature
        .into_iter()
        .map(|entry| {
            let Entry { name, protocol, side, token: pattern } = entry;
            let hir = token(pattern.get_ref()).map_err(|message| place(pattern.span()).invalid(message))?;
            let place = place(name.span());
            Ok(Signature { name: name.into_inner(), protocol, side, hir, place })
        })
        .collect()
}

/// Reads a token: a regular expression over bytes, without anchors and word boundaries, because
/// it is looked for in a stream.
fn token(pattern: &str) -> Result<Hir, String> {
    let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).map_err(
        |error| match error {
            regex_syntax::Error::Parse(error) => {
                format!("token is not a regular expression: {}", error.kind())
            }
            regex_syntax::Error::Translate(error) => {
                format!("token is not a regular expression: {}", error.kind())
            }
            other => format!("token is not a regular expression: {other}"),
        },
    )?;
    if !hir.properties().look_set().is_empty() {
        return Err(
            "token has an anchor or a word boundary; it is looked for anywhere in the stream".to_owned()
        );
    }
    match hir.properties().minimum_len() {
        Some(shortest) if shortest >= SHORTEST => Ok(hir),
        _ => Err(format!(
            "token matches fewer than {SHORTEST} bytes and would match ordinary traffic; make it longer"
        )),
    }
}

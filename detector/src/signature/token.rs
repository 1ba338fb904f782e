use regex_automata::meta;
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Hir, HirKind, Look, Repetition};

/// The least number of bytes a token must have: shorter ones put too much under watch.
pub(super) const SHORTEST: usize = 6;

/// The longest pattern of a token or guard, in bytes as it is written.
pub(super) const LONGEST_PATTERN: usize = 1024;

/// Memory for one guard, in bytes.
const GUARD_MEMORY: usize = 1 << 20;

/// How a token is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// ASCII letters match in either case.
    pub(super) any_case: bool,
    /// White space may stand where JSON allows it.
    pub(super) any_spaces: bool,
}

/// Reads a token: a regular expression over bytes, without anchors and word boundaries, because
/// it is looked for in a stream.
pub(super) fn token(pattern: &str, reading: Reading) -> Result<Hir, String> {
    let hir = parse(pattern, reading.any_case).map_err(|error| format!("token {error}"))?;
    if !hir.properties().look_set().is_empty() {
        return Err(
            "token has an anchor or a word boundary; it is looked for anywhere in the stream".to_owned()
        );
    }
    match hir.properties().minimum_len() {
        Some(shortest) if shortest >= SHORTEST => {}
        _ => {
            return Err(format!(
                "token matches fewer than {SHORTEST} bytes and would match ordinary traffic; make it longer"
            ));
        }
    }
    Ok(if reading.any_spaces { spaced(&hir) } else { hir })
}

/// Reads a guard: a regular expression over bytes, in which `^` and `$` are the ends of the message.
pub(super) fn guard(pattern: &str) -> Result<meta::Regex, String> {
    let hir = parse(pattern, false)?;
    if hir.properties().minimum_len().is_none_or(|shortest| shortest == 0) {
        return Err("matches nothing at all, or every message; name what must be there".to_owned());
    }
    meta::Builder::new()
        .configure(meta::Config::new().utf8_empty(false).nfa_size_limit(Some(GUARD_MEMORY)))
        .build_from_hir(&hir)
        .map_err(|_| "is too large; shorten its repetitions".to_owned())
}

/// A pattern that finds the earliest beginning of a token that ends where the bytes end.
pub(super) fn ending(token: &Hir) -> Option<meta::Regex> {
    let hir = Hir::concat(vec![token.clone(), Hir::look(Look::End)]);
    meta::Builder::new().configure(meta::Config::new().utf8_empty(false)).build_from_hir(&hir).ok()
}

fn parse(pattern: &str, any_case: bool) -> Result<Hir, String> {
    if pattern.len() > LONGEST_PATTERN {
        return Err(format!("is written with {} bytes; {LONGEST_PATTERN} are allowed", pattern.len()));
    }
    let mut parser = regex_syntax::ParserBuilder::new();
    parser.unicode(false).utf8(false).case_insensitive(any_case).build().parse(pattern).map_err(|error| {
        let kind = match error {
            regex_syntax::Error::Parse(error) => error.kind().to_string(),
            regex_syntax::Error::Translate(error) => error.kind().to_string(),
            other => other.to_string(),
        };
        format!("is not a regular expression: {kind}")
    })
}

/// The same with optional white space around every `:` `,` `[` `{` that stands for itself. In a class or a
/// repetition of one they are left alone.
fn spaced(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Literal(literal) => {
            let mut parts = Vec::new();
            for &byte in &literal.0 {
                let punctuation = matches!(byte, b':' | b',' | b'[' | b'{');
                parts.extend(punctuation.then(spaces));
                parts.push(Hir::literal([byte]));
                parts.extend(punctuation.then(spaces));
            }
            Hir::concat(parts)
        }
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(spaced).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(spaced).collect()),
        HirKind::Capture(capture) => spaced(&capture.sub),
        HirKind::Repetition(repetition) => {
            Hir::repetition(Repetition { sub: Box::new(spaced(&repetition.sub)), ..repetition.clone() })
        }
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => hir.clone(),
    }
}

/// Any amount of JSON's white space (RFC 8259).
fn spaces() -> Hir {
    let bytes = [(b'\t', b'\n'), (b'\r', b'\r'), (b' ', b' ')];
    let ranges = bytes.map(|(start, end)| ClassBytesRange::new(start, end));
    let class = Hir::class(Class::Bytes(ClassBytes::new(ranges)));
    Hir::repetition(Repetition { min: 0, max: None, greedy: true, sub: Box::new(class) })
}

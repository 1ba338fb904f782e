//! What the first bytes of a stream say about the rest.

use super::binary::{self, Grammar};

/// What a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// Text, in lines; HTTP is told by its first line.
    Text,
    /// A binary protocol, from this byte on.
    Binary(Grammar, usize),
    /// More bytes are needed to tell.
    Undecided,
}

/// Judges the first bytes of a stream, at least one.
pub(super) fn judge(first: &[u8]) -> Opening {
    match binary::opening(first) {
        binary::Opening::Known(grammar, at) => return Opening::Binary(grammar, at),
        binary::Opening::Undecided => return Opening::Undecided,
        binary::Opening::Other => {}
    }
    // White space and byte order marks precede text, but a lone byte tells nothing.
    if first.len() < 2 && !first.iter().all(|byte| matches!(byte, b'\t'..=b'\r' | b' '..=b'~')) {
        return Opening::Undecided;
    }
    Opening::Text
}

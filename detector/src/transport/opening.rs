//! What the first bytes of a stream say about the rest.

/// What a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// Text, in lines; HTTP is told by its first line.
    Text,
    /// More bytes are needed to tell.
    Undecided,
}

/// Judges the first bytes of a stream, at least one.
pub(super) fn judge(first: &[u8]) -> Opening {
    // White space and byte order marks precede text, but a lone byte tells nothing.
    if first.len() < 2 && !first.iter().all(|byte| matches!(byte, b'\t'..=b'\r' | b' '..=b'~')) {
        return Opening::Undecided;
    }
    Opening::Text
}

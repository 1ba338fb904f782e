use super::lines::{Lines, Origin};
use super::{Utterance, work};
use crate::protocol::is_said;
use crate::stream::Piece;

/// Bytes of a line that is read here.
const MAX_LINE: usize = 16 * 1024;

/// Listens to where a form has no text: between the chunks of a body, in the frames that keep a WebSocket alive, under a
/// mask that is none.
///
/// Nobody quotes there, so a message of JSON at the end of a line is said.
#[derive(Debug)]
pub(super) struct Margin {
    limit: usize,
    lines: Lines,
}

impl Margin {
    /// Lines of at most `limit` bytes are heard.
    pub(super) fn new(limit: usize) -> Self {
        let limit = limit.min(MAX_LINE);
        Self { limit, lines: Lines::new(limit, Origin::Line) }
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.lines.held_bytes()
    }

    /// Takes bytes that follow those before them.
    pub(super) fn take(&mut self, bytes: &[u8], out: &mut dyn FnMut(Utterance<'_>)) {
        self.lines.take(Piece::Next(bytes), &mut |line| {
            if let Some(said) = message(line.text) {
                out(Utterance::Line(said));
            }
        });
    }

    /// What comes next does not continue what was there before, unless a message is begun.
    pub(super) fn part(&mut self) {
        if self.lines.unjudged_bytes() == 0 {
            self.lines = Lines::new(self.limit, Origin::Line);
        }
    }
}

/// The message with which a line ends. The name of a field may precede it.
fn message(line: &[u8]) -> Option<&[u8]> {
    if !matches!(line.last(), Some(b'}' | b']')) {
        return None;
    }
    work::count(line.len());
    let start = line.iter().position(|byte| matches!(byte, b'{' | b'['))?;
    line.get(start..).filter(|text| is_said(text))
}

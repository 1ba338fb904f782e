use bytes::BytesMut;

use super::Utterance;
use super::head::Head;

/// The body of an HTTP message, as it comes.
#[derive(Debug)]
pub(super) struct Body {
    limit: usize,
    /// The message that it belongs to, and the bytes of its head.
    head: Option<(Head, usize)>,
    bytes: BytesMut,
    fate: Fate,
    overlong: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Read,
    /// Compressed, the head says. But many servers do not care what it says: JSON shows by its first byte.
    Doubtful,
    /// It cannot be read, or is too long.
    Skip,
}

impl Body {
    /// Of at most `limit` bytes; a longer one is skipped and counted.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, head: None, bytes: BytesMut::new(), fate: Fate::Read, overlong: 0 }
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.bytes.len() + self.head.as_ref().map_or(0, |(_, bytes)| *bytes)
    }

    pub(super) const fn overlong(&self) -> u64 {
        self.overlong
    }

    /// The body of a message whose head has so many bytes begins.
    pub(super) fn begin(&mut self, head: Head, bytes: usize, out: &mut dyn FnMut(Utterance<'_>)) {
        self.fate = if head.compressed() { Fate::Doubtful } else { Fate::Read };
        if self.fate == Fate::Doubtful {
            out(Utterance::Unreadable);
        }
        self.head = Some((head, bytes));
    }

    pub(super) fn append(&mut self, part: &[u8]) {
        if self.fate == Fate::Doubtful {
            self.fate = match part.iter().find(|byte| !byte.is_ascii_whitespace()) {
                None => return,
                Some(b'{' | b'[') => Fate::Read,
                Some(_) => Fate::Skip,
            };
        }
        if self.fate == Fate::Read && self.bytes.len() + part.len() > self.limit {
            self.fate = Fate::Skip;
            self.overlong += 1;
            self.bytes = BytesMut::new();
        }
        if self.fate == Fate::Read {
            self.bytes.extend_from_slice(part);
        }
    }

    /// It is complete: gives it, if it can be read.
    pub(super) fn complete(&mut self, out: &mut dyn FnMut(Utterance<'_>)) {
        let bytes = std::mem::take(&mut self.bytes);
        if let Some((head, _)) = self.head.take().filter(|_| self.fate == Fate::Read) {
            out(Utterance::Body(&head, &bytes));
        }
    }

    /// The rest of it is missing.
    pub(super) fn lose(&mut self) {
        self.head = None;
        self.bytes = BytesMut::new();
    }
}

/// Finds the end of a head, byte by byte: each is looked at once, however the head is cut.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scan {
    place: Place,
    response: bool,
    folds: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Start,
    /// The method, or the version of a response.
    Word,
    FirstLine,
    /// The beginning of a field, or of the empty line.
    Line,
    Return,
    Name,
    /// Blanks before the colon, as old servers put them.
    Blank,
    Value,
}

/// What bytes are as part of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scanned {
    /// It goes on.
    More,
    /// It ends with the last of them.
    End,
    /// The byte after them has no place in a head.
    Broken,
}

/// Folded lines of one head. A head that turns out to be none is read again as lines, and each of these could begin another.
const MAX_FOLDS: u8 = 8;

impl Scan {
    /// Reads bytes that follow those before; says how many of them belong to the head.
    pub(super) fn read(&mut self, bytes: &[u8]) -> (usize, Scanned) {
        for (at, &byte) in bytes.iter().enumerate() {
            self.place = match (self.place, byte) {
                (Place::Line | Place::Return, b'\n') => return (at + 1, Scanned::End),
                (Place::Start | Place::FirstLine | Place::Value, b'\n') => Place::Line,
                (Place::Start, first) => {
                    self.response = first == b'H';
                    Place::Word
                }
                (Place::Word, byte) if byte.is_ascii_uppercase() => Place::Word,
                (Place::Word, b'/') if !self.response => return (at, Scanned::Broken),
                (Place::Word, b' ' | b'/') | (Place::FirstLine, _) => Place::FirstLine,
                (Place::Value, _) | (Place::Name | Place::Blank, b':') => Place::Value,
                (Place::Line, b'\r') => Place::Return,
                // Old servers also fold long fields.
                (Place::Line, b' ' | b'\t') if self.response && self.folds < MAX_FOLDS => {
                    self.folds += 1;
                    Place::Value
                }
                (Place::Name | Place::Blank, b' ' | b'\t') if self.response => Place::Blank,
                (Place::Line | Place::Name, byte) if is_token(byte) => Place::Name,
                _ => return (at, Scanned::Broken),
            };
        }
        (bytes.len(), Scanned::More)
    }
}

/// Characters of a field's name (RFC 9110, section 5.6.2).
const fn is_token(byte: u8) -> bool {
    matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'^'..=b'z' | b'|' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a head ends or breaks, in pieces of every size.
    fn scanned(bytes: &[u8]) -> (usize, Scanned) {
        let mut told = Vec::new();
        for size in [1, 2, 3, 1000] {
            let (mut scan, mut read) = (Scan::default(), 0);
            let step = bytes.chunks(size).find_map(|piece| {
                let (taken, scanned) = scan.read(piece);
                read += taken;
                (scanned != Scanned::More).then_some(scanned)
            });
            told.push((read, step.unwrap_or(Scanned::More)));
        }
        assert!(told.iter().all(|it| *it == told[0]), "{told:?}");
        told[0]
    }

    #[test]
    fn a_head_ends_with_an_empty_line_or_breaks_where_no_field_can_be() {
        for (head, expected) in [
            (&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n{}"[..], (27, Scanned::End)),
            (b"GET / HTTP/1.1\n\n{}", (16, Scanned::End)),
            (b"GET / HTTP/1.1\r\n{\"id\":1}\r\n\r\n", (16, Scanned::Broken)),
            (b"GET / HTTP/1.1\r\nno field\r\n\r\n", (18, Scanned::Broken)),
            (b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", (25, Scanned::Broken)),
            (b"HTTP/1.1 200 OK\r\nA : b\r\n c\r\n\r\n", (30, Scanned::End)),
            (b"HTTP/1.1 200 OK\r\nA\r\n", (18, Scanned::Broken)),
            (b"HTTP/1.1 200 OK\r\nA: b", (21, Scanned::More)),
            (b"JOB,alice,LOW", (3, Scanned::Broken)),
            (b"HEAD / HTTP/1.1\r\n\r\n", (19, Scanned::End)),
        ] {
            assert_eq!(scanned(head), expected, "{}", String::from_utf8_lossy(head));
        }
    }
}

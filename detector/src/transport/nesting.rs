/// Tells without parsing whether the objects and arrays of a text are all closed, and whether it may still be JSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nesting {
    depth: u32,
    pub(super) place: Place,
    read: usize,
    top: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Before the first object or array.
    Start,
    /// Behind an opening bracket.
    Opened,
    /// Behind a comma or colon.
    Wanted,
    /// Within a number or a word.
    Word,
    /// Behind a value.
    Value,
    String,
    Escape,
    /// This is no JSON: there is something outside of objects and arrays, or in a place where it cannot be.
    Text,
}

impl Nesting {
    pub(super) const NEW: Self = Self { depth: 0, place: Place::Start, read: 0, top: 0 };

    pub(super) fn closed(self) -> bool {
        self.depth == 0 && self.place == Place::Value
    }

    /// Whether it goes on, as JSON may behind a line feed.
    pub(super) fn is_open(self) -> bool {
        self.depth > 0 && self.place != Place::Text
    }

    /// Whether a message may have begun.
    pub(super) fn is_promising(self) -> bool {
        !matches!(self.place, Place::Start | Place::Text)
    }

    /// Where the last object or array begins that is in no other.
    pub(super) const fn top(self) -> usize {
        self.top
    }

    /// Forgets what stands before the last object or array that is in no other.
    pub(super) const fn cut(&mut self) {
        self.read -= self.top;
        self.top = 0;
    }

    pub(super) fn read(&mut self, bytes: &[u8]) {
        for (at, &byte) in bytes.iter().enumerate() {
            self.place = match (self.place, byte) {
                (Place::Text, _) | (Place::String | Place::Escape, b'\n') => Place::Text,
                (Place::String, b'\\') => Place::Escape,
                (Place::String, b'"') => Place::Value,
                (Place::String | Place::Escape, _) => Place::String,
                (Place::Start, 0xef | 0xbb | 0xbf) => Place::Start,
                (Place::Word, _) if is_blank(byte) => Place::Value,
                (place, _) if is_blank(byte) => place,
                (place, b'{' | b'[') if self.depth == 0 || matches!(place, Place::Opened | Place::Wanted) => {
                    if self.depth == 0 {
                        self.top = self.read + at;
                    }
                    self.depth = self.depth.saturating_add(1);
                    Place::Opened
                }
                _ if self.depth == 0 => Place::Text,
                (Place::Opened | Place::Word | Place::Value, b'}' | b']') => {
                    self.depth -= 1;
                    Place::Value
                }
                (Place::Word | Place::Value, b',' | b':') => Place::Wanted,
                (Place::Opened | Place::Wanted, b'"') => Place::String,
                (Place::Opened | Place::Wanted | Place::Word, _) if is_of_word(byte) => Place::Word,
                _ => Place::Text,
            };
            if self.place == Place::Text {
                return;
            }
        }
        self.read += bytes.len();
    }
}

/// Numbers, `true`, `false`, `null`, and what some readers take beside them: `NaN`, `Infinity`.
const fn is_of_word(byte: u8) -> bool {
    matches!(
        byte,
        b'0'..=b'9'
            | b'+'
            | b'-'
            | b'.'
            | b'a'
            | b'e'
            | b'f'
            | b'i'
            | b'l'
            | b'n'
            | b'r'
            | b's'
            | b't'
            | b'u'
            | b'y'
            | b'E'
            | b'I'
            | b'N'
    )
}

/// White space, and what lenient readers take for it.
pub(super) const fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte.is_ascii_control()
}

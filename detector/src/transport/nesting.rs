/// Tells without parsing whether the objects and arrays of a line are all closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nesting {
    depth: u32,
    pub(super) place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Before the first object or array.
    Start,
    /// Within or after objects and arrays.
    Value,
    String,
    Escape,
    /// There is something outside of objects and arrays.
    Text,
}

impl Nesting {
    pub(super) const NEW: Self = Self { depth: 0, place: Place::Start };

    pub(super) fn closed(self) -> bool {
        self.depth == 0 && self.place == Place::Value
    }

    pub(super) fn read(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.place = match (self.place, byte) {
                (Place::Text, _) => return,
                (Place::String, b'\\') => Place::Escape,
                (Place::String, b'"') => Place::Value,
                (Place::String | Place::Escape, _) => Place::String,
                (Place::Start | Place::Value, b'{' | b'[') => {
                    self.depth = self.depth.saturating_add(1);
                    Place::Value
                }
                (Place::Value, b'}' | b']') if self.depth > 0 => {
                    self.depth -= 1;
                    Place::Value
                }
                (Place::Value, b'"') if self.depth > 0 => Place::String,
                (Place::Value, _) if self.depth > 0 || is_blank(byte) => Place::Value,
                (Place::Start, 0xef | 0xbb | 0xbf) => Place::Start,
                (Place::Start, _) if is_blank(byte) => Place::Start,
                (Place::Start | Place::Value, _) => Place::Text,
            };
        }
    }
}

/// White space, and what lenient readers take for it.
pub(super) const fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte.is_ascii_control()
}

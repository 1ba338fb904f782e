use std::sync::Arc;

use detector_common::flow::Direction;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::escape::{escape, unescape};
use super::mask::masked;

/// Bytes of a message that an excerpt holds at most.
pub const EXCERPT_BYTES: usize = 256;

/// What stands in the place of what is not to be shown.
pub(super) const HIDDEN: &[u8] = b"<...>";

/// The beginning of the message on which a reason rests, without passwords.
///
/// In the place of a password, and of what may be one, stands `<...>`; where it is not sure what is one, the excerpt ends.
/// Wallets and names of machines stand in it as they were said: see [`Excerpt::masked`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Excerpt {
    /// When the message was read.
    pub time: Timestamp,
    /// In which direction it was sent.
    pub direction: Direction,
    /// Bytes of the whole message, without white space around a line. 0 if only its size or form was seen.
    pub length: u64,
    bytes: Arc<[u8]>,
}

impl Excerpt {
    /// The first of `bytes`, which hold no password, of a message of `length` bytes.
    pub(super) fn new(time: Timestamp, direction: Direction, length: usize, bytes: &[u8]) -> Self {
        let kept = bytes.get(..EXCERPT_BYTES).unwrap_or(bytes);
        Self { time, direction, length: length as u64, bytes: kept.into() }
    }

    /// The first bytes of the message, at most [`EXCERPT_BYTES`]. Empty if they cannot be read, or may be secret.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes as text: printable ASCII as it is, `\n`, `\r`, `\t`, `\\`, and `\xNN` for any other byte.
    #[must_use]
    pub fn text(&self) -> String {
        escape(&self.bytes)
    }

    /// The same with `<...>` in the place of each of `names`, in any case and with any escapes, and of the beginning of one
    /// at the end.
    #[must_use]
    pub fn masked(&self, names: &[&str]) -> Self {
        let bytes = masked(&self.bytes, names);
        Self::new(self.time, self.direction, 0, &bytes).of_length(self.length)
    }

    const fn of_length(mut self, length: u64) -> Self {
        self.length = length;
        self
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    time: Timestamp,
    direction: Way,
    length: u64,
    text: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Way {
    Up,
    Down,
}

impl From<Excerpt> for Stored {
    fn from(excerpt: Excerpt) -> Self {
        let direction = match excerpt.direction {
            Direction::Up => Way::Up,
            Direction::Down => Way::Down,
        };
        Self { time: excerpt.time, direction, length: excerpt.length, text: excerpt.text() }
    }
}

impl TryFrom<Stored> for Excerpt {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let bytes = unescape(&stored.text)
            .ok_or("an excerpt with an escape other than \\n, \\r, \\t, \\\\ and \\xNN")?;
        let direction = match stored.direction {
            Way::Up => Direction::Up,
            Way::Down => Direction::Down,
        };
        Ok(Self { time: stored.time, direction, length: stored.length, bytes: bytes.into() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn excerpt(bytes: &[u8]) -> Excerpt {
        Excerpt::new(Timestamp::from_microsecond(1_700_000_000_123_456).unwrap(), Direction::Down, 999, bytes)
    }

    proptest! {
        #[test]
        fn what_is_stored_is_read_again(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let told = excerpt(&bytes);
            let stored = serde_json::to_string(&told).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Excerpt>(&stored).unwrap(), &told);
            prop_assert_eq!(told.bytes(), &bytes[..bytes.len().min(EXCERPT_BYTES)]);
            prop_assert!(told.text().bytes().all(|byte| (0x20..0x7f).contains(&byte)));
        }
    }

    #[test]
    fn it_is_stored_as_text() {
        let stored = serde_json::to_value(excerpt(b"a\"b\n\r\t\\\x00\xff~")).unwrap();
        let told = serde_json::json!({
            "time": "2023-11-14T22:13:20.123456Z",
            "direction": "down",
            "length": 999,
            "text": r#"a"b\n\r\t\\\x00\xff~"#,
        });
        assert_eq!(stored, told);
        for odd in [r"\q", r"\x0", r"\xzz", "\\", "\n", r"\xFF"] {
            let mut other = told.clone();
            other["text"] = odd.into();
            assert!(serde_json::from_value::<Excerpt>(other).is_err(), "{odd}");
        }
    }
}

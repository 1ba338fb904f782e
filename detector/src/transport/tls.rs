use bytes::BytesMut;

use super::aside::Aside;
use super::opening::Guess;

/// Bytes of a record's header: type, version, length.
const HEADER: usize = 5;

/// Bytes that a record may have (RFC 8446, section 5.2, and the older versions).
const MAX_RECORD: u16 = 0x4800;

/// Whether the first bytes of a stream are the header of a TLS record.
pub(super) fn opens(first: &[u8]) -> Guess<()> {
    let known = first.iter().take(HEADER).enumerate().all(|(at, byte)| match at {
        0 => (0x14..=0x17).contains(byte),
        1 => *byte == 3,
        2 => *byte <= 4,
        _ => true,
    });
    match first.first_chunk() {
        _ if !known => Guess::No,
        None => Guess::More,
        Some(&[_, _, _, high, low]) => match u16::from_be_bytes([high, low]) {
            1..=MAX_RECORD => Guess::Yes(()),
            _ => Guess::No,
        },
    }
}

/// Walks over the records of one direction, because what begins like TLS need not go on like it.
#[derive(Debug, Default)]
pub(super) struct Records {
    header: BytesMut,
    /// Bytes of the record that are to come.
    left: usize,
}

impl Records {
    /// Takes bytes of `input`. What follows the last record and is no record is given back, before what was not taken.
    pub(super) fn next(&mut self, input: &mut &[u8], aside: &mut Aside) -> Option<BytesMut> {
        loop {
            let (inside, rest) = input.split_at(self.left.min(input.len()));
            self.left -= inside.len();
            *input = rest;
            aside.inside(inside);
            let (&byte, rest) = input.split_first()?;
            self.header.extend_from_slice(&[byte]);
            *input = rest;
            match opens(&self.header) {
                Guess::More => {}
                Guess::Yes(()) => {
                    let &[.., high, low] = self.header.as_ref() else { return None };
                    self.left = usize::from(u16::from_be_bytes([high, low]));
                    self.header.clear();
                    aside.part();
                }
                Guess::No => return Some(std::mem::take(&mut self.header)),
            }
        }
    }
}

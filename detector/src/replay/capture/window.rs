use std::io::{self, Read};

use super::error::Fault;

/// How much one read asks for. Small, because a decompressor that meets damage loses what it
/// produced in the same read.
const CHUNK: usize = 32 * 1024;

/// The part of a stream that is in memory. It grows only as bytes really arrive, so a length that
/// a damaged file announces costs nothing.
pub(super) struct Window {
    reader: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Position of `start` in the stream.
    offset: u64,
}

impl Window {
    pub(super) fn new(reader: Box<dyn Read + Send>) -> Self {
        Self { reader, buffer: vec![0; 8 * CHUNK], start: 0, end: 0, offset: 0 }
    }

    /// Reads until `wanted` bytes are there; `false` if the stream ends before.
    pub(super) fn fill(&mut self, wanted: usize) -> io::Result<bool> {
        while self.end - self.start < wanted {
            if self.end == self.buffer.len() {
                self.make_room(wanted);
            }
            let stop = self.buffer.len().min(self.end + CHUNK);
            let space = self.buffer.get_mut(self.end..stop).unwrap_or_default();
            match self.reader.read(space) {
                Ok(0) => return Ok(false),
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn make_room(&mut self, wanted: usize) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        } else {
            let size = wanted.min(self.buffer.len() * 2);
            self.buffer.resize(size, 0);
        }
    }

    /// The bytes that are there.
    pub(super) fn data(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// A part of the bytes that are there, empty if they are not all there.
    pub(super) fn part(&self, start: usize, length: usize) -> &[u8] {
        self.data().get(start..).and_then(|rest| rest.get(..length)).unwrap_or_default()
    }

    /// Drops bytes from the front.
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.offset += count as u64;
    }

    /// Drops `count` bytes from the front, reading as many as needed but keeping none; `false` if
    /// the stream ends before.
    pub(super) fn skip(&mut self, count: u64) -> io::Result<bool> {
        let target = self.offset + count;
        while self.offset < target {
            if self.start == self.end && !self.fill(1)? {
                return Ok(false);
            }
            let there = self.end - self.start;
            self.consume(usize::try_from(target - self.offset).map_or(there, |left| left.min(there)));
        }
        Ok(true)
    }

    /// Position of the first byte that is there, in the stream.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// A failed read, with its place.
    pub(super) fn failed(&self, cause: io::Error) -> Fault {
        Fault::Read { offset: self.offset + self.data().len() as u64, cause }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announced_length_does_not_allocate() {
        let mut window = Window::new(Box::new(io::repeat(7).take(100)));
        assert!(!window.fill(16 << 20).unwrap());
        assert_eq!(window.data(), [7; 100]);
        assert!(window.buffer.len() <= 8 * CHUNK);
    }

    #[test]
    fn grows_to_a_long_record_and_skips_a_longer_one() {
        let mut window = Window::new(Box::new(io::repeat(7).take(10 << 20)));
        window.consume(0);
        assert!(window.fill(1 << 20).unwrap());
        window.consume(5);
        assert_eq!(window.offset(), 5);
        assert!(window.skip(8 << 20).unwrap());
        assert_eq!(window.offset(), 5 + (8 << 20));
        assert!(!window.skip(8 << 20).unwrap());
        assert_eq!(window.offset(), 10 << 20);
        assert!(window.buffer.len() <= 1 << 20);
    }
}

use std::io::{Cursor, Read};

use detector::replay::capture::{Capture, CaptureError};

/// The longest frame that is believed, with the header that is put before it.
const LONGEST: usize = 262_144 + 14;

/// Deflate never makes more of a byte.
const EXPANSION: u64 = 1032;

/// The least bytes of a frame with its header in any format.
const SHORTEST: u64 = 16;

/// A capture: it ends, each frame has an Ethernet header and a length that is believed, a message names the capture, and
/// how the file is read changes nothing.
///
/// # Panics
/// It is not so.
pub fn capture(data: &[u8]) {
    let (whole, end) = read(Cursor::new(data.to_vec()), data.len());
    let (slow, slow_end) = read(Trickle(Cursor::new(data.to_vec())), data.len());
    // Of broken compressed data, it depends on the reads how much before the damage is lost.
    if end.contains("compressed data") {
        assert!(slow.starts_with(&whole) || whole.starts_with(&slow));
    } else {
        assert_eq!((whole, end), (slow, slow_end), "read at once, read by and by");
    }
}

/// Gives a few bytes at a time, as a slow pipe may.
struct Trickle(Cursor<Vec<u8>>);

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let end = buffer.len().min(7);
        self.0.read(buffer.get_mut(..end).unwrap_or_default())
    }
}

/// Time, number of the interface and a sum of the bytes of each frame; how it ended.
type Seen = (Vec<(u64, u32, u64)>, String);

fn read(reader: impl Read + Send + 'static, size: usize) -> Seen {
    let mut frames = Vec::new();
    let end = Capture::from_reader("fuzzed", reader).and_then(|mut capture| {
        let most = size as u64 * EXPANSION / SHORTEST;
        loop {
            match capture.next_frame() {
                Ok(Some(frame)) => {
                    assert!((14..=LONGEST).contains(&frame.bytes.len()), "{} bytes", frame.bytes.len());
                    frames.push((frame.time_ns, frame.interface, sum(frame.bytes)));
                    assert!(frames.len() as u64 <= most, "{} frames in {size} bytes", frames.len());
                }
                Ok(None) => break,
                Err(error) => {
                    assert!(matches!(capture.next_frame(), Ok(None)), "an error ends the capture");
                    return Err(error);
                }
            }
        }
        let counts = capture.counts();
        assert_eq!(counts.explain().is_some(), counts.skipped() > 0);
        assert_eq!(counts.frames, frames.len() as u64 + counts.skipped());
        assert!(capture.bytes_read() <= size as u64);
        Ok(())
    });
    (frames, end.err().as_ref().map_or_else(String::new, message))
}

fn message(error: &CaptureError) -> String {
    let text = error.to_string();
    assert!(text.starts_with("fuzzed: "), "{text}");
    assert!(!text.contains('\n') && text.len() < 1000, "{text}");
    text
}

fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(bytes.len() as u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)))
}

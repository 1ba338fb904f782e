//! From the segments of one TCP direction, in whatever order they arrive, to the bytes that were sent.

mod overlap;
mod reassembly;
#[cfg(test)]
mod tests;

pub use overlap::Overlap;
pub(crate) use reassembly::FAR;
pub use reassembly::{Connection, Piece, Reassembler};

use jiff::SignedDuration;

/// How much a watched flow may cost. Bytes and counts hold for one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory for what is held out of order, in bytes, with 64 for each piece.
    pub reorder_bytes: usize,
    /// Pieces held out of order.
    pub reorder_pieces: usize,
    /// Segments that may arrive after a gap before it is given up.
    pub patience_segments: u32,
    /// Stream time that may pass after a gap before it is given up.
    pub patience_time: SignedDuration,
    /// Bytes of one line; a longer one is skipped.
    pub line_bytes: usize,
    /// Bytes of both directions that may be read in complete lines, or in no lines at all, without any evidence of
    /// mining.
    pub fruitless_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            reorder_bytes: 64 * 1024,
            reorder_pieces: 256,
            patience_segments: 16,
            patience_time: SignedDuration::from_secs(2),
            line_bytes: 64 * 1024,
            fruitless_bytes: 4096,
        }
    }
}

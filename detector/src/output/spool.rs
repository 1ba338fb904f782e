use std::io;
use std::sync::Arc;

/// A record on its way to the outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the order of all records; rises, with gaps if need be.
    pub sequence: u64,
    /// EVE JSON, without a line feed.
    pub line: Arc<str>,
    /// Whether the archive has it. Counters of the agent are not kept there.
    pub durable: bool,
}

/// Keeps records for outputs that are further behind than memory reaches.
pub trait Archive: Send + Sync {
    /// Entries with a sequence number above `after`, in order, `most` of them at most.
    ///
    /// # Errors
    /// They cannot be read now. The output tries again.
    fn read(&self, after: u64, most: usize) -> io::Result<Vec<Entry>>;
}

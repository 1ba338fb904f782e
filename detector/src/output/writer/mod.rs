mod error;
mod sink;
#[cfg(test)]
mod tests;
mod thread;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use serde::Serialize;

pub use error::OutputError;

use sink::Sink;
use thread::{Message, Worker};

/// How often a full queue is looked at again.
const ROOM: Duration = Duration::from_millis(1);

/// Where records go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output. A reader that goes away ends the writer.
    Stdout,
    /// A file, appended to, created with mode 0640. Its directory must exist. A named pipe is not waited for: while nobody
    /// reads it, records are kept as on a full disk.
    File(PathBuf),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("standard output"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Why a record was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The queue is full: the target is slower than the records come. Counted.
    #[error("the queue of records is full")]
    Shed,
    /// Nobody reads standard output any more.
    #[error("standard output was closed")]
    Closed,
}

/// What became of the records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Written whole.
    pub written: u64,
    /// Not taken because the queue was full.
    pub shed: u64,
    /// Taken, but given up because the target could not be written for too long.
    pub lost: u64,
    /// How often the target ceased to be writable.
    pub outages: u64,
    /// Standard output was closed by its reader.
    pub closed: bool,
}

#[derive(Debug, Default)]
struct Shared {
    taken: AtomicU64,
    written: AtomicU64,
    shed: AtomicU64,
    lost: AtomicU64,
    outages: AtomicU64,
    closed: AtomicBool,
    reopen: AtomicBool,
}

impl Shared {
    fn counts(&self) -> Counts {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            written: get(&self.written),
            shed: get(&self.shed),
            lost: get(&self.lost),
            outages: get(&self.outages),
            closed: self.closed.load(Ordering::Relaxed),
        }
    }
}

/// Writes records on a thread of its own, one JSON object a line, each batch in one system call
/// without buffering behind it, so that a reader sees a record at once and never half of one.
///
/// When the target cannot be written, say because the disk is full, that is logged once, the line
/// it broke off in is cut off again, and up to 10,000 records are kept (the newest, since later
/// records of a case include what earlier ones said) while the target is tried each second.
pub struct Writer {
    queue: SyncSender<Message>,
    ended: Receiver<()>,
    shared: Arc<Shared>,
}

impl Writer {
    /// How many records may wait for the thread unless said otherwise.
    pub const QUEUE: usize = 65_536;

    /// Opens the target and starts the thread. `queue` records may wait for it.
    ///
    /// # Errors
    /// The target cannot be opened for writing, or the thread cannot be started.
    pub fn start(target: &Target, queue: usize) -> Result<Self, OutputError> {
        Self::on(Sink::open(target)?, queue)
    }

    fn on(sink: Sink, queue: usize) -> Result<Self, OutputError> {
        let (sender, receiver) = sync_channel(queue.max(1));
        let (ending, ended) = sync_channel(0);
        let shared = Arc::new(Shared::default());
        let worker = Worker::new(sink, receiver, Arc::clone(&shared));
        std::thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || {
                worker.run();
                drop(ending);
            })
            .map_err(OutputError::Thread)?;
        Ok(Self { queue: sender, ended, shared })
    }

    /// Hands a record over without waiting: for live use.
    ///
    /// # Errors
    /// The queue is full (the record is counted as shed) or standard output was closed.
    pub fn offer(&self, record: &impl Serialize) -> Result<(), Refused> {
        self.offer_until(record, Instant::now())
    }

    /// Hands a record over, waiting for room in the queue until `deadline`: for the end of a live
    /// run, which must end even if nobody reads.
    ///
    /// # Errors
    /// As [`Self::offer`].
    pub fn offer_until(&self, record: &impl Serialize, deadline: Instant) -> Result<(), Refused> {
        let Some(mut line) = self.line(record) else { return Ok(()) };
        loop {
            match self.queue.try_send(line) {
                Ok(()) => {
                    self.took();
                    return Ok(());
                }
                Err(TrySendError::Full(_)) if Instant::now() >= deadline => {
                    self.shared.shed.fetch_add(1, Ordering::Relaxed);
                    return Err(Refused::Shed);
                }
                Err(TrySendError::Full(back)) => {
                    line = back;
                    std::thread::sleep(ROOM);
                }
                Err(TrySendError::Disconnected(_)) => return Err(Refused::Closed),
            }
        }
    }

    /// Hands a record over, waiting for room in the queue: for replay.
    ///
    /// # Errors
    /// Standard output was closed.
    pub fn submit(&self, record: &impl Serialize) -> Result<(), Refused> {
        let Some(line) = self.line(record) else { return Ok(()) };
        self.queue.send(line).map_err(|_| Refused::Closed)?;
        self.took();
        Ok(())
    }

    /// Opens the file anew under its path, because a log rotation moved the old one. The old one
    /// stays in use until that succeeds. Without effect on standard output.
    pub fn reopen(&self) {
        self.shared.reopen.store(true, Ordering::Release);
        // A full queue needs no waking.
        let _ = self.queue.try_send(Message::Wake);
    }

    /// What became of the records so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.counts()
    }

    /// Writes what waits and ends the thread; gives the final counts. A target that blocks is
    /// waited for as long as `patience` says, `None` for ever; what is not written by then is lost.
    #[must_use]
    pub fn finish(self, patience: Option<Duration>) -> Counts {
        drop(self.queue);
        let _ = match patience {
            Some(patience) => self.ended.recv_timeout(patience).is_ok(),
            None => self.ended.recv().is_ok(),
        };
        let mut counts = self.shared.counts();
        let taken = self.shared.taken.load(Ordering::Relaxed);
        counts.lost = taken.saturating_sub(counts.written).max(counts.lost);
        counts
    }

    fn took(&self) {
        self.shared.taken.fetch_add(1, Ordering::Relaxed);
    }

    fn line(&self, record: &impl Serialize) -> Option<Message> {
        match serde_json::to_vec(record) {
            Ok(mut line) => {
                line.push(b'\n');
                Some(Message::Line(line))
            }
            Err(error) => {
                self.shared.lost.fetch_add(1, Ordering::Relaxed);
                tracing::error!("a record has no JSON form and was lost: {error}");
                None
            }
        }
    }
}

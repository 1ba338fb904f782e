use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::spool::Behind;

/// What became of the records, over all outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Written whole.
    pub written: u64,
    /// Left memory before a slow output came to them.
    pub shed: u64,
    /// Given up: the receiver refused them or could not be written to for too long.
    pub lost: u64,
    /// How often a receiver ceased to be writable.
    pub outages: u64,
    /// Every output was standard output, closed by its reader.
    pub closed: bool,
}

/// What became of the records of one output.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutputCounts {
    /// The output's name.
    pub name: String,
    /// Its kind: file, stdout, syslog, journald, unix or http.
    pub kind: &'static str,
    /// Written whole.
    pub written: u64,
    /// Left out: by the filter, or because the format has no place for them.
    pub filtered: u64,
    /// Left out after a restart: the file has them already.
    pub repeated: u64,
    /// Left memory before the output came to them.
    pub shed: u64,
    /// Given up.
    pub lost: u64,
    /// Messages cut because they were too long for a datagram.
    pub cut: u64,
    /// How often the receiver ceased to be writable.
    pub outages: u64,
    /// How often it was tried again in vain.
    pub retries: u64,
    /// The receiver is there, as far as is known.
    pub connected: bool,
    /// Records that wait.
    pub queue: u64,
    /// Bytes of those of them that are in memory.
    pub queue_bytes: u64,
    /// How long ago the oldest record that it has taken and not delivered was published, in seconds.
    pub lag: f64,
}

#[derive(Debug, Default)]
struct Progress {
    acknowledged: Option<u64>,
    held: u64,
    oldest: Option<Timestamp>,
}

/// The counters of one output, while it runs.
#[derive(Debug, Default)]
pub(super) struct Meter {
    pub(super) written: AtomicU64,
    pub(super) filtered: AtomicU64,
    pub(super) repeated: AtomicU64,
    pub(super) lost: AtomicU64,
    pub(super) cut: AtomicU64,
    pub(super) outages: AtomicU64,
    pub(super) retries: AtomicU64,
    /// As the reader of the spool counted it when it ended.
    pub(super) shed: AtomicU64,
    pub(super) connected: AtomicBool,
    /// Standard output was closed by its reader.
    pub(super) closed: AtomicBool,
    /// Asked to open its file anew.
    pub(super) reopen: AtomicBool,
    /// Asked to end at once.
    pub(super) stop: AtomicBool,
    /// What it leaves is no loss of its own: another output takes it over, or it is counted elsewhere.
    pub(super) settled: AtomicBool,
    progress: Mutex<Progress>,
}

pub(super) fn add(counter: &AtomicU64, count: usize) {
    counter.fetch_add(count as u64, Ordering::Relaxed);
}

impl Meter {
    pub(super) fn resuming(acknowledged: Option<u64>) -> Self {
        Self { progress: Mutex::new(Progress { acknowledged, ..Progress::default() }), ..Self::default() }
    }

    fn progress(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of how far the output is, how many records it holds, and since when.
    pub(super) fn settle(&self, acknowledged: Option<u64>, held: usize, oldest: Option<Timestamp>) {
        let mut progress = self.progress();
        progress.acknowledged = progress.acknowledged.max(acknowledged);
        (progress.held, progress.oldest) = (held as u64, oldest);
    }

    /// Up to which record nothing is left to do.
    pub(super) fn acknowledged(&self) -> Option<u64> {
        self.progress().acknowledged
    }

    /// How many records are taken from the spool and not written.
    pub(super) fn held(&self) -> u64 {
        self.progress().held
    }

    pub(super) fn is(flag: &AtomicBool) -> bool {
        flag.load(Ordering::Acquire)
    }

    /// The counters, with what the spool says.
    pub(super) fn counts(&self, name: &str, kind: &'static str, spool: Option<Behind>) -> OutputCounts {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let over = || Behind { unread: 0, bytes: 0, missed: get(&self.shed) };
        let Behind { unread, bytes, missed } = spool.unwrap_or_else(over);
        let oldest = self.progress().oldest;
        OutputCounts {
            name: name.to_owned(),
            kind,
            written: get(&self.written),
            filtered: get(&self.filtered),
            repeated: get(&self.repeated),
            shed: missed,
            lost: get(&self.lost),
            cut: get(&self.cut),
            outages: get(&self.outages),
            retries: get(&self.retries),
            connected: Self::is(&self.connected),
            queue: unread + self.held(),
            queue_bytes: bytes,
            lag: oldest.map_or(0.0, |oldest| Timestamp::now().duration_since(oldest).as_secs_f64().max(0.0)),
        }
    }
}

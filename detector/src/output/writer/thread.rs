use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::Shared;
use super::sink::{Broken, Sink};

/// Bytes written at once, if as many wait.
const BATCH: usize = 256 * 1024;

/// Records kept while the target cannot be written.
pub(super) const BACKLOG: usize = 10_000;

/// How often a target that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// How long a target that failed is tried again once no more records come.
const LAST: Duration = Duration::from_secs(5);

pub(super) enum Message {
    Line(Vec<u8>),
    Wake,
}

/// What is kept and lost while the target cannot be written.
struct Outage {
    retry: Instant,
    lost: u64,
}

pub(super) struct Worker {
    sink: Sink,
    queue: Receiver<Message>,
    shared: Arc<Shared>,
    /// Lines not written yet, the oldest first.
    waiting: VecDeque<Vec<u8>>,
    /// Bytes of the first waiting line that were written and could not be cut off again.
    begun: usize,
    outage: Option<Outage>,
    /// When to try again to open the file anew, if that failed.
    reopen: Option<Instant>,
}

impl Worker {
    pub(super) fn new(sink: Sink, queue: Receiver<Message>, shared: Arc<Shared>) -> Self {
        Self { sink, queue, shared, waiting: VecDeque::new(), begun: 0, outage: None, reopen: None }
    }

    /// Runs until the queue is closed and all is written or given up, or standard output is closed.
    pub(super) fn run(mut self) {
        // When to give up, once no more will come.
        let mut end: Option<Instant> = None;
        loop {
            if end.is_none() && !self.collect() {
                end = Some(Instant::now() + LAST);
            }
            self.rotate();
            if let Some(retry) = self.outage.as_ref().map(|outage| outage.retry)
                && Instant::now() < retry
            {
                self.trim();
                match end {
                    None => continue,
                    Some(end) if self.waiting.is_empty() || end < retry => break,
                    Some(_) => std::thread::sleep(retry.saturating_duration_since(Instant::now())),
                }
            }
            match self.flush() {
                Ok(()) => {
                    self.recovered();
                    if end.is_some() {
                        break;
                    }
                }
                Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe && self.sink.ends_when_closed() => {
                    self.shared.closed.store(true, Ordering::Relaxed);
                    break;
                }
                Err(cause) => self.failed(&cause),
            }
        }
        self.lose(self.waiting.len());
    }

    /// Waits for a message and takes what else is there; `false` when no more will come.
    fn collect(&mut self) -> bool {
        let retries = [self.outage.as_ref().map(|outage| outage.retry), self.reopen];
        let next = match retries.into_iter().flatten().min() {
            Some(retry) => self.queue.recv_timeout(retry.saturating_duration_since(Instant::now())),
            None => self.queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let mut size = 0;
        match next {
            Ok(Message::Line(line)) => {
                size += line.len();
                self.waiting.push_back(line);
            }
            Ok(Message::Wake) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return false,
        }
        while size < BATCH
            && let Ok(message) = self.queue.try_recv()
        {
            if let Message::Line(line) = message {
                size += line.len();
                self.waiting.push_back(line);
            }
        }
        true
    }

    /// Opens the file anew if that was asked for.
    fn rotate(&mut self) {
        let asked = self.shared.reopen.swap(false, Ordering::Acquire);
        if !asked && self.reopen.is_none_or(|retry| Instant::now() < retry) {
            return;
        }
        match self.sink.reopen() {
            Ok(()) => {
                self.begun = 0;
                if self.reopen.take().is_some() {
                    tracing::info!("{} is open anew", self.sink.target());
                }
                if let Some(outage) = &mut self.outage {
                    outage.retry = Instant::now();
                }
            }
            Err(cause) => {
                if asked {
                    let name = self.sink.target();
                    tracing::error!(
                        "cannot open {name} anew: {cause}; the old file stays in use, trying each second"
                    );
                }
                self.reopen = Some(Instant::now() + RETRY);
            }
        }
    }

    /// Writes what waits.
    fn flush(&mut self) -> io::Result<()> {
        let mut batch = Vec::new();
        while !self.waiting.is_empty() {
            batch.clear();
            let mut lines = 0;
            for line in &self.waiting {
                batch.extend_from_slice(line);
                lines += 1;
                if batch.len() >= BATCH {
                    break;
                }
            }
            let length = self.sink.length();
            let rest = batch.get(self.begun..).unwrap_or_default();
            match self.sink.write(rest) {
                Ok(()) => {
                    self.begun = 0;
                    self.waiting.drain(..lines);
                    self.shared.written.fetch_add(lines as u64, Ordering::Relaxed);
                }
                Err(Broken { written, cause }) => {
                    self.settle(length, written);
                    return Err(cause);
                }
            }
        }
        Ok(())
    }

    /// After a write that broke off: forgets the lines that were written whole, and cuts off the
    /// line it broke off in. Where that is not possible, as in a pipe, its rest is written later.
    fn settle(&mut self, length: Option<u64>, written: usize) {
        let mut begun = self.begun + written;
        let mut lines = 0;
        while let Some(line) = self.waiting.front().filter(|line| line.len() <= begun) {
            begun -= line.len();
            lines += 1;
            self.waiting.pop_front();
        }
        self.shared.written.fetch_add(lines, Ordering::Relaxed);
        let length = length.map(|length| length + written as u64);
        self.begun = if begun > 0 && self.sink.cut(length, begun) { 0 } else { begun };
    }

    fn failed(&mut self, cause: &io::Error) {
        let retry = Instant::now() + RETRY;
        if let Some(outage) = &mut self.outage {
            outage.retry = retry;
        } else {
            self.shared.outages.fetch_add(1, Ordering::Relaxed);
            let name = self.sink.target();
            tracing::error!(
                "cannot write records to {name}: {cause}; keeping up to {BACKLOG} records and trying each second"
            );
            self.outage = Some(Outage { retry, lost: 0 });
        }
        self.trim();
    }

    fn recovered(&mut self) {
        if let Some(Outage { lost, .. }) = self.outage.take() {
            let name = self.sink.target();
            tracing::warn!(
                "records are written to {name} again; {lost} were lost, the others kept and written"
            );
        }
    }

    /// Gives up the oldest records above the backlog, but not one that is half written.
    fn trim(&mut self) {
        let excess = self.waiting.len().saturating_sub(BACKLOG);
        let first = usize::from(self.begun > 0).min(self.waiting.len());
        self.waiting.drain(first..(first + excess).min(self.waiting.len()));
        self.lose(excess);
    }

    fn lose(&mut self, count: usize) {
        self.shared.lost.fetch_add(count as u64, Ordering::Relaxed);
        if let Some(outage) = &mut self.outage {
            outage.lost += count as u64;
        }
    }
}

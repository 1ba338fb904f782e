use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::backoff::Pace;
use super::pending::{Item, Pending};
use super::{Sink, Trouble};
use crate::output::filter::Filter;
use crate::output::format::{Format, identity};
use crate::output::meter::{Meter, add};
use crate::output::spool::{Behind, Next, Reader, Slot};

/// Records taken from the spool at once.
const BATCH: usize = 1024;

/// How long a receiver that failed is tried again once no more records come.
const LAST: Duration = Duration::from_secs(5);

/// How long an output waits for the one whose place it takes.
const PREDECESSOR: Duration = Duration::from_secs(10);

/// What an output does beside delivering.
pub(in crate::output) struct Worker {
    pub(in crate::output) name: String,
    pub(in crate::output) sink: Box<dyn Sink>,
    pub(in crate::output) filter: Filter,
    pub(in crate::output) format: Format,
    pub(in crate::output) reader: Reader,
    pub(in crate::output) meter: Arc<Meter>,
    /// It goes on where an earlier run stopped.
    pub(in crate::output) resumes: bool,
}

/// The receiver cannot be written.
struct Outage {
    retry: Instant,
    failures: u32,
    /// Records lost before it began.
    lost: u64,
}

/// What changes while an output runs.
struct Running {
    worker: Worker,
    pending: Pending,
    already: HashSet<String>,
    outage: Option<Outage>,
    /// When to try again to open the file anew, if that failed.
    reopen: Option<Instant>,
    /// When to give up, once no more will come.
    end: Option<Instant>,
    archive_failed: bool,
}

impl Worker {
    /// Runs until no more will come and all is delivered or given up, or standard output is closed.
    pub(in crate::output) fn run(self) {
        self.reader.wait_for_place(PREDECESSOR);
        let already = if self.resumes { self.sink.already() } else { HashSet::new() };
        let pending = Pending::new(Arc::clone(&self.meter));
        let mut running = Running {
            worker: self,
            pending,
            already,
            outage: None,
            reopen: None,
            end: None,
            archive_failed: false,
        };
        running.run();
        running.finish();
    }
}

impl Running {
    fn run(&mut self) {
        let connected = self.worker.sink.connect();
        if !self.came_to(connected) {
            return;
        }
        while !Meter::is(&self.worker.meter.stop) {
            self.rotate();
            if self.pending.is_empty() {
                match self.worker.reader.next(BATCH, self.wake()) {
                    Ok(Next::Entries(slots)) => {
                        self.archive_failed = false;
                        for slot in &slots {
                            self.take(slot);
                        }
                    }
                    Ok(Next::Nothing) => self.look(),
                    Ok(Next::End) => return,
                    Err(cause) if !self.without_archive(&cause) => return,
                    Err(_) => {}
                }
                self.settle();
                if self.pending.is_empty() {
                    continue;
                }
            }
            let delivered = self.worker.sink.deliver(&mut self.pending);
            self.settle();
            if !self.came_to(delivered.map(|()| true)) {
                return;
            }
        }
    }

    /// Until when to wait for records.
    fn wake(&self) -> Option<Instant> {
        let look = self.worker.sink.look_after().map(|pause| Instant::now() + pause);
        let retry = self.outage.as_ref().map(|outage| outage.retry);
        [look, retry, self.reopen].into_iter().flatten().min()
    }

    /// Looks after the receiver while there is nothing to deliver.
    fn look(&mut self) {
        if let Err(trouble) = self.worker.sink.look(&mut self.pending) {
            self.came_to(Err(trouble));
        }
        if self.outage.as_ref().is_some_and(|outage| Instant::now() >= outage.retry) {
            let connected = self.worker.sink.connect();
            self.came_to(connected);
        }
    }

    /// Puts a record into its shape, unless it is not to leave here.
    fn take(&mut self, slot: &Slot) {
        // What this run found no earlier one can have written, even if the ledger began anew and numbers come again.
        if !self.already.is_empty() && self.worker.reader.spool().is_new(slot.entry.sequence) {
            self.already = HashSet::new();
        }
        let Worker { format, filter, sink, meter, .. } = &self.worker;
        let line = &slot.entry.line;
        let plain = *format == Format::Eve && filter.lets_all_pass() && self.already.is_empty();
        let reads = sink.reads_records();
        let eve = if plain && !reads { None } else { serde_json::from_str::<Value>(line).ok() };
        if let Some(eve) = &eve {
            if !filter.lets_pass(eve) {
                return add(&meter.filtered, 1);
            }
            if !self.already.is_empty()
                && let Some(identity) = identity(eve)
            {
                if self.already.contains(&identity) {
                    return add(&meter.repeated, 1);
                }
                // They were written in their order: after the first that is missing, all are.
                self.already = HashSet::new();
            }
        }
        let text = match &eve {
            Some(eve) => match format.render(eve, line) {
                Some(text) if text.as_ref() == line.as_ref() => Arc::clone(line),
                Some(text) => text.into(),
                None => return add(&meter.filtered, 1),
            },
            None => Arc::clone(line),
        };
        let eve = eve.filter(|_| reads).map(Arc::new);
        self.pending.push(Item { sequence: slot.entry.sequence, at: slot.at, text, eve });
    }

    /// Tells how far it is.
    fn settle(&self) {
        let first = self.pending.first();
        let acknowledged =
            first.map_or_else(|| self.worker.reader.after(), |item| Some(item.sequence.saturating_sub(1)));
        self.worker.reader.settle(acknowledged);
        self.worker.meter.settle(acknowledged, self.pending.len(), first.map(|item| item.at));
    }

    /// Opens the file, or reads the certificates, anew if that was asked for.
    fn rotate(&mut self) {
        let asked = self.worker.meter.reopen.swap(false, Ordering::AcqRel);
        if !asked && self.reopen.is_none_or(|retry| Instant::now() < retry) {
            return;
        }
        match self.worker.sink.reopen() {
            Ok(()) => {
                if self.reopen.take().is_some() {
                    tracing::info!("{} is open anew", self.worker.name);
                }
            }
            Err(cause) => {
                if asked {
                    let name = &self.worker.name;
                    tracing::error!(
                        "cannot open {name} anew: {cause}; what was open stays in use, trying each second"
                    );
                }
                self.reopen = Some(Instant::now() + Pace::STEADY.first);
            }
        }
    }

    /// Whether to go on after what came of the delivery.
    fn came_to(&mut self, delivered: Result<bool, Trouble>) -> bool {
        match delivered {
            Ok(known) => {
                self.recovered(known);
                true
            }
            Err(Trouble::Closed) => {
                self.worker.meter.closed.store(true, Ordering::Release);
                false
            }
            Err(Trouble::Unread) => self.failed("nobody reads it", None, true),
            Err(Trouble::Outage { cause, pause }) => self.failed(&cause.to_string(), pause, false),
        }
    }

    fn recovered(&mut self, known: bool) {
        self.worker.meter.connected.fetch_or(known, Ordering::AcqRel);
        let Some(Outage { lost, .. }) = self.outage.take() else { return };
        self.worker.reader.set_healthy(true);
        let name = &self.worker.name;
        tracing::warn!(
            "records are written to {name} again; {} were lost, the others kept and written",
            self.losses().saturating_sub(lost)
        );
    }

    fn losses(&self) -> u64 {
        let shed =
            self.worker.reader.spool().behind(self.worker.reader.id()).map_or(0, |behind| behind.missed);
        self.worker.meter.lost.load(Ordering::Relaxed) + shed
    }

    /// Takes note of an outage, and waits before the next attempt. False: it is given up, because no more will come.
    fn failed(&mut self, cause: &str, pause: Option<Duration>, unread: bool) -> bool {
        let was_there = self.worker.meter.connected.swap(false, Ordering::AcqRel);
        let failures = self.outage.as_ref().map_or(0, |outage| outage.failures.saturating_add(1));
        let paced = self.worker.sink.pace().pause(failures);
        // A receiver that asks for no pause at all is not besieged either.
        let mut pause = pause.map_or(paced, |asked| asked.max(paced));
        if self.outage.is_none() {
            add(&self.worker.meter.outages, usize::from(was_there || !unread));
            // A pipe that is read later is no reason to go on without it.
            self.worker.reader.set_healthy(unread);
            let (name, kept) = (&self.worker.name, self.kept());
            if unread {
                tracing::info!("waiting for a reader of {name}; {kept}");
            } else {
                tracing::error!("cannot write records to {name}: {cause}; {kept}, and trying again");
            }
        } else {
            add(&self.worker.meter.retries, 1);
        }
        let lost = self.outage.as_ref().map_or_else(|| self.losses(), |outage| outage.lost);
        let ending = self.worker.reader.ending();
        if let Some(patient) = ending.filter(|patient| !(*patient && unread)) {
            let end = *self.end.get_or_insert_with(|| Instant::now() + LAST);
            pause = pause.min(Pace::STEADY.first);
            // An archive keeps them for the next start.
            let kept = self.worker.reader.spool().has_archive();
            if (kept && !patient) || Instant::now() + pause > end {
                return false;
            }
        }
        let retry = Instant::now() + pause;
        self.outage = Some(Outage { retry, failures, lost });
        if !self.pending.is_empty() {
            self.worker.reader.pause(retry, ending.is_some());
        }
        true
    }

    fn kept(&self) -> String {
        let spool = self.worker.reader.spool();
        if spool.has_archive() {
            return "they stay in the ledger, or in memory as long as that cannot be written".to_owned();
        }
        let size = spool.size();
        format!("keeping the latest {} records, up to {} MiB", size.entries, size.bytes >> 20)
    }

    /// Waits after the archive could not be read. False: no more will come.
    fn without_archive(&mut self, cause: &io::Error) -> bool {
        if !std::mem::replace(&mut self.archive_failed, true) {
            let name = &self.worker.name;
            tracing::error!("cannot read records for {name} back from the ledger: {cause}; trying again");
        }
        self.worker.reader.pause(Instant::now() + Pace::STEADY.first, false);
        self.worker.reader.ending().is_none()
    }

    /// Counts what is left.
    fn finish(self) {
        let Worker { reader, meter, .. } = &self.worker;
        self.settle();
        let Behind { missed, .. } = reader.spool().behind(reader.id()).unwrap_or_default();
        meter.shed.store(missed, Ordering::Relaxed);
        if !Meter::is(&meter.closed) && !Meter::is(&meter.settled) && !reader.spool().has_archive() {
            add(&meter.lost, self.pending.len());
            meter.lost.fetch_add(reader.spool().unread(reader.id()), Ordering::Relaxed);
        }
        let acknowledged = meter.acknowledged();
        meter.settle(acknowledged, 0, None);
        meter.connected.store(false, Ordering::Release);
    }
}

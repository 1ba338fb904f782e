use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::config::{self, Config, Destination, Target};
use super::error::OutputError;
use super::meter::{Counts, Meter, OutputCounts};
use super::sink::Sink;
use super::sink::file::FileSink;
use super::sink::http::HttpSink;
use super::sink::journald::JournaldSink;
use super::sink::syslog::SyslogSink;
use super::sink::unix::UnixSink;
use super::sink::worker::{Predecessor, Worker};
use super::spool::{Archive, Entry, Room, Spool, Wait};

/// How long an output that is taken away may take to write what there is.
const FAREWELL: Duration = Duration::from_secs(5);

/// Why a record was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nobody reads standard output any more, and there is no other output.
    #[error("standard output was closed")]
    Closed,
}

/// An output, and the thread that runs it.
struct Output {
    config: Config,
    id: u64,
    meter: Arc<Meter>,
    /// Tells the end of the thread by being closed.
    ended: Receiver<()>,
}

impl Output {
    fn counts(&self, spool: &Spool) -> OutputCounts {
        self.meter.counts(&self.config.name, self.config.to.kind(), spool.behind(self.id))
    }

    fn is_over(&self) -> bool {
        matches!(self.ended.try_recv(), Err(std::sync::mpsc::TryRecvError::Disconnected))
    }
}

/// Hands records to all outputs. Each output has a thread and goes at its own pace, so that a receiver that is slow or
/// dead holds up neither the others nor the caller.
///
/// Records are either published with the numbers that a store gave them, or offered and numbered here: one or the
/// other, not both.
pub struct Outputs {
    spool: Arc<Spool>,
    running: Mutex<Vec<Output>>,
    /// What outputs that were taken away had counted.
    retired: Mutex<(Vec<(Output, Instant)>, Counts)>,
    next: AtomicU64,
    unwritable: AtomicU64,
}

impl Outputs {
    /// Opens the outputs and starts their threads. An output goes on after the number that `cursors` has by its name, or
    /// begins with what is published from now on. Without an archive, `cursors` mean nothing.
    ///
    /// # Errors
    /// Two outputs have the same name or target, a file cannot be opened, certificates cannot be read, or a thread
    /// cannot be started. A receiver elsewhere that is not there is no error.
    pub fn start(
        configs: Vec<Config>,
        archive: Option<Arc<dyn Archive>>,
        cursors: &HashMap<String, u64>,
    ) -> Result<Self, OutputError> {
        Self::with_room(configs, archive, cursors, Room::default())
    }

    pub(super) fn with_room(
        configs: Vec<Config>,
        archive: Option<Arc<dyn Archive>>,
        cursors: &HashMap<String, u64>,
        room: Room,
    ) -> Result<Self, OutputError> {
        config::check(&configs)?;
        let opened = open(configs)?;
        let this = Self {
            spool: Arc::new(Spool::new(room, archive)),
            running: Mutex::default(),
            retired: Mutex::default(),
            next: AtomicU64::new(0),
            unwritable: AtomicU64::new(0),
        };
        let mut outputs = Vec::new();
        for (config, sink) in opened {
            let after = cursors.get(&config.name).copied();
            outputs.push(this.run(config, sink, after, after.is_some(), None)?);
        }
        *this.outputs() = outputs;
        Ok(this)
    }

    #[cfg(test)]
    pub(super) fn on(sink: FileSink, room: Room) -> Result<Self, OutputError> {
        let this = Self::with_room(Vec::new(), None, &HashMap::new(), room)?;
        let output = this.run(Target::Stdout.into(), Box::new(sink), None, false, None)?;
        this.outputs().push(output);
        Ok(this)
    }

    fn run(
        &self,
        config: Config,
        sink: Box<dyn Sink>,
        after: Option<u64>,
        resumes: bool,
        predecessor: Option<Predecessor>,
    ) -> Result<Output, OutputError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let reader = self.spool.reader(id, after);
        // One that begins anew is to miss nothing from here on, even if the agent is killed before it has had a record.
        let meter = Arc::new(Meter::resuming(after.or_else(|| reader.after())));
        let worker = Worker {
            name: config.to.to_string(),
            sink,
            filter: config.filter.clone(),
            format: config.format,
            reader,
            meter: Arc::clone(&meter),
            resumes: resumes && self.spool.has_archive(),
            predecessor,
        };
        let (ending, ended) = sync_channel(0);
        std::thread::Builder::new()
            .name(format!("output-{}", config.name))
            .spawn(move || {
                worker.run();
                drop(ending);
            })
            .map_err(OutputError::Thread)?;
        Ok(Output { config, id, meter, ended })
    }

    fn outputs(&self) -> MutexGuard<'_, Vec<Output>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn retired(&self) -> MutexGuard<'_, (Vec<(Output, Instant)>, Counts)> {
        self.retired.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands entries over that a store has numbered and committed, without waiting: numbers must rise.
    ///
    /// # Errors
    /// Standard output was the only output, and was closed.
    pub fn publish(&self, entries: Vec<Entry>) -> Result<(), Refused> {
        self.spool.publish(entries, Wait::Never);
        self.closed()
    }

    /// As [`Self::publish`], but waits until `deadline` while memory is full: for the end of a live run.
    ///
    /// # Errors
    /// As [`Self::publish`].
    pub fn publish_until(&self, entries: Vec<Entry>, deadline: Instant) -> Result<(), Refused> {
        self.spool.publish(entries, Wait::Until(deadline));
        self.closed()
    }

    /// As [`Self::publish`], but waits while memory is full of what a healthy output has not read: for replay.
    ///
    /// # Errors
    /// As [`Self::publish`].
    pub fn publish_all(&self, entries: Vec<Entry>) -> Result<(), Refused> {
        self.spool.publish(entries, Wait::Always);
        self.closed()
    }

    /// Hands a record over without waiting: for live use. If memory is full, the oldest record makes room; outputs that
    /// had not come to it count it as shed.
    ///
    /// # Errors
    /// Standard output was the only output, and was closed.
    pub fn offer(&self, record: &impl Serialize) -> Result<(), Refused> {
        self.append(record, Wait::Never)
    }

    /// Hands a record over, waiting until `deadline` while memory is full: for the end of a live run, which must end even
    /// if nobody reads.
    ///
    /// # Errors
    /// As [`Self::offer`].
    pub fn offer_until(&self, record: &impl Serialize, deadline: Instant) -> Result<(), Refused> {
        self.append(record, Wait::Until(deadline))
    }

    /// Hands a record over, waiting while memory is full of what a healthy output has not read: for replay.
    ///
    /// # Errors
    /// As [`Self::offer`].
    pub fn submit(&self, record: &impl Serialize) -> Result<(), Refused> {
        self.append(record, Wait::Always)
    }

    fn append(&self, record: &impl Serialize, wait: Wait) -> Result<(), Refused> {
        self.closed()?;
        match serde_json::to_string(record) {
            Ok(line) => self.spool.append(line.into(), wait),
            Err(error) => {
                self.unwritable.fetch_add(1, Ordering::Relaxed);
                tracing::error!("a record has no JSON form and was lost: {error}");
            }
        }
        self.closed()
    }

    fn closed(&self) -> Result<(), Refused> {
        if all_closed(&self.outputs()) { Err(Refused::Closed) } else { Ok(()) }
    }

    /// Opens files anew under their paths, because a log rotation moved the old ones. An old one stays in use until that
    /// succeeds. Without effect on other outputs.
    pub fn reopen(&self) {
        for output in self.outputs().iter() {
            output.meter.reopen.store(true, Ordering::Release);
            self.spool.wake(output.id);
        }
    }

    /// Puts other outputs in the place of those there are: those that are the same go on, those that are gone write what
    /// there is and end, new ones begin with the next record, and one that was changed takes over where it was.
    ///
    /// # Errors
    /// As [`Self::start`]; nothing was changed then.
    pub fn reconfigure(&self, configs: Vec<Config>) -> Result<(), OutputError> {
        config::check(&configs)?;
        let mut outputs = self.outputs();
        let is_there =
            |config: &Config| outputs.iter().any(|output| output.config == *config && !output.is_over());
        let (same, new): (Vec<Config>, Vec<Config>) = configs.into_iter().partition(is_there);
        let opened = open(new)?;
        let (kept, mut gone): (Vec<Output>, Vec<Output>) =
            outputs.drain(..).partition(|output| same.contains(&output.config));
        *outputs = kept;
        for (config, sink) in opened {
            let before = gone.iter().position(|output| output.config.name == config.name);
            let before = before.map(|at| gone.swap_remove(at));
            let after = before.as_ref().and_then(|output| output.meter.acknowledged());
            let predecessor = before.map(|output| self.replace(output));
            match self.run(config, sink, after, false, predecessor) {
                Ok(output) => outputs.push(output),
                // Without threads nothing can be taken back; the others are in use.
                Err(error) => tracing::error!("{error}"),
            }
        }
        drop(outputs);
        for output in gone {
            self.retire(output);
        }
        Ok(())
    }

    /// Ends an output at once, so that another takes over where it is.
    fn replace(&self, output: Output) -> Predecessor {
        self.spool.retire(output.id, true);
        output.meter.stop.store(true, Ordering::Release);
        let mut retired = self.retired();
        add(&mut retired.1, &output.counts(&self.spool));
        Predecessor { meter: output.meter, ended: output.ended }
    }

    /// Lets an output write what there is and end.
    fn retire(&self, output: Output) {
        self.spool.retire(output.id, false);
        let mut retired = self.retired();
        let (over, under_way): (Vec<_>, Vec<_>) =
            retired.0.drain(..).partition(|(output, _)| output.is_over());
        for (output, _) in over {
            add(&mut retired.1, &output.counts(&self.spool));
        }
        retired.0 = under_way;
        retired.0.push((output, Instant::now() + FAREWELL));
    }

    /// What became of the records so far, over all outputs.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let outputs = self.outputs();
        let mut sum = Counts { lost: self.unwritable.load(Ordering::Relaxed), ..Counts::default() };
        let retired = self.retired();
        let past = retired.1;
        sum.written += past.written;
        sum.shed += past.shed;
        sum.lost += past.lost;
        sum.outages += past.outages;
        let under_way = retired.0.iter().map(|(output, deadline)| {
            if Instant::now() > *deadline {
                output.meter.stop.store(true, Ordering::Release);
            }
            output
        });
        for output in outputs.iter().chain(under_way) {
            add(&mut sum, &output.counts(&self.spool));
        }
        sum.closed = all_closed(&outputs);
        sum
    }

    /// What became of the records of each output.
    #[must_use]
    pub fn per_output(&self) -> Vec<OutputCounts> {
        self.outputs().iter().map(|output| output.counts(&self.spool)).collect()
    }

    /// Up to which number each output needs nothing any more, by name. An output that has had nothing yet is left out.
    #[must_use]
    pub fn acknowledged(&self) -> HashMap<String, u64> {
        let outputs = self.outputs();
        let each = outputs.iter();
        each.filter_map(|output| Some((output.config.name.clone(), output.meter.acknowledged()?))).collect()
    }

    /// Writes what waits and ends the threads; gives the final counts. A receiver that blocks is
    /// waited for as long as `patience` says, `None` for ever; what is not written by then is lost, unless an archive
    /// has it. One that fails is tried for five seconds more.
    #[must_use]
    pub fn finish(&self, patience: Option<Duration>) -> Counts {
        self.finish_all(patience).0
    }

    /// As [`Self::finish`], and says up to where each output came, by name.
    #[must_use]
    pub fn finish_all(&self, patience: Option<Duration>) -> (Counts, HashMap<String, u64>) {
        self.spool.end(patience.is_none());
        let deadline = patience.map(|patience| Instant::now() + patience);
        let mut unwritten = 0;
        for output in self.outputs().iter() {
            let ended = match deadline {
                None => output.ended.recv().is_err(),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    output.ended.recv_timeout(left) == Err(RecvTimeoutError::Disconnected)
                }
            };
            if ended {
                continue;
            }
            // From now on it counts nothing as lost by itself.
            output.meter.stop.store(true, Ordering::Release);
            if !self.spool.has_archive() && !Meter::is(&output.meter.closed) {
                unwritten += output.counts(&self.spool).queue;
            }
        }
        let mut counts = self.counts();
        counts.lost += unwritten;
        (counts, self.acknowledged())
    }
}

impl Drop for Outputs {
    fn drop(&mut self) {
        self.spool.end(false);
    }
}

fn all_closed(outputs: &[Output]) -> bool {
    !outputs.is_empty() && outputs.iter().all(|output| Meter::is(&output.meter.closed))
}

fn add(sum: &mut Counts, output: &OutputCounts) {
    sum.written += output.written;
    sum.shed += output.shed;
    sum.lost += output.lost;
    sum.outages += output.outages;
}

type Opened = (Config, Box<dyn Sink>);

fn open(configs: Vec<Config>) -> Result<Vec<Opened>, OutputError> {
    let mut opened = Vec::new();
    for config in configs {
        let limits = &config.limits;
        let sink: Box<dyn Sink> = match &config.to {
            Destination::Stdout => Box::new(FileSink::open(&Target::Stdout)?),
            Destination::File(path) => Box::new(FileSink::open(&Target::File(path.clone()))?),
            Destination::Syslog(syslog) => Box::new(SyslogSink::new(syslog, limits)?),
            Destination::Journald(journald) => Box::new(JournaldSink::new(journald, limits)),
            Destination::Unix(unix) => Box::new(UnixSink::new(unix, limits)),
            Destination::Http(http) => Box::new(HttpSink::new(http, limits)?),
        };
        opened.push((config, sink));
    }
    Ok(opened)
}

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::config::{self, Config, Destination, Target};
use super::error::OutputError;
use super::filter::Wanted;
use super::meter::{Counts, Meter, OutputCounts};
use super::sink::Sink;
use super::sink::file::FileSink;
use super::sink::http::HttpSink;
use super::sink::journald::JournaldSink;
use super::sink::syslog::SyslogSink;
use super::sink::unix::UnixSink;
use super::sink::worker::Worker;
use super::spool::{Archive, Entry, Reader, Room, Spool, Wait};

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

/// Outputs that are open, to be put in the place of those there are.
pub struct Prepared {
    /// Those that go on as they are.
    same: Vec<Config>,
    new: Vec<Opened>,
}

/// Hands records to all outputs. Each output has a thread and goes at its own pace, so that a receiver that is slow or
/// dead holds up neither the others nor the caller.
pub struct Outputs {
    spool: Arc<Spool>,
    running: Mutex<Vec<Output>>,
    /// What outputs that were taken away had counted.
    retired: Mutex<(Vec<(Output, Instant)>, Counts)>,
    next: AtomicU64,
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
        };
        let mut outputs = Vec::new();
        for (config, sink) in opened {
            let after = cursors.get(&config.name).copied();
            let reader = this.reader(&config, after);
            outputs.push(this.run(config, sink, reader, after.is_some())?);
        }
        *this.outputs() = outputs;
        Ok(this)
    }

    #[cfg(test)]
    pub(super) fn on(sink: FileSink, room: Room) -> Result<Self, OutputError> {
        let this = Self::with_room(Vec::new(), None, &HashMap::new(), room)?;
        let config = Config::from(Target::Stdout);
        let reader = this.reader(&config, None);
        let output = this.run(config, Box::new(sink), reader, false)?;
        this.outputs().push(output);
        Ok(this)
    }

    /// The number of the latest record.
    #[cfg(test)]
    pub(super) fn last(&self) -> u64 {
        self.spool.last().unwrap_or_default()
    }

    fn id(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    fn reader(&self, config: &Config, after: Option<u64>) -> Reader {
        self.spool.reader(self.id(), after, wanted(config))
    }

    fn run(
        &self,
        config: Config,
        sink: Box<dyn Sink>,
        reader: Reader,
        resumes: bool,
    ) -> Result<Output, OutputError> {
        let id = reader.id();
        // One that begins anew is to miss nothing from here on, even if the agent is killed before it has had a record.
        let meter = Arc::new(Meter::resuming(reader.after()));
        let worker = Worker {
            name: config.to.to_string(),
            sink,
            filter: config.filter.clone(),
            format: config.format,
            reader,
            meter: Arc::clone(&meter),
            resumes: resumes && self.spool.has_archive(),
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

    fn closed(&self) -> Result<(), Refused> {
        if all_closed(&self.outputs()) { Err(Refused::Closed) } else { Ok(()) }
    }

    /// Opens files anew under their paths, because a log rotation moved the old ones, and reads files of certificates anew.
    /// What was open stays in use until that succeeds.
    pub fn reopen(&self) {
        for output in self.outputs().iter() {
            output.meter.reopen.store(true, Ordering::Release);
            self.spool.wake(output.id);
        }
    }

    /// Opens outputs that may take the place of those there are, which go on meanwhile. May wait for a disk.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn prepare(&self, configs: Vec<Config>) -> Result<Prepared, OutputError> {
        config::check(&configs)?;
        let (same, new) = {
            let outputs = self.outputs();
            let is_there =
                |config: &Config| outputs.iter().any(|output| output.config == *config && !output.is_over());
            configs.into_iter().partition(is_there)
        };
        Ok(Prepared { same, new: open(new)? })
    }

    /// Puts outputs in the place of those there were when they were prepared: those that are the same go on, those that
    /// are gone write what there is and end, new ones begin with the next record, and one that was changed takes over where
    /// it was.
    pub fn exchange(&self, prepared: Prepared) {
        let Prepared { same, new } = prepared;
        let mut outputs = self.outputs();
        let (kept, mut gone): (Vec<Output>, Vec<Output>) =
            outputs.drain(..).partition(|output| same.contains(&output.config));
        *outputs = kept;
        for (config, sink) in new {
            let before = gone.iter().position(|output| output.config.name == config.name);
            let reader = match before.map(|at| gone.swap_remove(at)) {
                Some(output) => self.replace(output, &config),
                None => self.reader(&config, None),
            };
            match self.run(config, sink, reader, false) {
                Ok(output) => outputs.push(output),
                // Without threads nothing can be taken back; the others are in use.
                Err(error) => tracing::error!("{error}"),
            }
        }
        drop(outputs);
        for output in gone {
            self.spool.retire(output.id);
            self.farewell(output);
        }
    }

    /// Ends an output at once, and gives a reader that goes on where it is when it has ended.
    fn replace(&self, output: Output, config: &Config) -> Reader {
        output.meter.settled.store(true, Ordering::Release);
        let heir = self.spool.heir(self.id(), output.id, wanted(config));
        let reader = heir.unwrap_or_else(|| self.reader(config, output.meter.acknowledged()));
        output.meter.stop.store(true, Ordering::Release);
        self.farewell(output);
        reader
    }

    /// Keeps the counters of an output that ends.
    fn farewell(&self, output: Output) {
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
        let retired = self.retired();
        let mut sum = retired.1;
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

    /// Up to which number each output needs nothing any more, by name. An output that has had nothing yet is left out. Nobody
    /// wants what a reader of standard output that went away did not take.
    #[must_use]
    pub fn acknowledged(&self) -> HashMap<String, u64> {
        let outputs = self.outputs();
        let done = |output: &Output| {
            let closed = if Meter::is(&output.meter.closed) { self.spool.last() } else { None };
            output.meter.acknowledged().max(closed)
        };
        outputs.iter().filter_map(|output| Some((output.config.name.clone(), done(output)?))).collect()
    }

    /// Writes what waits and ends the threads; gives the final counts, and up to where each output came, by name. A
    /// receiver that blocks is waited for as long as `patience` says, `None` for ever; what is not written by then is
    /// lost, unless an archive has it. One that fails is tried for five seconds more.
    #[must_use]
    pub fn finish_all(&self, patience: Option<Duration>) -> (Counts, HashMap<String, u64>) {
        self.spool.end(patience.is_none());
        let deadline = patience.map(|patience| Instant::now() + patience);
        let mut unwritten = 0;
        let outputs = self.outputs();
        let retired = self.retired();
        let leaving = retired.0.iter().map(|(output, _)| output);
        // One that is replaced is waited for by the one that takes its place.
        let leaving = leaving.filter(|output| !Meter::is(&output.meter.settled));
        for output in outputs.iter().chain(leaving) {
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
            output.meter.settled.store(true, Ordering::Release);
            output.meter.stop.store(true, Ordering::Release);
            if !self.spool.has_archive() && !Meter::is(&output.meter.closed) {
                unwritten += output.meter.held() + self.spool.unread(output.id);
            }
        }
        drop((outputs, retired));
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

fn wanted(config: &Config) -> Wanted {
    Wanted::new(config.filter.clone(), config.format)
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

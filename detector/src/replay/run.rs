use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::capture::{Capture, CaptureError};
use super::engine::{Engine, EngineError};
use super::progress::Progress;
use crate::dispatch::Dispatch;
use crate::ledger::Record;
use crate::losses;
use crate::output::Refused;
use crate::pipeline::{Pipeline, Settings};

/// What to replay, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The captures; `-` is standard input.
    pub files: Vec<PathBuf>,
    /// Limits of the agent.
    pub pipeline: Settings,
}

/// What became of a replay.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Captures that were read to their end.
    pub complete: usize,
    /// Captures that could not be read, or not to their end.
    pub incomplete: usize,
    /// Frames that were given to the recogniser.
    pub frames: u64,
    /// The counters of the recogniser and of the agent, over all captures.
    pub counters: BTreeMap<&'static str, u64>,
    /// Standard output was closed by its reader before the end.
    pub closed: bool,
}

/// Reads captures one after the other. Each is a world of its own: flows and cases do not go
/// over from one to the next, and time is the capture's.
///
/// A capture that cannot be read is reported through `tracing` and counted; the others are read.
///
/// # Errors
/// The engine fails.
pub fn run(engine: &mut dyn Engine, options: &Options, dispatch: &Dispatch) -> Result<Summary, EngineError> {
    let mut summary = Summary::default();
    for path in &options.files {
        let mut replay = Replay {
            engine,
            pipeline: Pipeline::new(options.pipeline.clone()),
            dispatch,
            name: path.display().to_string().into(),
            cut: 0,
            summary: &mut summary,
        };
        let read = replay.capture(path);
        for (name, count) in losses::of(&replay.pipeline) {
            *replay.summary.counters.entry(name).or_default() += count;
        }
        match read {
            Ok(()) => summary.complete += 1,
            Err(Stop::Capture(error)) => {
                summary.incomplete += 1;
                tracing::error!("{error}");
            }
            Err(Stop::Closed) => {
                summary.closed = true;
                return Ok(summary);
            }
            Err(Stop::Engine(error)) => return Err(error),
        }
        engine.clear()?;
    }
    summary.counters.extend(engine.counters()?.iter());
    Ok(summary)
}

/// The longest frame given to the recogniser: more than any IP packet with its headers, and less
/// than the 17 pages beside the first that the kernel has room for.
pub const LONGEST: usize = (1 << 16) + 256;

/// Why a capture is not read further.
enum Stop {
    Capture(CaptureError),
    Engine(EngineError),
    Closed,
}

impl From<EngineError> for Stop {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

struct Replay<'a> {
    engine: &'a mut dyn Engine,
    pipeline: Pipeline,
    dispatch: &'a Dispatch,
    name: Arc<str>,
    cut: u64,
    summary: &'a mut Summary,
}

impl Replay<'_> {
    fn capture(&mut self, path: &Path) -> Result<(), Stop> {
        let mut capture = Capture::open(path).map_err(Stop::Capture)?;
        let progress = Progress::of(path, capture.size());
        let mut now = Timestamp::UNIX_EPOCH;
        let damage = loop {
            let frame = match capture.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => break None,
                Err(error) => break Some(error),
            };
            let time = Timestamp::from_nanosecond(frame.time_ns.into()).unwrap_or(now);
            self.frame(frame.bytes, frame.time_ns, time, frame.interface_name)?;
            // A step of a second is fine enough for limits of minutes and hours.
            if time.as_second() != now.as_second() {
                now = time;
                self.advance(now)?;
                progress.at(capture.bytes_read());
            }
        };
        let records = self.pipeline.finish(now);
        self.write(records)?;
        for lost in [capture.counts().explain(), capture.counts().explain_cut()].into_iter().flatten() {
            tracing::warn!("{}: {lost}", self.name);
        }
        if self.cut > 0 {
            tracing::warn!("{}: {} frames were read to {LONGEST} bytes only", self.name, self.cut);
        }
        damage.map_or(Ok(()), |error| Err(Stop::Capture(error)))
    }

    fn frame(
        &mut self,
        bytes: &[u8],
        clock: u64,
        time: Timestamp,
        interface: Option<&str>,
    ) -> Result<(), Stop> {
        let (mut records, mut feedback) = (Vec::new(), Vec::new());
        let (bytes, rest) = bytes.split_at(bytes.len().min(LONGEST));
        self.cut += u64::from(!rest.is_empty());
        let pipeline = &mut self.pipeline;
        self.engine.frame(bytes, clock, &mut |event| {
            let reaction = pipeline.event(event, time, interface);
            records.extend(reaction.records);
            feedback.extend(reaction.feedback);
        })?;
        self.summary.frames += 1;
        for feedback in feedback {
            self.engine.feedback(feedback)?;
        }
        self.write(records)
    }

    fn advance(&mut self, now: Timestamp) -> Result<(), Stop> {
        let reaction = self.pipeline.advance(now);
        for feedback in reaction.feedback {
            self.engine.feedback(feedback)?;
        }
        self.write(reaction.records)
    }

    fn write(&mut self, records: Vec<Record>) -> Result<(), Stop> {
        for record in records {
            self.dispatch.submit(record, &self.name).map_err(|Refused::Closed| Stop::Closed)?;
        }
        Ok(())
    }
}

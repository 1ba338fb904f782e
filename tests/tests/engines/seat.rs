//! An engine with a pipeline behind it, as in a replay.

use detector::ledger::Record;
use detector::pipeline::{Feedback, Pipeline, Settings};
use detector::replay::engine::Engine;
use detector_common::counters::{Counter, Counters};
use detector_common::event::{Event, EventKind};
use detector_common::flow::{Direction, FlowKey};
use detector_common::packet::Encapsulation;
use jiff::Timestamp;

/// An event that owns its payload. Which interface it names is left out: a replay has none, and the
/// kernel says loopback.
#[derive(PartialEq)]
pub(crate) struct Owned {
    kind: EventKind,
    key: FlowKey,
    direction: Direction,
    time: u64,
    sequence: u32,
    accept: Option<u16>,
    protocol: u8,
    answers_tls: bool,
    opened_as_text: [bool; 2],
    total: Option<u16>,
    outer: Encapsulation,
    payload: Vec<u8>,
}

impl Owned {
    fn new(event: &Event<'_>) -> Self {
        let header = &event.header;
        Self {
            kind: event.kind,
            key: *header.key(),
            direction: header.direction(),
            time: header.time(),
            sequence: header.sequence(),
            accept: header.accept(),
            protocol: header.protocol(),
            answers_tls: header.answers_tls(),
            opened_as_text: [Direction::Up, Direction::Down].map(|way| header.opened_as_text(way)),
            total: header.total(),
            outer: event.outer,
            payload: event.payload.to_vec(),
        }
    }
}

impl std::fmt::Debug for Owned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, key, direction, time, sequence, accept, protocol, .. } = self;
        let Self { answers_tls, opened_as_text, total, outer, payload, .. } = self;
        write!(
            f,
            "{kind:?} {key:?} {direction:?} at {time}, {sequence}, {accept:?}, protocol {protocol}, {total:?}, "
        )?;
        let text = payload.escape_ascii();
        write!(f, "answers TLS {answers_tls}, opened as text {opened_as_text:?}, {outer:?}: {text}")
    }
}

/// What a frame led to.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Step {
    pub(crate) events: Vec<Owned>,
    pub(crate) records: Vec<Record>,
    pub(crate) feedback: Vec<Feedback>,
}

pub(crate) struct Seat<'a> {
    engine: &'a mut dyn Engine,
    pipeline: Pipeline,
    /// The counters at the start: an engine may have been used before.
    start: Counters,
    now: Timestamp,
}

impl<'a> Seat<'a> {
    /// Forgets what the engine did before.
    pub(crate) fn new(engine: &'a mut dyn Engine) -> Self {
        engine.clear().unwrap();
        let start = engine.counters().unwrap();
        Self { engine, pipeline: Pipeline::new(Settings::default()), start, now: Timestamp::UNIX_EPOCH }
    }

    pub(crate) fn frame(&mut self, bytes: &[u8], clock: u64) -> Step {
        let time = Timestamp::from_nanosecond(clock.into()).unwrap_or(self.now);
        let mut step = Step::default();
        let pipeline = &mut self.pipeline;
        let mut sink = |event: &Event<'_>| {
            step.events.push(Owned::new(event));
            let reaction = pipeline.event(event, time, None);
            step.records.extend(reaction.records);
            step.feedback.extend(reaction.feedback);
        };
        self.engine.frame(bytes, clock, &mut sink).unwrap();
        if time.as_second() != self.now.as_second() {
            self.now = self.now.max(time);
            let reaction = self.pipeline.advance(self.now);
            step.records.extend(reaction.records);
            step.feedback.extend(reaction.feedback);
        }
        for feedback in &step.feedback {
            self.engine.feedback(*feedback).unwrap();
        }
        step
    }

    pub(crate) fn finish(&mut self) -> Vec<Record> {
        self.pipeline.finish(self.now)
    }

    fn counted(&self) -> Vec<(&'static str, u64)> {
        let now = self.engine.counters().unwrap();
        let count = |counter: &Counter| (counter.name(), now.get(*counter) - self.start.get(*counter));
        Counter::ALL.iter().map(count).collect()
    }
}

/// Gives both the same frame and demands the same of them.
pub(crate) fn alike(host: &mut Seat<'_>, kernel: &mut Seat<'_>, frame: &[u8], clock: u64) -> Step {
    let (mut ours, mut theirs) = (host.frame(frame, clock), kernel.frame(frame, clock));
    // What the passing of time leads to has no order.
    for step in [&mut ours, &mut theirs] {
        step.feedback.sort_by_key(|feedback| format!("{feedback:?}"));
    }
    assert_eq!(ours, theirs, "host, kernel");
    assert_eq!(host.counted(), kernel.counted(), "host, kernel");
    ours
}

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use detector_common::event::{Event, EventKind};
use detector_common::flow::{Direction, FlowKey};
use hashlink::LinkedHashMap;
use jiff::Timestamp;

use super::LONGEST;
use super::capture::Capture;
use super::engine::{Engine, EngineError, HostEngine};
use super::progress::Progress;
use crate::judge::Conversation;
use crate::kernel::Limits;
use crate::pipeline::{Feedback, FragmentLimits, Fragments, Whole};
use crate::signature::{Hit, Search, Signature, Signatures, Stream};
use crate::stream::{self, Connection, Piece, Reassembler};

/// The most flows that are followed at the same time; above that the one that is silent for longest is given up.
const FOLLOWED: usize = 32_768;

/// The most flows without a verdict that are named.
const NAMED: usize = 1000;

/// A token in a capture.
#[derive(Clone, Debug)]
pub struct Found<'a> {
    /// The capture.
    pub capture: &'a Path,
    /// When the frame was captured with which the token was complete.
    pub time: Timestamp,
    /// The number of that frame in the capture, from 1.
    pub frame: u64,
    /// Who said it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// Whose token it is.
    pub signature: &'a Signature,
    /// Where it begins, in bytes from the segment for which the flow was put under watch, or the first of the other
    /// direction after that. `None` if it begins before that.
    pub offset: Option<u64>,
    /// What matched; empty if it begins before that segment.
    pub text: Vec<u8>,
}

/// A flow in which there was a token, and of which the agent made nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unjudged {
    /// The end that said the first token.
    pub from: SocketAddr,
    /// The other end.
    pub to: SocketAddr,
    /// The names of the tokens that were found.
    pub signatures: BTreeSet<String>,
}

/// What a trial came to.
#[derive(Clone, Debug, Default)]
pub struct TrialSummary {
    /// Captures that were read to their end.
    pub complete: usize,
    /// Captures that could not be read, or not to their end.
    pub incomplete: usize,
    /// Frames that were read.
    pub frames: u64,
    /// How often each signature was found.
    pub hits: BTreeMap<String, u64>,
    /// Flows in which something was found.
    pub flows: u64,
    /// How many of these led to a verdict.
    pub judged: u64,
    /// Those that did not, the first thousand of them.
    pub unjudged: Vec<Unjudged>,
    /// The counters of the recogniser.
    pub counters: BTreeMap<&'static str, u64>,
}

/// Runs the recogniser over captures and tells every token in the flows that it puts under watch, in the order in
/// which they are complete. A flow is followed to its end whatever the agent makes of it.
///
/// A capture that cannot be read is reported through `tracing` and counted; the others are read. The trial ends early
/// if `tell` breaks.
///
/// # Errors
/// The engine fails.
pub fn trial(
    signatures: &Arc<Signatures>,
    files: &[PathBuf],
    tell: &mut dyn FnMut(&Found<'_>) -> ControlFlow<()>,
) -> Result<TrialSummary, EngineError> {
    let mut trial = Trial {
        signatures,
        search: Search::new(signatures),
        engine: HostEngine::new(signatures.automaton(), &Limits::default()),
        tell,
        fragments: Fragments::new(FragmentLimits::default()),
        flows: LinkedHashMap::new(),
        summary: TrialSummary::default(),
        ended: false,
    };
    for file in files {
        trial.capture(file)?;
        if trial.ended {
            break;
        }
    }
    trial.summary.counters = trial.engine.counters()?.iter().collect();
    Ok(trial.summary)
}

struct Trial<'a, 'b> {
    signatures: &'a Arc<Signatures>,
    search: Search<'a>,
    engine: HostEngine<'a>,
    tell: &'b mut dyn FnMut(&Found<'_>) -> ControlFlow<()>,
    fragments: Fragments,
    flows: LinkedHashMap<FlowKey, Flow>,
    summary: TrialSummary,
    ended: bool,
}

/// A flow under watch.
struct Flow {
    ways: [Way; 2],
    conversation: Conversation,
    closed: [bool; 2],
    /// The direction of the first token.
    first: Option<Direction>,
    names: BTreeSet<String>,
}

struct Way {
    reassembler: Reassembler,
    stream: Stream,
}

/// Where a frame stands.
#[derive(Clone, Copy)]
struct At<'a> {
    capture: &'a Path,
    frame: u64,
    time: Timestamp,
}

impl Trial<'_, '_> {
    fn capture(&mut self, path: &Path) -> Result<(), EngineError> {
        let mut capture = match Capture::open(path) {
            Ok(capture) => capture,
            Err(error) => {
                self.summary.incomplete += 1;
                tracing::error!("{error}");
                return Ok(());
            }
        };
        let progress = Progress::of(path, capture.size());
        self.fragments = Fragments::new(FragmentLimits::default());
        let mut at = At { capture: path, frame: 0, time: Timestamp::UNIX_EPOCH };
        while !self.ended {
            let frame = match capture.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => {
                    self.summary.complete += 1;
                    break;
                }
                Err(error) => {
                    self.summary.incomplete += 1;
                    tracing::error!("{error}");
                    break;
                }
            };
            at.frame += 1;
            at.time = Timestamp::from_nanosecond(frame.time_ns.into()).unwrap_or(at.time);
            self.frame(frame.bytes, frame.time_ns, at)?;
            if at.frame.is_multiple_of(4096) {
                progress.at(capture.bytes_read());
            }
        }
        self.summary.frames += at.frame;
        self.fragments.finish().iter().try_for_each(|whole| self.whole(whole, at))?;
        while let Some((key, flow)) = self.flows.pop_front() {
            self.conclude(key, flow, at);
        }
        for lost in [capture.counts().explain(), capture.counts().explain_cut()].into_iter().flatten() {
            tracing::warn!("{}: {lost}", path.display());
        }
        self.engine.clear()
    }

    fn frame(&mut self, bytes: &[u8], clock: u64, at: At<'_>) -> Result<(), EngineError> {
        let bytes = bytes.get(..LONGEST).unwrap_or(bytes);
        let mut events = Vec::new();
        self.engine.frame(bytes, clock, &mut |event| {
            events.push((event.kind, event.header, event.outer, event.payload.to_vec()));
        })?;
        for (kind, header, outer, payload) in events {
            self.event(&Event { kind, header, outer, payload: &payload }, at)?;
        }
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>, at: At<'_>) -> Result<(), EngineError> {
        match event.kind {
            // There are no tokens for datagrams.
            EventKind::Datagram => Ok(()),
            EventKind::Fragment => {
                let all = self.fragments.take(event, at.time);
                all.iter().try_for_each(|whole| self.whole(whole, at))
            }
            EventKind::First | EventKind::Segment | EventKind::Closed | EventKind::Reset => {
                self.stream(event, at)
            }
        }
    }

    /// Takes a segment that came in fragments.
    fn whole(&mut self, whole: &Whole, at: At<'_>) -> Result<(), EngineError> {
        if !whole.payload.is_empty() {
            self.stream(&whole.event(EventKind::Segment), at)?;
        }
        if !self.flows.contains_key(&whole.key) {
            return Ok(());
        }
        self.engine.feedback(Feedback::Watch(whole.key))?;
        whole.end().map_or(Ok(()), |end| self.stream(&end, at))
    }

    fn stream(&mut self, event: &Event<'_>, at: At<'_>) -> Result<(), EngineError> {
        let key = *event.header.key();
        let mut flow = self.flows.remove(&key).unwrap_or_else(|| Flow::new(self.signatures));
        if self.take(&key, &mut flow, event, at) == Connection::Another {
            let old = std::mem::replace(&mut flow, Flow::new(self.signatures));
            self.conclude(key, old, at);
            self.take(&key, &mut flow, event, at);
        }
        if flow.closed == [true; 2] {
            self.conclude(key, flow, at);
            return self.engine.feedback(Feedback::Forget(key));
        }
        self.flows.insert(key, flow);
        if self.flows.len() > FOLLOWED
            && let Some((key, flow)) = self.flows.pop_front()
        {
            self.conclude(key, flow, at);
            self.engine.feedback(Feedback::Forget(key))?;
        }
        Ok(())
    }

    fn take(&mut self, key: &FlowKey, flow: &mut Flow, event: &Event<'_>, at: At<'_>) -> Connection {
        let (direction, sequence) = (event.header.direction(), event.header.sequence());
        let mut hits = Vec::new();
        if !flow.conversation.continues(direction, sequence) {
            return Connection::Another;
        }
        flow.conversation.opened(&event.header);
        if event.kind == EventKind::Closed || event.kind == EventKind::Reset {
            if flow.conversation.closed(direction, sequence, at.time) == Connection::Another {
                return Connection::Another;
            }
            flow.listen(direction, &self.search, &mut hits, |reassembler, mut out| {
                reassembler.close(sequence, &mut out);
            });
            if event.kind == EventKind::Reset {
                flow.closed = [true; 2];
            } else if let Some(closed) = flow.closed.get_mut(direction as usize) {
                *closed = true;
            }
        } else {
            let payload = event.payload;
            if flow.conversation.segment(direction, sequence, payload, at.time) == Connection::Another {
                return Connection::Another;
            }
            flow.listen(direction, &self.search, &mut hits, |reassembler, mut out| {
                reassembler.segment(sequence, payload, at.time, &mut out);
            });
            let accept = event.header.accept().filter(|_| event.kind == EventKind::First);
            self.tell_beginning(key, flow, direction, accept, &hits, at);
        }
        self.tell(key, flow, direction, hits, at);
        Connection::Same
    }

    /// The token for which a flow was put under watch may begin in an earlier segment, which was not copied.
    fn tell_beginning(
        &mut self,
        key: &FlowKey,
        flow: &mut Flow,
        direction: Direction,
        accept: Option<u16>,
        hits: &[(Option<u64>, Hit<'_>)],
        at: At<'_>,
    ) {
        let Some(accept) = accept else { return };
        let signatures = self.signatures;
        let missing = signatures
            .ending(accept)
            .filter(|one| !hits.iter().any(|(_, hit)| hit.signature.name == one.name))
            .map(|signature| (None, Hit { signature, offset: 0, text: Vec::new() }));
        self.tell(key, flow, direction, missing.collect(), at);
    }

    fn tell(
        &mut self,
        key: &FlowKey,
        flow: &mut Flow,
        direction: Direction,
        hits: Vec<(Option<u64>, Hit<'_>)>,
        at: At<'_>,
    ) {
        for (offset, Hit { signature, text, .. }) in hits {
            flow.first.get_or_insert(direction);
            flow.names.insert(signature.name.clone());
            *self.summary.hits.entry(signature.name.clone()).or_default() += 1;
            let At { capture, frame, time } = at;
            let (from, to) = (key.sender(direction).into(), key.receiver(direction).into());
            let found = Found { capture, time, frame, from, to, signature, offset, text };
            self.ended |= (self.tell)(&found).is_break();
        }
    }

    /// Reads what a flow still holds and takes its last judgement.
    fn conclude(&mut self, key: FlowKey, mut flow: Flow, at: At<'_>) {
        for direction in [Direction::Up, Direction::Down] {
            let mut hits = Vec::new();
            flow.listen(direction, &self.search, &mut hits, |reassembler, mut out| {
                reassembler.finish(&mut out);
            });
            self.tell(&key, &mut flow, direction, hits, at);
        }
        let Some(direction) = flow.first else { return };
        self.summary.flows += 1;
        flow.conversation.finish();
        if flow.conversation.assessment().is_some() {
            self.summary.judged += 1;
        } else if self.summary.unjudged.len() < NAMED {
            let (from, to) = (key.sender(direction).into(), key.receiver(direction).into());
            self.summary.unjudged.push(Unjudged { from, to, signatures: flow.names });
        }
    }
}

impl Flow {
    fn new(signatures: &Arc<Signatures>) -> Self {
        let limits = stream::Limits::default();
        let way = || Way { reassembler: Reassembler::new(limits), stream: Stream::default() };
        let mut conversation = Conversation::new(limits);
        conversation.set_signatures(signatures);
        Self { ways: [way(), way()], conversation, closed: [false; 2], first: None, names: BTreeSet::new() }
    }

    /// Lets the reassembler of `direction` act, and searches what it hands on.
    fn listen<'a>(
        &mut self,
        direction: Direction,
        search: &Search<'a>,
        hits: &mut Vec<(Option<u64>, Hit<'a>)>,
        act: impl FnOnce(&mut Reassembler, &mut dyn FnMut(Piece<'_>)),
    ) {
        let [up, down] = &mut self.ways;
        let Way { reassembler, stream } = match direction {
            Direction::Up => up,
            Direction::Down => down,
        };
        act(reassembler, &mut |piece| match piece {
            Piece::Next(bytes) => search.read(stream, bytes, &mut |hit| hits.push((Some(hit.offset), hit))),
            Piece::Before(bytes) => {
                search.read(&mut Stream::default(), bytes, &mut |hit| hits.push((None, hit)));
            }
            Piece::Settled => {}
            Piece::Gap => stream.gap(),
        });
    }
}

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aya::maps::{MapData, RingBuf};
use detector_common::counters::{Counter, Counters};
use detector_common::event::{EVENT_FIXED, Event};
use jiff::Timestamp;

use super::clock::Clock;
use super::health::Health;
use super::interfaces::Interfaces;
use super::reload::ReloadError;
use crate::dispatch::Dossier;
use crate::kernel::{Program, Watches};
use crate::ledger::Record;
use crate::losses;
use crate::output::eve::{Alert, Stats};
use crate::output::{Identities, Outputs, Refused};
use crate::pipeline::{Feedback, Pipeline, Reaction};
use crate::signature::{Changes, Signatures};

/// How many events are taken before others get their turn.
const BATCH: usize = 4096;

/// What happens to events: the part of the agent that waits for nothing.
pub(super) struct Agent<'a> {
    pub(super) program: Program,
    pub(super) pipeline: Pipeline,
    pub(super) watches: Watches,
    pub(super) interfaces: Interfaces,
    pub(super) clock: Clock,
    pub(super) identities: Identities,
    pub(super) signatures: Arc<Signatures>,
    pub(super) outputs: &'a Outputs,
    pub(super) health: Health,
    /// When the counters were written last.
    pub(super) counted: Instant,
    /// How often they are written.
    pub(super) stats_interval: Duration,
    /// Events that could not be decoded.
    pub(super) undecodable: u64,
    /// What the maps of the kernel refused, other than for want of room.
    pub(super) refused: u64,
    /// Flows for which there was no room in the table of watched ones.
    pub(super) unwatched: u64,
    /// The counters of the kernel program when they were read last.
    pub(super) kernel: Counters,
    /// Nobody reads the records any more.
    pub(super) closed: bool,
}

impl Agent<'_> {
    /// Batches that hold all events for which a ring of so many bytes has room.
    pub(super) const fn batches(ring: u32) -> usize {
        (ring as usize / EVENT_FIXED).div_ceil(BATCH)
    }

    /// Takes a batch of events from the ring. True if the ring is empty now.
    pub(super) fn drain(&mut self, ring: &mut RingBuf<MapData>) -> bool {
        for _ in 0..BATCH {
            let Some(item) = ring.next() else { return true };
            match Event::decode(&item) {
                Ok(event) => self.event(&event),
                Err(error) => {
                    self.undecodable += 1;
                    tracing::debug!("{error}");
                }
            }
        }
        false
    }

    fn event(&mut self, event: &Event<'_>) {
        let header = &event.header;
        if let Some(signature) = header.accept().and_then(|accept| self.signatures.get(accept)) {
            tracing::debug!("{:?}: {signature}", header.key());
        }
        let time = self.clock.time(header.time());
        let reaction = self.pipeline.event(event, time, self.interfaces.name(header.interface()));
        self.react(reaction);
    }

    /// Puts signatures that were read anew in the place of the old ones, if they are in order.
    pub(super) fn exchange(&mut self, read: Result<Signatures, ReloadError>) {
        let mut new = match read {
            Ok(new) => new,
            Err(error) => {
                tracing::error!("the old signatures stay in use: {error}");
                return;
            }
        };
        let changes = new.changes_since(&self.signatures);
        if changes == Changes::default() {
            tracing::info!("signatures read anew: {changes}");
            return;
        }
        new.succeed(&self.signatures);
        match self.program.set_automaton(new.automaton()) {
            Ok(()) => {
                tracing::info!("signatures read anew: {changes}; now {}", new.size());
                self.signatures = Arc::new(new);
                self.pipeline.set_signatures(Arc::clone(&self.signatures));
            }
            Err(error) => tracing::error!("the old signatures stay in use: {error}"),
        }
    }

    /// Lets time pass.
    pub(super) fn advance(&mut self) {
        if let Err(error) = self.clock.adjust() {
            tracing::debug!("cannot read the clock: {error}");
        }
        let now = Timestamp::now();
        let reaction = self.pipeline.advance(now);
        self.react(reaction);
        self.interfaces.follow(&mut self.program, Instant::now());
        let counters = self.counters();
        if self.outputs.counts().closed {
            self.closed = true;
            return;
        }
        self.health.check(&counters);
        if self.counted.elapsed() >= self.stats_interval {
            self.counted = Instant::now();
            self.closed |= self.outputs.offer(&Stats::new(now, &counters)) == Err(Refused::Closed);
        }
    }

    fn react(&mut self, reaction: Reaction) {
        for feedback in reaction.feedback {
            let done = match feedback {
                Feedback::Dismiss(key) => self.watches.dismiss(&key),
                Feedback::Forget(key) => self.watches.forget(&key),
                Feedback::Watch(key) => self.watches.watch(&key).map(|there_is_room| {
                    if !there_is_room {
                        self.unwatched += 1;
                        self.pipeline.watch_refused(&key);
                    }
                }),
            };
            if let Err(error) = done {
                self.refused += 1;
                tracing::debug!("cannot change the watch of a connection: {error}");
            }
        }
        for record in reaction.records {
            self.write(record);
        }
    }

    fn write(&mut self, record: Record) {
        let dossier = Dossier::from(record);
        let alert = Alert::new(&dossier, self.identities, None);
        self.closed |= self.outputs.offer(&alert) == Err(Refused::Closed);
    }

    /// Writes the last record of every case, and the counters, until `deadline`; what was not
    /// written by then is lost and counted.
    pub(super) fn finish(&mut self, deadline: Instant) {
        let now = Timestamp::now();
        let (cases, nodes) = (self.pipeline.cases() as u64, self.pipeline.nodes() as u64);
        let conversations = self.pipeline.conversations() as u64;
        let records = self.pipeline.finish(now);
        let mut counters = self.counters();
        counters.extend([("conversations", conversations), ("cases", cases), ("nodes", nodes)]);
        let sum = |names: &[&str]| names.iter().filter_map(|name| counters.get(*name)).sum::<u64>();
        tracing::info!(
            "{} packets, {} watches, {} segments lost, {} cases",
            sum(&["packets"]),
            sum(&["matches", "doubtful"]),
            sum(&["ring_full", "budget_spent", "watch_spent", "fragments_spent", "unreadable"]),
            cases,
        );
        // Nobody wants what a reader who went away did not take.
        if self.closed || self.outputs.counts().closed {
            counters.remove("records_lost");
            counters.remove("records_shed");
        }
        if let Some(lost) = losses::lost(&counters) {
            tracing::warn!("missed in all: {lost}");
        }
        if let Some(unread) = losses::unread(&counters) {
            tracing::info!("not read: {unread}");
        }
        for dossier in records.into_iter().map(Dossier::from) {
            // A refusal is counted; the records that follow may still fit.
            let _ = self.outputs.offer_until(&Alert::new(&dossier, self.identities, None), deadline);
        }
        let _ = self.outputs.offer_until(&Stats::new(now, &counters), deadline);
    }

    fn counters(&mut self) -> BTreeMap<&'static str, u64> {
        match self.program.counters() {
            Ok(counters) => self.kernel = counters,
            Err(error) => tracing::error!("cannot read the counters of the kernel program: {error}"),
        }
        let kernel = &self.kernel;
        let output = self.outputs.counts();
        let agent = [
            ("interfaces", self.interfaces.watched() as u64),
            ("interfaces_lost", self.interfaces.lost()),
            ("conversations", self.pipeline.conversations() as u64),
            ("cases", self.pipeline.cases() as u64),
            ("nodes", self.pipeline.nodes() as u64),
            ("events_undecodable", self.undecodable),
            ("flows_evicted", self.watches.evicted(kernel)),
            ("watch_refused", kernel.get(Counter::WatchRefused) + self.unwatched),
            ("feedback_refused", self.refused),
            ("records_written", output.written),
            ("records_lost", output.lost),
            ("records_shed", output.shed),
        ];
        kernel.iter().chain(agent).chain(losses::of(&self.pipeline)).collect()
    }
}

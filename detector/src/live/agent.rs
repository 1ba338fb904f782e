use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aya::maps::{MapData, RingBuf};
use detector_common::counters::{Counter, Counters};
use detector_common::event::{EVENT_FIXED, Event};
use jiff::Timestamp;

use super::clock::Clock;
use super::control::Rate;
use super::files::files;
use super::health::Health;
use super::interfaces::Interfaces;
use super::reload::{ReloadError, Reloaded};
use crate::block::{Blocker, Decision};
use crate::config::{self, Config, Loaded};
use crate::dispatch::{Dispatch, Rules};
use crate::kernel::{Program, Watches};
use crate::ledger::Record;
use crate::losses;
use crate::metrics::{self, Metrics, Snapshot, Store};
use crate::output::eve::{Engine, Stats};
use crate::output::{Identities, OutputCounts, Refused};
use crate::pipeline::{Feedback, Pipeline, Reaction};
use crate::signature::{Changes, Signatures};

/// How many events are taken before others get their turn.
const BATCH: usize = 4096;

/// What happens to events: the part of the agent that waits for nothing.
pub(super) struct Agent<'a> {
    pub(super) program: Program,
    pub(super) pipeline: Pipeline,
    pub(super) watches: Watches,
    /// If something may be blocked.
    pub(super) blocker: Option<Blocker>,
    pub(super) started: Instant,
    pub(super) rate: Rate,
    pub(super) interfaces: Interfaces,
    pub(super) clock: Clock,
    pub(super) identities: Identities,
    pub(super) signatures: Arc<Signatures>,
    pub(super) dispatch: &'a Dispatch,
    pub(super) metrics: &'a Metrics,
    pub(super) health: Health,
    /// When the counters were written last.
    pub(super) counted: Instant,
    pub(super) config: Config,
    /// When the ring was last empty.
    pub(super) drained: Option<Instant>,
    /// Whether the configuration was in order when it was last read, and when that was.
    pub(super) reloaded: (bool, Timestamp),
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
            let Some(item) = ring.next() else {
                self.drained = Some(Instant::now());
                return true;
            };
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

    /// Puts a configuration that was read anew in the place of the old one, all of it or nothing.
    pub(super) fn exchange(&mut self, read: Result<Reloaded, ReloadError>) {
        let exchanged = read.map_err(anyhow::Error::from).and_then(|new| self.adopt(new));
        self.reloaded = (exchanged.is_ok(), Timestamp::now());
        if let Err(error) = exchanged {
            tracing::error!("the old configuration and signatures stay in use: {error:#}");
        }
    }

    fn adopt(&mut self, new: Reloaded) -> anyhow::Result<()> {
        let Reloaded { loaded, outputs } = new;
        let Loaded { config, signatures: mut fresh, exclusions, enricher, identities, warnings } = loaded;
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        let mut changes = config::Changes::between(&self.config, &config);
        let config = config.in_place_of(&self.config);
        // Names stay in one form for as long as the agent lives.
        let exclusions = if identities == self.identities {
            exclusions
        } else {
            changes.wait_for_start("privacy");
            exclusions.for_names(self.identities)
        };
        let signatures = fresh.changes_since(&self.signatures);
        // What may fail comes first.
        if signatures != Changes::default() {
            if let Some(fresh) = Arc::get_mut(&mut fresh) {
                fresh.succeed(&self.signatures);
            }
            self.program.set_automaton(fresh.automaton())?;
            self.signatures = fresh;
            self.pipeline.set_signatures(Arc::clone(&self.signatures));
        }
        self.dispatch.outputs().exchange(outputs);
        let (language, limits) = (config.advice.language, config.ledger.limits());
        let rules = Rules::new(&config.enrich, enricher, exclusions, self.identities, language, limits);
        let rules = rules.blocking(config.block.clone());
        if let Some(blocker) = &mut self.blocker {
            blocker.exchange(config.block.clone());
        }
        self.dispatch.exchange(rules);
        let mut settings = config.pipeline(&self.signatures, self.identities).ledger;
        settings.resumes = config.ledger.file.is_some();
        self.pipeline.set_ledger(settings);
        if signatures == Changes::default() {
            tracing::info!("configuration read anew: {changes}; signatures: {signatures}");
        } else {
            let size = self.signatures.size();
            tracing::info!("configuration read anew: {changes}; signatures: {signatures}; now {size}");
        }
        self.config = config;
        Ok(())
    }

    /// Blocks whom it was decided to block.
    pub(super) fn decided(&mut self, decision: Decision) {
        if let Some(blocker) = &mut self.blocker {
            blocker.decide(decision);
        }
    }

    /// Lets time pass.
    pub(super) fn advance(&mut self) {
        let adjusted = self.clock.adjust();
        let now = Timestamp::now();
        match adjusted {
            Ok(None) => {}
            Ok(Some(by)) => {
                tracing::warn!("the clock was set back by {} seconds", by.as_secs());
                self.pipeline.set_back(by, now);
            }
            Err(error) => tracing::debug!("cannot read the clock: {error}"),
        }
        let reaction = self.pipeline.advance(now);
        self.react(reaction);
        self.interfaces.follow(&mut self.program, Instant::now());
        let counters = self.counters();
        self.rate.update(self.kernel.get(Counter::Packets));
        if let Some(blocker) = &mut self.blocker {
            blocker.tick(&self.kernel);
        }
        self.tell_notices();
        if self.dispatch.outputs().counts().closed {
            self.closed = true;
            return;
        }
        self.health.check(&counters);
        if self.counted.elapsed() >= Duration::from_secs(self.config.capture.stats_interval.into()) {
            self.counted = Instant::now();
            let stats = Stats::new(now, &counters);
            self.closed |= self.dispatch.tell(&stats, Instant::now()) == Err(Refused::Closed);
        }
        self.metrics.update(self.snapshot(counters));
    }

    /// Tells the outputs what became of blocking.
    fn tell_notices(&mut self) {
        for notice in self.blocker.iter_mut().flat_map(Blocker::take_notices) {
            self.closed |= self.dispatch.tell(&Engine::new(&notice), Instant::now()) == Err(Refused::Closed);
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
        match self.dispatch.offer(record) {
            Ok(None) => {}
            Ok(Some(shed)) => self.pipeline.retell(&shed),
            Err(Refused::Closed) => self.closed = true,
        }
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
        if self.closed || self.dispatch.outputs().counts().closed {
            counters.remove("records_lost");
            counters.remove("records_shed");
        }
        if let Some(lost) = losses::lost(&counters) {
            tracing::warn!("missed in all: {lost}");
        }
        if let Some(unread) = losses::unread(&counters) {
            tracing::info!("not read: {unread}");
        }
        for record in records {
            // What does not fit is counted; the records that follow may still fit.
            let _ = self.dispatch.offer_until(record, deadline);
        }
        let _ = self.dispatch.tell(&Stats::new(now, &counters), deadline);
    }

    /// Warns once of what earlier agents have missed.
    pub(super) fn begin(&mut self) {
        if self.program.pinned().is_some() {
            let counters = self.counters();
            self.health.begin(&counters);
        }
    }

    pub(super) fn counters(&mut self) -> BTreeMap<&'static str, u64> {
        match self.program.counters() {
            Ok(counters) => self.kernel = counters,
            Err(error) => tracing::error!("cannot read the counters of the kernel program: {error}"),
        }
        let kernel = &self.kernel;
        let (output, desk) = (self.dispatch.outputs().counts(), self.dispatch.counts());
        let suspended = self.blocker.as_ref().is_some_and(Blocker::is_suspended);
        let firewall = self.blocker.as_ref().map(Blocker::totals).unwrap_or_default();
        let agent = [
            ("block_alarms", self.blocker.as_ref().map_or(0, Blocker::alarms)),
            ("block_suspended", suspended.into()),
            ("nft_dropped", firewall.dropped),
            ("nft_would_drop", firewall.counted),
            ("nft_failures", firewall.failures),
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
            ("records_lost", output.lost + desk.unwritable),
            ("records_shed", output.shed + desk.shed),
            ("records_hidden", desk.hidden),
            ("records_unsent", desk.outbox_dropped),
            ("ledger_errors", desk.store_errors),
            ("ledger_lost", desk.unkept),
            ("ledger_crowded", desk.cases_crowded),
        ];
        kernel.iter().chain(agent).chain(losses::of(&self.pipeline)).collect()
    }

    /// The state of the agent for those who watch it.
    fn snapshot(&self, counters: BTreeMap<&'static str, u64>) -> Snapshot {
        let desk = self.dispatch.counts();
        let (success, time) = self.reloaded;
        let now = Timestamp::now();
        Snapshot {
            counters,
            interfaces: self.interfaces.modes(),
            drained: self.drained,
            detections: desk.detections,
            open: desk.open,
            outputs: self.dispatch.outputs().per_output().into_iter().map(output).collect(),
            store: self.config.ledger.file.is_some().then_some(Store {
                writes: desk.store_batches,
                writing: desk.store_time,
                bytes: desk.store_bytes,
            }),
            data: files(&desk.ages, now),
            rules: self.signatures.size().signatures as u64,
            reload: Some(metrics::Reload { success, time }),
            data_refused: desk.files_refused,
        }
    }
}

fn output(counts: OutputCounts) -> metrics::Output {
    metrics::Output {
        name: counts.name,
        written: counts.written,
        filtered: counts.filtered,
        repeated: counts.repeated,
        lost: counts.lost + counts.shed,
        cut: counts.cut,
        outages: counts.outages,
        retries: counts.retries,
        connected: counts.connected,
        waiting: counts.queue,
        waiting_bytes: counts.queue_bytes,
        lag: Duration::try_from_secs_f64(counts.lag).unwrap_or_default(),
    }
}

use std::collections::BTreeMap;

use aya::maps::{MapData, RingBuf};
use detector_common::event::Event;
use jiff::Timestamp;

use super::clock::Clock;
use super::interfaces::Interfaces;
use crate::kernel::{Program, Watches};
use crate::ledger::Record;
use crate::output::eve::{Alert, Stats};
use crate::output::{Identities, Refused, Writer};
use crate::pipeline::{Feedback, Pipeline, Reaction};
use crate::signature::Signatures;

/// How many events are taken before others get their turn.
const BATCH: usize = 4096;

/// What happens to events: the part of the agent that waits for nothing.
pub(super) struct Agent<'a> {
    pub(super) pipeline: Pipeline,
    pub(super) watches: Watches,
    pub(super) interfaces: Interfaces,
    pub(super) clock: Clock,
    pub(super) identities: Identities,
    pub(super) signatures: &'a Signatures,
    pub(super) writer: &'a Writer,
    /// Events that could not be decoded.
    pub(super) undecodable: u64,
    /// What the maps of the kernel refused.
    pub(super) refused: u64,
    /// Nobody reads the records any more.
    pub(super) closed: bool,
}

impl Agent<'_> {
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
            tracing::debug!("{:?}: token {} of {}", header.key(), signature.name, signature.protocol);
        }
        let time = self.clock.time(header.time());
        let reaction = self.pipeline.event(event, time, self.interfaces.name(header.interface()));
        self.react(reaction);
    }

    /// Lets time pass.
    pub(super) fn advance(&mut self) {
        if let Err(error) = self.clock.adjust() {
            tracing::debug!("cannot read the clock: {error}");
        }
        let reaction = self.pipeline.advance(Timestamp::now());
        self.react(reaction);
    }

    fn react(&mut self, reaction: Reaction) {
        for feedback in reaction.feedback {
            let done = match feedback {
                Feedback::Dismiss(key) => self.watches.dismiss(&key),
                Feedback::Forget(key) => self.watches.forget(&key),
            };
            if let Err(error) = done {
                self.refused += 1;
                tracing::debug!("cannot change the watch of a flow: {error}");
            }
        }
        for record in reaction.records {
            self.write(&record);
        }
    }

    fn write(&mut self, record: &Record) {
        let alert = Alert::new(record, self.identities, None);
        self.closed |= self.writer.offer(&alert) == Err(Refused::Closed);
    }

    /// Writes the last record of every case, and the counters.
    pub(super) fn finish(&mut self, program: &Program) {
        let now = Timestamp::now();
        let records: Vec<Record> = self.pipeline.finish(now).collect();
        // Nothing comes in any more: now it is the records that wait, not the ring.
        for record in &records {
            let _ = self.writer.submit(&Alert::new(record, self.identities, None));
        }
        let counters = self.counters(program);
        let _ = self.writer.submit(&Stats::new(now, &counters));
        let notable = |name: &str| counters.get(name).copied().unwrap_or_default();
        tracing::info!(
            "{} packets, {} flows watched, {} events lost, {} cases",
            notable("packets"),
            notable("matches") + notable("doubtful"),
            notable("ring_full") + notable("budget_spent"),
            records.len(),
        );
    }

    fn counters(&self, program: &Program) -> BTreeMap<String, u64> {
        let kernel = program.counters().unwrap_or_else(|error| {
            tracing::error!("cannot read the counters of the kernel program: {error}");
            detector_common::counters::Counters::ZERO
        });
        let (losses, output) = (self.pipeline.losses(), self.writer.counts());
        let agent = [
            ("events_undecodable", self.undecodable),
            ("watches_refused", self.refused),
            ("conversations_evicted", losses.conversations + losses.buffers),
            ("stream_gaps", losses.gaps),
            ("overlong_lines", losses.overlong_lines),
            ("cases_evicted", self.pipeline.cases_evicted()),
            ("records_written", output.written),
            ("records_lost", output.lost + output.shed),
        ];
        kernel.iter().chain(agent).map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

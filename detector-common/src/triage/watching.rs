use super::upcall::{Extract, Sent, cost, upcall};
use super::{Outcome, Output, Recogniser, Scratch, Table, find};
use crate::counters::Counter;
use crate::event::{EventKind, EventRecord};
use crate::flow::{Flow, Ticks, Watch};
use crate::packet::{Packet, RST, Segment};
use crate::settings::Settings;

impl<A, F, L, W, O> Recogniser<'_, A, F, L, W, O>
where
    F: Table<Flow>,
    L: Table<Flow>,
    W: Table<Watch>,
    O: Output,
{
    /// Puts a flow under watch.
    #[inline(always)]
    pub(super) fn watch(&mut self, now: Ticks) -> Outcome {
        let Scratch { record: EventRecord { header, .. }, watch, walk, .. } = &mut *self.scratch;
        let segment = walk.segment();
        header.set_kind(EventKind::First);
        let key = header.key();
        *watch = Watch::new(self.settings, now);
        watch.begin(header.side(), segment.sequence.wrapping_add(segment.length));
        watch.credit.take(cost(segment.length));
        let is_new = self.watched.insert(key, watch);
        if !is_new && self.watched.get(key).is_none() {
            self.counters.add(Counter::WatchRefused);
            return Outcome::WatchRefused;
        }
        let doubt = header.accept().is_none();
        if let Some(flow) = find(&mut self.flows, &mut self.lasting, key) {
            flow.watch(doubt);
        }
        // Another CPU or the agent may have been first.
        if is_new { Outcome::WatchStarted } else { Outcome::Watched }
    }

    /// What to do with a segment of a flow under watch; `None` if the flow is not under watch.
    #[inline(always)]
    pub(super) fn watched(&mut self, segment: &Segment, now: Ticks) -> Option<Outcome> {
        let header = &self.scratch.record.header;
        let watch = self.watched.get(header.key())?;
        self.counters.add(Counter::Watched);
        let credit = watch.pays(header.side(), segment.sequence, segment.length);
        if credit.available(self.settings.watch_burst, self.settings.watch_rate, now) {
            credit.take(cost(segment.length));
            return Some(Outcome::Watched);
        }
        self.counters.add(Counter::WatchSpent);
        Some(Outcome::Passed)
    }

    /// Copies a segment to the agent, within the budget of this CPU. False if it was not copied, or
    /// not to its end.
    #[inline(always)]
    pub(super) fn copy<P: Packet>(&mut self, packet: &P, now: Ticks) -> bool {
        let Segment { sequence, offset, length, .. } = self.scratch.walk.segment();
        if !self.budget.flows.available(self.settings.budget_burst, self.settings.budget_rate, now) {
            self.counters.add(Counter::BudgetSpent);
            return false;
        }
        self.budget.flows.take(cost(length));
        let extract = Extract { sequence, offset, length };
        match upcall(packet, &mut self.output, &mut self.scratch.record, extract) {
            Sent::All => return true,
            Sent::RingFull => self.counters.add(Counter::RingFull),
            Sent::Unreadable => self.counters.add(Counter::Unreadable),
        }
        false
    }

    /// Tells the agent that a flow under watch ends, within the flow's credit and the budget of this
    /// CPU: ends are easily forged.
    #[inline(always)]
    pub(super) fn closed(&mut self, now: Ticks) {
        let segment = self.scratch.walk.segment();
        let header = &mut self.scratch.record.header;
        let Some(watch) = self.watched.get(header.key()) else { return };
        let end = segment.sequence.wrapping_add(segment.length);
        let Settings { watch_burst, watch_rate, budget_burst, budget_rate, .. } = *self.settings;
        let credit = watch.pays_end(header.side(), end);
        if !credit.available(watch_burst, watch_rate, now) {
            self.counters.add(Counter::WatchSpent);
            return;
        }
        if !self.budget.flows.available(budget_burst, budget_rate, now) {
            self.counters.add(Counter::BudgetSpent);
            return;
        }
        credit.take(cost(0));
        self.budget.flows.take(cost(0));
        header.set_kind(if segment.flags & RST == 0 { EventKind::Closed } else { EventKind::Reset });
        header.set_part(end, 0);
        if !self.output.send(&self.scratch.record, 0) {
            self.counters.add(Counter::RingFull);
        }
    }

    /// The agent did not get a packet. If it was the first of a watch, the agent does not know of
    /// the watch and would never end it; if a datagram, the next of its flow shall be taken.
    #[inline(always)]
    pub(super) fn unheard(&mut self, outcome: Outcome) {
        let key = self.scratch.record.header.key();
        match outcome {
            Outcome::WatchStarted => self.watched.remove(key),
            Outcome::Datagram => {}
            Outcome::Passed | Outcome::Watched | Outcome::WatchRefused => return,
        }
        if let Some(flow) = find(&mut self.flows, &mut self.lasting, key) {
            flow.unwatch();
        }
    }
}

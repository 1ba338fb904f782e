use super::{Outcome, Recogniser, Scratch, Table};
use crate::counters::Counter;
use crate::event::{EventKind, EventRecord};
use crate::flow::{Flow, Ticks};

impl<A, F: Table<Flow>, L, W, O> Recogniser<'_, A, F, L, W, O> {
    /// What to do with a datagram that looks like node discovery: the agent gets one of each flow,
    /// and after a while another.
    #[inline(always)]
    pub(super) fn datagram(&mut self, now: Ticks) -> Outcome {
        let Scratch { record: EventRecord { header, .. }, flow, .. } = &mut *self.scratch;
        let key = header.key();
        if let Some(flow) = self.flows.get(key) {
            if flow.is_ignored(self.settings.ignore_ticks, now) {
                self.counters.add(Counter::Ignored);
                return Outcome::Passed;
            }
            flow.ignore(now);
        } else {
            *flow = Flow::new(self.settings, now);
            flow.ignore(now);
            if !self.flows.insert(key, flow) {
                self.counters.add(Counter::FlowsRefused);
                return Outcome::Passed;
            }
            self.counters.add(Counter::Flows);
        }
        self.counters.add(Counter::Datagrams);
        header.set_kind(EventKind::Datagram);
        Outcome::Datagram
    }
}

use detector_common::automaton::Automaton;
use detector_common::counters::{Counter, Counters};
use detector_common::event::{EVENT_FIXED, Event, EventRecord};
use detector_common::flow::{Budget, Flow, FlowKey, Watch};
use detector_common::triage::{Arrival, Output, Recogniser, Scratch, Table};
use hashlink::LinkedHashMap;

use super::{Engine, EngineError, SETTINGS};
use crate::kernel::Limits;
use crate::pipeline::Feedback;

/// The recogniser in this process. It needs no privileges.
pub struct HostEngine<'a> {
    automaton: &'a Automaton,
    flows: Entries<Flow>,
    lasting: Entries<Flow>,
    watched: Entries<Watch>,
    counters: Counters,
    budget: Budget,
    scratch: Box<Scratch>,
}

impl<'a> HostEngine<'a> {
    /// An engine with the map sizes of a live run.
    #[must_use]
    pub fn new(automaton: &'a Automaton, limits: &Limits) -> Self {
        Self {
            automaton,
            flows: Entries::new(limits.flows as usize, true),
            lasting: Entries::new(limits.lasting() as usize, true),
            watched: Entries::new(limits.watched as usize, false),
            counters: Counters::ZERO,
            budget: Budget::full(&SETTINGS, 0),
            scratch: Box::default(),
        }
    }

    fn forget(&mut self, key: &FlowKey) {
        self.flows.all.remove(key);
        self.lasting.all.remove(key);
    }
}

/// A table that, when full, evicts what was used least recently, or takes no more.
struct Entries<V> {
    /// The least recently used first.
    all: LinkedHashMap<FlowKey, V>,
    most: usize,
    evicts: bool,
}

impl<V> Entries<V> {
    fn new(most: usize, evicts: bool) -> Self {
        // A hash table that is more than half full grows under insertions and removals, at some time.
        Self { all: LinkedHashMap::with_capacity(2 * most), most, evicts }
    }
}

impl<V: Copy> Table<V> for &mut Entries<V> {
    fn get(&mut self, key: &FlowKey) -> Option<&mut V> {
        self.all.to_back(key)
    }

    fn insert(&mut self, key: &FlowKey, value: &V) -> bool {
        let is_full = self.all.len() >= self.most;
        if self.all.contains_key(key) || (is_full && !self.evicts) {
            return false;
        }
        if is_full {
            self.all.pop_front();
        }
        self.all.insert(*key, *value);
        true
    }

    fn remove(&mut self, key: &FlowKey) {
        self.all.remove(key);
    }
}

/// Hands events on as they come.
struct Direct<'a>(&'a mut dyn FnMut(&Event<'_>));

impl Output for Direct<'_> {
    fn send(&mut self, record: &EventRecord, length: u32) -> bool {
        let bytes = record.bytes();
        let length = EVENT_FIXED + length as usize;
        let event = bytes.get(..length).and_then(|bytes| Event::decode(bytes).ok());
        if let Some(event) = &event {
            (self.0)(event);
        }
        event.is_some()
    }
}

impl Engine for HostEngine<'_> {
    fn frame(
        &mut self,
        frame: &[u8],
        time: u64,
        sink: &mut dyn FnMut(&Event<'_>),
    ) -> Result<(), EngineError> {
        let mut recogniser = Recogniser {
            settings: &SETTINGS,
            automaton: || Some(self.automaton),
            flows: &mut self.flows,
            lasting: &mut self.lasting,
            watched: &mut self.watched,
            output: Direct(sink),
            counters: &mut self.counters,
            budget: &mut self.budget,
            scratch: &mut self.scratch,
        };
        recogniser.packet(&frame, || Arrival { time, interface: 0 });
        Ok(())
    }

    fn feedback(&mut self, feedback: Feedback) -> Result<(), EngineError> {
        match feedback {
            Feedback::Dismiss(key) => {
                self.watched.all.remove(&key);
            }
            Feedback::Forget(key) => {
                self.forget(&key);
                self.watched.all.remove(&key);
            }
            Feedback::Watch(key) => {
                let mut watched = &mut self.watched;
                if watched.get(&key).is_some() || watched.insert(&key, &Watch::new(&SETTINGS, 0)) {
                    self.forget(&key);
                } else {
                    self.counters.add(Counter::WatchRefused);
                }
            }
        }
        Ok(())
    }

    fn clear(&mut self) -> Result<(), EngineError> {
        self.flows.all.clear();
        self.lasting.all.clear();
        self.watched.all.clear();
        Ok(())
    }

    fn counters(&self) -> Result<Counters, EngineError> {
        Ok(self.counters)
    }
}

use detector_common::automaton::Automaton;
use detector_common::counters::{Counter, Counters};
use detector_common::event::{EVENT_FIXED, Event, EventRecord};
use detector_common::flow::{Budget, Flow, FlowKey, Watch};
use detector_common::triage::{Arrival, Output, Recogniser, Scratch, Table};
use hashlink::LruCache;

use super::{Engine, EngineError, SETTINGS};
use crate::kernel::Limits;
use crate::pipeline::Feedback;

/// The recogniser in this process. It needs no privileges.
pub struct HostEngine<'a> {
    automaton: &'a Automaton,
    flows: LruCache<FlowKey, Flow>,
    lasting: LruCache<FlowKey, Flow>,
    watched: LruCache<FlowKey, Watch>,
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
            flows: LruCache::new(limits.flows as usize),
            lasting: LruCache::new(limits.lasting() as usize),
            watched: LruCache::new(limits.watched as usize),
            counters: Counters::ZERO,
            budget: Budget::full(&SETTINGS, 0),
            scratch: Box::default(),
        }
    }

    fn forget(&mut self, key: &FlowKey) {
        self.flows.remove(key);
        self.lasting.remove(key);
    }
}

/// A table that, when full, evicts what was used least recently, or takes no more.
struct Entries<'a, V> {
    entries: &'a mut LruCache<FlowKey, V>,
    evicts: bool,
}

impl<V: Copy> Table<V> for Entries<'_, V> {
    fn get(&mut self, key: &FlowKey) -> Option<&mut V> {
        self.entries.get_mut(key)
    }

    fn insert(&mut self, key: &FlowKey, value: &V) -> bool {
        let room = self.evicts || self.entries.len() < self.entries.capacity();
        let fits = room && !self.entries.contains_key(key);
        if fits {
            self.entries.insert(*key, *value);
        }
        fits
    }

    fn remove(&mut self, key: &FlowKey) {
        self.entries.remove(key);
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
            flows: Entries { entries: &mut self.flows, evicts: true },
            lasting: Entries { entries: &mut self.lasting, evicts: true },
            watched: Entries { entries: &mut self.watched, evicts: false },
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
                self.watched.remove(&key);
            }
            Feedback::Forget(key) => {
                self.forget(&key);
                self.watched.remove(&key);
            }
            Feedback::Watch(key) => {
                let mut watched = Entries { entries: &mut self.watched, evicts: false };
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
        self.flows.clear();
        self.lasting.clear();
        self.watched.clear();
        Ok(())
    }

    fn counters(&self) -> Result<Counters, EngineError> {
        Ok(self.counters)
    }
}

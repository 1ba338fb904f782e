use aya::maps::{MapData, RingBuf};
use detector_common::automaton::Automaton;
use detector_common::counters::{Counter, Counters};
use detector_common::event::Event;

use super::{Engine, EngineError, SETTINGS};
use crate::kernel::{Limits, Program, Watches};
use crate::pipeline::Feedback;

/// The recogniser in the kernel, run packet by packet (`BPF_PROG_TEST_RUN`); attached nowhere.
pub struct KernelEngine {
    program: Program,
    events: RingBuf<MapData>,
    watches: Watches,
    /// What the agent's side was refused.
    refused: Counters,
}

impl KernelEngine {
    /// Loads the program with the map sizes of a live run.
    ///
    /// # Errors
    /// The kernel refuses it.
    pub fn load(automaton: &Automaton, limits: &Limits) -> Result<Self, EngineError> {
        let mut program = Program::load(&SETTINGS, limits, automaton)?;
        let (events, watches) = (program.take_events()?, program.take_watches()?);
        Ok(Self { program, events, watches, refused: Counters::ZERO })
    }

    /// The loaded program.
    pub fn program(&mut self) -> &mut Program {
        &mut self.program
    }
}

impl Engine for KernelEngine {
    fn frame(
        &mut self,
        frame: &[u8],
        time: u64,
        sink: &mut dyn FnMut(&Event<'_>),
    ) -> Result<(), EngineError> {
        self.program.test_run(frame, time, 1)?;
        while let Some(item) = self.events.next() {
            sink(&Event::decode(&item)?);
        }
        Ok(())
    }

    fn feedback(&mut self, feedback: Feedback) -> Result<(), EngineError> {
        match feedback {
            Feedback::Dismiss(key) => self.watches.dismiss(&key)?,
            Feedback::Forget(key) => self.watches.forget(&key)?,
            Feedback::Watch(key) => {
                if !self.watches.watch(&key)? {
                    self.refused.add(Counter::WatchRefused);
                }
            }
        }
        Ok(())
    }

    fn clear(&mut self) -> Result<(), EngineError> {
        self.watches.clear()?;
        Ok(())
    }

    fn counters(&self) -> Result<Counters, EngineError> {
        let mut counters = self.program.counters()?;
        counters.merge(&self.refused);
        Ok(counters)
    }
}

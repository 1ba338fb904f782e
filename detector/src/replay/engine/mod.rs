//! The recogniser as something that takes one frame after another.

mod host;
mod kernel;

use detector_common::counters::Counters;
use detector_common::event::Event;
use detector_common::settings::Settings;

use crate::kernel::{LoadError, TestRunError};
use crate::pipeline::Feedback;

pub use host::HostEngine;
pub use kernel::KernelEngine;

/// Why a frame could not be given to the recogniser.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The program cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The program cannot be run.
    #[error(transparent)]
    Run(#[from] TestRunError),
    /// A map cannot be read or written.
    #[error("cannot reach the maps of the kernel program: {0}")]
    Map(#[from] aya::maps::MapError),
    /// The program sent something that is no event.
    #[error("the kernel program sent what is no event: {0}")]
    Event(#[from] detector_common::event::EventError),
}

/// The recogniser, wherever it runs.
pub trait Engine {
    /// Takes an Ethernet frame that arrived at `time`, in nanoseconds on the capture's clock, and
    /// hands out the events it leads to.
    ///
    /// # Errors
    /// The kernel refuses.
    fn frame(&mut self, frame: &[u8], time: u64, sink: &mut dyn FnMut(&Event<'_>))
    -> Result<(), EngineError>;

    /// Does with a flow as the pipeline wishes.
    ///
    /// # Errors
    /// The kernel refuses.
    fn feedback(&mut self, feedback: Feedback) -> Result<(), EngineError>;

    /// Forgets all flows, but not the counters.
    ///
    /// # Errors
    /// The kernel refuses.
    fn clear(&mut self) -> Result<(), EngineError>;

    /// The counters so far.
    ///
    /// # Errors
    /// The kernel refuses.
    fn counters(&self) -> Result<Counters, EngineError>;
}

/// The limits in a replay: those of a live run, but nobody else shares the budgets.
pub(crate) const SETTINGS: Settings = Settings {
    budget_burst: i32::MAX.cast_unsigned(),
    budget_rate: i32::MAX.cast_unsigned(),
    fragment_burst: i32::MAX.cast_unsigned(),
    fragment_rate: i32::MAX.cast_unsigned(),
    replay: 1,
    ..Settings::DEFAULT
};

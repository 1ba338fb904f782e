use std::time::Duration;

use detector_common::block::{Block, Control, Network};

use super::Target;
use crate::kernel::Gate;

/// How long the kernel goes on with what the agent said last. An agent that hangs blocks nobody for longer.
pub(super) const LEASE: Duration = Duration::from_secs(10);

/// What keeps packets back. Errors are in words.
pub(super) trait Barrier {
    fn set(&mut self, control: &Control) -> Result<(), String>;
    fn control(&self) -> Result<Control, String>;
    /// Until a time in nanoseconds since the machine started.
    fn block(&mut self, target: &Target, expires: u64) -> Result<(), String>;
    fn unblock(&mut self, target: &Target) -> Result<(), String>;
    fn hits(&self, target: &Target) -> Result<Option<Block>, String>;
    fn allow_only(&mut self, networks: &[Network]) -> Result<(), String>;
    /// What an earlier agent has left.
    fn left(&self) -> Result<Vec<Target>, String> {
        Ok(Vec::new())
    }
    /// Nanoseconds since the machine started.
    fn now(&self) -> u64;

    /// Whether something that was said still has to be done.
    fn is_pending(&self) -> bool {
        false
    }

    /// Waits until what was said is done or was tried, but not long. Tells whether it is done.
    fn settle(&self) -> bool {
        true
    }

    /// How many seconds it goes on without a word of the agent, unless blocks are kept.
    fn lapses(&self) -> u64 {
        LEASE.as_secs()
    }

    /// Goes on without the agent.
    fn keep(&mut self) -> Result<(), String> {
        // Nobody counts any more what all CPUs see: each goes by what it has seen itself.
        self.control().and_then(|control| self.set(&Control { packets: 0, ..control }))
    }

    /// Whether packets come to it.
    fn is_reached(&self) -> bool {
        true
    }

    /// Why it does not do what it was told.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// Lets everything pass, for good.
    fn finish(&mut self) -> Result<(), String> {
        self.set(&Control::default())
    }
}

/// Nanoseconds since the machine started.
pub(super) fn since_start() -> u64 {
    let clock = nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME);
    let since: Duration = clock.map(Into::into).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

impl Barrier for Gate {
    fn left(&self) -> Result<Vec<Target>, String> {
        let places = self.places().map_err(|error| error.to_string())?;
        Ok(places.iter().filter_map(Target::at).collect())
    }

    fn set(&mut self, control: &Control) -> Result<(), String> {
        self.set_control(control).map_err(|error| error.to_string())
    }

    fn control(&self) -> Result<Control, String> {
        Self::control(self).map_err(|error| error.to_string())
    }

    fn block(&mut self, target: &Target, expires: u64) -> Result<(), String> {
        Self::block(self, &target.place(), expires).map_err(|error| error.to_string())
    }

    fn unblock(&mut self, target: &Target) -> Result<(), String> {
        Self::unblock(self, &target.place()).map_err(|error| error.to_string())
    }

    fn hits(&self, target: &Target) -> Result<Option<Block>, String> {
        self.get(&target.place()).map_err(|error| error.to_string())
    }

    fn allow_only(&mut self, networks: &[Network]) -> Result<(), String> {
        Self::allow_only(self, networks).map_err(|error| error.to_string())
    }

    fn now(&self) -> u64 {
        since_start()
    }
}

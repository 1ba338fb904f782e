use std::io;

use aya::Ebpf;
use aya::maps::{HashMap, MapData, MapError};
use detector_common::counters::{Counter, Counters};
use detector_common::flow::{Flow, FlowKey, Watch};
use detector_common::settings::Settings;
use nix::errno::Errno;

use super::load::map;
use super::tables::{Spare, Tables};
use super::{Limits, LoadError};

/// For a map: only if there is no entry (the kernel's `linux/bpf.h`).
const BPF_NOEXIST: u64 = 1;

/// The agent's say over which flows are watched.
pub struct Watches {
    watched: HashMap<MapData, FlowKey, Watch>,
    flows: HashMap<MapData, FlowKey, Flow>,
    lasting: HashMap<MapData, FlowKey, Flow>,
    spare: Spare,
    limits: Limits,
    /// Flows that were forgotten, in the first table and in the one of those that have lasted.
    forgotten: [u64; 2],
    /// What the counters of the program told when the tables were taken, which may be older.
    before: Counters,
}

impl Watches {
    /// Takes the tables out of an object that was loaded with these limits.
    pub(super) fn take(ebpf: &mut Ebpf, limits: Limits, before: &Counters) -> Result<Self, LoadError> {
        Ok(Self {
            spare: Spare::of(ebpf, &limits)?,
            watched: map(ebpf, "WATCHED")?,
            flows: map(ebpf, "FLOWS")?,
            lasting: map(ebpf, "LASTING")?,
            limits,
            forgotten: [0; 2],
            before: *before,
        })
    }

    /// The tables of connections, to be read beside the agent.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn tables(&self) -> Result<Tables, MapError> {
        self.spare.tables()
    }

    /// The flows that are watched.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn watched(&self) -> Result<Vec<FlowKey>, MapError> {
        self.watched.keys().collect()
    }

    /// Ends the watch: the flow is left alone for a while.
    ///
    /// # Errors
    /// The kernel refuses; that the flow is not watched is no error.
    pub fn dismiss(&mut self, key: &FlowKey) -> Result<(), MapError> {
        was_there(self.watched.remove(key)).map(drop)
    }

    /// Forgets the flow: if it speaks again, it is a new one.
    ///
    /// # Errors
    /// The kernel refuses; that the flow is not known is no error.
    pub fn forget(&mut self, key: &FlowKey) -> Result<(), MapError> {
        self.remove_flow(key)?;
        was_there(self.watched.remove(key)).map(drop)
    }

    fn remove_flow(&mut self, key: &FlowKey) -> Result<(), MapError> {
        let [flows, lasting] = &mut self.forgotten;
        *flows += u64::from(was_there(self.flows.remove(key))?);
        *lasting += u64::from(was_there(self.lasting.remove(key))?);
        Ok(())
    }

    /// How many flows, at least, new ones have pushed out of the full tables since these were taken: those that were
    /// stored and not removed, less those for which there is room. `counters` are those of the
    /// program.
    #[must_use]
    pub fn evicted(&self, counters: &Counters) -> u64 {
        let [forgotten, forgotten_lasting] = self.forgotten;
        let since = |counter| counters.get(counter).saturating_sub(self.before.get(counter));
        let [new, lasting] = [Counter::Flows, Counter::FlowsLasting].map(since);
        let new = new.saturating_sub(lasting).saturating_sub(forgotten);
        let lasting = lasting.saturating_sub(forgotten_lasting);
        new.saturating_sub(self.limits.flows.into()) + lasting.saturating_sub(self.limits.lasting().into())
    }

    /// Puts a flow under watch. False if the table of watched flows is full.
    ///
    /// # Errors
    /// The kernel refuses; that the flow is watched already is no error.
    pub fn watch(&mut self, key: &FlowKey) -> Result<bool, MapError> {
        // A full credit is full at any time.
        match self.watched.insert(key, Watch::new(&Settings::DEFAULT, 0), BPF_NOEXIST) {
            Ok(()) => {}
            Err(MapError::SyscallError(error)) if error.io_error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(MapError::SyscallError(error))
                if error.io_error.raw_os_error() == Some(Errno::E2BIG as i32) =>
            {
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        // What the program knows of the flow would be asked first.
        self.remove_flow(key)?;
        Ok(true)
    }

    /// Forgets all flows.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn clear(&mut self) -> Result<(), MapError> {
        let keys = self.watched.keys().chain(self.flows.keys()).chain(self.lasting.keys());
        let keys: Vec<_> = keys.collect::<Result<_, _>>()?;
        keys.iter().try_for_each(|key| self.forget(key))
    }
}

fn was_there(removed: Result<(), MapError>) -> Result<bool, MapError> {
    match removed {
        Ok(()) => Ok(true),
        Err(MapError::KeyNotFound) => Ok(false),
        Err(MapError::SyscallError(error)) if error.io_error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

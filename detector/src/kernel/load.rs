use std::collections::BTreeMap;
use std::error::Error;
use std::io;

use aya::maps::{Array, ArrayOfMaps, HashMap, MapData, MapError, PerCpuArray, PerCpuValues, RingBuf};
use aya::programs::xdp::XdpLinkId;
use aya::programs::{ProgramError, Xdp};
use aya::util::nr_cpus;
use aya::{Ebpf, EbpfError, EbpfLoader};
use aya_log::EbpfLogger;
use detector_common::automaton::Automaton;
use detector_common::counters::{Counter, Counters};
use detector_common::flow::{Budget, Flow, FlowKey, Watch};
use detector_common::settings::Settings;
use nix::errno::Errno;

use super::{Memory, object};

const PROGRAM: &str = "firedamp";
const YARDSTICK: &str = "empty";

/// For a map: only if there is no entry (the kernel's `linux/bpf.h`).
const BPF_NOEXIST: u64 = 1;

/// How many lines of the verifier's log are the cause; the rest is how it got there.
const VERIFIER_LINES: usize = 4;

/// The sizes of the maps.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Flows that are remembered. For a quarter as many there is room in a table of their own once they have lasted.
    pub flows: u32,
    /// Flows that are watched at the same time.
    pub watched: u32,
    /// Size of the ring buffer in bytes: a power of two, at least a page.
    pub ring: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { flows: 262_144, watched: 65_536, ring: 16 << 20 }
    }
}

impl Limits {
    /// Flows that have lasted, for which floods of new ones leave room.
    #[must_use]
    pub const fn lasting(&self) -> u32 {
        if self.flows < 4 { 1 } else { self.flows / 4 }
    }
}

/// Why the program is not in the kernel.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The agent was built without it.
    #[error(transparent)]
    Missing(#[from] object::MissingObject),
    /// The verifier refused it.
    #[error("the kernel refused the program: {cause}\n{}", indent(.verdict))]
    Verifier {
        /// The error of the system call.
        cause: io::Error,
        /// The end of the verifier's log.
        verdict: String,
    },
    /// The kernel does not let this process, whatever capabilities it holds.
    #[error(
        "not permitted: the kernel refuses bpf() to this process although it holds the capabilities; they \
         count for nothing in a user namespace, and a seccomp filter or lockdown may forbid it: run \
         firedamp on the host, or in a privileged container"
    )]
    NotPermitted,
    /// There is no memory for a map, or the kernel has a limit of its own.
    #[error("the table {map} is too large for the kernel or its memory; make it smaller with {option}")]
    TooLarge {
        /// The map.
        map: String,
        /// What sets its size.
        option: &'static str,
    },
    /// Another step failed.
    #[error("cannot load the kernel program: {0}")]
    Ebpf(#[source] Box<EbpfError>),
    /// The object does not fit this agent.
    #[error("the kernel program has no {0}: it does not belong to this firedamp; run `cargo xtask build`")]
    Lacks(&'static str),
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  verifier: {line}")).collect::<Vec<_>>().join("\n")
}

impl From<EbpfError> for LoadError {
    fn from(error: EbpfError) -> Self {
        if errno(&error) == Some(Errno::EPERM) {
            return Self::NotPermitted;
        }
        match error {
            EbpfError::MapError(MapError::CreateError { name, io_error })
                if matches!(
                    Errno::from_raw(io_error.raw_os_error().unwrap_or(0)),
                    Errno::ENOMEM | Errno::E2BIG
                ) =>
            {
                let option = match name.as_str() {
                    "WATCHED" => "--watched",
                    "EVENTS" => "--ring",
                    _ => "--flows",
                };
                Self::TooLarge { map: name, option }
            }
            EbpfError::ProgramError(ProgramError::LoadError { io_error, verifier_log }) => {
                let log = verifier_log.to_string();
                tracing::debug!("the verifier's whole log:\n{log}");
                Self::Verifier { cause: io_error, verdict: verdict(&log) }
            }
            other => Self::Ebpf(Box::new(other)),
        }
    }
}

impl From<ProgramError> for LoadError {
    fn from(error: ProgramError) -> Self {
        EbpfError::from(error).into()
    }
}

impl From<MapError> for LoadError {
    fn from(error: MapError) -> Self {
        EbpfError::from(error).into()
    }
}

/// The error number at the bottom of an error.
fn errno(error: &EbpfError) -> Option<Errno> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(raw) = error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
            return Some(Errno::from_raw(raw));
        }
        cause = error.source();
    }
    None
}

/// The last lines of the verifier's log, without its statistics.
fn verdict(log: &str) -> String {
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| {
            !line.trim().is_empty()
                && !line.starts_with("processed ")
                && !line.starts_with("verification time")
        })
        .collect();
    let skipped = lines.len().saturating_sub(VERIFIER_LINES);
    lines.into_iter().skip(skipped).collect::<Vec<_>>().join("\n")
}

/// The map that holds an automaton.
type Table = Array<MapData, Automaton>;

/// The program in the kernel, with its maps. Dropping it detaches and unloads it.
pub struct Program {
    ebpf: Ebpf,
    name: &'static str,
    automaton: ArrayOfMaps<MapData, Table>,
    counters: PerCpuArray<MapData, Counters>,
    limits: Limits,
    memory: Memory,
    /// By the index of the interface.
    pub(super) links: BTreeMap<u32, XdpLinkId>,
}

/// The agent's say over which flows are watched.
pub struct Watches {
    watched: HashMap<MapData, FlowKey, Watch>,
    flows: HashMap<MapData, FlowKey, Flow>,
    lasting: HashMap<MapData, FlowKey, Flow>,
    limits: Limits,
    /// Flows that were forgotten, in the first table and in the one of those that have lasted.
    forgotten: [u64; 2],
}

impl Program {
    /// Loads the program with its limits and the table of tokens.
    ///
    /// # Errors
    /// The object is missing, or the kernel refuses it or one of its maps.
    pub fn load(settings: &Settings, limits: &Limits, automaton: &Automaton) -> Result<Self, LoadError> {
        Self::load_named(PROGRAM, settings, limits, automaton)
    }

    /// Loads, in its place, one that passes every packet on unread: what a benchmark measures against.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_yardstick(limits: &Limits) -> Result<Self, LoadError> {
        Self::load_named(YARDSTICK, &Settings::DEFAULT, limits, &Automaton::EMPTY)
    }

    fn load_named(
        name: &'static str,
        settings: &Settings,
        limits: &Limits,
        automaton: &Automaton,
    ) -> Result<Self, LoadError> {
        let mut ebpf = EbpfLoader::new()
            .override_global("SETTINGS", settings, true)
            .map_max_entries("FLOWS", limits.flows)
            .map_max_entries("LASTING", limits.lasting())
            .map_max_entries("WATCHED", limits.watched)
            .map_max_entries("EVENTS", limits.ring)
            .load(object::embedded()?)?;
        let mut budget: PerCpuArray<_, Budget> = map(&mut ebpf, "BUDGET")?;
        let full = Budget::full(settings, 0);
        let cpus = nr_cpus().map_err(|(_, error)| MapError::IoError(error))?;
        budget.set(0, PerCpuValues::try_from(vec![full; cpus]).map_err(MapError::IoError)?, 0)?;
        let memory = Memory::of(&ebpf, limits)?;
        let (tables, counters) = (map(&mut ebpf, "AUTOMATON")?, map(&mut ebpf, "COUNTERS")?);
        let mut program =
            Self { ebpf, name, automaton: tables, counters, limits: *limits, memory, links: BTreeMap::new() };
        program.set_automaton(automaton)?;
        program.xdp()?.load()?;
        Ok(program)
    }

    /// Puts another automaton in the place of the one in use, under traffic and at once. When this
    /// returns, no packet is read with the old one any more.
    ///
    /// A connection that was in the middle of a token starts anew there, if the generations differ.
    ///
    /// # Errors
    /// The kernel has no memory for it; then the old one stays.
    pub fn set_automaton(&mut self, automaton: &Automaton) -> Result<(), LoadError> {
        let mut table = Table::create(1, 0)?;
        table.set(0, automaton, 0)?;
        // The kernel lets go of the old map once every program that may look at it has returned.
        Ok(self.automaton.set(0, &table, 0)?)
    }

    pub(super) fn xdp(&mut self) -> Result<&mut Xdp, LoadError> {
        let program = self.ebpf.program_mut(self.name).ok_or(LoadError::Lacks(self.name))?;
        Ok(program.try_into()?)
    }

    /// Detaches the program from all interfaces; its maps stay.
    ///
    /// # Errors
    /// The kernel refuses for one of them, for example because the interface is gone; the others
    /// are detached all the same.
    pub fn detach(&mut self) -> Result<(), LoadError> {
        let links = std::mem::take(&mut self.links);
        let xdp = self.xdp()?;
        let mut result = Ok(());
        for link in links.into_values() {
            result = result.and(xdp.detach(link));
        }
        Ok(result?)
    }

    /// Lets go of one interface, which may be gone; that the program is not attached to it is no error.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn detach_from(&mut self, index: u32) -> Result<(), LoadError> {
        let Some(link) = self.links.remove(&index) else { return Ok(()) };
        Ok(self.xdp()?.detach(link)?)
    }

    /// How many instructions the verifier walked through, on kernels that tell (5.16).
    ///
    /// # Errors
    /// The kernel does not describe its program.
    pub fn verified_instructions(&mut self) -> Result<Option<u32>, LoadError> {
        Ok(self.xdp()?.info()?.verified_instruction_count())
    }

    /// What its tables take.
    #[must_use]
    pub const fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The ring buffer of events. It can be taken once.
    ///
    /// # Errors
    /// It was taken before.
    pub fn take_events(&mut self) -> Result<RingBuf<MapData>, LoadError> {
        map(&mut self.ebpf, "EVENTS")
    }

    /// The tables of flows. They can be taken once.
    ///
    /// # Errors
    /// They were taken before.
    pub fn take_watches(&mut self) -> Result<Watches, LoadError> {
        Ok(Watches {
            watched: map(&mut self.ebpf, "WATCHED")?,
            flows: map(&mut self.ebpf, "FLOWS")?,
            lasting: map(&mut self.ebpf, "LASTING")?,
            limits: self.limits,
            forgotten: [0; 2],
        })
    }

    /// The messages of the program, to be flushed to the log; `None` if it has none.
    pub fn take_log(&mut self) -> Option<EbpfLogger<&'static dyn log::Log>> {
        EbpfLogger::init(&mut self.ebpf)
            .inspect_err(|error| tracing::debug!("no messages from the kernel program: {error}"))
            .ok()
    }

    /// The counters of all CPUs together.
    ///
    /// # Errors
    /// The kernel does not give them out.
    pub fn counters(&self) -> Result<Counters, MapError> {
        let mut sum = Counters::ZERO;
        for counters in self.counters.get(&0, 0)?.iter() {
            sum.merge(counters);
        }
        Ok(sum)
    }
}

fn map<M: TryFrom<aya::maps::Map, Error = MapError>>(
    ebpf: &mut Ebpf,
    name: &'static str,
) -> Result<M, LoadError> {
    Ok(ebpf.take_map(name).ok_or(LoadError::Lacks(name))?.try_into()?)
}

impl Watches {
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

    /// How many flows, at least, new ones have pushed out of the full tables: those that were stored and not removed, less
    /// those for which there is room. `counters` are those of the program.
    #[must_use]
    pub fn evicted(&self, counters: &Counters) -> u64 {
        let [forgotten, forgotten_lasting] = self.forgotten;
        let [new, lasting] = [Counter::Flows, Counter::FlowsLasting].map(|counter| counters.get(counter));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_the_end_of_the_log() {
        let log = "0: R1=ctx()\n1: (b7) r0 = 0\n\nR0 invalid mem access 'scalar'\nprocessed 17 insns (limit 1000000)\n";
        assert!(verdict(log).ends_with("R0 invalid mem access 'scalar'"));
        assert_eq!(verdict(""), "");
    }

    #[test]
    fn a_map_that_cannot_be_made_says_what_to_do() {
        let refused = |errno: Errno| {
            let (name, io_error) = ("WATCHED".to_owned(), io::Error::from_raw_os_error(errno as i32));
            LoadError::from(MapError::CreateError { name, io_error })
        };
        assert!(matches!(refused(Errno::ENOMEM), LoadError::TooLarge { option: "--watched", .. }));
        assert!(matches!(refused(Errno::EPERM), LoadError::NotPermitted));
        assert!(matches!(refused(Errno::EINVAL), LoadError::Ebpf(_)));
    }
}

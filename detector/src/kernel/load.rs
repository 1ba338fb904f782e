use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aya::maps::{Array, ArrayOfMaps, MapData, MapError, PerCpuArray, PerCpuValues, ProgramArray, RingBuf};
use aya::programs::{SchedClassifier, Xdp};
use aya::util::nr_cpus;
use aya::{Ebpf, EbpfLoader};
use aya_log::EbpfLogger;
use detector_common::automaton::Automaton;
use detector_common::counters::Counters;
use detector_common::flow::Budget;
use detector_common::settings::Settings;

use super::attachment::Attachment;
use super::{Gate, Link, LoadError, Memory, Pins, Watches, object};

/// The name of the program in the kernel.
pub const PROGRAM: &str = "firedamp";
const YARDSTICK: &str = "empty";
const GATE: &str = "firedamp_gate";
const CLASSIFIER: &str = "firedamp_tc";

/// Networks that must not be blocked: they take memory only when they are there.
pub(super) const ALLOWED: u32 = 65_536;

/// The sizes of the maps.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Flows that are remembered. For a quarter as many there is room in a table of their own once
    /// they have lasted.
    pub flows: u32,
    /// Flows that are watched at the same time.
    pub watched: u32,
    /// Size of the ring buffer in bytes: a power of two, at least a page.
    pub ring: u32,
    /// Blocks of each kind, and networks that must not be blocked; 0 if nothing is to be blocked: then nothing stands before
    /// the program.
    pub blocks: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { flows: 262_144, watched: 65_536, ring: 16 << 20, blocks: 0 }
    }
}

impl Limits {
    /// Flows that have lasted, for which floods of new ones leave room.
    #[must_use]
    pub const fn lasting(&self) -> u32 {
        if self.flows < 4 { 1 } else { self.flows / 4 }
    }
}

/// The map that holds an automaton.
type Table = Array<MapData, Automaton>;

/// The program in the kernel, with its maps. Dropping it detaches and unloads it.
pub struct Program {
    ebpf: Ebpf,
    name: &'static str,
    automaton: ArrayOfMaps<MapData, Table>,
    counters: PerCpuArray<MapData, Counters>,
    /// Open for programs that are loaded later.
    _budget: PerCpuArray<MapData, Budget>,
    limits: Limits,
    memory: Memory,
    /// By the index of the interface.
    pub(super) links: BTreeMap<u32, Attachment>,
    /// Where tables and links stay when the agent ends.
    pub(super) pins: Option<Pins>,
}

/// The tables that an agent leaves to the next one.
const KEPT: [&str; 5] = ["FLOWS", "LASTING", "WATCHED", "EVENTS", "COUNTERS"];

/// That of a program with a gate: without its entry the gate leads nowhere.
const NEXT: &str = "NEXT";

/// Those of the gate that are left only if blocks are to go on.
const BLOCKS: [&str; 4] = ["CONTROL", "BLOCKS", "BLOCKED", "ALLOWED"];

/// The tables that are left to the next agent.
fn kept(gate: bool, blocks: bool) -> Vec<&'static str> {
    let gates = gate.then_some(NEXT).into_iter().chain(BLOCKS.into_iter().filter(|_| gate && blocks));
    KEPT.into_iter().chain(gates).collect()
}

impl Program {
    /// Loads the program with its limits and the table of tokens.
    ///
    /// # Errors
    /// The object is missing, or the kernel refuses it or one of its maps.
    pub fn load(settings: &Settings, limits: &Limits, automaton: &Automaton) -> Result<Self, LoadError> {
        Self::load_named(PROGRAM, settings, limits, automaton, None)
    }

    /// Loads the program with tables that outlive the agent: with those that another one has left, if they are of the wanted
    /// sizes.
    ///
    /// # Errors
    /// As [`Self::load`], or something cannot be pinned.
    pub fn load_pinned(
        settings: &Settings,
        limits: &Limits,
        automaton: &Automaton,
        pins: Pins,
    ) -> Result<Self, LoadError> {
        Self::load_named(PROGRAM, settings, limits, automaton, Some(pins))
    }

    /// Loads, in its place, one that passes every packet on unread: what a benchmark measures
    /// against.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_yardstick(limits: &Limits) -> Result<Self, LoadError> {
        Self::load_named(YARDSTICK, &Settings::DEFAULT, limits, &Automaton::EMPTY, None)
    }

    fn load_named(
        name: &'static str,
        settings: &Settings,
        limits: &Limits,
        automaton: &Automaton,
        pins: Option<Pins>,
    ) -> Result<Self, LoadError> {
        let blocks = limits.blocks.max(1);
        let mut loader = EbpfLoader::new();
        if let Some(pins) = &pins {
            discard_others(pins, limits)?;
            for name in kept(limits.blocks > 0, pins.blocks) {
                loader.map_pin_path(name, pins.table(name));
            }
        }
        let mut ebpf = loader
            .override_global("SETTINGS", settings, true)
            .map_max_entries("FLOWS", limits.flows)
            .map_max_entries("LASTING", limits.lasting())
            .map_max_entries("WATCHED", limits.watched)
            .map_max_entries("EVENTS", limits.ring)
            .map_max_entries("BLOCKS", blocks)
            // Before Linux 6.13 nothing can take the place of an entry in a full one.
            .map_max_entries("BLOCKED", blocks.saturating_add(1))
            .map_max_entries("ALLOWED", if limits.blocks == 0 { 1 } else { ALLOWED })
            .load(object::embedded()?)?;
        let mut budget: PerCpuArray<_, Budget> = map(&mut ebpf, "BUDGET")?;
        let full = Budget::full(settings, 0);
        let cpus = nr_cpus().map_err(|(_, error)| MapError::IoError(error))?;
        budget.set(0, PerCpuValues::try_from(vec![full; cpus]).map_err(MapError::IoError)?, 0)?;
        let memory = Memory::of(&ebpf, limits)?;
        let (tables, counters) = (map(&mut ebpf, "AUTOMATON")?, map(&mut ebpf, "COUNTERS")?);
        let mut program = Self {
            ebpf,
            name,
            automaton: tables,
            counters,
            _budget: budget,
            limits: *limits,
            memory,
            links: BTreeMap::new(),
            pins,
        };
        program.set_automaton(automaton)?;
        program.xdp()?.load()?;
        Ok(program)
    }

    /// Puts the gate before the program: from now on the gate is what is attached. Nothing is blocked before the gate is
    /// told to.
    ///
    /// # Errors
    /// The kernel refuses it or one of its maps.
    pub fn put_gate_before(&mut self) -> Result<Gate, LoadError> {
        let recogniser = self.xdp()?.fd()?.try_clone().map_err(MapError::IoError)?;
        let mut next: ProgramArray<MapData> = map(&mut self.ebpf, "NEXT")?;
        next.set(0, &recogniser, 0)?;
        self.name = GATE;
        self.xdp()?.load()?;
        Gate::take(&mut self.ebpf, next)
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

    /// The same for the ingress of tc, loaded when it is first needed.
    pub(super) fn classifier(&mut self) -> Result<&mut SchedClassifier, LoadError> {
        let program = self.ebpf.program_mut(CLASSIFIER).ok_or(LoadError::Lacks(CLASSIFIER))?;
        let classifier: &mut SchedClassifier = program.try_into()?;
        if classifier.fd().is_err() {
            classifier.load()?;
        }
        Ok(classifier)
    }

    /// Whether the gate stands before the program, so that packets may be dropped; behind XDP there is none.
    #[must_use]
    pub fn may_block(&self) -> bool {
        self.name == GATE
    }

    /// Detaches the program from all interfaces; its maps stay. What is pinned stays attached.
    pub fn detach(&mut self) {
        self.links.clear();
    }

    /// Lets go of one interface, which may be gone.
    pub fn detach_from(&mut self, index: u32) {
        if let Some(attachment) = self.links.remove(&index) {
            attachment.detach();
        }
    }

    /// Removes the pins that earlier agents have left and this one does not use. Gives what was removed.
    #[must_use]
    pub fn remove_other_pins(&self) -> Vec<PathBuf> {
        let watched: Vec<u32> = self.links.keys().copied().collect();
        let removed = |pins: &Pins| pins.remove_others(&kept(self.name == GATE, pins.blocks), &watched);
        self.pins.as_ref().map(removed).unwrap_or_default()
    }

    /// Where everything stays when the agent ends.
    #[must_use]
    pub fn pinned(&self) -> Option<&Path> {
        self.pins.as_ref().map(Pins::root)
    }

    /// Whether the program is attached to this interface, and not to one that had its index before. If the kernel does
    /// not tell, it is taken to be.
    #[must_use]
    pub fn is_attached_to(&self, interface: &Link) -> bool {
        self.links.get(&interface.index).is_some_and(|attachment| attachment.is_at(interface))
    }

    /// How many instructions the verifier walked through, on kernels that tell (5.16).
    ///
    /// # Errors
    /// The kernel does not describe its program.
    pub fn verified_instructions(&mut self) -> Result<Option<u32>, LoadError> {
        Ok(self.xdp()?.info()?.verified_instruction_count())
    }

    /// The same for the program at the ingress of tc.
    ///
    /// # Errors
    /// The kernel refuses the program, or does not describe it.
    pub fn verified_instructions_behind(&mut self) -> Result<Option<u32>, LoadError> {
        Ok(self.classifier()?.info()?.verified_instruction_count())
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
        let before = self.counters()?;
        Watches::take(&mut self.ebpf, self.limits, &before)
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

/// Removes tables of other sizes than those that are wanted.
fn discard_others(pins: &Pins, limits: &Limits) -> Result<(), LoadError> {
    let sizes = [limits.flows, limits.lasting(), limits.watched, limits.ring, 1].into_iter().zip(KEPT);
    let blocks = [1, limits.blocks, limits.blocks.saturating_add(1), ALLOWED].into_iter().zip(BLOCKS);
    for (entries, name) in sizes.chain([(1, NEXT)]).chain(blocks.filter(|_| limits.blocks > 0)) {
        if pins.discard_unless(name, |info| info.max_entries() == entries)? {
            tracing::warn!("the table {name} that is pinned is of another size: what was in it is forgotten");
        }
    }
    Ok(())
}

pub(super) fn map<M: TryFrom<aya::maps::Map, Error = MapError>>(
    ebpf: &mut Ebpf,
    name: &'static str,
) -> Result<M, LoadError> {
    Ok(ebpf.take_map(name).ok_or(LoadError::Lacks(name))?.try_into()?)
}

//! The maps. Sizes are defaults; the agent overrides them when it loads the object.

use aya_ebpf::Global;
use aya_ebpf::bindings::BPF_NOEXIST;
use aya_ebpf::bindings::bpf_map_type::BPF_MAP_TYPE_ARRAY;
use aya_ebpf::btf_maps::{ArrayOfMaps, HashMap, LruHashMap, PerCpuArray, RingBuf};
use aya_ebpf::helpers::bpf_map_lookup_elem;
use aya_ebpf::macros::btf_map;
use detector_common::automaton::Automaton;
use detector_common::counters::Counters;
use detector_common::event::{EVENT_FIXED, EventRecord};
use detector_common::flow::{Budget, Flow, FlowKey, Watch};
use detector_common::settings::Settings;
use detector_common::triage::{Output, Scratch, Table};

/// The limits, written by the agent before the program is loaded.
#[unsafe(no_mangle)]
static SETTINGS: Global<Settings> = Global::new(Settings::DEFAULT);

/// The limits in place: a copy would take an eighth of the stack.
#[inline(always)]
pub(crate) fn settings() -> &'static Settings {
    let settings: *const Settings = core::hint::black_box(&raw const SETTINGS).cast();
    // SAFETY: `Global` is a transparent wrapper, initialised and never written while the program
    // runs; the black box keeps the compiler from folding what the agent overrides.
    unsafe { &*settings }
}

/// A map in a map: the agent fills a new one and puts it in the place of the old one at once, so
/// the program never sees half an automaton, and nobody writes to one that is being stepped.
#[btf_map]
static AUTOMATON: ArrayOfMaps<AutomatonTable, 1> = ArrayOfMaps::new();

/// An array of one automaton, described by sizes. aya's `Array` is described by types, and the
/// agent has no types to give to the maps that it makes: kernels before 6.2 do not put a map
/// without types in the place of one with.
#[repr(C)]
struct AutomatonTable {
    r#type: *const [i32; BPF_MAP_TYPE_ARRAY as usize],
    key_size: *const [i32; size_of::<u32>()],
    value_size: *const [i32; size_of::<Automaton>()],
    max_entries: *const [i32; 1],
}

/// The automaton in place. It stays what it is until the program returns.
#[inline(always)]
pub(crate) fn automaton() -> Option<&'static Automaton> {
    let table = core::ptr::from_ref(AUTOMATON.get(0)?);
    let index = 0_u32;
    // SAFETY: `table` came out of a map of maps, and `index` is a key of it.
    let value = unsafe { bpf_map_lookup_elem(table.cast_mut().cast(), (&raw const index).cast()) };
    // SAFETY: the value is as large as `Automaton`, every pattern of which is valid, and aligned;
    // nobody writes to it while it is in place.
    unsafe { value.cast::<Automaton>().as_ref() }
}

#[btf_map]
static FLOWS: LruHashMap<FlowKey, Flow, 262_144> = LruHashMap::new();

#[btf_map]
static LASTING: LruHashMap<FlowKey, Flow, 65_536> = LruHashMap::new();

#[btf_map]
static WATCHED: HashMap<FlowKey, Watch, 65_536> = HashMap::new();

#[btf_map]
static EVENTS: RingBuf<EventRecord, 16_777_216> = RingBuf::new();

#[btf_map]
pub(crate) static COUNTERS: PerCpuArray<Counters, 1> = PerCpuArray::new();

#[btf_map]
pub(crate) static BUDGET: PerCpuArray<Budget, 1> = PerCpuArray::new();

#[btf_map]
pub(crate) static SCRATCH: PerCpuArray<Scratch, 1> = PerCpuArray::new();

/// A table of flows in a map.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident, $map:ident, $value:ty) => {
        $(#[$doc])*
        pub(crate) struct $name;

        impl Table<$value> for $name {
            #[inline(always)]
            fn get(&mut self, key: &FlowKey) -> Option<&mut $value> {
                // SAFETY: the kernel keeps the slot alive while the program runs. Another CPU may
                // write to the same entry, or (in an LRU map) reuse it for another flow at once:
                // the fields are integers, for which every mixture is valid, and `Table` tells
                // what a misplaced write costs.
                $map.get_ptr_mut(key).map(|value| unsafe { &mut *value })
            }

            #[inline(always)]
            fn insert(&mut self, key: &FlowKey, value: &$value) -> bool {
                $map.insert(key, value, BPF_NOEXIST.into()).is_ok()
            }

            #[inline(always)]
            fn remove(&mut self, key: &FlowKey) {
                // That there is none is what was wanted.
                let _ = $map.remove(key);
            }
        }
    };
}

table!(
    /// New flows.
    Flows,
    FLOWS,
    Flow
);

table!(
    /// Flows that have lasted.
    Lasting,
    LASTING,
    Flow
);

table!(
    /// The flows under watch.
    Watched,
    WATCHED,
    Watch
);

/// The ring buffer.
pub(crate) struct Events;

impl Output for Events {
    #[inline(always)]
    fn send(&mut self, record: &EventRecord, length: u32) -> bool {
        let fixed = EVENT_FIXED as u64;
        // The mask is for the verifier; `length` is at most the payload of a record.
        let size = fixed + u64::from(core::hint::black_box(length) & 0xfff).min(EVENT_BYTES - fixed);
        // SAFETY: `record` is `EVENT_BYTES` long and `size` at most that.
        let error = unsafe {
            aya_ebpf::helpers::generated::bpf_ringbuf_output(
                core::ptr::from_ref(&EVENTS).cast_mut().cast(),
                core::ptr::from_ref(record).cast_mut().cast(),
                size,
                0,
            )
        };
        error == 0
    }
}

const EVENT_BYTES: u64 = size_of::<EventRecord>() as u64;

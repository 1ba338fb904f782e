//! The program that stands before the recogniser when packets may be dropped, with its maps. In all other cases it is
//! neither loaded nor attached.

use aya_ebpf::bindings::xdp_action::{XDP_DROP, XDP_PASS};
use aya_ebpf::btf_maps::lpm_trie::Key;
use aya_ebpf::btf_maps::{Array, HashMap, LpmTrie, PerCpuArray, ProgramArray};
use aya_ebpf::helpers::bpf_map_lookup_elem;
use aya_ebpf::helpers::generated::bpf_ktime_get_boot_ns;
use aya_ebpf::macros::{btf_map, xdp};
use aya_ebpf::programs::XdpContext;
use detector_common::block::{Block, BlockKey, Blocks, Control, Gate, Network, Verdict, Work};
use detector_common::packet::Packet as _;

use crate::maps::{COUNTERS, SCRATCH};
use crate::packet::XdpPacket;

/// What the agent says of all blocks.
#[btf_map]
static CONTROL: Array<Control, 1> = Array::new();

#[btf_map]
static BLOCKS: HashMap<BlockKey, Block, 65_536> = HashMap::new();

#[btf_map]
static BLOCKED: LpmTrie<[u8; 16], Block, 65_536> = LpmTrie::new();

#[btf_map]
static ALLOWED: LpmTrie<[u8; 16], u32, 65_536> = LpmTrie::new();

#[btf_map]
static WORK: PerCpuArray<Work, 1> = PerCpuArray::new();

/// The recogniser.
#[btf_map]
static NEXT: ProgramArray<1> = ProgramArray::new();

struct Tables;

impl Blocks for Tables {
    #[inline(always)]
    fn exact(&mut self, key: &BlockKey) -> Option<&mut Block> {
        // SAFETY: the kernel keeps the entry alive while the program runs. Another CPU may write to it: its fields are
        // integers, for which every mixture is valid.
        BLOCKS.get_ptr_mut(key).map(|block| unsafe { &mut *block })
    }

    #[inline(always)]
    fn network(&mut self, address: &Network) -> Option<&mut Block> {
        let key = Key::new(address.bits, address.address);
        let map = core::ptr::from_ref(&BLOCKED).cast_mut().cast();
        // SAFETY: the map has such keys.
        let block = unsafe { bpf_map_lookup_elem(map, (&raw const key).cast()) };
        // SAFETY: as above; the map has such values.
        unsafe { block.cast::<Block>().as_mut() }
    }

    #[inline(always)]
    fn hit(block: &mut Block, bytes: u32, now: u64) {
        // There is no atomic addition for this target in stable Rust: where CPUs meet, one of the packets is not counted.
        block.hits = block.hits.wrapping_add(1);
        block.bytes = block.bytes.wrapping_add(bytes.into());
        block.latest = now;
    }
}

/// Drops what is blocked and hands everything else to the recogniser. If that is not there, the packet passes.
#[xdp(frags)]
#[expect(clippy::needless_pass_by_value, reason = "the macro hands the context over by value")]
fn firedamp_gate(context: XdpContext) -> u32 {
    if judge(&context) == Some(Verdict::Drop) {
        return XDP_DROP;
    }
    // SAFETY: nothing is left to be dropped here.
    unsafe { NEXT.tail_call(&context, 0) };
    XDP_PASS
}

/// `None` cannot happen: the maps are arrays with one element.
#[inline(always)]
fn judge(context: &XdpContext) -> Option<Verdict> {
    let control = CONTROL.get(0)?;
    let (counters, work, scratch) = (COUNTERS.get_ptr_mut(0)?, WORK.get_ptr_mut(0)?, SCRATCH.get_ptr_mut(0)?);
    // SAFETY: entries of this CPU alone; an XDP program does not interrupt itself.
    let counters = unsafe { &mut *counters };
    // SAFETY: as above.
    let work = unsafe { &mut *work };
    // SAFETY: as above.
    let scratch = unsafe { &mut *scratch };
    let is_allowed = |address: &Network| ALLOWED.get(&Key::new(address.bits, address.address)).is_some();
    let mut gate = Gate { control, blocks: Tables, is_allowed, work, counters };
    let packet = XdpPacket::new(context);
    // SAFETY: the helper takes no arguments.
    let now = || unsafe { bpf_ktime_get_boot_ns() };
    Some(gate.judge(packet.length(), || scratch.ends(&packet), now))
}

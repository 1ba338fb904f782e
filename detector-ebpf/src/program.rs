use aya_ebpf::EbpfContext;
use aya_ebpf::bindings::xdp_action::XDP_PASS;
use aya_ebpf::helpers::generated::bpf_ktime_get_boot_ns;
use aya_ebpf::macros::xdp;
use aya_ebpf::programs::XdpContext;
use aya_log_ebpf::debug;
use detector_common::packet::Packet;
use detector_common::triage::{Arrival, Outcome, Recogniser};

use crate::maps::{BUDGET, COUNTERS, Events, Flows, Lasting, SCRATCH, Watched, automaton, settings};
use crate::packet::{XdpPacket, replay_time};

/// Reads every packet that arrives and passes it on, whatever happens.
#[xdp(frags)]
#[expect(clippy::needless_pass_by_value, reason = "the macro hands the context over by value")]
fn firedamp(context: XdpContext) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "the kernel holds it in 32 bits")]
    let interface = || context.ingress_ifindex() as u32;
    inspect(&context, &XdpPacket::new(&context), || time(&context), interface);
    XDP_PASS
}

/// Does nothing: what any XDP program costs. The benchmark measures against it; the agent never
/// loads it.
#[xdp(frags)]
fn empty(_context: XdpContext) -> u32 {
    XDP_PASS
}

/// `None` cannot happen: the maps are arrays with one element, and the agent puts an automaton in its
/// place before it attaches the program.
#[inline(always)]
pub(crate) fn inspect(
    context: &impl EbpfContext,
    packet: &impl Packet,
    time: impl Fn() -> u64,
    interface: impl Fn() -> u32,
) -> Option<()> {
    let (counters, budget, scratch) =
        (COUNTERS.get_ptr_mut(0)?, BUDGET.get_ptr_mut(0)?, SCRATCH.get_ptr_mut(0)?);
    // SAFETY: entries of this CPU alone; what receives packets on it does not interrupt itself.
    let counters = unsafe { &mut *counters };
    // SAFETY: as above.
    let budget = unsafe { &mut *budget };
    // SAFETY: as above.
    let scratch = unsafe { &mut *scratch };
    let mut recogniser = Recogniser {
        settings: settings(),
        automaton,
        flows: Flows,
        lasting: Lasting,
        watched: Watched,
        output: Events,
        counters,
        budget,
        scratch,
    };
    let outcome = recogniser.packet(packet, || Arrival { time: time(), interface: interface() });
    if outcome == Outcome::WatchStarted {
        debug!(context, "a flow on interface {} is watched now", interface());
    }
    Some(())
}

/// Nanoseconds since the machine was started, or what a replay says.
#[inline(always)]
fn time(context: &XdpContext) -> u64 {
    if settings().replay == 0 {
        // SAFETY: the helper takes no arguments.
        unsafe { bpf_ktime_get_boot_ns() }
    } else {
        replay_time(context)
    }
}

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// What the kernel demands for the helpers used; the source is MIT OR Apache-2.0.
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

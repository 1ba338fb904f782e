//! The bytes of a packet in the kernel. Nothing else touches packet pointers.

use core::mem::MaybeUninit;

use aya_ebpf::helpers::generated::{bpf_xdp_get_buff_len, bpf_xdp_load_bytes};
use aya_ebpf::programs::XdpContext;
use detector_common::packet::Packet;

/// The largest offset of what is read in place: a mask, so that the verifier sees a bound.
pub(crate) const NEAR: u32 = 0x7fff;

/// A packet, possibly in several buffers.
pub(crate) struct XdpPacket<'a> {
    context: &'a XdpContext,
    length: u32,
}

impl<'a> XdpPacket<'a> {
    #[inline(always)]
    pub(crate) fn new(context: &'a XdpContext) -> Self {
        // SAFETY: the helper reads the context of the running program.
        let length = unsafe { bpf_xdp_get_buff_len(context.ctx) };
        #[expect(clippy::cast_possible_truncation, reason = "a packet is shorter than 4 GiB")]
        Self { context, length: length as u32 }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the length of a buffer on the stack or in a map")]
pub(crate) const fn size<const N: usize>() -> u32 {
    N as u32
}

impl Packet for XdpPacket<'_> {
    #[inline(always)]
    fn length(&self) -> u32 {
        self.length
    }

    #[inline(always)]
    fn header<const N: usize>(&self, offset: u32) -> Option<[u8; N]> {
        // The verifier accepts offsets of up to 64 KiB into a packet.
        let start = self.context.data() + (core::hint::black_box(offset) & NEAR) as usize;
        if offset <= NEAR && start + N <= self.context.data_end() {
            // SAFETY: `N` bytes from `start` lie within the packet's first buffer.
            return Some(unsafe { (start as *const [u8; N]).read_unaligned() });
        }
        let mut bytes = MaybeUninit::<[u8; N]>::uninit();
        // SAFETY: the helper checks the offset, and `bytes` has room for `N` bytes.
        let error =
            unsafe { bpf_xdp_load_bytes(self.context.ctx, offset, bytes.as_mut_ptr().cast(), size::<N>()) };
        // SAFETY: without an error the helper has written all of them.
        (error == 0).then(|| unsafe { bytes.assume_init() })
    }

    #[inline(always)]
    fn copy<const N: usize>(&self, offset: u32, length: u32, into: &mut [u8; N]) -> bool {
        const { assert!(N.is_power_of_two()) };
        // The verifier must see that the length is 1 to N; the caller guarantees it.
        let length = (core::hint::black_box(length).wrapping_sub(1) & (size::<N>() - 1)) + 1;
        // SAFETY: `into` has room for `length` bytes; the helper checks offset and length.
        let error = unsafe { bpf_xdp_load_bytes(self.context.ctx, offset, into.as_mut_ptr().cast(), length) };
        error == 0
    }
}

/// The time that a replay puts in front of a packet as metadata, in nanoseconds.
#[inline(always)]
pub(crate) fn replay_time(context: &XdpContext) -> u64 {
    let start = context.metadata();
    if start + 8 > context.metadata_end() {
        return 0;
    }
    // SAFETY: eight bytes from `start` lie within the metadata.
    unsafe { (start as *const u64).read_unaligned() }
}

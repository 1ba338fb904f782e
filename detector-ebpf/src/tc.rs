//! The program for interfaces whose XDP hook is not to be had: the same recogniser behind the ingress of tc.

use core::mem::MaybeUninit;

use aya_ebpf::EbpfContext as _;
use aya_ebpf::bindings::TC_ACT_UNSPEC;
use aya_ebpf::helpers::generated::{bpf_ktime_get_boot_ns, bpf_skb_load_bytes};
use aya_ebpf::macros::classifier;
use aya_ebpf::programs::TcContext;
use detector_common::packet::{FURTHEST, Packet};

use crate::packet::{NEAR, size};
use crate::program::inspect;

/// Reads every packet that arrives and leaves it to the next program, whatever happens.
#[classifier]
#[inline(always)]
#[expect(clippy::needless_pass_by_value, reason = "the macro hands the context over by value")]
fn firedamp_tc(context: TcContext) -> i32 {
    // SAFETY: the helper takes no arguments.
    let time = || unsafe { bpf_ktime_get_boot_ns() };
    // SAFETY: the context is that of the running program.
    let interface = || unsafe { (*context.skb.skb).ifindex };
    inspect(&context, &SocketBuffer::new(&context), time, interface);
    TC_ACT_UNSPEC
}

/// A packet that the kernel has taken in: without its outer VLAN tag, and perhaps several segments as one. Its first
/// bytes are in one piece, all others in pieces.
struct SocketBuffer<'a> {
    context: &'a TcContext,
    /// Bytes of the Ethernet header that the kernel does not show.
    missing: u32,
}

/// The length of an Ethernet header, and where in it is what kind of packet follows.
const HEADER: u32 = 14;
const KIND: u32 = 12;
const IPV4: [u8; 2] = [8, 0];
const IPV6: [u8; 2] = [0x86, 0xdd];

impl<'a> SocketBuffer<'a> {
    /// A packet that generic XDP has passed on may begin with its IP header: Linux loses the length of the other one when it
    /// copies the packet for XDP (seen with 6.18).
    #[inline(always)]
    fn new(context: &'a TcContext) -> Self {
        let whole = Self { context, missing: 0 };
        let kind = whole.kind();
        let has_header = whole.shown(KIND).is_some_and(|[high, low, first]: [u8; 3]| {
            // An IP header has its sender there, which may look like the type: of IPv4 one in 8.0.64.0/20.
            let version = match kind {
                IPV4 => 4,
                IPV6 => 6,
                _ => first >> 4,
            };
            [high, low] == kind && first >> 4 == version
        });
        if has_header { whole } else { Self { context, missing: HEADER } }
    }

    /// What follows the Ethernet header, as it stands there.
    #[inline(always)]
    fn kind(&self) -> [u8; 2] {
        // SAFETY: the context is that of the running program.
        let protocol = unsafe { (*self.context.skb.skb).protocol };
        #[expect(clippy::cast_possible_truncation, reason = "16 bits in network order")]
        (protocol as u16).to_ne_bytes()
    }

    /// Bytes from an offset into what the kernel shows.
    #[inline(always)]
    fn shown<const N: usize>(&self, offset: u32) -> Option<[u8; N]> {
        // The verifier accepts offsets of up to 64 KiB into a packet.
        let start = self.context.data() + (core::hint::black_box(offset) & NEAR) as usize;
        if offset <= NEAR && start + N <= self.context.data_end() {
            // SAFETY: `N` bytes from `start` lie within the first piece.
            return Some(unsafe { (start as *const [u8; N]).read_unaligned() });
        }
        if offset > FURTHEST {
            return None;
        }
        let mut bytes = MaybeUninit::<[u8; N]>::uninit();
        // SAFETY: the helper checks the offset, and `bytes` has room for `N` bytes.
        let error = unsafe {
            bpf_skb_load_bytes(self.context.as_ptr(), offset, bytes.as_mut_ptr().cast(), size::<N>())
        };
        // SAFETY: without an error the helper has written all of them.
        (error == 0).then(|| unsafe { bytes.assume_init() })
    }
}

impl Packet for SocketBuffer<'_> {
    #[inline(always)]
    fn length(&self) -> u32 {
        self.context.len() + self.missing
    }

    #[inline(always)]
    fn header<const N: usize>(&self, offset: u32) -> Option<[u8; N]> {
        if offset >= self.missing {
            return self.shown(offset - self.missing);
        }
        // Only the Ethernet header as a whole is read from there.
        let mut header = [0; N];
        header.get_mut(KIND as usize..HEADER as usize)?.copy_from_slice(&self.kind());
        Some(header)
    }

    #[inline(always)]
    fn copy<const N: usize>(&self, offset: u32, length: u32, into: &mut [u8; N]) -> bool {
        const { assert!(N.is_power_of_two()) };
        if offset > FURTHEST || offset < self.missing {
            return false;
        }
        let offset = offset - self.missing;
        // The verifier must see that the length is 1 to N; the caller guarantees it.
        let length = (core::hint::black_box(length).wrapping_sub(1) & (size::<N>() - 1)) + 1;
        // SAFETY: `into` has room for `length` bytes; the helper checks offset and length.
        let error =
            unsafe { bpf_skb_load_bytes(self.context.as_ptr(), offset, into.as_mut_ptr().cast(), length) };
        error == 0
    }
}

//! One loop for both worlds: `bpf_loop` in the kernel, where the verifier then checks the body
//! once instead of once a round, and a plain `for` elsewhere.

use core::ops::ControlFlow;

/// The body of a loop.
pub trait Round {
    /// Does round number `index`, from 0; `Break` ends the loop.
    ///
    /// What changes from round to round is best computed from `index`: the verifier knows nothing
    /// about it, so one round stands for all, while it would follow a counter step by step.
    fn round(&mut self, index: u32) -> ControlFlow<()>;
}

/// Runs at most `times` rounds.
#[cfg(not(target_arch = "bpf"))]
pub fn repeat<R: Round>(times: u32, body: &mut R) {
    for index in 0..times {
        if body.round(index).is_break() {
            return;
        }
    }
}

/// Runs at most `times` rounds (the kernel allows 8,388,608).
#[cfg(target_arch = "bpf")]
#[inline(always)]
pub fn repeat<R: Round>(times: u32, body: &mut R) {
    unsafe extern "C" fn callback<R: Round>(index: u64, body: *mut R) -> i64 {
        // SAFETY: `bpf_loop` hands back the pointer given below, whose exclusive borrow outlives
        // the call, and calls one round after another.
        let body = unsafe { &mut *body };
        #[expect(clippy::cast_possible_truncation, reason = "below `times`")]
        i64::from(body.round(index as u32).is_break())
    }
    let callback: unsafe extern "C" fn(u64, *mut R) -> i64 = callback::<R>;
    // SAFETY: the callback has the signature that the helper calls, and `body` lives until the
    // helper returns.
    unsafe {
        aya_ebpf::helpers::generated::bpf_loop(
            times,
            callback as *mut core::ffi::c_void,
            core::ptr::from_mut(body).cast(),
            0,
        );
    }
}

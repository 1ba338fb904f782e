//! The time of day, which every record carries.

use jiff::Timestamp;
use nix::libc;

use super::finding::{Check, Finding};

/// No clock was before this when Firedamp was made: 2026-01-01.
const EARLIEST: i64 = 1_767_225_600;

/// A clock that is farther off than a century is not set, either.
const LATEST: i64 = EARLIEST + 100 * 365 * 86_400;

/// From `timex.h`: the clock is not held by any other.
const UNSYNCHRONISED: i32 = libc::STA_UNSYNC;

/// What the kernel says of the discipline of its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Discipline {
    /// The bits of `STA_*`.
    status: i32,
    /// The most that the clock may be off, in microseconds.
    error: i64,
}

pub(super) fn examine() -> Finding {
    judge(Timestamp::now(), discipline())
}

fn discipline() -> Option<Discipline> {
    // SAFETY: timex is plain old data, for which zeros are valid; no mode means that nothing is set.
    let mut told: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is valid for the time of the call.
    let state = unsafe { libc::adjtimex(&raw mut told) };
    (state >= 0).then_some(Discipline { status: told.status, error: told.maxerror })
}

fn judge(now: Timestamp, discipline: Option<Discipline>) -> Finding {
    let check = Check::Clock;
    let mend = "sudo timedatectl set-ntp true";
    if !(EARLIEST..LATEST).contains(&now.as_second()) {
        let why = format!("it says {now}, which cannot be: times of records and the ledger would be wrong");
        return Finding::fatal(check, why).mend(mend);
    }
    match discipline {
        Some(Discipline { status, .. }) if status & UNSYNCHRONISED != 0 => Finding::degraded(
            check,
            "it is not synchronised: times of records drift from those of other machines, such as lease logs",
        )
        .mend(mend),
        Some(Discipline { error, .. }) => {
            Finding::fine(check, format!("synchronised, off by no more than {} ms", error.max(0) / 1000))
        }
        None => Finding::fine(check, "plausible; the kernel does not tell whether it is synchronised"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_clock_is_judged_by_its_time_and_by_its_discipline() {
        let held = Some(Discipline { status: 0x2001, error: 1_500 });
        let now = Timestamp::from_second(EARLIEST + 86_400).unwrap();
        assert_eq!(judge(now, held).state, State::Fine);
        assert!(judge(now, held).why.contains("1 ms"));
        assert_eq!(judge(now, Some(Discipline { status: 0x40, error: 16_000_000 })).state, State::Degraded);
        assert_eq!(judge(now, None).state, State::Fine);
        assert_eq!(judge(Timestamp::from_second(3_600).unwrap(), held).state, State::Fatal);
    }

    #[test]
    fn the_kernel_tells_how_its_clock_is_held() {
        assert!(discipline().is_some_and(|discipline| discipline.error >= 0));
    }
}

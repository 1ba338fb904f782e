//! Room for the kernel's tables. Since Linux 5.11 they count against the memory of the control group and not against
//! `RLIMIT_MEMLOCK`, and older kernels do not load the program.

use std::path::Path;

use super::finding::{Check, Finding};
use super::text;
use crate::kernel::{Limits, Mebibytes, Memory};

/// Where control groups are mounted.
const GROUPS: &str = "/sys/fs/cgroup";

pub(super) fn examine(limits: &Limits) -> Finding {
    let available = text("/proc/meminfo").and_then(|text| available(&text));
    let room = text("/proc/self/cgroup").and_then(|groups| room(&groups));
    judge(limits, available, room)
}

/// What new programs can have without swapping, in bytes, from `/proc/meminfo`.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// What the control group of this process and those above it have left, in bytes; `None` without a limit.
fn room(groups: &str) -> Option<u64> {
    let (folder, path, limit, usage) = place(groups)?;
    let groups = path.trim_start_matches('/');
    let left = |group: &Path| {
        let group = Path::new(&folder).join(group);
        let number = |name| text(group.join(name))?.trim().parse::<u64>().ok();
        Some(number(limit)?.saturating_sub(number(usage)?))
    };
    Path::new(groups).ancestors().filter_map(left).min()
}

type Place<'a> = (String, &'a str, &'static str, &'static str);

/// Where the memory of this process is limited: the folder of the controller, the group in it, and the files that tell the
/// limit and the usage. A machine may have both versions; memory is then in one of them.
fn place(groups: &str) -> Option<Place<'_>> {
    let mut second = None;
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        if controllers.split(',').any(|name| name == "memory") {
            return Some((
                format!("{GROUPS}/memory"),
                path,
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
            ));
        }
        if controllers.is_empty() {
            second = Some((GROUPS.to_owned(), path, "memory.max", "memory.current"));
        }
    }
    second
}

/// Tables that take half of the free memory at most, or else the smallest.
fn smaller(limits: &Limits, free: u64) -> Limits {
    let mut limits = *limits;
    while Memory::estimate(&limits).bytes() > free / 2 && limits.ring > SMALLEST_RING {
        limits = Limits {
            flows: (limits.flows / 2).max(1),
            watched: (limits.watched / 2).max(1),
            ring: limits.ring / 2,
            ..limits
        };
    }
    limits
}

/// The smallest ring buffer that may be configured, in bytes.
const SMALLEST_RING: u32 = 64 << 10;

fn judge(limits: &Limits, available: Option<u64>, room: Option<u64>) -> Finding {
    let check = Check::Memory;
    let needed = Memory::estimate(limits).bytes();
    let tables = format!("the kernel's tables take {}", Mebibytes(needed));
    let Some(free) = available.into_iter().chain(room).min() else {
        return Finding::degraded(check, format!("{tables}; how much memory there is cannot be seen"))
            .mend("sudo mount -t proc proc /proc");
    };
    let of = if room == Some(free) { "that the control group of this process has left" } else { "available" };
    let why = format!("{tables} of the {} {of}", Mebibytes(free));
    let Limits { flows, watched, ring, .. } = smaller(limits, free);
    let mend = format!("firedamp run --flows {flows} --watched {watched} --ring {}", ring / 1024);
    if needed > free {
        Finding::fatal(check, why).mend(mend)
    } else if needed > free / 2 {
        Finding::degraded(check, format!("{why}, more than half; the agent itself needs some, too"))
            .mend(mend)
    } else {
        Finding::fine(check, why)
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn available_memory_is_read_in_bytes() {
        let meminfo =
            "MemTotal:        8127748 kB\nMemFree:          123456 kB\nMemAvailable:    6000000 kB\n";
        assert_eq!(available(meminfo), Some(6_000_000 * 1024));
        assert_eq!(available("MemTotal: 1 kB\n"), None);
    }

    #[test]
    fn the_group_of_the_memory_is_found_in_both_versions() {
        let second = place("0::/system.slice/firedamp.service\n").unwrap();
        assert_eq!((second.1, second.2), ("/system.slice/firedamp.service", "memory.max"));
        let first = place("5:cpu,cpuacct:/\n4:memory:/docker/ab\n0::/init.scope\n").unwrap();
        assert_eq!((first.1, first.2), ("/docker/ab", "memory.limit_in_bytes"));
        assert!(place("").is_none());
    }

    #[test]
    fn tables_that_do_not_fit_are_fatal() {
        let limits = Limits::default();
        let bytes = Memory::estimate(&limits).bytes();
        assert_eq!(judge(&limits, Some(3 * bytes), None).state, State::Fine);
        assert_eq!(judge(&limits, Some(bytes), None).state, State::Degraded);
        assert_eq!(judge(&limits, None, None).state, State::Degraded);
        let limited = judge(&limits, Some(30 * bytes), Some(bytes / 2));
        assert_eq!(limited.state, State::Fatal);
        assert!(limited.why.contains("control group"), "{}", limited.why);
        // A quarter would take half of the room, were it not for the automaton, which is always the same.
        let mend = "firedamp run --flows 32768 --watched 8192 --ring 2048";
        assert_eq!(limited.mend.as_deref(), Some(mend));
    }
}

//! What a process uses, from `/proc`.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::unistd::{SysconfVar, sysconf};

/// Memory in use (resident) in KiB.
pub(crate) fn memory(process: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("it has ended")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// Time on the CPUs so far.
pub(crate) fn cpu(process: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name may hold blanks; behind it, user and system time are the 12th and 13th field.
    let (_, fields) = stat.rsplit_once(')').context("it has no name")?;
    let times = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    let ticks = times.sum::<Result<u64, _>>()?;
    let second = sysconf(SysconfVar::CLK_TCK)?.unwrap_or(100).unsigned_abs();
    Ok(Duration::from_millis(ticks * 1000 / second))
}

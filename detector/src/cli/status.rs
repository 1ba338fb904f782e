use std::process::ExitCode;

use clap::Args;
use detector::control::{Interface, Request, Status};
use detector::legible::thousands;

use super::block::{Socket, state};
use super::print;

#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    socket: Socket,
}

pub(super) fn status(options: &Options) -> anyhow::Result<ExitCode> {
    let answer = options.socket.ask(&Request::Status)?;
    if options.socket.json() {
        print::line(&answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let status: Status = serde_json::from_value(answer)?;
    print::all(|out| {
        let Status { version, pid, uptime_s, .. } = &status;
        writeln!(out, "firedamp {version}, process {pid}, up {}", duration(*uptime_s))?;
        for interface in &status.interfaces {
            let Interface { name, mode, reason } = interface;
            let why = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            match mode.as_str() {
                "tcx" if status.block.as_ref().is_some_and(|block| block["backend"] == "xdp") => {
                    writeln!(out, "interface  {name}, tcx ingress{why}: NOTHING IS BLOCKED THERE")?;
                }
                "tcx" => writeln!(out, "interface  {name}, tcx ingress{why}")?,
                _ => writeln!(out, "interface  {name}, XDP in {mode} mode{why}")?,
            }
        }
        if status.interfaces.is_empty() {
            writeln!(out, "interface  none is watched now")?;
        }
        match &status.block {
            Some(block) => {
                writeln!(out, "blocking   {}", state(block))?;
                let [dropped, counted] = ["blocked", "would_block"]
                    .map(|name| thousands(status.counters.get(name).copied().unwrap_or_default()));
                writeln!(
                    out,
                    "           {dropped} packets were dropped, {counted} would have been in a dry run"
                )?;
            }
            None => writeln!(out, "blocking   mode observe: nothing is blocked")?,
        }
        writeln!(out, "traffic    {:.0} packets/s", status.packets_per_second)?;
        writeln!(
            out,
            "mining     {} cases, {} conversations are followed",
            thousands(status.cases),
            thousands(status.conversations)
        )?;
        writeln!(
            out,
            "memory     {} MiB of the process, {} MiB of tables in the kernel",
            status.resident_bytes >> 20,
            status.kernel_bytes >> 20
        )?;
        for (name, count) in &status.losses {
            writeln!(out, "missed     {name} {}", thousands(*count))?;
        }
        for output in &status.outputs {
            let there = if output.connected { "is there" } else { "IS NOT THERE" };
            write!(out, "output     {}: {there}, {} written", output.name, thousands(output.written))?;
            if output.waiting > 0 {
                write!(out, ", {} wait, the oldest for {:.0} s", thousands(output.waiting), output.lag_s)?;
            }
            if output.lost > 0 {
                write!(out, ", {} LOST", thousands(output.lost))?;
            }
            writeln!(out)?;
        }
        for file in &status.files {
            let entries = thousands(file.entries);
            writeln!(
                out,
                "file       {} {}: {entries} entries, {} old",
                file.kind,
                file.name,
                duration(file.age_s)
            )?;
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

/// In the two largest units.
fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_in_two_units() {
        let told = [5, 65, 3_660, 90_000].map(duration);
        assert_eq!(told, ["5 s", "1 min 5 s", "1 h 1 min", "1 d 1 h"]);
    }
}

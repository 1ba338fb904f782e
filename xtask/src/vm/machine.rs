//! The emulated machine: qemu, with this machine's processor if the kernel lends it (KVM).

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

pub(super) const QEMU: &str = "qemu-system-x86_64";

const CPUS: &str = "2";
const MEBIBYTES: &str = "2048";

/// How the guest's instructions are run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Accelerator {
    /// By the processor.
    Kvm,
    /// By a translator, many times slower.
    Tcg,
}

impl Accelerator {
    pub(super) fn here() -> Self {
        let kvm = OpenOptions::new().read(true).write(true).open("/dev/kvm");
        if kvm.is_ok() { Self::Kvm } else { Self::Tcg }
    }

    pub(super) fn description(self) -> &'static str {
        match self {
            Self::Kvm => "with KVM",
            Self::Tcg => "without KVM (/dev/kvm cannot be opened), which is many times slower",
        }
    }

    fn arguments(self) -> [&'static str; 4] {
        match self {
            Self::Kvm => ["-accel", "kvm", "-cpu", "host"],
            Self::Tcg => ["-accel", "tcg,thread=multi", "-cpu", "max"],
        }
    }

    /// After which a run counts as stuck.
    fn patience(self) -> Duration {
        Duration::from_mins(match self {
            Self::Kvm => 15,
            Self::Tcg => 90,
        })
    }
}

/// Boots the kernel with the guest and hands its output on, up to the line that begins with
/// `marker`; gives the number behind it. The kernel's own messages go into the file `log`.
pub(super) fn boot(
    accelerator: Accelerator,
    image: &Path,
    guest: &Path,
    log: &Path,
    marker: &str,
) -> Result<u32> {
    let mut qemu = Command::new(QEMU);
    qemu.args(["-machine", "pc", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]);
    qemu.args(accelerator.arguments()).args(["-smp", CPUS, "-m", MEBIBYTES]);
    qemu.arg("-serial").arg(format!("file:{}", log.display())).args(["-serial", "stdio"]);
    qemu.arg("-kernel").arg(image).arg("-initrd").arg(guest);
    qemu.args(["-append", "console=ttyS0 panic=-1 quiet random.trust_cpu=on"]);
    let child = qemu.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut machine = Machine(child.with_context(|| format!("cannot start {QEMU}"))?);
    let patience = accelerator.patience();
    let code = machine.listen(marker, Instant::now() + patience);
    let messages = || String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()).into_owned();
    match code? {
        Ended::Finished(failed) => Ok(failed),
        Ended::Early => bail!("the guest ended before its tests; its kernel said:\n{}", end_of(&messages())),
        Ended::Stuck => {
            bail!("the guest is not done after {patience:?}; its kernel said:\n{}", end_of(&messages()))
        }
    }
}

enum Ended {
    Finished(u32),
    Early,
    Stuck,
}

/// A running qemu; it does not outlive this value.
struct Machine(Child);

impl Machine {
    fn listen(&mut self, marker: &str, deadline: Instant) -> Result<Ended> {
        let output = self.0.stdout.take().context("qemu has no output")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut out = std::io::stdout().lock();
        loop {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let line = String::from_utf8_lossy(&line);
                    let line = line.trim_end_matches('\r');
                    if let Some(failed) = result(line, marker) {
                        return Ok(Ended::Finished(failed));
                    }
                    writeln!(out, "{line}")?;
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(Ended::Early),
                Err(RecvTimeoutError::Timeout) => return Ok(Ended::Stuck),
            }
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn result(line: &str, marker: &str) -> Option<u32> {
    line.strip_prefix(marker)?.trim().parse().ok()
}

fn end_of(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let shown = lines.iter().skip(lines.len().saturating_sub(30));
    shown.map(|line| format!("  {}", line.trim_end())).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_is_a_line_of_its_own() {
        assert_eq!(result("done: 0", "done:"), Some(0));
        assert_eq!(result("done: 3", "done:"), Some(3));
        assert_eq!(result("not done: 3", "done:"), None);
        assert_eq!(result("done: soon", "done:"), None);
    }

    #[test]
    fn of_a_long_log_the_end_is_shown() {
        let log = (1..=100).map(|line| format!("line {line}")).collect::<Vec<_>>().join("\r\n");
        assert!(end_of(&log).starts_with("  line 71\n"));
        assert!(end_of(&log).ends_with("\n  line 100"));
        assert_eq!(end_of("panic\n"), "  panic");
    }
}

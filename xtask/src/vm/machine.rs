//! The emulated machine: qemu, with this machine's processor if the kernel lends it (KVM).

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::kernel::Kernel;
use crate::command::step;

pub(super) const QEMU: &str = "qemu-system-x86_64";

const CPUS: &str = "2";
const MEBIBYTES: &str = "2048";

/// Before this, a guest that runs at all has begun its tests.
const FIRST_LINE: Duration = Duration::from_mins(1);

/// How the guest's instructions are run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Accelerator {
    /// By the processor.
    Kvm,
    /// By a translator, many times slower.
    Tcg,
}

impl Accelerator {
    fn here() -> Self {
        let kvm = OpenOptions::new().read(true).write(true).open("/dev/kvm");
        if kvm.is_ok() { Self::Kvm } else { Self::Tcg }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Kvm => "with KVM",
            Self::Tcg => "without KVM, which is many times slower",
        }
    }

    fn arguments(self) -> [&'static str; 4] {
        match self {
            Self::Kvm => ["-accel", "kvm", "-cpu", "host"],
            Self::Tcg => ["-accel", "tcg,thread=multi", "-cpu", "max"],
        }
    }

    /// How many times longer the tests are to wait.
    fn slowness(self) -> u32 {
        match self {
            Self::Kvm => 1,
            Self::Tcg => 30,
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
///
/// There are machines whose KVM cannot run a whole kernel, such as some that are emulated
/// themselves: then it is done without.
pub(super) fn boot(kernel: &Kernel, guest: &Path, log: &Path, marker: &str) -> Result<u32> {
    let mut accelerator = Accelerator::here();
    loop {
        step(&format!("booting {}, {}", kernel.name, accelerator.description()));
        let mut machine = Machine::start(accelerator, &kernel.image, guest, log)?;
        let problem = match machine.listen(accelerator, marker)? {
            Ended::Finished(failed) => return Ok(failed),
            Ended::Silent => {
                step("the KVM of this machine does not run it");
                accelerator = Accelerator::Tcg;
                continue;
            }
            Ended::Early => "ended before its tests did".to_owned(),
            Ended::Stuck => format!("is not done after {:?}", accelerator.patience()),
        };
        let messages = std::fs::read(log).unwrap_or_default();
        bail!("the guest {problem}; its kernel said:\n{}", end_of(&String::from_utf8_lossy(&messages)))
    }
}

enum Ended {
    Finished(u32),
    /// Nothing was heard of it, with KVM.
    Silent,
    Early,
    Stuck,
}

enum Said {
    Guest(Vec<u8>),
    Qemu(Vec<u8>),
}

/// A running qemu; it does not outlive this value.
struct Machine(Child);

impl Machine {
    fn start(accelerator: Accelerator, image: &Path, guest: &Path, log: &Path) -> Result<Self> {
        let mut qemu = Command::new(QEMU);
        qemu.args(["-machine", "pc", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]);
        qemu.args(accelerator.arguments()).args(["-smp", CPUS, "-m", MEBIBYTES]);
        qemu.arg("-serial").arg(format!("file:{}", log.display())).args(["-serial", "stdio"]);
        qemu.arg("-kernel").arg(image).arg("-initrd").arg(guest);
        // What the kernel does not know goes into the environment of the guest's first process.
        let words = "console=ttyS0 panic=-1 quiet random.trust_cpu=on";
        qemu.arg("-append").arg(format!("{words} FIREDAMP_PATIENCE={}", accelerator.slowness()));
        let child = qemu.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        Ok(Self(child.with_context(|| format!("cannot start {QEMU}"))?))
    }

    fn listen(&mut self, accelerator: Accelerator, marker: &str) -> Result<Ended> {
        let start = Instant::now();
        let (sender, lines) = channel();
        read(self.0.stdout.take(), sender.clone(), Said::Guest);
        read(self.0.stderr.take(), sender, Said::Qemu);
        let mut out = std::io::stdout().lock();
        let mut heard = false;
        loop {
            let waits_for_first = accelerator == Accelerator::Kvm && !heard;
            let patience = if waits_for_first { FIRST_LINE } else { accelerator.patience() };
            match lines.recv_timeout(patience.saturating_sub(start.elapsed())) {
                Ok(Said::Guest(line)) => {
                    heard = true;
                    let line = String::from_utf8_lossy(&line);
                    let line = line.trim_end_matches('\r');
                    if let Some(failed) = result(line, marker) {
                        return Ok(Ended::Finished(failed));
                    }
                    writeln!(out, "{line}")?;
                }
                Ok(Said::Qemu(line)) => {
                    let line = String::from_utf8_lossy(&line);
                    if line.starts_with("KVM internal error") && waits_for_first {
                        return Ok(Ended::Silent);
                    }
                    eprintln!("qemu: {line}");
                }
                Err(_) if waits_for_first => return Ok(Ended::Silent),
                Err(RecvTimeoutError::Timeout) => return Ok(Ended::Stuck),
                Err(RecvTimeoutError::Disconnected) => return Ok(Ended::Early),
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

fn read(pipe: Option<impl Read + Send + 'static>, sender: Sender<Said>, said: fn(Vec<u8>) -> Said) {
    thread::spawn(move || {
        let lines = pipe.into_iter().flat_map(|pipe| BufReader::new(pipe).split(b'\n'));
        for line in lines.map_while(Result::ok) {
            if sender.send(said(line)).is_err() {
                return;
            }
        }
    });
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

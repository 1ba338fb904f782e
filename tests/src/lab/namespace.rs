//! An anonymous network namespace: a file descriptor, and threads and children that enter it.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, anyhow, bail};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::signal::SigSet;

/// The tool that configures interfaces.
const IP: &str = "ip";

/// Lives as long as this value, a thread in it, or a child in it.
#[derive(Debug)]
pub struct Namespace {
    descriptor: OwnedFd,
}

/// TCP segments that left a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments {
    /// For the first time.
    pub sent: u64,
    /// Because the first time did not arrive.
    pub sent_again: u64,
}

impl Namespace {
    /// An empty namespace.
    ///
    /// # Errors
    /// `CAP_SYS_ADMIN` is missing, or the limit of namespaces is reached.
    pub fn new() -> Result<Self> {
        let made = thread::spawn(|| -> Result<OwnedFd> {
            unshare(CloneFlags::CLONE_NEWNET).context("cannot make a network namespace")?;
            Ok(File::open("/proc/thread-self/ns/net").context("cannot open the namespace")?.into())
        });
        Ok(Self { descriptor: joined(made)?? })
    }

    /// A path that names the namespace to other processes while this value lives.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.descriptor.as_raw_fd())
    }

    /// Runs `work` on a thread of its own inside the namespace and gives what it gives.
    ///
    /// # Errors
    /// The namespace cannot be entered, or `work` failed.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        thread::scope(|scope| {
            scope
                .spawn(|| {
                    setns(&self.descriptor, CloneFlags::CLONE_NEWNET)
                        .context("cannot enter the namespace")?;
                    work()
                })
                .join()
                .map_err(|_| anyhow!("the thread in the namespace panicked"))?
        })
    }

    /// Starts a thread that lives inside the namespace. Its name shows up in debuggers.
    ///
    /// # Errors
    /// No thread or descriptor is to be had.
    pub fn spawn<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<JoinHandle<Result<T>>> {
        let descriptor = self.descriptor.try_clone()?;
        Ok(thread::Builder::new().name(name.into()).spawn(move || {
            setns(&descriptor, CloneFlags::CLONE_NEWNET).context("cannot enter the namespace")?;
            drop(descriptor);
            work()
        })?)
    }

    /// Makes `command` start its child inside the namespace, out of reach of Ctrl-C, which is
    /// for the laboratory.
    ///
    /// # Errors
    /// No descriptor is to be had.
    pub fn confine(&self, command: &mut Command) -> Result<()> {
        let descriptor = self.descriptor.try_clone()?;
        let enter = move || {
            // A child inherits what this process has blocked, and would not hear it is to end.
            SigSet::empty().thread_set_mask()?;
            Ok(setns(&descriptor, CloneFlags::CLONE_NEWNET)?)
        };
        // SAFETY: between fork and exec only pthread_sigmask and setns are called, which may be.
        unsafe { command.pre_exec(enter) };
        command.process_group(0);
        Ok(())
    }

    /// Runs commands of `ip` (iproute2), each without the word `ip`, stopping at the first that fails.
    ///
    /// # Errors
    /// `ip` is missing, or what it complained about.
    pub fn ip(&self, commands: &[impl AsRef<str>]) -> Result<()> {
        let script: String = commands.iter().flat_map(|command| [command.as_ref(), "\n"]).collect();
        let mut command = Command::new(IP);
        // As root of a login without `-`, the system's directories may not be on the path.
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{path}:/usr/sbin:/sbin")).args(["-batch", "-"]);
        self.confine(&mut command)?;
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| match error.kind() {
            ErrorKind::NotFound => anyhow!("`{IP}` is not installed (Debian: apt-get install iproute2)"),
            _ => anyhow!(error).context(format!("cannot run `{IP}`")),
        })?;
        // A child that failed early does not read to the end; what it says then tells more.
        child.stdin.take().map(|mut stdin| stdin.write_all(script.as_bytes()));
        let output = child.wait_with_output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`{IP}` failed: {}; it was told:\n{script}", said.trim().replace('\n', ", "));
        }
        Ok(())
    }

    /// Writes a setting below `/proc/sys/net`.
    ///
    /// # Errors
    /// The setting does not exist or may not be written.
    pub fn set(&self, setting: &str, value: &str) -> Result<()> {
        let path = format!("/proc/sys/net/{setting}");
        self.run(|| std::fs::write(&path, value).with_context(|| format!("cannot write {path}")))
    }

    /// What TCP sent in this namespace so far.
    ///
    /// # Errors
    /// The kernel's counters cannot be read.
    pub fn segments(&self) -> Result<Segments> {
        let table = self.run(|| Ok(std::fs::read_to_string("/proc/thread-self/net/snmp")?))?;
        let mut rows = table.lines().filter_map(|line| line.strip_prefix("Tcp:")).map(str::split_whitespace);
        let (Some(names), Some(values)) = (rows.next(), rows.next()) else {
            bail!("no TCP counters in snmp")
        };
        let row: Vec<(&str, &str)> = names.zip(values).collect();
        let counter = |wanted| -> Result<u64> {
            let found = row.iter().find(|(name, _)| *name == wanted);
            Ok(found.with_context(|| format!("no {wanted} in snmp"))?.1.parse()?)
        };
        Ok(Segments { sent: counter("OutSegs")?, sent_again: counter("RetransSegs")? })
    }
}

fn joined<T>(thread: JoinHandle<T>) -> Result<T> {
    thread.join().map_err(|_| anyhow!("a thread of the laboratory panicked"))
}

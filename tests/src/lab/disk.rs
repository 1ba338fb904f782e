//! A file system that only those see who are let in.

use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, anyhow};
use nix::libc;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use tempfile::TempDir;

/// A file system without a device, in a mount namespace of its own. The kernel removes it when nobody uses it any more.
#[derive(Debug)]
pub struct Disk {
    folder: TempDir,
    namespace: OwnedFd,
    root: OwnedFd,
}

impl Disk {
    /// An empty disk of so many KiB.
    ///
    /// # Errors
    /// `CAP_SYS_ADMIN` is missing.
    pub fn new(kib: u32) -> Result<Self> {
        Self::of("tmpfs", Some(format!("size={kib}k")))
    }

    /// A place for what is pinned in the kernel. When it goes, all of that goes.
    ///
    /// # Errors
    /// `CAP_SYS_ADMIN` is missing.
    pub fn bpf() -> Result<Self> {
        Self::of("bpf", None)
    }

    fn of(kind: &'static str, options: Option<String>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let at = folder.path().to_owned();
        let made = thread::spawn(move || make(&at, kind, options.as_deref())).join();
        let [namespace, root] = made.map_err(|_| anyhow!("a thread of the laboratory panicked"))??;
        Ok(Self { folder, namespace, root })
    }

    /// Where those find it who are let in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A path by which this process reaches a file on it. It leads through a descriptor, which `SQLite` does not follow.
    #[must_use]
    pub fn path(&self, file: &str) -> PathBuf {
        format!("/proc/self/fd/{}/{file}", self.root.as_raw_fd()).into()
    }

    /// Lets the child of `command` in.
    ///
    /// # Errors
    /// No descriptor is to be had.
    pub fn admit(&self, command: &mut Command) -> Result<()> {
        let namespace = self.namespace.try_clone()?;
        let enter = move || Ok(setns(&namespace, CloneFlags::CLONE_NEWNS)?);
        // SAFETY: between fork and exec only setns is called, which may be.
        unsafe { command.pre_exec(enter) };
        Ok(())
    }
}

/// The namespace, and the disk's root.
fn make(at: &Path, kind: &str, options: Option<&str>) -> Result<[OwnedFd; 2]> {
    unshare(CloneFlags::CLONE_NEWNS).context("cannot make a mount namespace")?;
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)
        .context("cannot keep mounts apart")?;
    mount(Some(kind), at, Some(kind), MsFlags::empty(), options)
        .with_context(|| format!("cannot mount a {kind} of its own"))?;
    let root = File::options().read(true).custom_flags(libc::O_PATH | libc::O_DIRECTORY).open(at)?;
    Ok([File::open("/proc/thread-self/ns/mnt")?.into(), root.into()])
}

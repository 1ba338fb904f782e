//! Where things lie, and the host's cargo.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// How the agent and the tests' programs are compiled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Release,
    /// As for release, without anything for debuggers: what is packed.
    Dist,
}

impl Profile {
    /// Its name for cargo.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
            Self::Dist => "dist",
        }
    }
}

/// The checkout that this xtask was built from, and the folder that it was built into.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// The folder of builds is taken from the place of this very program: that is right whatever
    /// `CARGO_TARGET_DIR` or cargo's configuration say.
    pub(crate) fn locate() -> Result<Self> {
        let crate_folder = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = crate_folder.parent().context("the xtask crate lies in no workspace")?.to_owned();
        let program = env::current_exe().context("cannot tell where this program lies")?;
        let target =
            program.ancestors().nth(2).context("this program lies in no folder of builds")?.to_owned();
        Ok(Self { root, target })
    }

    /// The cargo that runs this xtask, in the workspace's root.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root);
        command
    }

    /// A program of the workspace, once built.
    pub(crate) fn program(&self, profile: Profile, name: &str) -> PathBuf {
        let folder = match profile {
            Profile::Dev => "debug",
            other => other.name(),
        };
        self.target.join(folder).join(name)
    }

    /// Everything built for the kernel; apart from the host's builds because another compiler
    /// makes it. The agent's build script looks here, too.
    pub(crate) fn ebpf_target(&self) -> PathBuf {
        self.root.join("target/ebpf")
    }

    /// The packages.
    pub(crate) fn packages(&self) -> PathBuf {
        self.target.join("packages")
    }

    /// Kernels to test with, and what they boot.
    pub(crate) fn vm(&self) -> PathBuf {
        self.target.join("vm")
    }

    /// The instrumented programs, and the inputs that were worth keeping.
    pub(crate) fn fuzz(&self) -> PathBuf {
        self.target.join("fuzz")
    }

    /// The tools that `setup` builds.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join(".tools")
    }

    /// A path as one would type it in the workspace's root.
    pub(crate) fn relative<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }
}

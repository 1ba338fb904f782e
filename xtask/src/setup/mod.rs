//! The eBPF tool chain: finding it, completing it, or saying in one message what to do.
//!
//! Every verb comes through [`ensure`]. When all is there that costs a few starts of `rustc -vV`
//! and `bpf-linker --version`, well under 0.3 seconds.

mod compiler;
mod debian;
mod linker;

use std::path::PathBuf;

use anyhow::{Error, Result, anyhow};

use crate::command::{find as find_program, step};
use crate::workspace::Workspace;
use compiler::Compiler;
pub(crate) use debian::is_debian;

const COMPILER_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy"];
const LLVM_PACKAGE: &str = "llvm-22-dev";
const IP_PACKAGE: &str = "iproute2";
const NFT_PACKAGE: &str = "nftables";
/// What runs another kernel: the emulator, and the guest's shell and tools.
pub(crate) const EMULATOR_PACKAGES: [&str; 2] = ["qemu-system-x86", "busybox-static"];

/// What it takes to build the kernel program.
pub(crate) struct Toolchain {
    pub(crate) compiler: Compiler,
    pub(crate) linker: PathBuf,
}

/// What only some verbs need, and can do with less of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extra {
    /// Lints for the kernel's target.
    Clippy,
    /// Network namespaces of the laboratory and the tests.
    Ip,
    /// Tests of blocking by nftables.
    Nft,
    /// Tests under another kernel.
    Emulator,
}

/// What is on this machine; an `Err` holds the places looked at and why they will not do.
struct Found {
    compiler: Result<Compiler, Vec<String>>,
    linker: Result<(PathBuf, String), Vec<String>>,
    llvm: Result<PathBuf, String>,
    ip: Option<PathBuf>,
    nft: Option<PathBuf>,
    qemu: Option<PathBuf>,
    busybox: Option<PathBuf>,
}

impl Found {
    fn look(workspace: &Workspace) -> Self {
        let linker = linker::find(workspace);
        let compiler = compiler::find().and_then(|compiler| {
            let own = linker.as_ref().map_or(true, |(path, _)| path.starts_with(workspace.tools()));
            if own && compiler.llvm > linker::LLVM {
                let why = format!("{compiler} has LLVM {}, bpf-linker only {}", compiler.llvm, linker::LLVM);
                return Err(vec![why]);
            }
            Ok(compiler)
        });
        Self {
            compiler,
            linker,
            llvm: linker::llvm(),
            ip: find_program("ip"),
            nft: find_program("nft"),
            qemu: find_program("qemu-system-x86_64"),
            busybox: find_program("busybox"),
        }
    }

    /// The Debian packages that would help.
    fn missing_packages(&self, extras: &[Extra]) -> Vec<&'static str> {
        let mut packages = Vec::new();
        let help = match &self.compiler {
            Err(_) => !compiler::is_chosen(),
            Ok(compiler) => {
                compiler.is_debian() && compiler.clippy().is_none() && extras.contains(&Extra::Clippy)
            }
        };
        if help {
            packages.extend(COMPILER_PACKAGES);
        }
        if self.linker.is_err() && self.llvm.is_err() && !linker::is_llvm_chosen() {
            packages.push(LLVM_PACKAGE);
        }
        if self.ip.is_none() && extras.contains(&Extra::Ip) {
            packages.push(IP_PACKAGE);
        }
        if self.nft.is_none() && extras.contains(&Extra::Nft) {
            packages.push(NFT_PACKAGE);
        }
        if (self.qemu.is_none() || self.busybox.is_none()) && extras.contains(&Extra::Emulator) {
            packages.extend(EMULATOR_PACKAGES);
        }
        packages
    }
}

/// Finds the tool chain and installs what is missing where that may be done.
///
/// # Errors
/// Compiler or linker are missing and could not be installed. A missing extra is no error.
pub(crate) fn ensure(workspace: &Workspace, extras: &[Extra]) -> Result<Toolchain> {
    let mut found = Found::look(workspace);
    let packages = found.missing_packages(extras);
    if !packages.is_empty() && debian::may_install() {
        if let Err(failure) = debian::install(&packages) {
            step(&format!("{failure:#}"));
        }
        found = Found::look(workspace);
    }
    if let (Ok(_), Err(_), Ok(llvm)) = (&found.compiler, &found.linker, &found.llvm) {
        linker::install(workspace, llvm)?;
        found = Found::look(workspace);
    }
    if found.ip.is_none() && extras.contains(&Extra::Ip) {
        step(&format!("there is no `ip` (package {IP_PACKAGE}); the laboratory and its tests need it"));
    }
    if found.nft.is_none() && extras.contains(&Extra::Nft) {
        step(&format!("there is no `nft` (package {NFT_PACKAGE}); tests of blocking by nftables need it"));
    }
    match (found.compiler, found.linker) {
        (Ok(compiler), Ok((linker, _))) => Ok(Toolchain { compiler, linker }),
        (compiler, linker) => Err(advice(compiler.err(), linker.err(), found.llvm.err())),
    }
}

/// Completes the tool chain and prints what it consists of.
pub(crate) fn show(workspace: &Workspace) -> Result<()> {
    ensure(workspace, &[Extra::Clippy, Extra::Ip, Extra::Nft])?;
    let found = Found::look(workspace);
    let path = |path: Option<PathBuf>| path.map_or_else(|| "-".into(), |path| path.display().to_string());
    let mut rows = Vec::new();
    if let Ok(compiler) = &found.compiler {
        rows.push(("eBPF compiler", compiler.to_string()));
        rows.push(("its cargo", compiler.cargo().display().to_string()));
        rows.push(("its library sources", compiler.library.display().to_string()));
        rows.push(("its clippy", path(compiler.clippy())));
    }
    if let Ok((linker, version)) = &found.linker {
        rows.push(("bpf-linker", format!("{version} ({})", workspace.relative(linker).display())));
    }
    rows.push(("LLVM to build it with", path(found.llvm.ok())));
    rows.push(("ip, for the laboratory", path(found.ip)));
    rows.push(("nft, for tests", path(found.nft)));
    rows.push(("qemu, for other kernels", path(found.qemu)));
    for (part, place) in rows {
        println!("{part:<24}{place}");
    }
    Ok(())
}

/// One message with everything that is missing and the commands that bring it.
fn advice(compiler: Option<Vec<String>>, linker: Option<Vec<String>>, llvm: Option<String>) -> Error {
    let mut lines = vec!["the eBPF tool chain is not complete".to_owned()];
    let mut packages = Vec::new();
    let mut elsewhere = Vec::new();
    let indent = |line: String| format!("  {line}");
    if let Some(reasons) = compiler {
        lines.push("no compiler with its library sources:".into());
        lines.extend(reasons.into_iter().map(indent));
        packages.extend(COMPILER_PACKAGES);
        elsewhere.push("rustup toolchain install nightly --component rust-src --component clippy".to_owned());
    }
    if let (Some(reasons), Some(no_llvm)) = (linker, llvm) {
        lines.push(format!("no bpf-linker, and no LLVM {} to build it with:", linker::LLVM));
        lines.extend(reasons.into_iter().chain([no_llvm]).map(indent));
        packages.push(LLVM_PACKAGE);
        elsewhere.push(linker::by_hand());
    }
    lines.push("on Debian 12 with its security suite, run as root:".into());
    lines.push("  apt-get update".into());
    lines.push(format!("  apt-get install -y --no-install-recommends {}", packages.join(" ")));
    lines.push("elsewhere, with rustup:".into());
    lines.extend(elsewhere.into_iter().map(indent));
    lines.push("then repeat this command".into());
    anyhow!(lines.join("\n"))
}

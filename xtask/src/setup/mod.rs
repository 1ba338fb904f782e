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

const COMPILER_PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];
const LLVM_PACKAGE: &str = "llvm-22-dev";

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
}

impl Extra {
    const ALL: [Self; 2] = [Self::Clippy, Self::Ip];

    fn package(self) -> &'static str {
        match self {
            Self::Clippy => "rust-web-clippy",
            Self::Ip => "iproute2",
        }
    }
}

/// What is on this machine; an `Err` holds the places looked at and why they will not do.
struct Found {
    compiler: Result<Compiler, Vec<String>>,
    linker: Result<(PathBuf, String), Vec<String>>,
    llvm: Option<PathBuf>,
    ip: Option<PathBuf>,
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
        Self { compiler, linker, llvm: linker::llvm(), ip: find_program("ip") }
    }

    fn lacks(&self, extra: Extra) -> bool {
        match extra {
            // Only Debian's compiler gets its clippy from a package.
            Extra::Clippy => self.compiler.as_ref().map_or(true, |compiler| compiler.clippy().is_none()),
            Extra::Ip => self.ip.is_none(),
        }
    }

    fn missing_packages(&self, extras: &[Extra]) -> Vec<&'static str> {
        let mut packages = Vec::new();
        if self.compiler.is_err() {
            packages.extend(COMPILER_PACKAGES);
        }
        if self.linker.is_err() && self.llvm.is_none() {
            packages.push(LLVM_PACKAGE);
        }
        packages.extend(extras.iter().filter(|extra| self.lacks(**extra)).map(|extra| extra.package()));
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
    let mut failure = None;
    if !packages.is_empty() && debian::may_install() {
        failure = debian::install(&packages).err();
        found = Found::look(workspace);
    }
    if let (Err(_), Some(llvm)) = (&found.linker, &found.llvm) {
        linker::install(workspace, llvm)?;
        found = Found::look(workspace);
    }
    for extra in extras.iter().filter(|extra| found.lacks(**extra)) {
        step(&format!("{} is missing and could not be installed; going on without", extra.package()));
    }
    match (found.compiler, found.linker) {
        (Ok(compiler), Ok((linker, _))) => Ok(Toolchain { compiler, linker }),
        (compiler, linker) => Err(advice(compiler.err(), linker.err(), failure)),
    }
}

/// Completes the tool chain and prints what it consists of.
pub(crate) fn show(workspace: &Workspace) -> Result<()> {
    ensure(workspace, &Extra::ALL)?;
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
    rows.push(("LLVM to build it with", path(found.llvm)));
    rows.push(("ip, for the laboratory", path(found.ip)));
    for (part, place) in rows {
        println!("{part:<24}{place}");
    }
    Ok(())
}

/// One message with everything that is missing and the commands that bring it.
fn advice(compiler: Option<Vec<String>>, linker: Option<Vec<String>>, failure: Option<Error>) -> Error {
    let mut lines = vec!["the eBPF tool chain is not complete.".to_owned()];
    let mut packages = Vec::new();
    let mut elsewhere = Vec::new();
    if let Some(reasons) = compiler {
        lines.push("No compiler with its library sources:".into());
        lines.extend(reasons.into_iter().map(|reason| format!("  {reason}")));
        packages.extend(COMPILER_PACKAGES);
        packages.push(Extra::Clippy.package());
        elsewhere.push("rustup toolchain install nightly --component rust-src --component clippy".to_owned());
    }
    if let Some(reasons) = linker {
        lines.push(format!("No bpf-linker, and no LLVM {} to build it with:", linker::LLVM));
        lines.extend(reasons.into_iter().map(|reason| format!("  {reason}")));
        packages.push(LLVM_PACKAGE);
        elsewhere.push(format!(
            "LLVM_SYS_221_PREFIX=/path/of/llvm-{llvm} LLVM_PREFIX=/path/of/llvm-{llvm} cargo install bpf-linker \
             --version {} --no-default-features --features llvm-{llvm}",
            linker::VERSION,
            llvm = linker::LLVM,
        ));
    }
    if let Some(failure) = failure {
        lines.push(format!("An attempt to install failed: {failure:#}"));
    }
    lines.push("On Debian 12 with its security suite, run as root:".into());
    lines.push("  apt-get update".into());
    lines.push(format!("  apt-get install -y --no-install-recommends {}", packages.join(" ")));
    lines.push("Elsewhere, with rustup:".into());
    lines.extend(elsewhere.into_iter().map(|line| format!("  {line}")));
    lines.push("Then repeat this command.".into());
    anyhow!(lines.join("\n"))
}

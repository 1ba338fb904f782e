//! bpf-linker, which turns LLVM bitcode into the object that the kernel loads.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::compiler::numbers;
use crate::command::{find as find_program, run, run_quietly, step};
use crate::workspace::Workspace;

/// The version that `setup` builds; a later one on `PATH` will do as well.
pub(super) const VERSION: &str = "0.13.0";
/// The LLVM that it is built with. A compiler whose LLVM is newer writes what it cannot read.
pub(super) const LLVM: u32 = 22;
/// Where the crate `llvm-sys` looks for that LLVM.
const LLVM_CHOICE: &str = "LLVM_SYS_221_PREFIX";
const LLVM_DEBIAN: &str = "/usr/lib/llvm-22";

/// The project's own linker, or else one on `PATH`.
pub(super) fn find(workspace: &Workspace) -> Result<(PathBuf, String), Vec<String>> {
    let own = folder(workspace).join("bin/bpf-linker");
    let mut reasons = Vec::new();
    for linker in [Some(own), find_program("bpf-linker")].into_iter().flatten() {
        match inspect(&linker) {
            Ok(version) => return Ok((linker, version)),
            Err(why) => reasons.push(format!("{}: {why}", workspace.relative(&linker).display())),
        }
    }
    Err(reasons)
}

fn inspect(linker: &Path) -> Result<String, String> {
    if !linker.is_file() {
        return Err("not there".into());
    }
    let mut command = Command::new(linker);
    command.env_remove("LD_LIBRARY_PATH").arg("--version");
    let answer = run_quietly(&mut command).map_err(|error| format!("{error:#}"))?;
    let version = answer.split_whitespace().last().unwrap_or_default();
    if numbers(version) < numbers(VERSION) {
        return Err(format!("is version {version}, at least {VERSION} is needed"));
    }
    Ok(version.to_owned())
}

/// The LLVM to build the linker with, or why there is none.
pub(super) fn llvm() -> Result<PathBuf, String> {
    let (prefix, origin) = match env::var_os(LLVM_CHOICE) {
        Some(chosen) => (chosen.into(), format!(" (named by {LLVM_CHOICE})")),
        None => (PathBuf::from(LLVM_DEBIAN), String::new()),
    };
    let config = prefix.join("bin/llvm-config");
    if config.is_file() { Ok(prefix) } else { Err(format!("{}{origin}: not there", config.display())) }
}

/// Whether the developer named an LLVM, so that installing another would not help.
pub(super) fn is_llvm_chosen() -> bool {
    env::var_os(LLVM_CHOICE).is_some()
}

/// What to do where Debian's LLVM is not to be had.
pub(super) fn by_hand() -> String {
    format!(
        "{LLVM_CHOICE}=DIR LLVM_PREFIX=DIR cargo install bpf-linker --version {VERSION} --locked \
         --no-default-features --features llvm-{LLVM}    # DIR: where LLVM {LLVM} is installed"
    )
}

/// Builds the linker into the project's folder of tools.
pub(super) fn install(workspace: &Workspace, llvm: &Path) -> Result<()> {
    let folder = folder(workspace);
    step(&format!(
        "building bpf-linker {VERSION} into {}, once, a minute or two",
        workspace.relative(&folder).display()
    ));
    let mut command = workspace.cargo();
    command
        .args(["install", "--quiet", "--locked", "bpf-linker", "--version", VERSION])
        .args(["--no-default-features", "--features", &format!("llvm-{LLVM}"), "--root"])
        .arg(&folder)
        .env(LLVM_CHOICE, llvm)
        .env("LLVM_PREFIX", llvm)
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0") // its debug information takes longer than its code
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS");
    run(&mut command, "building bpf-linker")
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.tools().join(format!("bpf-linker-{VERSION}"))
}

//! The kernel program: building and linting it with the eBPF tool chain.

use std::env;
use std::ffi::OsString;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{run, step};
use crate::setup::Toolchain;
use crate::workspace::Workspace;

/// `debuginfo` and `--btf`: loop callbacks need BTF function records, the kernel refuses the
/// program without them. `v3`: 32-bit operations and atomics that return a value.
const RUSTFLAGS: &str = "-C debuginfo=2 -C link-arg=--btf -C target-cpu=v3";

/// What cargo and rustup hand on to the programs they start, and what a developer may have set for
/// the host's compiler: none of it is meant for this one.
const NOT_INHERITED: [&str; 9] = [
    "CARGO",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "LD_LIBRARY_PATH",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOC",
    "RUSTUP_TOOLCHAIN",
];

/// Builds the object that the agent embeds. Cargo decides whether there is anything to do.
pub(crate) fn build(workspace: &Workspace, toolchain: &Toolchain) -> Result<()> {
    step(&format!("kernel program, with {}", toolchain.compiler));
    run(cargo(workspace, toolchain)?.arg("build").args(selection(workspace)), "building the kernel program")
}

/// Lints the code as the kernel's target sees it.
pub(crate) fn lint(workspace: &Workspace, toolchain: &Toolchain) -> Result<()> {
    let Some(clippy) = toolchain.compiler.clippy() else {
        step(&format!(
            "NO CLIPPY for {}: the kernel program is only compiled, with warnings as errors. \
             Install clippy beside that compiler for the full check (Debian: rust-web-clippy)",
            toolchain.compiler
        ));
        let mut build = cargo(workspace, toolchain)?;
        build.arg("build").args(["-Z", "warnings", "--config", "build.warnings='deny'"]);
        return run(build.args(selection(workspace)), "compiling the kernel program without warnings");
    };
    step(&format!("clippy on the kernel program, with {}", clippy.display()));
    let mut command = prepared(workspace, toolchain, Command::new(clippy))?;
    command.env("CARGO", toolchain.compiler.cargo()).arg("clippy").args(selection(workspace));
    run(command.args(["--", "-D", "warnings"]), "clippy on the kernel program")
}

fn cargo(workspace: &Workspace, toolchain: &Toolchain) -> Result<Command> {
    prepared(workspace, toolchain, Command::new(toolchain.compiler.cargo()))
}

fn prepared(workspace: &Workspace, toolchain: &Toolchain, mut command: Command) -> Result<Command> {
    for name in NOT_INHERITED {
        command.env_remove(name);
    }
    command
        .current_dir(&workspace.root)
        .env("PATH", path_with(toolchain)?)
        .env("RUSTC", &toolchain.compiler.rustc)
        .env("RUSTC_BOOTSTRAP", "1") // `-Z build-std`: there is no ready-made `core` for this target
        .env("RUSTFLAGS", RUSTFLAGS);
    Ok(command)
}

/// rustc finds the linker by its name, `bpf-linker`.
fn path_with(toolchain: &Toolchain) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = toolchain.linker.parent().map(Into::into).into_iter().chain(env::split_paths(&path));
    env::join_paths(folders).context("PATH with the linker's folder in front")
}

fn selection(workspace: &Workspace) -> Vec<OsString> {
    let fixed =
        "--package detector-ebpf --profile ebpf --target bpfel-unknown-none -Z build-std=core --target-dir";
    let mut words: Vec<OsString> = fixed.split(' ').map(Into::into).collect();
    words.push(workspace.ebpf_target().into());
    words
}

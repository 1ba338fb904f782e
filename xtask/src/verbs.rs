//! What each verb does once the tool chain is there.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use firedamp_arguments::Bench;

use crate::command::{become_program, privileged, run, run_quietly, step};
use crate::object;
use crate::setup::{self, Extra};
use crate::vm;
use crate::workspace::{Profile, Workspace};

const AGENT: &str = "detector";
const TESTS: &str = "firedamp-tests";
const PACKAGING: &str = "firedamp-packaging";

/// The variable by which builders everywhere say the time of what they build.
const TIME: &str = "SOURCE_DATE_EPOCH";

pub(crate) fn build(workspace: &Workspace, profile: Profile) -> Result<()> {
    kernel_program(workspace, &[])?;
    programs(workspace, profile, &[AGENT])
}

pub(crate) fn build_and_run(workspace: &Workspace, agent_arguments: &[String]) -> Result<()> {
    let agent = workspace.program(Profile::Release, "firedamp");
    let Some(verb) = agent_arguments.first() else {
        kernel_program(workspace, &[Extra::Ip])?;
        programs(workspace, Profile::Release, &[AGENT, TESTS])?;
        let laboratory = workspace.program(Profile::Release, "firedamp-lab");
        return become_program(privileged(&laboratory)?.arg("--firedamp").arg(&agent));
    };
    build(workspace, Profile::Release)?;
    let mut command = if verb == "run" { privileged(&agent)? } else { Command::new(&agent) };
    become_program(command.args(agent_arguments))
}

/// The end-to-end tests start the agent and the laboratory as programs, so those are built first:
/// for a full run together with the tests, because cargo then compiles each dependency once.
pub(crate) fn test(workspace: &Workspace, cargo_arguments: &[String], harness: &[String]) -> Result<()> {
    understood(workspace, cargo_arguments)?;
    kernel_program(workspace, &[Extra::Ip, Extra::Nft])?;
    let mut command = workspace.cargo();
    command.arg("test");
    if cargo_arguments.iter().any(|word| word.starts_with("-p") || word.starts_with("--package")) {
        programs(workspace, Profile::Dev, &[AGENT, TESTS])?;
    } else {
        step("programs and tests");
        let everything = ["build", "--workspace", "--all-targets"];
        run(workspace.cargo().args(everything), "building the programs and tests")?;
        command.arg("--workspace");
    }
    command.args(cargo_arguments);
    if !harness.is_empty() {
        command.arg("--").args(harness);
    }
    become_program(&mut command)
}

/// Lets cargo say what is wrong with arguments of `cargo test`; asked for help as well, it does no more.
fn understood(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    run_quietly(workspace.cargo().arg("test").args(arguments).arg("-h")).map(drop)
}

/// The tests that need a kernel, under another one. All arguments are for the tests.
pub(crate) fn test_under(
    workspace: &Workspace,
    kernel: &str,
    modules: Option<&Path>,
    arguments: &[String],
) -> Result<()> {
    kernel_program(workspace, &[Extra::Ip, Extra::Emulator])?;
    programs(workspace, Profile::Dev, &[AGENT, TESTS])?;
    vm::test(workspace, kernel, modules, arguments)
}

/// Only a program that goes into the kernel needs rights.
pub(crate) fn bench(workspace: &Workspace, bench: &Bench, arguments: &[OsString]) -> Result<()> {
    let program = released(workspace, "firedamp-bench")?;
    let mut command = if bench.subject.is_some() { Command::new(&program) } else { privileged(&program)? };
    become_program(command.args(arguments))
}

pub(crate) fn soak(workspace: &Workspace, arguments: &[OsString]) -> Result<()> {
    let program = released(workspace, "firedamp-soak")?;
    become_program(privileged(&program)?.args(arguments))
}

/// What is measured is what is shipped, so it is built for release.
fn released(workspace: &Workspace, program: &str) -> Result<PathBuf> {
    kernel_program(workspace, &[Extra::Ip])?;
    programs(workspace, Profile::Release, &[AGENT, TESTS])?;
    Ok(workspace.program(Profile::Release, program))
}

pub(crate) fn lint(workspace: &Workspace) -> Result<()> {
    step("format");
    run(
        workspace.cargo().args(["fmt", "--all", "--check"]),
        "the format check (mend it with `cargo fmt --all`)",
    )?;
    // Not part of the workspace.
    let targets = ["fmt", "--manifest-path", "tests/fuzz/Cargo.toml", "--check"];
    run(workspace.cargo().args(targets), "the format check of the fuzz targets")?;
    step("clippy on everything that runs on the host");
    let everything = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    run(workspace.cargo().args(everything), "clippy")?;
    let toolchain = setup::ensure(workspace, &[Extra::Clippy])?;
    object::lint(workspace, &toolchain)
}

/// The tests that compare the tables with what is found write them when they are asked to.
pub(crate) fn docs(workspace: &Workspace) -> Result<()> {
    step("docs/protocols.md and docs/evasion.md");
    let test = ["test", "--package", TESTS, "--test", "engines", "the_documentation_says_what_is_found"];
    run(workspace.cargo().args(test).env("FIREDAMP_WRITE_DOCS", "1"), "writing the tables of what is found")
}

/// The packages, in a program of their own: nobody waits for its libraries who packs nothing.
pub(crate) fn dist(workspace: &Workspace) -> Result<()> {
    kernel_program(workspace, &[])?;
    programs(workspace, Profile::Dist, &[AGENT])?;
    let time = match env::var(TIME) {
        Ok(time) => time,
        Err(_) => last_commit(workspace)?,
    };
    let mut command = workspace.cargo();
    command.args(["run", "--quiet", "--package", PACKAGING, "--", "--root"]).arg(&workspace.root);
    command.arg("--firedamp").arg(workspace.program(Profile::Dist, "firedamp"));
    command.arg("--output").arg(workspace.packages());
    step("packages");
    become_program(command.args(["--time", &time]))
}

/// The time of what is packed: the same sources make the same packages.
fn last_commit(workspace: &Workspace) -> Result<String> {
    let mut git = Command::new("git");
    git.current_dir(&workspace.root).args(["log", "-1", "--format=%ct"]);
    let time = run_quietly(&mut git).with_context(|| {
        format!("no commit tells the time of the packages; set {TIME} to seconds since 1970")
    })?;
    Ok(time.trim().to_owned())
}

pub(crate) fn clean(workspace: &Workspace, tools: bool) -> Result<()> {
    run(workspace.cargo().arg("clean"), "cargo clean")?;
    let mut folders = vec![workspace.ebpf_target()];
    if tools {
        folders.push(workspace.tools());
    }
    for folder in folders {
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", folder.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn kernel_program(workspace: &Workspace, extras: &[Extra]) -> Result<()> {
    let toolchain = setup::ensure(workspace, extras)?;
    object::build(workspace, &toolchain)
}

fn programs(workspace: &Workspace, profile: Profile, packages: &[&str]) -> Result<()> {
    let mut command = workspace.cargo();
    command.args(["build", "--bins"]);
    for package in packages {
        command.args(["--package", package]);
    }
    command.args(["--profile", profile.name()]);
    step(&format!("programs of {}", packages.join(" and ")));
    run(&mut command, "building the programs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_is_asked_before_anything_is_built() {
        let workspace = Workspace::locate().unwrap();
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        understood(&workspace, &words("-p detector judge")).unwrap();
        let error = understood(&workspace, &words("--bogus")).unwrap_err().to_string();
        assert!(error.contains("unexpected argument '--bogus'"), "{error}");
    }
}

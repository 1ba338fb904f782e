//! `cargo xtask test --kernel`: the tests that need a kernel, under another one than this
//! machine's, in an emulated machine that has nothing but memory.

mod archive;
mod guest;
mod kernel;
mod machine;
mod modules;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::command::{find, step};
use crate::setup::EMULATOR_PACKAGES;
use crate::workspace::{Profile, Workspace};
use guest::Guest;
use machine::QEMU;

/// The programs of the tests that run the kernel program.
const TESTS: [&str; 5] = ["kernel", "encapsulation", "interfaces", "end_to_end", "engines"];

/// Begins the last line of the guest.
const MARKER: &str = "xtask, programs that failed:";

/// Runs the tests under the kernel. `arguments` are those of the test programs: filters and options.
pub(crate) fn test(
    workspace: &Workspace,
    wanted: &str,
    modules: Option<&Path>,
    arguments: &[String],
) -> Result<()> {
    ensure!(cfg!(target_arch = "x86_64"), "the emulated machine is an x86-64, and so must this one be");
    for program in [QEMU, "busybox"] {
        ensure!(
            find(program).is_some(),
            "there is no {program} to run another kernel with; on Debian, run as root:\n  \
             apt-get install -y --no-install-recommends {}",
            EMULATOR_PACKAGES.join(" ")
        );
    }
    let folder = workspace.vm();
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let kernel = kernel::find(wanted, modules, &folder)?;
    let guest = Guest {
        folder: &workspace.root.join("tests"),
        tests: &test_programs(workspace)?,
        programs: &[workspace.program(Profile::Dev, "firedamp")],
        data: &[workspace.root.join("docs"), workspace.root.join("tests/proptest-regressions")],
        arguments,
    };
    let (initramfs, log) = (folder.join("guest.cpio"), folder.join("kernel.log"));
    guest.write(&kernel, MARKER, &initramfs)?;
    let start = Instant::now();
    let failed = machine::boot(&kernel, &initramfs, &log, MARKER)?;
    let seconds = start.elapsed().as_secs();
    if failed > 0 {
        bail!("{failed} of {} test programs failed under {} ({seconds} s)", TESTS.len(), kernel.name);
    }
    step(&format!("all passed under {} ({seconds} s)", kernel.name));
    Ok(())
}

fn test_programs(workspace: &Workspace) -> Result<Vec<(String, PathBuf)>> {
    step("tests");
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--no-run", "--package", "firedamp-tests"]);
    cargo.args(["--message-format", "json-render-diagnostics"]);
    for test in TESTS {
        cargo.args(["--test", test]);
    }
    let output = cargo.stderr(Stdio::inherit()).output().context("cannot start cargo")?;
    ensure!(output.status.success(), "building the tests failed; cargo's messages stand above");
    let built = built(&String::from_utf8_lossy(&output.stdout));
    let named = |name: &str| built.iter().find(|(built, _)| built == name).cloned();
    TESTS.into_iter().map(|name| named(name).with_context(|| format!("cargo made no test {name}"))).collect()
}

/// Names and files of the test programs in cargo's messages.
fn built(messages: &str) -> Vec<(String, PathBuf)> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages
        .filter_map(|message| {
            let target = message.get("target")?;
            let is_test = target.get("kind")?.as_array()?.iter().any(|kind| kind == "test");
            let name = target.get("name")?.as_str()?.to_owned();
            let file = message.get("executable")?.as_str()?.into();
            is_test.then_some((name, file))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_where_cargo_puts_tests() {
        let messages = r#"
{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"detector"},"executable":null}
{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"kernel"},"executable":"/t/debug/kernel"}
{"reason":"compiler-artifact","target":{"kind":["test"],"name":"kernel"},"executable":"/t/debug/deps/kernel-1"}
{"reason":"build-finished","success":true}
"#;
        assert_eq!(built(messages), [("kernel".to_owned(), PathBuf::from("/t/debug/deps/kernel-1"))]);
    }
}

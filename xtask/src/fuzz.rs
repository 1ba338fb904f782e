//! `cargo xtask fuzz`: libFuzzer on the targets of `tests/fuzz`, by way of cargo-fuzz.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::command::{find, run, step};
use crate::workspace::Workspace;

const FUZZ: &str = "tests/fuzz";

/// The targets: each is a file in `tests/fuzz/fuzz_targets`.
pub(crate) const TARGETS: [&str; 12] = [
    "packet",
    "recogniser",
    "reassembly",
    "conversation",
    "lines",
    "http",
    "websocket",
    "binary",
    "pipeline",
    "capture",
    "signatures",
    "event",
];

/// What a run of libFuzzer is given beside its time. An input that takes a minute is stuck on a busy machine, too.
const LIMITS: [&str; 4] = ["-timeout=60", "-rss_limit_mb=2048", "-max_len=16384", "-print_final_stats=1"];

/// Runs one target, or all of them one after the other, for so many minutes each.
pub(crate) fn fuzz(workspace: &Workspace, target: Option<&str>, minutes: u32) -> Result<()> {
    ready()?;
    let chosen: Vec<&str> =
        TARGETS.into_iter().filter(|name| target.is_none_or(|wanted| wanted == *name)).collect();
    step("inputs to begin with");
    let corpora = workspace.fuzz().join("corpus");
    let seeds = ["run", "--quiet", "--package", "firedamp-tests", "--bin", "firedamp-fuzz-seeds", "--"];
    run(workspace.cargo().args(seeds).arg(&corpora), "writing the inputs to begin with")?;
    let mut failed = Vec::new();
    for name in &chosen {
        step(&format!("{name}: {minutes} minutes"));
        if let Err(error) = target_run(workspace, &corpora, name, minutes) {
            step(&format!("{error:#}"));
            failed.push(*name);
        }
    }
    if !failed.is_empty() {
        bail!(
            "{} of {} targets failed: {}; the inputs lie in {FUZZ}/regressions",
            failed.len(),
            chosen.len(),
            failed.join(", ")
        );
    }
    Ok(())
}

fn target_run(workspace: &Workspace, corpora: &Path, name: &str, minutes: u32) -> Result<()> {
    let regressions = workspace.root.join(FUZZ).join("regressions").join(name);
    fs::create_dir_all(&regressions).with_context(|| format!("cannot make {}", regressions.display()))?;
    let mut command = cargo_fuzz(workspace);
    command.args(["run", "--fuzz-dir", FUZZ, "--target-dir"]);
    command.arg(workspace.fuzz().join("build")).arg(name);
    command.args([&corpora.join(name), &regressions]);
    command.arg("--").args(LIMITS);
    command.arg(format!("-dict={}", corpora.join("words").display()));
    command.arg(format!("-max_total_time={}", u64::from(minutes) * 60));
    command.arg(format!("-artifact_prefix={}/", regressions.display()));
    run(&mut command, &format!("target {name}"))
}

/// Stable compilers instrument code only if they are told to take themselves for nightly ones.
fn cargo_fuzz(workspace: &Workspace) -> std::process::Command {
    let mut command = workspace.cargo();
    command.arg("fuzz").env("RUSTC_BOOTSTRAP", "1");
    command
}

fn ready() -> Result<()> {
    if find("cargo-fuzz").is_none() {
        bail!("cargo-fuzz is not on PATH; install it with `cargo install cargo-fuzz`");
    }
    if find("c++").is_none() {
        bail!(
            "there is no C++ compiler, which libFuzzer needs; install one, on Debian with `apt-get install g++`"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_targets_are_those_that_there_are() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/fuzz_targets");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut there: Vec<_> = files.map(|file| file.file_stem().unwrap().to_owned()).collect();
        there.sort();
        let mut named = TARGETS;
        named.sort_unstable();
        assert_eq!(there, named);
    }
}

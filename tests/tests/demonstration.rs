//! `firedamp-lab` as a person uses it: it shows miners, ends when told, and leaves nothing behind.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use firedamp_tests::privileges;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const SOON: Duration = Duration::from_secs(20);

fn start() -> Result<Child> {
    let lab = PathBuf::from(env!("CARGO_BIN_EXE_firedamp-lab"));
    let agent = lab.with_file_name("firedamp");
    ensure!(agent.is_file(), "there is no agent at {}: `cargo xtask test` builds it", agent.display());
    let mut command = Command::new(lab);
    command.arg("--keep-going").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command.spawn()?)
}

/// Reads the demonstration's output until one line contains all `words`.
fn read_until(output: &mut impl BufRead, words: &[&str]) -> Result<()> {
    let mut line = String::new();
    while !words.iter().all(|word| line.contains(word)) {
        line.clear();
        ensure!(output.read_line(&mut line)? > 0, "the demonstration ended without {words:?}");
    }
    Ok(())
}

/// What a laboratory could leave behind: interfaces, named namespaces, mounted namespaces.
fn traces() -> Result<BTreeSet<String>> {
    let mut traces = BTreeSet::new();
    for folder in ["/sys/class/net", "/run/netns"] {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            traces.insert(entry?.path().display().to_string());
        }
    }
    let mounts = std::fs::read_to_string("/proc/self/mountinfo")?;
    traces.extend(mounts.lines().filter(|line| line.contains("net:[")).map(str::to_owned));
    Ok(traces)
}

fn children(process: u32) -> Result<Vec<u32>> {
    let mut children = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let list = std::fs::read_to_string(task?.path().join("children"))?;
        children.extend(list.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
    }
    Ok(children)
}

/// Whether the process runs; one that nobody has waited for yet holds nothing any more.
fn runs(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z') && !line.contains('X'))
}

fn gone(process: u32) -> Result<()> {
    let deadline = Instant::now() + SOON;
    while runs(process) {
        ensure!(Instant::now() < deadline, "process {process} is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn send(process: &Child, signal: Signal) -> Result<()> {
    Ok(kill(Pid::from_raw(process.id().cast_signed()), signal)?)
}

#[test]
fn ctrl_c_ends_with_a_table_and_leaves_nothing() -> Result<()> {
    if !privileges::granted("ctrl_c_ends_with_a_table_and_leaves_nothing") {
        return Ok(());
    }
    let before = traces()?;
    let mut lab = start()?;
    let mut output = BufReader::new(lab.stdout.take().context("no pipe")?);
    read_until(&mut output, &["stratum-v1", "confirmed"])?;
    let agents = children(lab.id())?;
    assert_eq!(agents.len(), 1, "the agent is the only child");
    send(&lab, Signal::SIGINT)?;
    let mut rest = String::new();
    output.read_to_string(&mut rest)?;
    assert!(lab.wait()?.success());
    for expected in ["MINER", "10.77.0.10", "203.0.113.11:8443", "cryptonote", "confirmed", "events lost: 0"]
    {
        assert!(rest.contains(expected), "no {expected} in:\n{rest}");
    }
    assert!(!rest.contains('\x1b'), "no colours in a pipe");
    agents.into_iter().try_for_each(gone)?;
    assert_eq!(traces()?, before);
    Ok(())
}

#[test]
fn a_killed_demonstration_leaves_nothing() -> Result<()> {
    if !privileges::granted("a_killed_demonstration_leaves_nothing") {
        return Ok(());
    }
    let before = traces()?;
    let mut lab = start()?;
    let mut output = BufReader::new(lab.stdout.take().context("no pipe")?);
    read_until(&mut output, &["cryptonote"])?;
    let agents = children(lab.id())?;
    assert_eq!(agents.len(), 1, "the agent is the only child");
    send(&lab, Signal::SIGKILL)?;
    assert!(!lab.wait()?.success());
    // Nothing else held the namespaces, so the kernel has removed them.
    agents.into_iter().try_for_each(gone)?;
    assert_eq!(traces()?, before);
    Ok(())
}

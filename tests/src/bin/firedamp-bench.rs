//! Measures what a packet costs in the kernel, or a case on disk. Exit codes: 0 success, 1 failure, 2 usage, 3 not permitted.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use firedamp_arguments::{Bench, Ledger, Subject};
use firedamp_tests::bench::{Options, ledger, measure};
use firedamp_tests::{lab, privileges};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// Measures nanoseconds per packet in the kernel, by class of packet
#[derive(Parser)]
#[command(name = "firedamp-bench")]
struct Arguments {
    #[command(flatten)]
    bench: Bench,
}

fn main() -> ExitCode {
    let Arguments { bench } = Arguments::parse();
    let done = if let Some(Subject::Ledger(options)) = &bench.subject {
        ledger(options)
    } else {
        let missing = privileges::missing();
        if !missing.is_empty() {
            eprintln!("error: not permitted: {} missing; run as root", missing.join(" and "));
            return ExitCode::from(3);
        }
        run(&bench)
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Bench) -> Result<()> {
    let &Bench { repeat, flows, rounds, .. } = arguments;
    pin().context("cannot stay on one processor")?;
    let report = measure(Options { repeat, flows, rounds })?;
    println!("{report}");
    arguments.json.as_deref().map_or(Ok(()), |path| write(path, &report.json().to_string()))
}

fn ledger(arguments: &Ledger) -> Result<()> {
    let &Ledger { updates, miners, runs, .. } = arguments;
    let firedamp = lab::agent_binary(arguments.firedamp.as_deref())?;
    let passing = tempfile::tempdir()?;
    let folder = match &arguments.keep {
        Some(folder) => {
            fs::create_dir(folder).with_context(|| format!("cannot make {}", folder.display()))?;
            folder
        }
        None => passing.path(),
    };
    let options = ledger::Options { updates, miners, firedamp, runs: runs.into() };
    let report = ledger::measure(&options, folder, |line| eprintln!("{line}"))?;
    println!("{report}");
    arguments.json.as_deref().map_or(Ok(()), |path| write(path, &report.json().to_string()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, format!("{text}\n")).with_context(|| format!("cannot write {}", path.display()))
}

/// Stays on the last processor this process may use: the first serves most interrupts.
fn pin() -> nix::Result<()> {
    let myself = Pid::from_raw(0);
    let allowed = sched_getaffinity(myself)?;
    let usable = |cpu: &usize| allowed.is_set(*cpu).unwrap_or(false);
    let mut one = CpuSet::new();
    one.set((0..CpuSet::count()).rfind(usable).unwrap_or(0))?;
    sched_setaffinity(myself, &one)
}

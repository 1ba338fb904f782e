//! Measures what a packet costs in the kernel. Exit codes: 0 success, 1 failure, 2 usage, 3 not permitted.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use firedamp_arguments::Bench;
use firedamp_tests::bench::{Options, measure};
use firedamp_tests::privileges;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// Nanoseconds per packet in the kernel, by class of packet
#[derive(Parser)]
#[command(name = "firedamp-bench")]
struct Arguments {
    #[command(flatten)]
    bench: Bench,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let missing = privileges::missing();
    if !missing.is_empty() {
        eprintln!("error: not permitted: {} missing; run as root", missing.join(" and "));
        return ExitCode::from(3);
    }
    match run(&arguments.bench) {
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

//! `firedamp-soak`: the agent in the long run, in a laboratory or on an endless capture.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Parser;
use firedamp_tests::soak::{Checks, capture};

/// Holds that nothing grows, that nothing is left behind, and that every miner is reported.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// The agent [default: `firedamp` beside this program]
    #[arg(long, value_name = "PATH")]
    firedamp: Option<PathBuf>,
    /// Replay a made-up capture of so many packets
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1000..=10_000_000_000))]
    packets: Option<u64>,
    /// The time between the first and the last packet of the capture
    #[arg(long, value_name = "H", default_value_t = 24, requires = "packets",
          value_parser = clap::value_parser!(u32).range(1..=8760))]
    capture_hours: u32,
    /// Where the recogniser runs in the replay
    #[arg(long, default_value = "host", requires = "packets", value_parser = ["host", "kernel"])]
    engine: String,
}

fn main() -> ExitCode {
    match soak(&Options::parse()) {
        Ok(checks) => {
            print!("\n{checks}");
            if checks.hold() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("firedamp-soak: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn soak(options: &Options) -> Result<Checks> {
    let binary = match &options.firedamp {
        Some(path) => path.clone(),
        None => std::env::current_exe()?.with_file_name("firedamp"),
    };
    if !binary.is_file() {
        bail!(
            "there is no agent at {}: `cargo xtask build` makes it, --firedamp names another",
            binary.display()
        );
    }
    let Some(packets) = options.packets else { bail!("give --packets") };
    let plan = capture::Plan {
        binary,
        packets,
        duration: Duration::from_secs(u64::from(options.capture_hours) * 3600),
        engine: options.engine.clone(),
        further: Vec::new(),
    };
    capture::run(&plan, |line| println!("{line}"))
}

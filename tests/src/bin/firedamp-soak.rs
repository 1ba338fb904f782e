//! `firedamp-soak`: the agent in the long run, in a laboratory or on an endless capture.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Parser;
use firedamp_tests::lab;
use firedamp_tests::privileges;
use firedamp_tests::soak::{Checks, capture, live};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// Holds that nothing grows, that nothing is left behind, and that every miner is reported.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// The agent [default: `firedamp` beside this program]
    #[arg(long, value_name = "PATH")]
    firedamp: Option<PathBuf>,
    /// For how long the laboratory runs
    #[arg(long, value_name = "N", default_value_t = 5.0, value_parser = minutes)]
    minutes: f64,
    /// Between two troubles: an interface that goes and comes back, a link that flaps, a reload
    #[arg(long, value_name = "SECONDS", default_value_t = 4.0, value_parser = minutes)]
    pause: f64,
    /// Instead, replay a made-up capture of so many packets
    #[arg(long, value_name = "N", conflicts_with_all = ["minutes", "pause"], value_parser = clap::value_parser!(u64).range(1000..=10_000_000_000))]
    packets: Option<u64>,
    /// The time between the first and the last packet of the capture
    #[arg(long, value_name = "H", default_value_t = 24, requires = "packets",
          value_parser = clap::value_parser!(u32).range(1..=8760))]
    capture_hours: u32,
    /// Where the recogniser runs in the replay
    #[arg(long, default_value = "host", requires = "packets", value_parser = ["host", "kernel"])]
    engine: String,
    /// Further arguments of `firedamp replay`, for example: -- --flows 1000
    #[arg(last = true, requires = "packets")]
    replay: Vec<String>,
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
    let binary = lab::agent_binary(options.firedamp.as_deref())?;
    let say = |line: &str| println!("{line}");
    if let Some(packets) = options.packets {
        let plan = capture::Plan {
            binary,
            packets,
            duration: Duration::from_secs(u64::from(options.capture_hours) * 3600),
            engine: options.engine.clone(),
            further: options.replay.clone(),
        };
        return capture::run(&plan, say);
    }
    let missing = privileges::missing();
    if !missing.is_empty() {
        bail!("needs root ({} missing): run it with sudo", missing.join(", "));
    }
    // Before any thread starts, so that all of them leave the signals to this one.
    let mut wanted = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        wanted.add(signal);
    }
    wanted.thread_block()?;
    let signals = SignalFd::with_flags(&wanted, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
    let plan = live::Plan {
        binary,
        duration: Duration::from_secs_f64(options.minutes * 60.0),
        pause: Duration::from_secs_f64(options.pause),
    };
    live::run(&plan, || matches!(signals.read_signal(), Ok(Some(_))), say)
}

fn minutes(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.1..=100_000.0).contains(&number) => Ok(number),
        _ => Err("must be a number from 0.1 to 100000".to_owned()),
    }
}

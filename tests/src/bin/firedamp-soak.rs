//! `firedamp-soak`: the agent in the long run, in a laboratory or on an endless capture, and killed again and again.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Parser;
use firedamp_arguments::Soak;
use firedamp_tests::lab;
use firedamp_tests::privileges;
use firedamp_tests::soak::{Checks, capture, crash, live};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// Holds that nothing grows, that nothing is left behind, and that every miner is reported.
#[derive(Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    soak: Soak,
}

fn main() -> ExitCode {
    match soak(&Options::parse().soak) {
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

fn soak(options: &Soak) -> Result<Checks> {
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
    let interrupted = || matches!(signals.read_signal(), Ok(Some(_)));
    if let Some(kills) = options.kills {
        let seed = options.seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        return crash::run(&crash::Plan { binary, kills, seed }, interrupted, say);
    }
    let plan = live::Plan {
        binary,
        duration: Duration::from_secs_f64(options.minutes * 60.0),
        pause: Duration::from_secs_f64(options.pause),
    };
    live::run(&plan, interrupted, say)
}

//! `firedamp-lab`: the demonstration. Miners, pools and ordinary traffic in private network
//! namespaces, the real agent on the gateway between them, its records as they appear.

mod screen;
mod traffic;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Parser;
use firedamp_tests::lab::{self, Agent, LAN, Lab, News, WAN};
use firedamp_tests::privileges;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use screen::Screen;
use traffic::Traffic;

/// Shows Firedamp finding miners in a laboratory of its own: nothing on this machine is touched.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// The agent [default: `firedamp` beside this program]
    #[arg(long, value_name = "PATH")]
    firedamp: Option<PathBuf>,
    /// How long to show it
    #[arg(long, value_name = "N", default_value_t = 15, conflicts_with = "keep_going")]
    seconds: u64,
    /// Go on until Ctrl-C
    #[arg(long)]
    keep_going: bool,
    /// Print the records as they are, one JSON object a line, and no table at the end
    #[arg(long)]
    json: bool,
}

/// Exit code when privileges are missing, as of `firedamp` itself.
const NOT_PERMITTED: u8 = 3;

fn main() -> ExitCode {
    let options = Options::parse();
    let missing = privileges::missing();
    if !missing.is_empty() {
        eprintln!("firedamp-lab: needs root ({} missing): run it with sudo", missing.join(", "));
        return ExitCode::from(NOT_PERMITTED);
    }
    match show(&options) {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads the output has seen enough, as with `| head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("firedamp-lab: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn show(options: &Options) -> Result<()> {
    // Before any thread starts, so that all of them leave the signals to this one.
    let mut wanted = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        wanted.add(signal);
    }
    wanted.thread_block()?;
    let signals = SignalFd::with_flags(&wanted, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;

    let binary = lab::agent_binary(options.firedamp.as_deref())?;
    let screen = Screen::new(options.json);
    let lab = Lab::routed().context("cannot build the laboratory")?;
    screen.log("laboratory: miners 10.77.0.0/24 -- gateway (lan0, wan0) -- pools 203.0.113.0/24")?;
    let mut agent = Agent::start(&lab, &binary, &[LAN, WAN], "-")?;
    let traffic = Traffic::start(&lab)?;

    let end = (!options.keep_going).then(|| Instant::now() + Duration::from_secs(options.seconds));
    let mut interrupted = false;
    while end.is_none_or(|end| Instant::now() < end) {
        match agent.next(Duration::from_millis(50)) {
            Some(News::Record(record)) => screen.record(&record)?,
            Some(News::Log(line)) => screen.log(&line)?,
            Some(News::Ended) => bail!("the agent ended by itself, see its log above"),
            None => {}
        }
        if signals.read_signal()?.is_some() {
            interrupted = true;
            break;
        }
    }
    let totals = traffic.stop()?;
    let shown = agent.records().len();
    let logged = agent.log().len();
    let report = agent.stop(Duration::from_secs(10))?;
    for line in report.log.iter().skip(logged) {
        screen.log(line)?;
    }
    for record in report.records.iter().skip(shown) {
        screen.record(record)?;
    }
    screen.table(&report, &totals)?;
    if !report.clean() {
        bail!("the agent did not end cleanly: {}", report.status);
    }
    if !interrupted && report.alerts().next().is_none() {
        bail!("the agent found no miner");
    }
    Ok(())
}

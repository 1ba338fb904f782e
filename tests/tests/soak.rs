//! The long run, shortened: what holds for hours holds for seconds, and the means to find out do not rot.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use firedamp_tests::soak::{Checks, capture, live};
use firedamp_tests::{lab, privileges};

fn agent() -> Result<PathBuf> {
    lab::agent_binary(None)
}

fn hold(checks: &Checks) -> Result<()> {
    ensure!(checks.hold(), "\n{checks}");
    println!("{checks}");
    Ok(())
}

#[test]
fn a_short_soak_leaves_nothing_and_misses_nobody() -> Result<()> {
    if !privileges::granted("a_short_soak_leaves_nothing_and_misses_nobody") {
        return Ok(());
    }
    // Long enough for every kind of trouble once.
    let plan =
        live::Plan { binary: agent()?, duration: Duration::from_secs(20), pause: Duration::from_millis(900) };
    hold(&live::run(&plan, || false, |line| println!("{line}"))?)
}

/// The tables are small, but have room for all connections at a time: of one that is forgotten in between, only the middle
/// is read, and there somebody who quotes a miner looks like one.
#[test]
fn a_short_capture_does_not_grow_and_hides_nobody() -> Result<()> {
    let further = ["--flows", "8192", "--watched", "2048"].map(str::to_owned).to_vec();
    let plan = capture::Plan {
        binary: agent()?,
        packets: 200_000,
        duration: Duration::from_mins(10),
        engine: "host".to_owned(),
        further,
    };
    hold(&capture::run(&plan, |line| println!("{line}"))?)
}

#[test]
fn an_interrupted_soak_judges_what_there_was() -> Result<()> {
    if !privileges::granted("an_interrupted_soak_judges_what_there_was") {
        return Ok(());
    }
    let plan =
        live::Plan { binary: agent()?, duration: Duration::from_mins(10), pause: Duration::from_mins(1) };
    let mut turns = 0;
    let enough = || {
        turns += 1;
        turns > 30
    };
    hold(&live::run(&plan, enough, |line| println!("{line}"))?)
}

#[test]
fn what_makes_no_sense_is_refused() -> Result<()> {
    let soak =
        |arguments: &[&str]| Command::new(env!("CARGO_BIN_EXE_firedamp-soak")).args(arguments).output();
    for arguments in [
        &["--minutes", "0"][..],
        &["--capture-hours", "3"],
        &["--packets", "9"],
        &["--kills", "0"],
        &["--seed", "1"],
    ] {
        assert_eq!(soak(arguments)?.status.code(), Some(2), "{arguments:?}");
    }
    let missing = soak(&["--packets", "1000", "--firedamp", "/nowhere"])?;
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("there is no agent at /nowhere"));
    Ok(())
}

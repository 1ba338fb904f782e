//! The agent under pressure: many miners at once, a full ring, a reader of records that stalls. What is lost is counted,
//! memory is bounded, and what comes afterwards is found.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use anyhow::{Context, Result};
use firedamp_tests::conversation::{Conversation, Cut, Line};
use firedamp_tests::dialects::Dialect;
use firedamp_tests::lab::{self, Agent, Lab, Record, Tap};
use firedamp_tests::packet::Frame;
use firedamp_tests::privileges;
use nix::libc;
use nix::sys::signal::Signal;
use nix::unistd::mkfifo;

/// For what must happen, on a busy machine.
const SOON: Duration = Duration::from_mins(1);

const MIB: u64 = 1 << 20;

/// Miner `number`: an address and a pool of its own.
fn ends(number: u32) -> (SocketAddr, SocketAddr) {
    let [.., high, low] = number.to_be_bytes();
    (
        SocketAddr::new(Ipv4Addr::new(10, 80, high, low).into(), 40_000),
        SocketAddr::new(Ipv4Addr::new(203, 0, 113, 9).into(), 3333),
    )
}

/// What miner `number` and its pool say.
fn session(number: u32) -> Vec<Line> {
    Dialect::Monero.session(Dialect::Monero.identity(&format!("rig{number}")), number.into(), 1)
}

/// The frames of these miners, who all say their next line before one of them says the one after it.
fn frames(miners: std::ops::Range<u32>) -> Vec<Frame> {
    let conversations: Vec<Vec<Frame>> = miners
        .map(|number| {
            let (miner, pool) = ends(number);
            let mut conversation = Conversation::open(miner, pool, [1000, 5000], Cut::Lines);
            for line in session(number) {
                conversation.say(line.speaker, &line.text);
            }
            conversation.leave_open()
        })
        .collect();
    let longest = conversations.iter().map(Vec::len).max().unwrap_or_default();
    (0..longest)
        .flat_map(|at| conversations.iter().filter_map(move |frames| frames.get(at).cloned()))
        .collect()
}

fn receive(tap: &mut Tap, frames: &[Frame]) -> Result<()> {
    frames.iter().try_for_each(|frame| tap.receive(&frame.bytes()))
}

fn start(lab: &Lab, further: &[&str]) -> Result<(Tap, Agent)> {
    let tap = Tap::new(&lab.gateway, "tap0")?;
    let further = [&["--stats-interval", "1"], further].concat();
    Ok((tap, Agent::start_with(lab, &lab::agent_binary(None)?, &["tap0"], "-", &further)?))
}

/// Who is confirmed to mine.
fn confirmed<'a>(records: impl IntoIterator<Item = &'a Record>) -> BTreeSet<String> {
    records
        .into_iter()
        .filter(|record| record.says("verdict", "confirmed"))
        .filter_map(|record| Some(record.value.get("src_ip")?.as_str()?.to_owned()))
        .collect()
}

#[test]
fn a_thousand_miners_at_once_are_all_reported() -> Result<()> {
    if !privileges::granted("a_thousand_miners_at_once_are_all_reported") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let (mut tap, mut agent) = start(&lab, &[])?;
    receive(&mut tap, &frames(0..1000))?;
    agent.wait_for_counter(SOON, "cases", |cases| cases == 1000)?;
    let report = agent.stop(SOON)?;
    assert_eq!(report.lost(), Some(0), "{:?}", report.stats);
    assert_eq!(confirmed(report.alerts()).len(), 1000);
    Ok(())
}

#[test]
fn ten_thousand_watched_flows_take_bounded_memory() -> Result<()> {
    if !privileges::granted("ten_thousand_watched_flows_take_bounded_memory") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let (mut tap, mut agent) = start(&lab, &[])?;
    let empty = agent.memory()?;
    for miners in (0..10_000_u32).step_by(1000) {
        receive(&mut tap, &frames(miners..miners + 1000))?;
        // All of them at once are more than fits into the ring when the agent gets no processor.
        agent.wait_for(SOON, |record| record.value["src_ip"] == ends(miners + 999).0.ip().to_string())?;
    }
    agent.wait_for_counter(SOON, "conversations", |conversations| conversations == 10_000)?;
    agent.wait_for_counter(SOON, "cases", |cases| cases == 10_000)?;
    let grown = agent.memory()?.saturating_sub(empty);
    // With the beginnings of the messages behind each reason, in the conversation and in the case.
    assert!(grown < 200 * MIB, "{} KiB for each flow", grown / 10_000 / 1024);
    let report = agent.stop(SOON)?;
    assert_eq!(report.lost(), Some(0), "{:?}", report.stats);
    assert_eq!(confirmed(report.alerts()).len(), 10_000);
    Ok(())
}

#[test]
fn more_miners_than_there_is_room_for_are_reported_one_after_the_other() -> Result<()> {
    if !privileges::granted("more_miners_than_there_is_room_for_are_reported_one_after_the_other") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let (mut tap, mut agent) = start(&lab, &["--watched", "64"])?;
    for miners in (0..1000_u32).step_by(8) {
        receive(&mut tap, &frames(miners..miners + 8))?;
        // The agent makes room for the next ones as it hears of these.
        agent.wait_for(SOON, |record| record.value["src_ip"] == ends(miners + 7).0.ip().to_string())?;
    }
    let report = agent.stop(SOON)?;
    assert_eq!(confirmed(report.alerts()).len(), 1000);
    assert!(report.counter("conversations_evicted") > Some(900));
    Ok(())
}

#[test]
fn what_does_not_fit_into_the_ring_is_told_and_what_follows_is_found() -> Result<()> {
    if !privileges::granted("what_does_not_fit_into_the_ring_is_told_and_what_follows_is_found") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let (mut tap, mut agent) = start(&lab, &["--ring", "64"])?;
    agent.signal(Signal::SIGSTOP)?;
    receive(&mut tap, &frames(0..1000))?;
    agent.signal(Signal::SIGCONT)?;
    let lost = agent.wait_for_counter(SOON, "ring_full", |lost| lost > 0)?;
    for number in 1000..1050 {
        receive(&mut tap, &frames(number..number + 1))?;
        // The ring has room for some forty of them.
        agent.wait_for(SOON, |record| record.value["src_ip"] == ends(number).0.ip().to_string())?;
    }
    agent.wait_for(SOON, |record| {
        record.value["src_ip"] == ends(1049).0.ip().to_string() && record.says("stage", "submitting")
    })?;
    let report = agent.stop(SOON)?;
    assert!(report.counter("ring_full") >= Some(lost));
    assert!(report.log.iter().any(|line| line.contains("raise --ring")), "{:?}", report.log);
    let found = confirmed(report.alerts());
    assert!((1000..1050).all(|number| found.contains(&ends(number).0.ip().to_string())));
    Ok(())
}

#[test]
fn a_reader_of_records_that_stalls_does_not_hold_up_the_ring() -> Result<()> {
    if !privileges::granted("a_reader_of_records_that_stalls_does_not_hold_up_the_ring") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("records");
    mkfifo(&path, nix::sys::stat::Mode::S_IRWXU)?;
    // Open, and never read.
    let _reader = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(&path)?;
    let mut tap = Tap::new(&lab.gateway, "tap0")?;
    let path = path.to_str().context("the folder has an odd name")?;
    let agent = Agent::start(&lab, &lab::agent_binary(None)?, &["tap0"], path)?;
    let empty = agent.memory()?;
    let mut most = empty;
    for miners in (0..4000_u32).step_by(500) {
        receive(&mut tap, &frames(miners..miners + 500))?;
        // What waits for the reader is most while the miners are read, and not when all is over.
        for _ in 0..20 {
            most = most.max(agent.memory()?);
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    let grown = most.saturating_sub(empty);
    // With the beginnings of the messages behind each reason, in the conversation and in the case.
    assert!(grown < 200 * MIB, "{} MiB", grown / MIB);
    let report = agent.stop(SOON)?;
    let summary = report.log.iter().find(|line| line.contains("segments lost")).context("no summary")?;
    assert!(summary.contains(" 0 segments lost, 4000 cases"), "{summary}");
    assert!(report.log.iter().any(|line| line.contains("records could not be written")), "{:?}", report.log);
    Ok(())
}

//! The agent is killed, and its disk is full: what the ledger and the outputs have been given stays.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use firedamp_tests::lab::{self, Agent, Disk, Lab};
use firedamp_tests::patience::patience;
use firedamp_tests::privileges;
use firedamp_tests::soak::crash::{self, Crowd, INTERFACE, Key, Ledger, Lines};
use serde_json::Value;

/// For what must happen, on a busy machine.
fn soon() -> Duration {
    patience(Duration::from_mins(1))
}

#[test]
fn killed_again_and_again_it_loses_nothing_and_tells_nothing_twice() -> Result<()> {
    if !privileges::granted("killed_again_and_again_it_loses_nothing_and_tells_nothing_twice") {
        return Ok(());
    }
    let plan =
        crash::Plan { binary: lab::agent_binary(None)?, kills: 12, seed: u64::from(std::process::id()) };
    let checks = crash::run(&plan, || false, |line| println!("{line}"))?;
    ensure!(checks.hold(), "\n{checks}");
    println!("{checks}");
    Ok(())
}

/// Room on the disk for a ledger and not much more, in KiB; what fills all but a part of it at first.
const ROOM: u32 = 64 << 10;
const FILLER: usize = 62 << 20;

/// A ledger and an output on a small disk, and another output on a large one.
struct Place {
    disk: Disk,
    folder: tempfile::TempDir,
    beside: Lines,
    elsewhere: Lines,
}

impl Place {
    fn new() -> Result<Self> {
        let (disk, folder) = (Disk::new(ROOM)?, tempfile::tempdir()?);
        fs::write(disk.path("filler"), vec![0; FILLER])?;
        let beside = Lines::new(disk.path("eve.json"));
        let elsewhere = Lines::new(folder.path().join("eve.json"));
        Ok(Self { disk, folder, beside, elsewhere })
    }

    fn start(&self, lab: &Lab) -> Result<Agent> {
        let (small, large) = (self.disk.folder().display(), self.folder.path().display());
        let config = self.folder.path().join("firedamp.toml");
        let text = format!(
            "[capture]\ninterfaces = ['{INTERFACE}']\nstats-interval = 1\n[ledger]\nfile = '{small}/ledger.db'\n\
             [[output]]\nname = 'small'\nto = 'file'\npath = '{small}/eve.json'\n\
             [[output]]\nname = 'large'\nto = 'file'\npath = '{large}/eve.json'\n"
        );
        fs::write(&config, text)?;
        let mut command = Command::new(lab::agent_binary(None)?);
        command.args(["run", "--config"]).arg(config);
        self.disk.admit(&mut command)?;
        let mut agent = Agent::spawn(lab, command)?;
        agent.attached(1)?;
        Ok(agent)
    }

    fn make_room(&self) -> Result<()> {
        Ok(fs::remove_file(self.disk.path("filler"))?)
    }

    /// The latest of the agent's counters.
    fn counters(&self) -> Result<Value> {
        let text = fs::read_to_string(self.folder.path().join("eve.json"))?;
        let stats = |line: &str| serde_json::from_str::<Value>(line).ok()?.get("stats").cloned();
        text.lines().rev().find_map(stats).context("no counters")
    }

    /// The ledger, which nobody writes now.
    fn ledger(&self) -> Result<Ledger> {
        let ledger = Ledger::read(&self.disk.path("ledger.db"))?;
        ensure!(ledger.complaints.is_empty(), "{:?}", ledger.complaints);
        Ok(ledger)
    }
}

/// Waits until an output has `more` records than now.
fn goes_on(output: &mut Lines, more: usize) -> Result<()> {
    output.follow()?;
    let wanted = output.records.len() + more;
    let deadline = Instant::now() + soon();
    while output.records.len() < wanted {
        ensure!(Instant::now() < deadline, "no more than {} records", output.records.len());
        std::thread::sleep(Duration::from_millis(50));
        output.follow()?;
    }
    Ok(())
}

/// Waits until the ledger has no more room, which the log says.
fn is_full(agent: &mut Agent, disk: &Path) -> Result<()> {
    let file = |name: &str| disk.join(name).display().to_string();
    agent.wait_for_log(
        soon(),
        &["ERROR", &file("ledger.db"), "full", "make room on the disk", "kept in memory"],
    )
}

/// Miners, and an agent whose ledger has no more room.
fn fill(lab: &Lab) -> Result<(Crowd, Place, Agent)> {
    let crowd = Crowd::start(lab)?;
    let place = Place::new()?;
    let mut agent = place.start(lab)?;
    is_full(&mut agent, place.disk.folder())?;
    Ok((crowd, place, agent))
}

#[test]
fn while_the_disk_is_full_records_go_elsewhere_and_then_nothing_is_missing() -> Result<()> {
    if !privileges::granted("while_the_disk_is_full_records_go_elsewhere_and_then_nothing_is_missing") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let (crowd, mut place, mut agent) = fill(&lab)?;
    goes_on(&mut place.elsewhere, 200)?;
    let counters = place.counters()?;
    assert!(counters["ledger_errors"].as_u64() > Some(0), "{counters}");
    place.make_room()?;
    agent.wait_for_log(soon(), &["the ledger", "is written again"])?;
    goes_on(&mut place.elsewhere, 50)?;
    crowd.stop()?;
    let report = agent.stop(soon())?;
    ensure!(report.clean(), "{}; log:\n{}", report.status, report.log.join("\n"));
    let records: Vec<Key> = place.ledger()?.records.into_keys().collect();
    for (output, name) in
        [(&mut place.elsewhere, "on the large disk"), (&mut place.beside, "on the small disk")]
    {
        output.follow()?;
        assert_eq!(output.complaints, [""; 0]);
        assert!(
            records.iter().eq(&output.records),
            "what is in the ledger is in the output {name}, and the reverse"
        );
    }
    let counters = place.counters()?;
    for lost in ["ledger_lost", "records_lost", "records_shed", "records_unsent"] {
        assert_eq!(counters[lost], 0, "{counters}");
    }
    Ok(())
}

#[test]
fn killed_while_the_disk_is_full_it_keeps_what_was_acknowledged() -> Result<()> {
    if !privileges::granted("killed_while_the_disk_is_full_it_keeps_what_was_acknowledged") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let (_crowd, mut place, agent) = fill(&lab)?;
    goes_on(&mut place.elsewhere, 100)?;
    agent.kill()?;
    place.beside.cut()?;
    place.elsewhere.cut()?;
    let before = place.ledger()?;
    assert!(!before.records.is_empty());
    // It starts all the same.
    let mut agent = place.start(&lab)?;
    is_full(&mut agent, place.disk.folder())?;
    goes_on(&mut place.elsewhere, 20)?;
    place.make_room()?;
    goes_on(&mut place.beside, 50)?;
    let report = agent.stop(soon())?;
    ensure!(report.clean(), "{}; log:\n{}", report.status, report.log.join("\n"));
    let ledger = place.ledger()?;
    let kept = |(key, entry)| ledger.records.get(key) == Some(entry);
    assert!(before.records.iter().all(kept), "what was acknowledged is there");
    for output in [&mut place.beside, &mut place.elsewhere] {
        output.follow()?;
        // A case that the ledger could not take has begun anew, and its numbers with it.
        let mut broken = output.complaints.iter().filter(|complaint| !complaint.ends_with("a second time"));
        assert_eq!(broken.next(), None);
    }
    // Beside these it may have some that the ledger could not take.
    let all = ledger.records.keys().all(|key| place.beside.records.contains(key));
    assert!(all, "and reaches the output that had no room");
    Ok(())
}

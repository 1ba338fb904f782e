//! Interfaces that are meant by a pattern: they come, are given other names, and go.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use firedamp_tests::lab::{self, Agent, LAN, Lab, Side, WAN};
use firedamp_tests::privileges;

use super::{Pair, lines, soon};

/// Of the interface towards the miners, all names that it is to be watched under.
const PATTERN: &str = "lan*";

/// Starts the agent, and waits for nothing.
fn watch(lab: &Lab, interfaces: &[&str]) -> Result<Agent> {
    let mut command = Command::new(lab::agent_binary(None)?);
    command.args(["run", "--output", "-"]);
    for interface in interfaces {
        command.args(["--iface", interface]);
    }
    Agent::spawn(lab, command)
}

#[test]
fn what_matches_is_watched_from_when_it_appears_until_it_goes() -> Result<()> {
    if !privileges::granted("what_matches_is_watched_from_when_it_appears_until_it_goes") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    lab.unplug(Side::Lan)?;
    let mut agent = watch(&lab, &[PATTERN, "lan?", WAN])?;
    agent.wait_for_log(soon(), &["WARN", "no interface matches lan* yet"])?;
    lab.plug(Side::Lan)?;
    agent.wait_for_log(soon(), &["INFO", "interface lan0 has appeared: watching lan0"])?;
    let pair = Pair::start(&lab, 0)?;
    pair.is_found(&mut agent)?;
    // Under another name it is watched on: the miner's connection lasts, and is told of under the new name.
    lab.rename(Side::Lan, LAN, "lan7")?;
    agent.wait_for_log(soon(), &["INFO", "interface lan0 has another name now: lan7"])?;
    pair.goes_on()?;
    let from = lab::client(1, false).to_string();
    let _second = Pair::start(&lab, 1)?;
    agent.wait_for(soon(), |record| record.says("miner_ip", &from) && record.value["in_iface"] == "lan7")?;
    // A name that nothing matches, and back.
    lab.rename(Side::Lan, "lan7", "away0")?;
    agent.wait_for_log(soon(), &["WARN", "interface lan7 is gone: it is called away0 now"])?;
    lab.rename(Side::Lan, "away0", LAN)?;
    agent.wait_for_log(soon(), &["INFO", "interface lan0 has appeared"])?;
    lab.unplug(Side::Lan)?;
    agent.wait_for_log(soon(), &["WARN", "interface lan0 is gone"])?;
    lab.plug(Side::Lan)?;
    agent.wait_for_log(soon(), &["INFO", "interface lan0 has appeared"])?;
    Pair::start(&lab, 2)?.is_found(&mut agent)?;
    let report = agent.stop(soon())?;
    assert!(report.clean(), "{}", report.log.join("\n"));
    assert_eq!((report.counter("interfaces"), report.counter("interfaces_lost")), (Some(2), Some(2)));
    assert_eq!(lines(&report, "watching lo "), 0, "the loopback is watched by its name alone");
    Ok(())
}

#[test]
fn one_that_cannot_be_read_is_told_once_and_others_are_watched() -> Result<()> {
    if !privileges::granted("one_that_cannot_be_read_is_told_once_and_others_are_watched") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    lab.gateway.ip(&["tuntap add lan8 mode tun"])?;
    // Both sides, and what is no Ethernet.
    let mut agent = watch(&lab, &["[lw]an[0-9]"])?;
    agent.attached(2)?;
    Pair::start(&lab, 0)?.is_found(&mut agent)?;
    // It is tried again after one second and after two more.
    std::thread::sleep(Duration::from_secs(4));
    let report = agent.stop(soon())?;
    assert!(report.clean(), "{}", report.log.join("\n"));
    assert_eq!(lines(&report, "lan8 has appeared and cannot be watched yet"), 1, "{:?}", report.log);
    assert_eq!((report.counter("interfaces"), report.counter("interfaces_lost")), (Some(2), Some(0)));
    Ok(())
}

#[test]
fn another_mtu_is_told_and_changes_nothing() -> Result<()> {
    if !privileges::granted("another_mtu_is_told_and_changes_nothing") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let mut agent = super::watch(&lab)?;
    let pair = Pair::start(&lab, 0)?;
    pair.is_found(&mut agent)?;
    for mtu in [1400, 9000] {
        lab.gateway.ip(&[format!("link set {LAN} mtu {mtu}")])?;
        agent.wait_for_log(
            soon(),
            &["INFO", &format!("interface {LAN}: its MTU was "), &format!("is {mtu} now")],
        )?;
        pair.goes_on()?;
    }
    Pair::start(&lab, 1)?.is_found(&mut agent)?;
    super::stop(agent, 0).map(drop)
}

//! Interfaces go and come back under the agent: it waits for them, says so, and finds the miners on the new ones.

#![cfg(test)]

mod behind;
mod patterns;

use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use firedamp_tests::dialects::Dialect;
use firedamp_tests::lab::{self, Agent, LAN, Lab, Record, Report, Side, WAN};
use firedamp_tests::patience::patience;
use firedamp_tests::privileges;
use firedamp_tests::sim::{MinerPlan, Pace, PoolPlan, Progress, Simulator, miner, pool};

/// For what must happen, on a busy machine.
fn soon() -> Duration {
    patience(Duration::from_secs(20))
}

fn watch(lab: &Lab) -> Result<Agent> {
    Agent::start(lab, &lab::agent_binary(None)?, &[LAN, WAN], "-")
}

/// A miner on client `host` with its pool.
struct Pair {
    from: SocketAddr,
    to: SocketAddr,
    miner: Simulator<Progress>,
    _pool: Simulator<AtomicU64>,
}

impl Pair {
    fn start(lab: &Lab, host: u8) -> Result<Self> {
        let from = SocketAddr::new(lab::client(host, false), 0);
        let to = SocketAddr::new(lab::server(host, false), 443);
        let dialect = Dialect::Monero;
        let pool = pool(&lab.pool, PoolPlan { dialect, at: to, pace: Pace::FAST })?;
        let miner = miner(&lab.miner, MinerPlan::new(dialect, "rig7", from, to, Pace::FAST))?;
        Ok(Self { from, to, miner, _pool: pool })
    }

    /// The agent finds it confirmed, with its shares, from both sides.
    fn is_found(&self, agent: &mut Agent) -> Result<Record> {
        let (from, to) = (self.from.ip().to_string(), self.to.ip().to_string());
        agent.wait_for(soon(), |record| {
            record.says("miner_ip", &from)
                && record.says("pool_ip", &to)
                && record.says("verdict", "confirmed")
                && record.says("stage", "submitting")
        })
    }

    fn goes_on(&self) -> Result<()> {
        let (before, deadline) = (self.miner.counts().submitted(), Instant::now() + soon());
        while self.miner.counts().submitted() < before + 3 {
            ensure!(Instant::now() < deadline, "the miner hands in nothing any more");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

fn gone(agent: &mut Agent, interface: &str) -> Result<()> {
    agent.wait_for_log(soon(), &["WARN", &format!("interface {interface} is gone")])
}

/// The interface has just come back.
fn back(agent: &mut Agent, interface: &str) -> Result<()> {
    agent.wait_for_log(soon(), &["INFO", &format!("interface {interface} is there again"), "watching"])
}

/// Stops the agent; it must end well, watch both interfaces, and have lost one so often.
fn stop(agent: Agent, lost: u64) -> Result<Report> {
    let report = agent.stop(soon())?;
    ensure!(report.clean(), "{}; log:\n{}", report.status, report.log.join("\n"));
    assert_eq!(report.counter("interfaces"), Some(2));
    assert_eq!(report.counter("interfaces_lost"), Some(lost));
    Ok(report)
}

fn lines(report: &Report, words: &str) -> usize {
    report.log.iter().filter(|line| line.contains(words)).count()
}

#[test]
fn an_interface_that_is_made_anew_is_watched_again() -> Result<()> {
    if !privileges::granted("an_interface_that_is_made_anew_is_watched_again") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let mut agent = watch(&lab)?;
    Pair::start(&lab, 0)?.is_found(&mut agent)?;
    // More than once: what is left of the first must not be in the way of the second.
    for host in 1..3 {
        lab.unplug(Side::Lan)?;
        gone(&mut agent, LAN)?;
        lab.plug(Side::Lan)?;
        back(&mut agent, LAN)?;
        Pair::start(&lab, host)?.is_found(&mut agent)?;
    }
    let report = stop(agent, 2)?;
    for alert in report.alerts() {
        assert!([LAN, WAN].iter().any(|name| alert.value["in_iface"] == *name), "{}", alert.text);
    }
    assert_eq!(lines(&report, "is gone"), 2);
    Ok(())
}

#[test]
fn with_all_interfaces_gone_the_agent_waits() -> Result<()> {
    if !privileges::granted("with_all_interfaces_gone_the_agent_waits") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let mut agent = watch(&lab)?;
    for side in [Side::Lan, Side::Wan] {
        lab.unplug(side)?;
    }
    gone(&mut agent, LAN)?;
    gone(&mut agent, WAN)?;
    std::thread::sleep(Duration::from_millis(2500));
    for (side, interface) in [(Side::Wan, WAN), (Side::Lan, LAN)] {
        lab.plug(side)?;
        back(&mut agent, interface)?;
    }
    Pair::start(&lab, 0)?.is_found(&mut agent)?;
    let report = stop(agent, 2)?;
    assert_eq!(lines(&report, "is gone"), 2, "each is said once: {:?}", report.log);
    Ok(())
}

#[test]
fn one_with_the_same_name_and_index_is_another_one() -> Result<()> {
    if !privileges::granted("one_with_the_same_name_and_index_is_another_one") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let twin = "link add twin0 index 7777 type veth peer name twin1".to_owned();
    lab.gateway.ip(std::slice::from_ref(&twin))?;
    let mut agent = Agent::start(&lab, &lab::agent_binary(None)?, &["twin0"], "-")?;
    // Between two looks of the agent, as good as always.
    lab.gateway.ip(&["link del twin0".to_owned(), twin])?;
    gone(&mut agent, "twin0")?;
    back(&mut agent, "twin0")?;
    std::thread::sleep(Duration::from_millis(2500));
    let report = agent.stop(soon())?;
    assert!(report.clean(), "{}", report.log.join("\n"));
    assert_eq!(report.counter("interfaces"), Some(1));
    assert_eq!(report.counter("interfaces_lost"), Some(1), "what is there is left alone: {:?}", report.log);
    Ok(())
}

#[test]
fn an_interface_is_watched_by_its_name() -> Result<()> {
    if !privileges::granted("an_interface_is_watched_by_its_name") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let mut agent = watch(&lab)?;
    lab.rename(Side::Lan, LAN, "away0")?;
    gone(&mut agent, LAN)?;
    lab.rename(Side::Lan, "away0", LAN)?;
    back(&mut agent, LAN)?;
    // Between two looks of the agent, the interfaces exchange their names.
    lab.rename(Side::Lan, LAN, "away0")?;
    lab.rename(Side::Wan, WAN, LAN)?;
    lab.rename(Side::Lan, "away0", WAN)?;
    agent.wait_for_log(soon(), &["interface wan0 is there again"])?;
    Pair::start(&lab, 0)?.is_found(&mut agent)?;
    let report = agent.stop(soon())?;
    assert!(report.clean(), "{}", report.log.join("\n"));
    assert_eq!(report.counter("interfaces"), Some(2));
    Ok(())
}

#[test]
fn a_link_that_flaps_needs_nothing() -> Result<()> {
    if !privileges::granted("a_link_that_flaps_needs_nothing") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let mut agent = watch(&lab)?;
    let early = Pair::start(&lab, 0)?;
    early.is_found(&mut agent)?;
    for side in [Side::Lan, Side::Wan, Side::Lan] {
        lab.flap(side, Duration::from_millis(1200))?;
        early.goes_on()?;
    }
    Pair::start(&lab, 1)?.is_found(&mut agent)?;
    let shares = early.miner.stop()?.submitted();
    let report = stop(agent, 0)?;
    let last = report.alerts().filter(|alert| alert.says("miner_ip", &early.from.ip().to_string())).last();
    let mining = &last.context("no record of the miner")?.value["mining"];
    assert_eq!(mining["connections"], 1);
    assert_eq!(mining["shares"]["submitted"], shares, "every share is counted");
    Ok(())
}

#[test]
fn one_that_cannot_be_watched_is_complained_of_once() -> Result<()> {
    if !privileges::granted("one_that_cannot_be_watched_is_complained_of_once") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let mut agent = watch(&lab)?;
    lab.unplug(Side::Lan)?;
    gone(&mut agent, LAN)?;
    lab.gateway.ip(&[format!("tuntap add {LAN} mode tun")])?;
    let refusal = "cannot be watched yet";
    agent.wait_for_log(soon(), &["WARN", LAN, refusal, "only Ethernet frames can be read"])?;
    // It is tried again after one second and after two more.
    std::thread::sleep(Duration::from_secs(4));
    lab.gateway.ip(&[format!("link del {LAN}")])?;
    lab.plug(Side::Lan)?;
    back(&mut agent, LAN)?;
    Pair::start(&lab, 0)?.is_found(&mut agent)?;
    let report = stop(agent, 1)?;
    assert_eq!(lines(&report, refusal), 1, "{:?}", report.log);
    Ok(())
}

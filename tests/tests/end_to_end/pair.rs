//! Miners with their pools in the laboratory, and the agent that watches them.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use firedamp_tests::dialects::Dialect;
use firedamp_tests::lab::{self, Agent, LAN, Lab, Record, Report, WAN};
use firedamp_tests::patience::patience;
use firedamp_tests::sim::{MinerPlan, Pace, PoolPlan, Progress, Simulator, miner, pool};
use serde_json::Value;

/// For what must happen, on a busy machine.
pub(crate) fn soon() -> Duration {
    patience(Duration::from_secs(20))
}

pub(crate) fn watch(lab: &Lab, output: &str) -> Result<Agent> {
    Agent::start(lab, &lab::agent_binary(None)?, &[LAN, WAN], output)
}

/// A miner on client `host` and its pool on server `host`.
pub(crate) struct Pair {
    pub(crate) from: IpAddr,
    pub(crate) to: SocketAddr,
    pub(crate) dialect: Dialect,
    pub(crate) miner: Simulator<Progress>,
    pub(crate) pool: Simulator<AtomicU64>,
}

impl Pair {
    pub(crate) fn start(
        lab: &Lab,
        dialect: Dialect,
        host: u8,
        v6: bool,
        change: impl FnOnce(&mut MinerPlan),
    ) -> Result<Self> {
        let (from, to) =
            (lab::client(host, v6), SocketAddr::new(lab::server(host, v6), 443 + u16::from(host)));
        let pool = pool(&lab.pool, PoolPlan { dialect, at: to, pace: Pace::FAST })?;
        let mut plan =
            MinerPlan::new(dialect, &format!("rig{host}"), SocketAddr::new(from, 0), to, Pace::FAST);
        change(&mut plan);
        let miner = miner(&lab.miner, plan)?;
        Ok(Self { from, to, dialect, miner, pool })
    }

    /// Whether the record is about this miner at this pool, with both addresses right.
    pub(crate) fn is_in(&self, record: &Value) -> bool {
        record["event_type"] == "alert"
            && record["src_ip"] == self.from.to_string()
            && record["dest_ip"] == self.to.ip().to_string()
            && record["dest_port"] == self.to.port()
            && record["app_proto"] == self.dialect.protocol()
    }

    pub(crate) fn submits(&self, shares: u64) -> Result<()> {
        until("shares are handed in", || Ok(self.miner.counts().submitted() >= shares))
    }

    /// The agent finds it confirmed and submitting.
    pub(crate) fn is_found(&self, agent: &mut Agent) -> Result<()> {
        agent.wait_for(soon(), |record| {
            self.is_in(&record.value)
                && record.says("verdict", "confirmed")
                && record.says("stage", "submitting")
        })?;
        Ok(())
    }

    pub(crate) fn stop(self) -> Result<Progress> {
        let progress = self.miner.stop()?;
        self.pool.stop()?;
        std::sync::Arc::into_inner(progress).context("the miner is still counting")
    }
}

pub(crate) fn until(what: &str, mut done: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + soon();
    while !done()? {
        ensure!(Instant::now() < deadline, "not within {:?}: {what}", soon());
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Stops the agent; it must end well and have lost nothing.
pub(crate) fn stop(agent: Agent) -> Result<Report> {
    let report = agent.stop(soon())?;
    ensure!(report.clean(), "{}; log:\n{}", report.status, report.log.join("\n"));
    ensure!(report.lost() == Some(0), "something was lost: {:?}", report.stats);
    Ok(report)
}

/// Miner, pool, port and protocol of every alert, each combination once.
pub(crate) fn cases(report: &Report) -> BTreeSet<String> {
    let key = |record: &Record| {
        let value = &record.value;
        format!("{} {} {} {}", value["src_ip"], value["dest_ip"], value["dest_port"], value["app_proto"])
    };
    report.alerts().map(key).collect()
}

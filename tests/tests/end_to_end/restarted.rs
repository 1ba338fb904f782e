//! Agents that take each other's place while traffic flows, with tables and links that outlive them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use firedamp_tests::dialects::Dialect;
use firedamp_tests::lab::{self, Agent, Disk, LAN, Lab, WAN};
use firedamp_tests::privileges;
use firedamp_tests::sim::{bulk_client, bulk_service, rpc_client, rpc_service};
use serde_json::Value;
use tempfile::TempDir;

use crate::blocked::{answer, block, named};
use crate::pair::{Pair, soon, until};

const RESTARTS: usize = 50;

/// Hosts that mine all the time.
const LASTING: [u8; 3] = [0, 1, 2];

/// Hosts that mine while no agent lives, and whether over IPv6.
const BETWEEN: [(u8, bool); RESTARTS / 10] = [(6, false), (7, false), (3, false), (6, true), (7, true)];

/// A gateway on which agents come and go.
struct Gateway {
    lab: Lab,
    folder: TempDir,
    bpf: Disk,
}

impl Gateway {
    fn new(further: &str) -> Result<Self> {
        let (lab, folder, bpf) = (Lab::routed()?, tempfile::tempdir()?, Disk::bpf()?);
        let text = format!(
            "[capture]\npin = '{}'\n[ledger]\nfile = 'ledger.db'\nupdate-seconds = 1\n{further}",
            bpf.folder().join("firedamp").display()
        );
        fs::write(folder.path().join("firedamp.toml"), text)?;
        Ok(Self { lab, folder, bpf })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn start(&self, interfaces: &[&str]) -> Result<Agent> {
        let mut agent = self.spawn(interfaces, &[])?;
        agent.attached(interfaces.len())?;
        Ok(agent)
    }

    fn spawn(&self, interfaces: &[&str], further: &[&str]) -> Result<Agent> {
        let mut command = Command::new(lab::agent_binary(None)?);
        command.arg("run").arg("--config").arg(self.file("firedamp.toml"));
        for interface in interfaces {
            command.args(["--iface", interface]);
        }
        command.arg("--output").arg(self.file("eve.json")).args(further);
        self.bpf.admit(&mut command)?;
        Agent::spawn(&self.lab, command)
    }

    fn cleanup(&self) -> Result<String> {
        let mut command = Command::new(lab::agent_binary(None)?);
        command.arg("cleanup").arg("--config").arg(self.file("firedamp.toml"));
        self.bpf.admit(&mut command)?;
        let output = command.output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Names of what is pinned.
    fn pinned(&self) -> Vec<String> {
        names(&self.bpf.path("firedamp"))
    }

    /// What the gateway's interfaces have dropped.
    fn dropped(&self) -> Result<u64> {
        let table = self.lab.gateway.run(|| Ok(fs::read_to_string("/proc/thread-self/net/dev")?))?;
        let drops = table.lines().skip(2).filter_map(|line| {
            let numbers: Vec<u64> =
                line.split_once(':')?.1.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            Some(numbers.get(3)? + numbers.get(11)?)
        });
        Ok(drops.sum())
    }

    /// The program on an interface, as `ip` tells it.
    fn program(&self, interface: &str) -> Result<bool> {
        let mut command = Command::new("ip");
        command.args(["-json", "link", "show", "dev", interface]);
        self.lab.gateway.confine(&mut command)?;
        let links: Value = serde_json::from_slice(&command.output()?.stdout)?;
        Ok(links[0].get("xdp").is_some())
    }

    fn alerts(&self) -> Result<Vec<Value>> {
        let text = fs::read_to_string(self.file("eve.json"))?;
        let records = text.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
        Ok(records.into_iter().filter(|record| record["event_type"] == "alert").collect())
    }
}

/// Ends it; it must have lost nothing.
fn stop(agent: Agent) -> Result<()> {
    let report = agent.stop(soon())?;
    ensure!(report.clean(), "{}; log:\n{}", report.status, report.log.join("\n"));
    ensure!(!report.log.iter().any(|line| line.contains("missed in all")), "{}", report.log.join("\n"));
    Ok(())
}

/// The names of all files below a directory.
fn names(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(names(&entry.path()));
        } else {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    found
}

#[test]
fn restarts_under_load_lose_nothing() -> Result<()> {
    if !privileges::granted("restarts_under_load_lose_nothing") {
        return Ok(());
    }
    let gateway = Gateway::new("")?;
    let lab = &gateway.lab;
    let at = |ip, port| SocketAddr::new(ip, port);
    let (rpc, bulk) = (at(lab::server(4, false), 3333), at(lab::server(5, false), 8080));
    let (answering, serving) = (rpc_service(&lab.pool, rpc)?, bulk_service(&lab.pool, bulk)?);
    let asking = rpc_client(&lab.miner, at(lab::client(4, false), 0), rpc, Duration::from_millis(5))?;
    let mut agent = gateway.start(&[LAN, WAN])?;
    let mut miners = Vec::new();
    for host in LASTING {
        miners.push(Pair::start(lab, Dialect::Monero, host, false, |_| {})?);
    }
    let confirmed = |from: &str| -> Result<bool> {
        let is = |record: &Value| record["src_ip"] == from && record["mining"]["verdict"] == "confirmed";
        Ok(gateway.alerts()?.iter().any(is))
    };
    for pair in &miners {
        until("the miner is found", || confirmed(&pair.from.to_string()))?;
    }
    let dropped = gateway.dropped()?;
    let size = 16 << 20;
    for number in 0..RESTARTS {
        let from = at(lab::client(5, false), 0);
        let loading = bulk_client(&lab.miner, from, bulk, size, Some(1), Duration::ZERO)?;
        if number % 5 == 4 {
            agent.kill()?;
        } else {
            stop(agent)?;
        }
        if number % 10 == 9 {
            // It mines while no agent lives.
            let (host, v6) = BETWEEN[number / 10];
            let pair = Pair::start(lab, Dialect::Monero, host, v6, |_| {})?;
            pair.submits(3)?;
            let from = pair.from.to_string();
            pair.stop()?;
            agent = gateway.start(&[LAN, WAN])?;
            until("who mined in between is found", || confirmed(&from))?;
        } else {
            agent = gateway.start(&[LAN, WAN])?;
        }
        agent.wait_for_log(soon(), &["connections go on under watch"])?;
        assert_eq!(loading.join()?.bytes(), size);
    }
    for pair in miners {
        let before = pair.miner.counts().submitted();
        until("the miner goes on", || Ok(pair.miner.counts().submitted() > before + 2))?;
        pair.stop()?;
    }
    assert!(asking.stop()?.answers() > 100);
    answering.stop()?;
    serving.stop()?;
    stop(agent)?;
    assert_eq!(gateway.dropped()?, dropped, "no packet is lost");

    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for alert in gateway.alerts()? {
        let mining = &alert["mining"];
        assert_eq!(mining["connections"], 1, "each mines over one connection: {alert}");
        let told = told.entry(alert["src_ip"].to_string()).or_default();
        told.push(format!("{} {}", mining["verdict"], mining["stage"]));
    }
    assert_eq!(told.len(), LASTING.len() + BETWEEN.len(), "{told:#?}");
    for (miner, told) in told {
        let once: BTreeSet<&String> = told.iter().collect();
        assert_eq!(once.len(), told.len(), "{miner} is told twice: {told:?}");
        assert!(told.last().is_some_and(|last| last.contains("submitting")), "{miner}: {told:?}");
    }
    Ok(())
}

#[test]
fn what_is_pinned_goes_with_cleanup() -> Result<()> {
    if !privileges::granted("what_is_pinned_goes_with_cleanup") {
        return Ok(());
    }
    let gateway = Gateway::new("")?;
    let agent = gateway.start(&[LAN, WAN])?;
    let mut second = gateway.spawn(&[LAN], &[])?;
    second.wait_for_log(soon(), &["another firedamp"])?;
    let error = gateway.cleanup().err().context("an agent runs")?;
    assert!(error.to_string().contains("another firedamp"), "{error}");
    stop(agent)?;
    assert!(gateway.program(LAN)? && gateway.program(WAN)?, "the program stays attached");
    assert_eq!(gateway.pinned().iter().filter(|name| name.starts_with("link-")).count(), 2);

    // Other tables, and an interface less.
    let mut agent = gateway.spawn(&[LAN], &["--watched", "1000"])?;
    agent.attached(1)?;
    agent.wait_for_log(soon(), &["WATCHED", "another size"])?;
    until("the other interface is left", || Ok(!gateway.program(WAN)?))?;
    agent.kill()?;
    assert!(gateway.program(LAN)?, "also after a kill");

    let said = gateway.cleanup()?;
    assert!(said.contains("FLOWS") && said.contains("link-"), "{said}");
    until("the program is gone", || Ok(!gateway.program(LAN)?))?;
    assert_eq!(gateway.pinned(), [""; 0]);
    assert!(gateway.cleanup()?.contains("nothing is pinned"));
    Ok(())
}

#[test]
fn blocks_go_on_without_the_agent_if_they_are_to() -> Result<()> {
    if !privileges::granted("blocks_go_on_without_the_agent_if_they_are_to") {
        return Ok(());
    }
    let gateway = Gateway::new(
        "[block]\nmode = 'enforce'\non-exit = 'keep'\naudit = 'audit.jsonl'\n[control]\nsocket = 'control.sock'\n",
    )?;
    let socket = gateway.file("control.sock");
    let agent = gateway.start(&[LAN, WAN])?;
    let pair = Pair::start(&gateway.lab, Dialect::Monero, 0, false, |_| {})?;
    let block = || block(&socket, &named(&pair));
    until("the miner is blocked", || Ok(block()?["effective"] == "dropping"))?;
    let before = block()?;
    agent.kill()?;
    // Longer than an agent that hangs may block.
    std::thread::sleep(Duration::from_secs(11));
    let heard = pair.miner.counts().heard();
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(pair.miner.counts().heard(), heard, "it is still cut off");

    let agent = gateway.start(&[LAN, WAN])?;
    let left = block()?;
    for key in ["id", "reason", "by", "case_id", "automatic"] {
        assert!(!left[key].is_null());
        assert_eq!(left[key], before[key], "{key}: {left}");
    }
    assert_eq!(left["effective"], "dropping", "{left}");
    assert!(left["hits"].as_u64() > Some(0), "{left}");
    answer(&socket, &["block", "remove", &left["id"].to_string()])?;
    until("the miner hears its pool", || Ok(pair.miner.counts().heard() > heard + 2))?;
    stop(agent)?;
    pair.stop()?;
    Ok(())
}

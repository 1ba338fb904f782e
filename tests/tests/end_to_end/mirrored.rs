//! Copies of the traffic on an interface through which none passes.

use std::fs;

use anyhow::{Result, ensure};
use firedamp_tests::dialects::Dialect;
use firedamp_tests::lab::{self, Agent, LAN, Lab, WAN};
use firedamp_tests::privileges;
use serde_json::Value;

use crate::firewall::nft;
use crate::pair::{Pair, soon};

/// The interface that gets the copies, and the one through which they come to it.
const COPIES: &str = "mir0";
const PORT: &str = "mir1";

/// Whether the interface takes in what is addressed to others.
fn takes_in_all(lab: &Lab) -> Result<bool> {
    lab.gateway.run(|| {
        let mut command = std::process::Command::new("ip");
        let path = std::env::var("PATH").unwrap_or_default();
        let output =
            command.env("PATH", format!("{path}:/usr/sbin:/sbin")).args(["link", "show", COPIES]).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8_lossy(&output.stdout).contains("PROMISC"))
    })
}

/// A miner is found once by copies of what comes in and goes out at the interfaces of the gateway that `hooks` name.
fn found(hooks: &[&str]) -> Result<Value> {
    let lab = Lab::routed()?;
    lab.gateway.ip(&[
        format!("link add {COPIES} type veth peer name {PORT}"),
        format!("link set {COPIES} up"),
        format!("link set {PORT} up"),
    ])?;
    for (number, hook) in hooks.iter().enumerate() {
        nft(
            &lab,
            &format!(
                "table netdev mirror {{ chain c{number} {{ type filter hook {hook} priority 0; dup to {PORT}; }}; }}"
            ),
        )?;
    }
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("firedamp.toml");
    fs::write(&file, "[capture]\nmirror = true\n")?;
    let config = file.display().to_string();
    let agent = lab::agent_binary(None)?;
    let mut agent = Agent::start_with(&lab, &agent, &[COPIES], "-", &["--config", &config])?;
    assert!(takes_in_all(&lab)?, "a card would keep back what is addressed to others");
    let pair = Pair::start(&lab, Dialect::Monero, 0, false, |_| {})?;
    let confirmed = |record: &lab::Record| pair.is_in(&record.value) && record.says("verdict", "confirmed");
    agent.wait_for(soon(), confirmed)?;
    pair.submits(5)?;
    let (from, to) = (pair.from, pair.to);
    pair.stop()?;
    let report = agent.stop(soon())?;
    assert!(!takes_in_all(&lab)?, "it is left as it was");
    let alerts: Vec<&Value> =
        report.records.iter().map(|record| &record.value).filter(|it| it["event_type"] == "alert").collect();
    for alert in &alerts {
        assert_eq!(
            (&alert["src_ip"], &alert["dest_ip"]),
            (&from.to_string().into(), &to.ip().to_string().into())
        );
    }
    let last = alerts.last().map(|last| (*last).clone()).unwrap_or_default();
    assert_eq!(last["mining"]["connections"], 1, "{last}");
    assert!(!last.to_string().contains("overlap-conflict"), "{last}");
    Ok(last)
}

fn possible(test: &str) -> bool {
    privileges::granted(test) && privileges::installed(test, "nft", "nftables")
}

#[test]
fn a_mirror_port_brings_both_directions() -> Result<()> {
    if possible("a_mirror_port_brings_both_directions") {
        let last = found(&[&format!("ingress device {LAN}"), &format!("ingress device {WAN}")])?;
        assert_eq!(last["mining"]["stage"], "submitting", "{last}");
    }
    Ok(())
}

#[test]
fn a_mirror_port_brings_the_miner_alone() -> Result<()> {
    if possible("a_mirror_port_brings_the_miner_alone") {
        found(&[&format!("ingress device {LAN}")])?;
    }
    Ok(())
}

#[test]
fn a_mirror_port_brings_each_packet_before_and_after_the_router() -> Result<()> {
    if possible("a_mirror_port_brings_each_packet_before_and_after_the_router") {
        let places =
            ["ingress", "egress"].map(|hook| [LAN, WAN].map(|device| format!("{hook} device {device}")));
        let places: Vec<&str> = places.iter().flatten().map(String::as_str).collect();
        let last = found(&places)?;
        assert_eq!(last["mining"]["stage"], "submitting", "{last}");
    }
    Ok(())
}

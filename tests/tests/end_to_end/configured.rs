//! What the agent does by its configuration, and when that is read anew while miners mine.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use firedamp_tests::dialects::Dialect;
use firedamp_tests::lab::{self, Agent, LAN, Lab, WAN};
use firedamp_tests::privileges;
use nix::sys::signal::Signal;

use crate::pair::{Pair, soon, stop, until};

/// Names are hashed, and the worker of the third miner is nobody's business.
fn configuration(ledger: bool, more: &str) -> String {
    let ledger = if ledger { "[ledger]\nfile = 'ledger.db'\n" } else { "" };
    format!(
        "{ledger}[privacy]\nidentities = 'hashed'\nsalt-file = 'salt'\n\
         [[exclude]]\nreason = 'ours'\nworker = 'rig2'\n{more}"
    )
}

fn reload(agent: &mut Agent, said: &[&str]) -> Result<()> {
    agent.signal(Signal::SIGHUP)?;
    agent.wait_for_log(soon(), said)
}

fn write(folder: &Path, name: &str, text: &str) -> Result<()> {
    Ok(fs::write(folder.join(name), text)?)
}

/// The agent with the configuration in a folder.
fn start(lab: &Lab, folder: &Path) -> Result<Agent> {
    write(folder, "salt", "0123456789abcdef\n")?;
    write(folder, "firedamp.toml", &configuration(true, ""))?;
    let file = folder.join("firedamp.toml").display().to_string();
    let further = ["--config", &file, "--stats-interval", "1"];
    Agent::start_with(lab, &lab::agent_binary(None)?, &[LAN, WAN], "-", &further)
}

#[test]
fn what_waits_for_a_restart_changes_nothing_however_often_the_configuration_is_read() -> Result<()> {
    if !privileges::granted(
        "what_waits_for_a_restart_changes_nothing_however_often_the_configuration_is_read",
    ) {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let lab = Lab::routed()?;
    let mut agent = start(&lab, folder.path())?;
    let first = Pair::start(&lab, Dialect::Monero, 0, false, |_| {})?;
    first.is_found(&mut agent)?;

    write(folder.path(), "salt", "another salt of bytes\n")?;
    write(folder.path(), "firedamp.toml", &configuration(false, ""))?;
    for _ in 0..2 {
        reload(&mut agent, &["read anew", "not before a restart: ledger.file, privacy"])?;
    }
    // Rules about names go with the form that names have until the restart.
    let hidden = Pair::start(&lab, Dialect::Monero, 2, false, |_| {})?;
    let seen = Pair::start(&lab, Dialect::Bitcoin, 1, false, |_| {})?;
    seen.is_found(&mut agent)?;
    agent.wait_for_counter(soon(), "records_hidden", |hidden| hidden > 0)?;

    first.stop()?;
    seen.stop()?;
    let report = stop(agent)?;
    assert!(!report.alerts().any(|alert| hidden.is_in(&alert.value)), "it is excluded");
    hidden.stop()?;
    let ended = report.alerts().filter(|alert| alert.says("reason", "final")).count();
    assert_eq!(ended, 0, "the cases are in the ledger and go on");
    Ok(())
}

#[test]
fn a_configuration_of_which_a_part_fails_changes_nothing() -> Result<()> {
    if !privileges::granted("a_configuration_of_which_a_part_fails_changes_nothing") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let lab = Lab::routed()?;
    let mut agent = start(&lab, folder.path())?;
    let rule = "[[exclude]]\nreason = 'all'\nprefix = '0.0.0.0/0'\n";
    write(
        folder.path(),
        "firedamp.toml",
        &configuration(true, &format!("{rule}[enrich]\npools = 'none.csv'\n")),
    )?;
    reload(&mut agent, &["the old configuration and signatures stay in use", "none.csv"])?;
    let pair = Pair::start(&lab, Dialect::Monero, 0, false, |_| {})?;
    pair.is_found(&mut agent)?;
    write(folder.path(), "firedamp.toml", &configuration(true, rule))?;
    reload(&mut agent, &["read anew", "changed: exclude"])?;
    let hidden = Pair::start(&lab, Dialect::Bitcoin, 1, false, |_| {})?;
    hidden.submits(3)?;
    agent.wait_for_counter(soon(), "records_hidden", |hidden| hidden > 0)?;
    pair.stop()?;
    let report = stop(agent)?;
    assert!(!report.alerts().any(|alert| hidden.is_in(&alert.value)), "it is excluded");
    hidden.stop()?;
    Ok(())
}

#[test]
fn an_agent_is_ready_while_nobody_mines() -> Result<()> {
    if !privileges::granted("an_agent_is_ready_while_nobody_mines") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    write(folder.path(), "firedamp.toml", "[metrics]\nlisten = '127.0.0.1:9798'\nready-within = 3\n")?;
    let file = folder.path().join("firedamp.toml").display().to_string();
    let lab = Lab::routed()?;
    lab.gateway.ip(&["link set lo up"])?;
    let agent = Agent::start_with(&lab, &lab::agent_binary(None)?, &[LAN, WAN], "-", &["--config", &file])?;
    let ready = || {
        lab.gateway.run(|| {
            let mut page = TcpStream::connect("127.0.0.1:9798")?;
            page.write_all(b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
            let mut answer = String::new();
            page.read_to_string(&mut answer)?;
            Ok(answer)
        })
    };
    until("it is ready", || Ok(ready()?.starts_with("HTTP/1.1 200")))?;
    // Longer than the ring may be left alone.
    std::thread::sleep(Duration::from_secs(5));
    let answer = ready()?;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    stop(agent)?;
    Ok(())
}

//! Miners that are cut off, and everybody else who is not.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use firedamp_tests::dialects::Dialect;
use firedamp_tests::lab::{self, Agent, LAN, Lab, WAN};
use firedamp_tests::noise::random;
use firedamp_tests::patience::patience;
use firedamp_tests::privileges;
use firedamp_tests::sim::{bulk_client, bulk_service, rpc_client, rpc_service};
use nix::sys::signal::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::pair::{Pair, soon, until};

/// The host whose miner is allowed.
pub(crate) const ALLOWED: u8 = 2;

/// An agent that blocks, with its socket and its log of actions.
pub(crate) struct Gateway {
    folder: TempDir,
    pub(crate) agent: Agent,
}

impl Gateway {
    fn start(lab: &Lab, mode: &str) -> Result<Self> {
        Self::start_in(tempfile::tempdir()?, lab, mode, "")
    }

    /// With further keys of `[block]`, and what an agent before it may have left.
    pub(crate) fn start_in(folder: TempDir, lab: &Lab, mode: &str, keys: &str) -> Result<Self> {
        write(&folder, mode, keys, "")?;
        let config = folder.path().join("firedamp.toml").display().to_string();
        let agent =
            Agent::start_with(lab, &lab::agent_binary(None)?, &[LAN, WAN], "-", &["--config", &config])?;
        Ok(Self { folder, agent })
    }

    /// Ends as if by `kill -9`; gives what it leaves behind.
    pub(crate) fn kill(self) -> Result<TempDir> {
        let Self { folder, agent } = self;
        agent.kill()?;
        Ok(folder)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a command is answered over the socket.
    pub(crate) fn asks(&self, arguments: &[&str]) -> Result<Value> {
        answer(&self.file("control.sock"), arguments)
    }

    /// The block of a target.
    pub(crate) fn block(&self, target: &str) -> Result<Value> {
        block(&self.file("control.sock"), target)
    }
}

/// What a miner and its pool are called as something that is blocked.
pub(crate) fn named(pair: &Pair) -> String {
    format!("{}-{}", pair.from, pair.to)
}

/// The block of a target, from the list that the agent gives over its socket.
pub(crate) fn block(socket: &Path, target: &str) -> Result<Value> {
    let list = answer(socket, &["block", "list"])?;
    let blocks = list["blocks"].as_array().context("a list")?;
    Ok(blocks.iter().find(|block| block["target"] == target).cloned().unwrap_or_default())
}

fn write(folder: &TempDir, mode: &str, keys: &str, tables: &str) -> Result<()> {
    let allowed = lab::client(ALLOWED, false);
    let text = format!(
        "[block]\nmode = '{mode}'\nallow = ['{allowed}/32']\naudit = 'audit.jsonl'\n{keys}\n\
         [control]\nsocket = 'control.sock'\n{tables}\n"
    );
    Ok(fs::write(folder.path().join("firedamp.toml"), text)?)
}

pub(crate) fn answer(socket: &Path, arguments: &[&str]) -> Result<Value> {
    let mut command = Command::new(lab::agent_binary(None)?);
    let output = command.args(arguments).arg("--socket").arg(socket).arg("--json").output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{arguments:?}: {said}");
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// When the miner last heard anything, of what it hears until it is silent for a while.
pub(crate) fn last_heard(pair: &Pair) -> Result<Instant> {
    let (mut heard, mut last) = (pair.miner.counts().heard(), Instant::now());
    let deadline = Instant::now() + soon();
    while last.elapsed() < patience(Duration::from_secs(1)) {
        ensure!(Instant::now() < deadline, "the miner is not cut off");
        let now = pair.miner.counts().heard();
        if now > heard {
            (heard, last) = (now, Instant::now());
        }
        sleep(Duration::from_millis(1));
    }
    Ok(last)
}

pub(crate) fn goes_on(pair: &Pair) -> Result<()> {
    let before = pair.miner.counts().heard();
    until("the miner hears its pool", || Ok(pair.miner.counts().heard() > before + 2))
}

#[test]
fn a_miner_is_cut_off_and_nobody_else_is() -> Result<()> {
    if !privileges::granted("a_miner_is_cut_off_and_nobody_else_is") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let mut gateway = Gateway::start(&lab, "enforce")?;
    let at = |ip, port| SocketAddr::new(ip, port);
    let (rpc, bulk) = (at(lab::server(4, false), 3333), at(lab::server(5, false), 4444));
    let answering = rpc_service(&lab.pool, rpc)?;
    let asking = rpc_client(&lab.miner, at(lab::client(4, false), 0), rpc, Duration::from_millis(2))?;
    let allowed = Pair::start(&lab, Dialect::Monero, ALLOWED, false, |_| {})?;
    allowed.is_found(&mut gateway.agent)?;

    let mut delays = Vec::new();
    for host in [0, 1, 3] {
        let pair = Pair::start(&lab, Dialect::Monero, host, false, |_| {})?;
        let found = gateway
            .agent
            .wait_for(soon(), |record| pair.is_in(&record.value) && record.says("verdict", "confirmed"))?;
        delays.push(last_heard(&pair)?.saturating_duration_since(found.arrived));
        let block = gateway.block(&named(&pair))?;
        assert_eq!((&block["effective"], &block["by"]), (&"dropping".into(), &"firedamp".into()), "{block}");
        assert!(block["hits"].as_u64() > Some(0), "{block}");
    }
    // A busy machine is late now and then.
    println!("cut off {delays:?} after the record");
    assert!(delays.iter().any(|delay| *delay < patience(Duration::from_millis(50))), "{delays:?}");

    goes_on(&allowed)?;
    let size = 64 << 20;
    let serving = bulk_service(&lab.pool, bulk)?;
    let from = at(lab::client(5, false), 0);
    let loading = bulk_client(&lab.miner, from, bulk, size, Some(1), Duration::ZERO)?;
    assert_eq!(loading.join()?.bytes(), size, "bulk is whole");
    assert_eq!(serving.stop()?.bytes(), size);
    assert!(asking.stop()?.answers() > 100, "every question was answered");
    answering.stop()?;
    let segments = lab.segments()?;
    assert!(segments.sent_again < segments.sent / 100, "only the miners send again: {segments:?}");
    let actions = fs::read_to_string(gateway.file("audit.jsonl"))?;
    assert_eq!(actions.matches(r#""action":"block""#).count(), 3, "{actions}");
    assert!(actions.contains(r#""action":"refuse""#), "the allowed one: {actions}");
    Ok(())
}

#[test]
fn panic_resume_and_the_end_of_the_agent_let_traffic_pass() -> Result<()> {
    if !privileges::granted("panic_resume_and_the_end_of_the_agent_let_traffic_pass") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let gateway = Gateway::start(&lab, "enforce")?;
    let pair = Pair::start(&lab, Dialect::Monero, 0, false, |_| {})?;
    until("it is blocked", || Ok(gateway.block(&named(&pair))?["hits"].as_u64() > Some(0)))?;
    let state = gateway.asks(&["block", "panic"])?;
    assert_eq!((&state["requested"], &state["effective"]), (&"enforce".into(), &"observe".into()));
    goes_on(&pair)?;
    gateway.asks(&["block", "resume"])?;
    last_heard(&pair)?;

    // An agent that hangs does not renew its word.
    gateway.agent.signal(Signal::SIGSTOP)?;
    goes_on(&pair)?;
    gateway.agent.signal(Signal::SIGCONT)?;
    last_heard(&pair)?;
    let report = gateway.agent.kill()?;
    goes_on(&pair)?;
    drop(report);
    Ok(())
}

#[test]
fn a_dry_run_counts_what_it_would_drop() -> Result<()> {
    if !privileges::granted("a_dry_run_counts_what_it_would_drop") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let gateway = Gateway::start(&lab, "dry-run")?;
    let pair = Pair::start(&lab, Dialect::Monero, 0, false, |_| {})?;
    until("it is counted", || Ok(gateway.block(&named(&pair))?["hits"].as_u64() > Some(10)))?;
    assert_eq!(gateway.block(&named(&pair))?["effective"], "counting");
    goes_on(&pair)?;
    let other = lab::server(1, false);
    let added =
        gateway.asks(&["block", "add", &other.to_string(), "--reason", "by hand", "--minutes", "5"])?;
    assert_eq!((&added["reason"], &added["effective"]), (&"by hand".into(), &"counting".into()));
    let preview = gateway.asks(&["block", "preview", &pair.to.ip().to_string()])?;
    assert_eq!((&preview["connections"], &preview["watched"]), (&1.into(), &1.into()), "{preview}");
    let refused = gateway.asks(&["block", "add", "10.77.0.1", "--reason", "a mistake"]).unwrap_err();
    assert!(refused.to_string().contains("it is an address of this machine"), "{refused}");
    let id = added["id"].to_string();
    gateway.asks(&["block", "remove", &id])?;
    let again = gateway.asks(&["block", "remove", &id]).unwrap_err();
    assert!(again.to_string().contains("there is no block"), "{again}");
    let status = gateway.asks(&["status"])?;
    assert_eq!((&status["block"]["effective"], &status["cases"]), (&"dry-run".into(), &1.into()), "{status}");
    pair.stop()?;
    gateway.agent.stop(soon())?;
    Ok(())
}

#[test]
fn a_thousand_connections_are_unharmed_while_a_miner_is_cut_off() -> Result<()> {
    if !privileges::granted("a_thousand_connections_are_unharmed_while_a_miner_is_cut_off") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let gateway = Gateway::start(&lab, "enforce")?;
    let pair = Pair::start(&lab, Dialect::Monero, 0, false, |_| {})?;
    until("it is blocked", || Ok(gateway.block(&named(&pair))?["hits"].as_u64() > Some(0)))?;
    let at = |ip, port| SocketAddr::new(ip, port);
    let (rpc, bulk) = (at(lab::server(4, false), 3333), at(lab::server(5, false), 4444));
    let answering = rpc_service(&lab.pool, rpc)?;
    // Six questions a connection; the miner's own host is among those who ask.
    let clients: Vec<_> = [0, 4, 5, 6]
        .into_iter()
        .map(|host| rpc_client(&lab.miner, at(lab::client(host, false), 0), rpc, Duration::from_micros(1)))
        .collect::<Result<_>>()?;
    let size = 32 << 20;
    let serving = bulk_service(&lab.pool, bulk)?;
    let loading = bulk_client(&lab.miner, at(lab::client(5, false), 0), bulk, size, Some(1), Duration::ZERO)?;
    until("a thousand connections", || {
        Ok(clients.iter().map(|client| client.counts().answers()).sum::<u64>() >= 6_000)
    })?;
    assert_eq!(loading.join()?.bytes(), size, "bulk is whole");
    serving.stop()?;
    for client in clients {
        client.stop()?;
    }
    answering.stop()?;
    let before = pair.miner.counts().heard();
    sleep(Duration::from_secs(1));
    assert_eq!(pair.miner.counts().heard(), before, "the miner is cut off still");
    let status = gateway.asks(&["status"])?;
    assert_eq!(status["block"]["effective"], "enforce", "{status}");
    assert_eq!(status["counters"]["block_shed"], 0, "{status}");
    Ok(())
}

/// Whether a connection comes about, tried once.
fn connects(lab: &Lab, to: SocketAddr) -> Result<bool> {
    lab.miner.run(|| Ok(TcpStream::connect_timeout(&to, Duration::from_millis(250)).is_ok()))
}

#[test]
fn a_block_that_is_over_or_removed_or_excluded_lets_traffic_pass() -> Result<()> {
    if !privileges::granted("a_block_that_is_over_or_removed_or_excluded_lets_traffic_pass") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let gateway = Gateway::start(&lab, "enforce")?;
    let server = SocketAddr::new(lab::server(6, false), 5555);
    let _listening = lab.pool.run(|| Ok(TcpListener::bind(server)?))?;
    assert!(connects(&lab, server)?);
    let target = server.ip().to_string();
    gateway.asks(&["block", "add", &target, "--reason", "a test", "--minutes", "1"])?;
    let start = Instant::now();
    assert!(!connects(&lab, server)?);

    // Meanwhile: an operator's word about a miner holds, and an exclusion lifts a block at once.
    let pairs = [0, 1].map(|host| Pair::start(&lab, Dialect::Monero, host, false, |_| {}));
    let [removed, excluded] = pairs;
    let (removed, excluded) = (removed?, excluded?);
    for pair in [&removed, &excluded] {
        until("it is blocked", || Ok(gateway.block(&named(pair))?["hits"].as_u64() > Some(0)))?;
    }
    let id = gateway.block(&named(&removed))?["id"].to_string();
    gateway.asks(&["block", "remove", &id])?;
    goes_on(&removed)?;
    let rule = format!("[[exclude]]\nreason = 'our own'\nprefix = '{}/32'\n", excluded.from);
    write(&gateway.folder, "enforce", "", &rule)?;
    gateway.agent.signal(Signal::SIGHUP)?;
    goes_on(&excluded)?;
    let actions = fs::read_to_string(gateway.file("audit.jsonl"))?;
    assert!(actions.contains("excluded: our own"), "{actions}");

    while !connects(&lab, server)? {
        ensure!(start.elapsed() < Duration::from_secs(90), "it is blocked for ever");
    }
    assert!(start.elapsed() > Duration::from_secs(55), "{:?}", start.elapsed());
    assert_eq!(gateway.block(&named(&removed))?, Value::Null, "what was removed did not come back");
    Ok(())
}

#[test]
fn a_miner_that_connects_anew_is_blocked_anew() -> Result<()> {
    if !privileges::granted("a_miner_that_connects_anew_is_blocked_anew") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let gateway = Gateway::start_in(tempfile::tempdir()?, &lab, "enforce", "scope = 'flow'")?;
    for connection in 1..=3 {
        let pair = Pair::start(&lab, Dialect::Monero, 0, false, |_| {})?;
        until("this connection is blocked", || {
            let list = gateway.asks(&["block", "list"])?;
            Ok(list["blocks"].as_array().is_some_and(|blocks| blocks.len() >= connection))
        })?;
        last_heard(&pair)?;
    }
    Ok(())
}

#[test]
fn an_agent_that_is_killed_leaves_nobody_blocked() -> Result<()> {
    if !privileges::granted("an_agent_that_is_killed_leaves_nobody_blocked") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let rpc = SocketAddr::new(lab::server(4, false), 3333);
    let answering = rpc_service(&lab.pool, rpc)?;
    let from = SocketAddr::new(lab::client(4, false), 0);
    let asking = rpc_client(&lab.miner, from, rpc, Duration::from_millis(2))?;
    let pair = Pair::start(&lab, Dialect::Monero, 0, false, |_| {})?;
    let mut folder = tempfile::tempdir()?;
    for moment in random(20, 20) {
        // What the one before left, its socket among it, is in the way of none.
        let gateway = Gateway::start_in(folder, &lab, "enforce", "")?;
        sleep(Duration::from_millis(4 * u64::from(moment)));
        folder = gateway.kill()?;
        let answers = asking.counts().answers();
        until("questions are answered", || Ok(asking.counts().answers() > answers + 12))?;
        ensure!(connects(&lab, pair.to)?, "the miner, too, may connect");
    }
    asking.stop()?;
    answering.stop()?;
    let actions = fs::read_to_string(folder.path().join("audit.jsonl"))?;
    assert!(actions.contains(r#""action":"block""#), "some were killed while they blocked: {actions}");
    Ok(())
}

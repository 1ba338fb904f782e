//! Another XDP program has the hook of the interfaces: it is named, and stays; behind it miners are found.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use detector::kernel::{Limits, Program, XdpMode, attach, release, tcx};
use firedamp_tests::dialects::Dialect;
use firedamp_tests::lab::{self, Agent, LAN, Lab, WAN};
use firedamp_tests::privileges;
use firedamp_tests::sim::{Pace, PoolPlan, pool};
use socket2::{Domain, Socket, Type};

use super::{Pair, lines, soon};

/// Another program at both interfaces: while it is there, they are taken.
fn other(lab: &Lab) -> Result<Program> {
    let mut other = Program::load_yardstick(&Limits { flows: 1, watched: 1, ring: 64 << 10, blocks: 0 })?;
    lab.gateway.run(|| {
        for interface in [LAN, WAN] {
            attach(&mut other, interface, XdpMode::Generic)?;
        }
        Ok(())
    })?;
    Ok(other)
}

fn start(lab: &Lab, further: &[&str]) -> Result<Agent> {
    Agent::start_with(lab, &lab::agent_binary(None)?, &[LAN, WAN], "-", further)
}

/// Whether this kernel has the place behind XDP.
fn has_tcx() -> bool {
    tcx(&release()).is_ok()
}

/// The agent behind the other program. On a kernel without that place it refuses and says so, and there is none.
fn start_behind(lab: &Lab) -> Result<Option<Agent>> {
    let started = start(lab, &["--when-occupied", "tcx"]);
    if has_tcx() {
        return started.map(Some);
    }
    says(&started.err().context("the agent has to refuse")?.to_string(), &WITHOUT_TCX);
    Ok(None)
}

/// What an older kernel's refusal consists of.
const WITHOUT_TCX: [&str; 4] =
    ["cannot watch lan0", "XDP is taken by program ", "tcx ingress", "has none; 6.6 or later is needed"];

fn says(said: &str, words: &[&str]) {
    for words in words {
        assert!(said.contains(words), "{words} in {said}");
    }
}

/// The agent refuses, and says who has the hook.
fn is_refused(lab: &Lab) -> Result<()> {
    let said = start(lab, &[]).err().context("the agent has to refuse")?.to_string();
    let holder = format!("({})", std::process::id());
    says(&said, &["already has an XDP program", "`empty` (generic), tag ", "attached by a link", &holder]);
    Ok(())
}

#[test]
fn behind_another_program_the_miner_is_found_and_the_program_stays() -> Result<()> {
    if !privileges::granted("behind_another_program_the_miner_is_found_and_the_program_stays") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let other = other(&lab)?;
    is_refused(&lab)?;
    let Some(mut agent) = start_behind(&lab)? else { return Ok(()) };
    let pair = Pair::start(&lab, 0)?;
    pair.is_found(&mut agent)?;
    // It stays where it is, under another MTU and when the hook is free, until the interface is lost.
    lab.gateway.ip(&[format!("link set {LAN} mtu 1400")])?;
    agent.wait_for_log(soon(), &["its MTU was 1500 and is 1400 now; tcx ingress goes on"])?;
    is_refused(&lab)?;
    drop(other);
    pair.goes_on()?;
    lab.unplug(lab::Side::Lan)?;
    agent.wait_for_log(soon(), &["WARN", "interface lan0 is gone"])?;
    lab.plug(lab::Side::Lan)?;
    agent.wait_for_log(soon(), &["interface lan0 is there again: watching lan0 with XDP in native mode"])?;
    Pair::start(&lab, 1)?.is_found(&mut agent)?;
    let report = agent.stop(soon())?;
    assert!(report.clean(), "{}", report.log.join("\n"));
    for interface in [LAN, WAN] {
        let words = format!("watching {interface} with tcx ingress (XDP is taken by program ");
        assert_eq!(lines(&report, &words), 1, "{:?}", report.log);
    }
    assert_eq!((report.counter("interfaces"), report.counter("interfaces_lost")), (Some(2), Some(1)));
    Ok(())
}

#[test]
fn segments_that_were_put_together_are_read_to_their_end() -> Result<()> {
    /// As many as fit the first flight of a connection.
    const SHARES: u64 = 40;
    if !privileges::granted("segments_that_were_put_together_are_read_to_their_end") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let _other = other(&lab)?;
    let Some(agent) = start_behind(&lab)? else { return Ok(()) };
    let to = SocketAddr::new(lab::server(3, false), 443);
    let from = SocketAddr::new(lab::client(3, false), 0);
    let _pool = pool(&lab.pool, PoolPlan { dialect: Dialect::Monero, at: to, pace: Pace::FAST })?;
    lab.miner.run(|| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&from.into())?;
        socket.connect(&to.into())?;
        let mut stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(soon()))?;
        let mut answers = BufReader::new(stream.try_clone()?);
        let mut miner = Dialect::Monero.miner(Dialect::Monero.identity("rig7"), 7);
        while let Some(line) = miner.opening() {
            stream.write_all(format!("{line}\n").as_bytes())?;
            let mut answer = String::new();
            answers.read_line(&mut answer)?;
            miner.hear(answer.trim_end());
        }
        // The kernel takes them as one packet, which nothing cuts before it leaves the machine.
        let shares: Vec<String> = (0..SHARES).filter_map(|_| miner.share()).collect();
        let all = shares.join("\n") + "\n";
        ensure!(all.len() > 6000, "{} bytes", all.len());
        stream.write_all(all.as_bytes())?;
        let (mut accepted, deadline) = (0, Instant::now() + soon());
        while accepted < SHARES && Instant::now() < deadline {
            let mut answer = String::new();
            answers.read_line(&mut answer)?;
            accepted += u64::from(answer.contains("OK"));
        }
        sleep(Duration::from_millis(200));
        Ok(())
    })?;
    let report = agent.stop(soon())?;
    assert!(report.clean(), "{}", report.log.join("\n"));
    let last = report.alerts().last().context("no record of the miner")?;
    assert_eq!(last.value["mining"]["shares"]["submitted"], SHARES, "{}", last.text);
    assert_eq!(last.value["mining"]["verdict"], "confirmed");
    Ok(())
}

#[test]
fn what_is_to_be_blocked_is_not_watched_where_nothing_can_be() -> Result<()> {
    if !privileges::granted("what_is_to_be_blocked_is_not_watched_where_nothing_can_be") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let _other = other(&lab)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("firedamp.toml");
    std::fs::write(
        &file,
        "[capture]\nwhen-occupied = 'tcx'\n[block]\nmode = 'enforce'\naudit = 'audit.jsonl'\n",
    )?;
    let file = file.display().to_string();
    let said = start(&lab, &["--config", &file]).err().context("the agent has to refuse")?.to_string();
    let behind = ["XDP can block nothing on lan0", "tcx ingress only", "`empty`", "mode = \"observe\""];
    says(&said, if has_tcx() { &behind } else { &WITHOUT_TCX });
    Ok(())
}

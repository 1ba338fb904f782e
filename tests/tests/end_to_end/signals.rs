//! What the agent reads and opens anew when it is told to.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;

use anyhow::{Context, Result};
use firedamp_tests::dialects::Dialect;
use firedamp_tests::lab::{self, Agent, LAN, Lab, Record, WAN};
use firedamp_tests::privileges;
use nix::sys::signal::Signal;
use serde_json::Value;
use socket2::{Domain, Socket, Type};

use crate::pair::{Pair, cases, soon, stop, until, watch};

#[test]
fn a_rotated_file_is_opened_anew() -> Result<()> {
    if !privileges::granted("a_rotated_file_is_opened_anew") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let (current, rotated) = (folder.path().join("eve.json"), folder.path().join("eve.json.1"));
    let lab = Lab::routed()?;
    let agent = watch(&lab, current.to_str().context("the folder has an odd name")?)?;
    let early = Pair::start(&lab, Dialect::Monero, 0, false, |_| {})?;
    until("the first miner stands in the file", || stands_in(&early, &current))?;
    std::fs::rename(&current, &rotated)?;
    agent.signal(Signal::SIGHUP)?;
    until("the file is there again", || Ok(current.exists()))?;
    let late = Pair::start(&lab, Dialect::Bitcoin, 1, false, |_| {})?;
    until("the second miner stands in the new file", || stands_in(&late, &current))?;
    assert!(stands_in(&early, &rotated)?, "what was written stays");
    assert!(!stands_in(&late, &rotated)?, "the old file is let go");
    early.stop()?;
    late.stop()?;
    // The records went to the file, so there is nothing on the pipe to count.
    assert!(agent.stop(soon())?.clean());
    let last = std::fs::read_to_string(&current)?;
    let last: Value = serde_json::from_str(last.lines().last().context("the file is empty")?)?;
    assert_eq!(last["event_type"], "stats");
    Ok(())
}

fn stands_in(pair: &Pair, file: &Path) -> Result<bool> {
    let text = std::fs::read_to_string(file)?;
    // The last line may be half written.
    Ok(text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .any(|record: Value| pair.is_in(&record)))
}

/// A signature file of an invented coin, whose dialect nothing that is built in knows.
const ZORK: &str = r#"
[[signature]]
name = "zork-login"
protocol = "zork"
side = "miner"
weight = 12
coin = "ZRK"
token = '"zork_signOn"'

[[signature]]
name = "zork-work"
protocol = "zork"
side = "pool"
weight = 6
token = '"zork_newWork"'
"#;

/// A connection over which a person could type: from client `host` to server `host`.
struct Line {
    client: TcpStream,
    server: TcpStream,
    from: IpAddr,
    to: SocketAddr,
}

impl Line {
    fn open(lab: &Lab, host: u8) -> Result<Self> {
        let (from, to) = (lab::client(host, false), SocketAddr::new(lab::server(host, false), 7777));
        let listener = lab.pool.run(|| Ok(TcpListener::bind(to)?))?;
        let client = lab.miner.run(|| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            socket.bind(&SocketAddr::new(from, 0).into())?;
            socket.connect(&to.into())?;
            Ok(TcpStream::from(socket))
        })?;
        let (server, _) = listener.accept()?;
        Ok(Self { client, server, from, to })
    }

    fn login(&mut self) -> Result<()> {
        self.client.write_all(b"{\"id\":1,\"method\":\"zork_signOn\",\"params\":[\"Z1.rig\"]}\n")?;
        read_line(&mut self.server)
    }

    fn work(&mut self) -> Result<()> {
        self.server.write_all(b"{\"id\":0,\"method\":\"zork_newWork\",\"params\":[\"aa\",\"bb\"]}\n")?;
        read_line(&mut self.client)
    }

    fn is_found(&self, agent: &mut Agent, verdict: &str) -> Result<Record> {
        let (from, to) = (self.from.to_string(), self.to.ip().to_string());
        agent.wait_for(soon(), |record| {
            let says = |key: &str, text: &str| record.value.get(key).is_some_and(|value| value == text);
            says("app_proto", "zork")
                && says("src_ip", &from)
                && says("dest_ip", &to)
                && record.says("verdict", verdict)
        })
    }
}

fn read_line(stream: &mut TcpStream) -> Result<()> {
    stream.set_read_timeout(Some(soon()))?;
    let mut byte = [0];
    while byte != *b"\n" {
        stream.read_exact(&mut byte)?;
    }
    Ok(())
}

#[test]
fn new_signatures_take_the_place_of_old_ones_under_traffic() -> Result<()> {
    if !privileges::granted("new_signatures_take_the_place_of_old_ones_under_traffic") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("zork.toml");
    std::fs::write(&file, ZORK.replace("zork", "quux"))?;
    let lab = Lab::routed()?;
    let path = file.to_str().context("the folder has an odd name")?;
    let mut agent =
        Agent::start_with(&lab, &lab::agent_binary(None)?, &[LAN, WAN], "-", &["--signatures", path])?;
    let pair = Pair::start(&lab, Dialect::Monero, 0, false, |_| {})?;
    pair.submits(3)?;
    pair.is_found(&mut agent)?;
    // A connection that is there before its dialect is known. The end of its first message is not seen as the beginning
    // of anything.
    let mut early = Line::open(&lab, 1)?;
    early.login()?;
    early.work()?;

    std::fs::write(&file, ZORK)?;
    agent.signal(Signal::SIGHUP)?;
    let changes = "2 added (zork-login, zork-work), 2 removed (quux-login, quux-work)";
    agent.wait_for_log(soon(), &["configuration read anew", changes, "of 4096 states"])?;
    early.login()?;
    early.is_found(&mut agent, "probable")?;
    early.work()?;
    let record = early.is_found(&mut agent, "confirmed")?.value;
    assert_eq!(record["alert"]["signature_id"], 1_930_903);
    assert_eq!(record["mining"]["coin"], "ZRK");
    assert_eq!(record["mining"]["evidence"][0]["kind"], "signature-zork-login");

    std::fs::write(&file, ZORK.replace("weight = 6", "weight = 66"))?;
    agent.signal(Signal::SIGHUP)?;
    agent.wait_for_log(
        soon(),
        &["ERROR", "the old configuration and signatures stay in use", "zork.toml:14: weight must be"],
    )?;
    let mut late = Line::open(&lab, 2)?;
    late.login()?;
    late.work()?;
    late.is_found(&mut agent, "confirmed")?;

    // Again and again: no share of the miner is missed.
    for weight in 0..5 {
        std::fs::write(&file, ZORK.replace("weight = 6", &format!("weight = {weight}")))?;
        agent.signal(Signal::SIGHUP)?;
        agent.wait_for_log(soon(), &["configuration read anew", "1 changed (zork-work)"])?;
    }
    let shares = pair.miner.counts().submitted();
    pair.submits(shares + 5)?;
    let progress = pair.stop()?;
    let report = stop(agent)?;
    let monero = report.alerts().filter(|alert| alert.value["app_proto"] == "cryptonote").last();
    let mining = &monero.context("no record of the miner")?.value["mining"];
    assert_eq!(mining["connections"], 1);
    assert_eq!(mining["shares"]["submitted"], progress.submitted(), "every share is counted");
    assert_eq!(cases(&report).len(), 3, "{:?}", cases(&report));
    Ok(())
}

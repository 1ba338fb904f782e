//! The agent on the gateway of the laboratory: miners are found, ordinary traffic is left alone,
//! nothing is left behind.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use firedamp_tests::dialects::Dialect;
use firedamp_tests::lab::{self, Agent, LAN, Lab, Record, Report, WAN};
use firedamp_tests::packet::{QINQ, VLAN};
use firedamp_tests::patience::patience;
use firedamp_tests::privileges;
use firedamp_tests::sim::{
    FirstLine, MinerPlan, Pace, PoolPlan, Progress, Simulator, bulk_client, bulk_service, miner, pool,
    rpc_client, rpc_service,
};
use nix::sys::signal::Signal;
use serde_json::Value;
use socket2::{Domain, Socket, Type};

/// From the miner's login to the record, for a person who waits.
fn at_once() -> Duration {
    patience(Duration::from_millis(100))
}

/// For what must happen, on a busy machine.
fn soon() -> Duration {
    patience(Duration::from_secs(20))
}

/// Verdict and stage may rise a few times, and there is a final record: more is noise.
const RECORDS_A_CASE: usize = 8;

fn watch(lab: &Lab, output: &str) -> Result<Agent> {
    Agent::start(lab, &lab::agent_binary(None)?, &[LAN, WAN], output)
}

/// A miner on client `host` and its pool on server `host`.
struct Pair {
    from: IpAddr,
    to: SocketAddr,
    dialect: Dialect,
    miner: Simulator<Progress>,
    pool: Simulator<AtomicU64>,
}

impl Pair {
    fn start(
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
    fn is_in(&self, record: &Value) -> bool {
        record["event_type"] == "alert"
            && record["src_ip"] == self.from.to_string()
            && record["dest_ip"] == self.to.ip().to_string()
            && record["dest_port"] == self.to.port()
            && record["app_proto"] == self.dialect.protocol()
    }

    fn submits(&self, shares: u64) -> Result<()> {
        until("shares are handed in", || Ok(self.miner.counts().submitted() >= shares))
    }

    /// The agent finds it confirmed and submitting.
    fn is_found(&self, agent: &mut Agent) -> Result<()> {
        agent.wait_for(soon(), |record| {
            self.is_in(&record.value)
                && record.says("verdict", "confirmed")
                && record.says("stage", "submitting")
        })?;
        Ok(())
    }

    fn stop(self) -> Result<Progress> {
        let progress = self.miner.stop()?;
        self.pool.stop()?;
        std::sync::Arc::into_inner(progress).context("the miner is still counting")
    }
}

fn until(what: &str, mut done: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + soon();
    while !done()? {
        ensure!(Instant::now() < deadline, "not within {:?}: {what}", soon());
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Stops the agent; it must end well and have lost nothing.
fn stop(agent: Agent) -> Result<Report> {
    let report = agent.stop(soon())?;
    ensure!(report.clean(), "{}; log:\n{}", report.status, report.log.join("\n"));
    ensure!(report.lost() == Some(0), "something was lost: {:?}", report.stats);
    Ok(report)
}

/// Miner, pool, port and protocol of every alert, each combination once.
fn cases(report: &Report) -> BTreeSet<String> {
    let key = |record: &Record| {
        let value = &record.value;
        format!("{} {} {} {}", value["src_ip"], value["dest_ip"], value["dest_port"], value["app_proto"])
    };
    report.alerts().map(key).collect()
}

#[test]
fn a_miner_is_found_at_once() -> Result<()> {
    if !privileges::granted("a_miner_is_found_at_once") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let mut agent = watch(&lab, "-")?;
    let mut delays = Vec::new();
    // A busy machine is late now and then; a detector that is late is late every time.
    for host in 0..5 {
        let pair = Pair::start(&lab, Dialect::Monero, host, false, |_| {})?;
        let first = agent.wait_for(soon(), |record| pair.is_in(&record.value))?;
        let login = pair.miner.counts().first_login().context("a record before the login")?;
        let delay = first.arrived.saturating_duration_since(login);
        pair.stop()?;
        println!("first record {delay:?} after the login");
        if delay < at_once() {
            stop(agent)?;
            return Ok(());
        }
        delays.push(delay);
    }
    anyhow::bail!("the first record came {delays:?} after the login")
}

#[test]
fn miners_are_reported_once_however_much_they_say() -> Result<()> {
    if !privileges::granted("miners_are_reported_once_however_much_they_say") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let mut agent = watch(&lab, "-")?;
    let mut pairs = Vec::new();
    for (host, dialect) in [(0, Dialect::Monero), (1, Dialect::Bitcoin)] {
        pairs.push(Pair::start(&lab, dialect, host, false, |_| {})?);
    }
    for pair in &pairs {
        pair.submits(30)?;
        pair.is_found(&mut agent)?;
    }
    let mut done = Vec::new();
    for pair in pairs {
        let (dialect, from) = (pair.dialect, pair.from);
        done.push((dialect, from, pair.stop()?));
    }
    let report = stop(agent)?;
    assert_eq!(cases(&report).len(), 2, "{:?}", cases(&report));
    for (dialect, from, progress) in done {
        let alerts: Vec<&Value> = report
            .alerts()
            .map(|alert| &alert.value)
            .filter(|alert| alert["src_ip"] == from.to_string())
            .collect();
        assert!(progress.lines() > 60, "{progress:?}");
        assert!(alerts.len() <= RECORDS_A_CASE, "{} records of {dialect:?}", alerts.len());
        let mining = &alerts.last().context("no record")?["mining"];
        let identity = dialect.identity(if dialect == Dialect::Monero { "rig0" } else { "rig1" });
        assert_eq!(mining["verdict"], "confirmed");
        assert_eq!(mining["stage"], "submitting");
        assert_eq!(mining["worker"], identity.worker);
        assert_eq!(mining["agent"], identity.agent);
        assert_eq!(mining["connections"], 1);
        assert_eq!(mining["shares"]["submitted"], progress.submitted(), "every share is counted");
        assert_eq!(mining["shares"]["rejected"], 0);
    }
    Ok(())
}

#[test]
fn a_miner_that_reconnects_stays_one_case() -> Result<()> {
    if !privileges::granted("a_miner_that_reconnects_stays_one_case") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let mut agent = watch(&lab, "-")?;
    let pair = Pair::start(&lab, Dialect::Monero, 0, false, |plan| plan.reconnect_after = Some(3))?;
    until("the miner reconnects", || Ok(pair.miner.counts().connections() >= 5))?;
    pair.is_found(&mut agent)?;
    let progress = pair.stop()?;
    let report = stop(agent)?;
    assert_eq!(cases(&report).len(), 1, "{:?}", cases(&report));
    assert!(report.alerts().count() <= RECORDS_A_CASE, "{} records", report.alerts().count());
    let last = report.alerts().last().context("no record")?;
    assert_eq!(last.value["mining"]["connections"], progress.connections());
    Ok(())
}

#[test]
fn ordinary_traffic_raises_nothing_and_is_unharmed() -> Result<()> {
    if !privileges::granted("ordinary_traffic_raises_nothing_and_is_unharmed") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let agent = watch(&lab, "-")?;
    for v6 in [false, true] {
        let at = |ip, port| SocketAddr::new(ip, port);
        let (rpc, bulk) = (at(lab::server(1, v6), 3333), at(lab::server(2, v6), 4444));
        let answering = rpc_service(&lab.pool, rpc)?;
        let serving = bulk_service(&lab.pool, bulk)?;
        let asking = rpc_client(&lab.miner, at(lab::client(1, v6), 0), rpc, Duration::from_millis(10))?;
        let size = 128 << 20;
        let from = at(lab::client(2, v6), 0);
        let loading = bulk_client(&lab.miner, from, bulk, size, Some(1), Duration::ZERO)?;
        // Each side compares every byte with what was sent.
        assert_eq!(loading.join()?.bytes(), size);
        assert_eq!(serving.stop()?.bytes(), size);
        assert!(asking.stop()?.answers() > 6, "every question was asked");
        answering.stop()?;
    }
    let segments = lab.segments()?;
    println!("{segments:?}");
    assert!(segments.sent_again < segments.sent / 100, "{segments:?}");
    let report = stop(agent)?;
    let alerts: Vec<&str> = report.alerts().map(|alert| alert.text.as_str()).collect();
    assert!(alerts.is_empty(), "{}", alerts.join("\n"));
    Ok(())
}

#[test]
fn miners_are_found_over_ipv6() -> Result<()> {
    if !privileges::granted("miners_are_found_over_ipv6") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let mut agent = watch(&lab, "-")?;
    let mut pairs = Vec::new();
    for (host, dialect) in [(0, Dialect::Monero), (1, Dialect::Bitcoin), (2, Dialect::EthProxy)] {
        pairs.push(Pair::start(&lab, dialect, host, true, |_| {})?);
    }
    for pair in pairs {
        pair.is_found(&mut agent)?;
        pair.stop()?;
    }
    assert_eq!(cases(&stop(agent)?).len(), 3);
    Ok(())
}

#[test]
fn miners_are_found_inside_vlans() -> Result<()> {
    if !privileges::granted("miners_are_found_inside_vlans") {
        return Ok(());
    }
    for tags in [&[(VLAN, 77)][..], &[(QINQ, 5), (VLAN, 77)]] {
        let lab = Lab::bridged(tags)?;
        let mut agent = watch(&lab, "-")?;
        let monero = Pair::start(&lab, Dialect::Monero, 0, false, |_| {})?;
        let bitcoin = Pair::start(&lab, Dialect::Bitcoin, 1, true, |_| {})?;
        for pair in [monero, bitcoin] {
            pair.is_found(&mut agent)?;
            pair.stop()?;
        }
        assert_eq!(cases(&stop(agent)?).len(), 2);
    }
    Ok(())
}

#[test]
fn a_login_in_pieces_is_found() -> Result<()> {
    if !privileges::granted("a_login_in_pieces_is_found") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let mut agent = watch(&lab, "-")?;
    for (host, pieces) in [(0, 3), (1, 40)] {
        let first_line = FirstLine { pieces, pause: Duration::from_millis(15) };
        let pair = Pair::start(&lab, Dialect::Monero, host, false, |plan| plan.first_line = first_line)?;
        pair.is_found(&mut agent)?;
        // The wallet stands in the login alone, so the login was put together again.
        let wallet = pair.dialect.identity("").wallet;
        agent.wait_for(soon(), |record| pair.is_in(&record.value) && record.says("wallet", &wallet))?;
        pair.stop()?;
    }
    assert_eq!(cases(&stop(agent)?).len(), 2);
    Ok(())
}

#[test]
fn a_miner_that_was_there_first_is_found() -> Result<()> {
    if !privileges::granted("a_miner_that_was_there_first_is_found") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let mut pairs = Vec::new();
    for (host, dialect) in [(0, Dialect::Monero), (1, Dialect::Bitcoin), (2, Dialect::EthProxy)] {
        pairs.push(Pair::start(&lab, dialect, host, false, |_| {})?);
    }
    for pair in &pairs {
        pair.submits(3)?;
    }
    let mut agent = watch(&lab, "-")?;
    for pair in pairs {
        pair.is_found(&mut agent)?;
        assert_eq!(pair.stop()?.connections(), 1);
    }
    assert_eq!(cases(&stop(agent)?).len(), 3);
    Ok(())
}

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
    agent.wait_for_log(soon(), &["signatures read anew", changes, "of 4096 states"])?;
    early.login()?;
    early.is_found(&mut agent, "probable")?;
    early.work()?;
    let record = early.is_found(&mut agent, "confirmed")?.value;
    assert_eq!(record["alert"]["signature_id"], 1_930_903);
    assert_eq!(record["mining"]["coin"], "ZRK");
    assert_eq!(record["mining"]["evidence"][0]["kind"], "signature-zork-login");

    std::fs::write(&file, ZORK.replace("weight = 6", "weight = 66"))?;
    agent.signal(Signal::SIGHUP)?;
    agent
        .wait_for_log(soon(), &["ERROR", "the old signatures stay in use", "zork.toml:14: weight must be"])?;
    let mut late = Line::open(&lab, 2)?;
    late.login()?;
    late.work()?;
    late.is_found(&mut agent, "confirmed")?;

    // Again and again: no share of the miner is missed.
    for weight in 0..5 {
        std::fs::write(&file, ZORK.replace("weight = 6", &format!("weight = {weight}")))?;
        agent.signal(Signal::SIGHUP)?;
        agent.wait_for_log(soon(), &["signatures read anew", "1 changed (zork-work)"])?;
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

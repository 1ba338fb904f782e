//! Miners that nftables cut off, and everybody else who is not.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use firedamp_tests::dialects::Dialect;
use firedamp_tests::lab::{self, Lab, Record};
use firedamp_tests::patience::patience;
use firedamp_tests::privileges;
use firedamp_tests::sim::{rpc_client, rpc_service};
use tempfile::TempDir;

use crate::blocked::{ALLOWED, Gateway, goes_on, last_heard, named};
use crate::pair::{Pair, soon, until};

fn possible(test: &str) -> bool {
    privileges::granted(test) && privileges::installed(test, "nft", "nftables")
}

/// An agent that has nftables drop packets.
fn start(lab: &Lab, mode: &str, further: &str) -> Result<Gateway> {
    Gateway::start_in(tempfile::tempdir()?, lab, mode, &format!("backend = 'nftables'\n{further}"))
}

fn is(firewall: &Gateway, target: &str, effective: &str) -> Result<()> {
    until(effective, || Ok(firewall.block(target)?["effective"] == effective))
}

/// What nft says in the gateway.
pub(crate) fn nft(lab: &Lab, arguments: &str) -> Result<String> {
    let mut command = Command::new("nft");
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin:/sbin")).arg(arguments);
    lab.gateway.confine(&mut command)?;
    let output = command.output()?;
    ensure!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a new connection comes about.
fn reaches(lab: &Lab, to: SocketAddr) -> Result<bool> {
    lab.miner.run(|| Ok(TcpStream::connect_timeout(&to, patience(Duration::from_millis(500))).is_ok()))
}

#[test]
fn nftables_cut_off_a_miner_and_nobody_else() -> Result<()> {
    if !possible("nftables_cut_off_a_miner_and_nobody_else") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let mut firewall = start(&lab, "enforce", "nftables-hook = 'forward'")?;
    let rpc = SocketAddr::new(lab::server(4, false), 3333);
    let answering = rpc_service(&lab.pool, rpc)?;
    let from = SocketAddr::new(lab::client(4, false), 0);
    let asking = rpc_client(&lab.miner, from, rpc, Duration::from_millis(2))?;
    let allowed = Pair::start(&lab, Dialect::Monero, ALLOWED, false, |_| {})?;
    allowed.is_found(&mut firewall.agent)?;
    for (host, v6) in [(0, false), (1, true)] {
        let pair = Pair::start(&lab, Dialect::Monero, host, v6, |_| {})?;
        last_heard(&pair)?;
        is(&firewall, &named(&pair), "dropping")?;
        until("it is counted", || Ok(firewall.block(&named(&pair))?["hits"].as_u64() > Some(0)))?;
    }
    goes_on(&allowed)?;
    assert!(asking.stop()?.answers() > 100, "every question was answered");
    answering.stop()?;
    let status = firewall.asks(&["status"])?;
    let counters = &status["counters"];
    assert!(counters["nft_dropped"].as_u64() > Some(0), "{counters}");
    assert_eq!((&counters["blocked"], &counters["nft_failures"]), (&0.into(), &0.into()), "{counters}");

    // Somebody loads a firewall anew, and with it goes all that others made.
    nft(&lab, "flush ruleset")?;
    until("the table is there again", || Ok(nft(&lab, "list ruleset")?.contains("jump firedamp")))?;
    let third = Pair::start(&lab, Dialect::Monero, 3, false, |_| {})?;
    last_heard(&third)?;
    firewall.agent.stop(soon())?;
    assert_eq!(nft(&lab, "list ruleset")?, "", "nothing is left");
    Ok(())
}

#[test]
fn panic_and_resume_hold_for_nftables() -> Result<()> {
    if !possible("panic_and_resume_hold_for_nftables") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let mut firewall = start(&lab, "enforce", "nftables-hook = 'prerouting'")?;
    let pair = Pair::start(&lab, Dialect::Monero, 0, false, |_| {})?;
    let target = named(&pair);
    last_heard(&pair)?;
    let state = firewall.asks(&["block", "panic"])?;
    assert_eq!((&state["requested"], &state["effective"]), (&"enforce".into(), &"observe".into()));
    goes_on(&pair)?;
    is(&firewall, &target, "passing")?;
    let told = |event| move |record: &Record| record.value["engine"]["event"] == event;
    let record = firewall.agent.wait_for(soon(), told("block-panic"))?.value;
    assert_eq!(
        (&record["event_type"], &record["engine"]["effective"]),
        (&"engine".into(), &"observe".into())
    );
    firewall.asks(&["block", "resume"])?;
    firewall.agent.wait_for(soon(), told("block-resume"))?;
    last_heard(&pair)?;
    let id = firewall.block(&target)?["id"].to_string();
    firewall.asks(&["block", "remove", &id])?;
    let actions = fs::read_to_string(firewall.file("audit.jsonl"))?;
    assert!(actions.contains(r#""action":"remove""#), "{actions}");
    Ok(())
}

/// Blocks an address by hand, through which a connection came about before.
fn block_by_hand(firewall: &Gateway, lab: &Lab, at: SocketAddr, minutes: &str) -> Result<String> {
    assert!(reaches(lab, at)?);
    let address = at.ip().to_string();
    let added = firewall.asks(&["block", "add", &address, "--reason", "ticket 12", "--minutes", minutes])?;
    is(firewall, &address, "dropping")?;
    assert!(!reaches(lab, at)?, "{added}");
    Ok(address)
}

/// Says `firedamp cleanup` in the gateway.
fn cleanup(folder: &TempDir, lab: &Lab) -> Result<String> {
    let mut command = Command::new(lab::agent_binary(None)?);
    command.arg("cleanup").arg("--config").arg(folder.path().join("firedamp.toml"));
    lab.gateway.confine(&mut command)?;
    let output = command.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

#[test]
fn without_an_agent_nftables_let_everything_pass() -> Result<()> {
    if !possible("without_an_agent_nftables_let_everything_pass") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let firewall = start(&lab, "enforce", "nftables-hook = 'forward'\nautomatic = false")?;
    let at = SocketAddr::new(lab::server(0, false), 4444);
    let listening = lab.pool.run(|| Ok(TcpListener::bind(at)?))?;
    let target = block_by_hand(&firewall, &lab, at, "60")?;
    // Longer than the word of the agent lasts.
    sleep(Duration::from_secs(40));
    is(&firewall, &target, "dropping")?;
    assert!(!reaches(&lab, at)?, "the agent renews its word");
    let folder = firewall.kill()?;
    until_within(Duration::from_secs(40), || reaches(&lab, at))?;
    assert!(cleanup(&folder, &lab)?.contains("removed what was blocked"));
    assert_eq!(nft(&lab, "list ruleset")?, "");
    assert!(cleanup(&folder, &lab)?.contains("there is no nftables table inet firedamp"));
    drop(listening);
    Ok(())
}

#[test]
fn blocks_of_nftables_that_are_kept_go_on() -> Result<()> {
    if !possible("blocks_of_nftables_that_are_kept_go_on") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let keys = "nftables-hook = 'forward'\nautomatic = false\non-exit = 'keep'";
    let firewall = start(&lab, "enforce", keys)?;
    let at = |host| SocketAddr::new(lab::server(host, false), 4444);
    let listening = |host| lab.pool.run(|| Ok(TcpListener::bind(at(host))?));
    let (one, other, third) = (listening(0)?, listening(1)?, listening(2)?);
    let started = Instant::now();
    let short = block_by_hand(&firewall, &lab, at(0), "1")?;
    let long = block_by_hand(&firewall, &lab, at(1), "60")?;
    let folder = firewall.kill()?;
    sleep(Duration::from_secs(35));
    assert!(!reaches(&lab, at(0))? && !reaches(&lab, at(1))?, "they do not lapse");

    let keys = format!("backend = 'nftables'\n{keys}");
    let next = Gateway::start_in(folder, &lab, "enforce", &keys)?;
    is(&next, &long, "dropping")?;
    let block = next.block(&long)?;
    assert_eq!((&block["reason"], &block["automatic"]), (&"ticket 12".into(), &false.into()), "{block}");
    until_within(Duration::from_mins(1), || reaches(&lab, at(0)))?;
    assert!(started.elapsed() >= Duration::from_secs(50), "{:?}", started.elapsed());
    until("it is over", || Ok(next.block(&short)?.is_null()))?;
    assert!(!reaches(&lab, at(1))? && reaches(&lab, at(2))?);
    next.asks(&["block", "panic"])?;
    assert!(reaches(&lab, at(1))?, "when panic is answered it is done");
    let folder = next.kill()?;

    let last = Gateway::start_in(folder, &lab, "enforce", &keys)?;
    assert_eq!(last.asks(&["block", "list"])?["state"]["effective"], "observe", "a panic holds");
    last.asks(&["block", "resume"])?;
    assert!(!reaches(&lab, at(1))?);
    let id = last.block(&long)?["id"].to_string();
    last.asks(&["block", "remove", &id])?;
    until("it is gone", || reaches(&lab, at(1)))?;
    drop((one, other, third));
    Ok(())
}

#[test]
fn networks_within_each_other_are_blocked_one_after_the_other() -> Result<()> {
    if !possible("networks_within_each_other_are_blocked_one_after_the_other") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let keys = "nftables-hook = 'forward'\nautomatic = false\non-exit = 'keep'";
    let firewall = start(&lab, "enforce", keys)?;
    let at = SocketAddr::new(lab::server(0, false), 4444);
    let listening = lab.pool.run(|| Ok(TcpListener::bind(at)?))?;
    assert_eq!(at.ip().to_string(), "203.0.113.10");
    let (narrow, wide) = ("203.0.113.8/30", "203.0.113.8/29");
    let add = |firewall: &Gateway, network: &str| {
        let added = firewall.asks(&["block", "add", network, "--reason", "by hand", "--minutes", "30"])?;
        is(firewall, network, "dropping")?;
        assert!(!reaches(&lab, at)?, "{network}");
        Ok::<_, anyhow::Error>(added["id"].to_string())
    };
    add(&firewall, narrow)?;
    // For another time, and within another one; then the other one goes.
    add(&firewall, narrow)?;
    let id = add(&firewall, wide)?;
    is(&firewall, narrow, "dropping")?;
    firewall.asks(&["block", "remove", &id])?;
    until("the narrow one stands again", || Ok(nft(&lab, "list ruleset")?.contains(narrow)))?;
    assert!(!reaches(&lab, at)?);
    nft(&lab, "flush ruleset")?;
    until("the table is there again", || Ok(!reaches(&lab, at)?))?;
    assert_eq!(firewall.asks(&["status"])?["counters"]["nft_failures"], 0);

    let folder = firewall.kill()?;
    let next = Gateway::start_in(folder, &lab, "enforce", &format!("backend = 'nftables'\n{keys}"))?;
    is(&next, narrow, "dropping")?;
    let folder = next.kill()?;
    let observing = Gateway::start_in(folder, &lab, "observe", &format!("backend = 'nftables'\n{keys}"))?;
    assert!(reaches(&lab, at)?, "what is not to be blocked any more is not");
    assert_eq!(nft(&lab, "list ruleset")?, "");
    drop((listening, observing));
    Ok(())
}

#[test]
fn what_somebody_takes_out_of_the_table_comes_back() -> Result<()> {
    if !possible("what_somebody_takes_out_of_the_table_comes_back") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let further = "nftables-hook = 'forward'\nautomatic = false";
    let firewall = start(&lab, "enforce", further)?;
    let at = SocketAddr::new(lab::server(0, false), 4444);
    let listening = lab.pool.run(|| Ok(TcpListener::bind(at)?))?;
    let target = block_by_hand(&firewall, &lab, at, "60")?;
    let allowed = |lab: &Lab| nft(lab, "list set inet firedamp firedamp_allow4");
    let before = allowed(&lab)?;
    for harm in [
        "flush set inet firedamp firedamp_address4",
        "flush chain inet firedamp firedamp_forward",
        "flush set inet firedamp firedamp_allow4",
        "flush chain inet firedamp firedamp",
    ] {
        nft(&lab, harm)?;
        until(harm, || Ok(!reaches(&lab, at)? && allowed(&lab)? == before))?;
        is(&firewall, &target, "dropping")?;
    }
    drop(listening);
    Ok(())
}

fn until_within(time: Duration, mut done: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + time;
    while !done()? {
        ensure!(Instant::now() < deadline, "not within {time:?}");
    }
    Ok(())
}

#[test]
fn a_firewall_of_the_operator_leads_to_the_chain() -> Result<()> {
    if !possible("a_firewall_of_the_operator_leads_to_the_chain") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    nft(
        &lab,
        "table inet filter { chain firedamp { }; chain forward { type filter hook forward priority 0; }; }",
    )?;
    let firewall = start(&lab, "dry-run", "nftables-table = 'filter'")?;
    let pair = Pair::start(&lab, Dialect::Monero, 0, false, |_| {})?;
    let target = named(&pair);
    is(&firewall, &target, "bypassed")?;
    let state = &firewall.asks(&["block", "list"])?["state"];
    assert!(state["because"].as_str().is_some_and(|why| why.contains("jump firedamp")), "{state}");
    nft(&lab, "add rule inet filter forward jump firedamp")?;
    is(&firewall, &target, "counting")?;
    until("it is counted", || Ok(firewall.block(&target)?["hits"].as_u64() > Some(10)))?;
    goes_on(&pair)?;
    let status = firewall.asks(&["status"])?;
    assert!(status["counters"]["nft_would_drop"].as_u64() > Some(0), "{status}");
    firewall.agent.stop(soon())?;
    let left = nft(&lab, "list ruleset")?;
    assert!(left.contains("jump firedamp") && !left.contains("elements"), "{left}");
    assert!(!left.contains("counter name"), "no rule does anything: {left}");
    Ok(())
}

//! Miners that nftables cut off, and everybody else who is not.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use firedamp_tests::dialects::Dialect;
use firedamp_tests::lab::{self, Lab, Record};
use firedamp_tests::patience::patience;
use firedamp_tests::privileges;
use firedamp_tests::sim::{rpc_client, rpc_service};
use nix::sys::signal::Signal;

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

#[test]
fn the_kernel_ends_blocks_of_nftables_by_itself() -> Result<()> {
    if !possible("the_kernel_ends_blocks_of_nftables_by_itself") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let firewall = start(&lab, "enforce", "nftables-hook = 'forward'\nautomatic = false")?;
    let at = |host| SocketAddr::new(lab::server(host, false), 4444);
    let listening = |host| lab.pool.run(|| Ok(TcpListener::bind(at(host))?));
    let (one, other) = (listening(0)?, listening(1)?);
    let network = format!("{}/32", lab::server(0, false));
    assert!(reaches(&lab, at(0))?);
    let started = Instant::now();
    let reason = ["--reason", "by hand", "--minutes", "1"];
    let added = firewall.asks(&[&["block", "add", &network], &reason[..]].concat())?;
    let target = added["target"].as_str().context("a target")?.to_owned();
    is(&firewall, &target, "dropping")?;
    assert!(!reaches(&lab, at(0))? && reaches(&lab, at(1))?);

    // An agent that hangs ends nothing, and there is no word of it to renew.
    firewall.agent.signal(Signal::SIGSTOP)?;
    sleep(Duration::from_secs(12));
    assert!(!reaches(&lab, at(0))?, "it does not lapse");
    until_within(Duration::from_secs(80), || reaches(&lab, at(0)))?;
    assert!(started.elapsed() >= Duration::from_secs(59), "{:?}", started.elapsed());
    firewall.agent.signal(Signal::SIGCONT)?;
    until("it is over", || Ok(firewall.block(&target)?.is_null()))?;
    drop((one, other));
    firewall.agent.stop(soon())?;
    assert_eq!(nft(&lab, "list ruleset")?, "");
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

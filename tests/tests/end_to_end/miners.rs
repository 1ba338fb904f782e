//! Who is found, and who is not.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use firedamp_tests::dialects::Dialect;
use firedamp_tests::lab::{self, Lab};
use firedamp_tests::packet::{QINQ, VLAN};
use firedamp_tests::patience::patience;
use firedamp_tests::privileges;
use firedamp_tests::sim::{FirstLine, bulk_client, bulk_service, rpc_client, rpc_service};
use serde_json::Value;

use crate::pair::{Pair, cases, soon, stop, until, watch};

/// From the miner's login to the record, for a person who waits.
fn at_once() -> Duration {
    patience(Duration::from_millis(100))
}

/// Verdict and stage may rise a few times, and there is a final record: more is noise.
const RECORDS_A_CASE: usize = 8;

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

//! The laboratory itself, with a shell script in the agent's place.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use firedamp_tests::dialects::Dialect;
use firedamp_tests::lab::{self, Agent, LAN, Lab, News, WAN};
use firedamp_tests::packet::{QINQ, VLAN};
use firedamp_tests::privileges;
use firedamp_tests::sim::{
    MinerPlan, Pace, PoolPlan, bulk_client, bulk_service, miner, pool, rpc_client, rpc_service,
};

/// Says what the agent says: attached, one alert with the interfaces it sees, counters at the end.
const STAND_IN: &str = r#"#!/bin/sh
[ "$1" = run ] || exit 2
trap 'echo "{\"event_type\":\"stats\",\"stats\":{\"ring_full\":0}}"; exit 0' TERM
echo "INFO watching lan0 (native)" >&2
echo "INFO watching wan0 (native)" >&2
echo "{\"event_type\":\"alert\",\"seen\":\"$(ls /proc/$$/net/dev_mcast >/dev/null && tail -n +3 /proc/$$/net/dev | cut -d: -f1 | tr -d ' ' | sort | tr '\n' ' ')\"}"
while :; do sleep 0.05; done
"#;

fn at(ip: std::net::IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(ip, port)
}

fn stand_in(folder: &Path) -> Result<std::path::PathBuf> {
    let path = folder.join("stand-in");
    std::fs::write(&path, STAND_IN)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    Ok(path)
}

/// A miner mines over the lab's links until it has handed in five shares.
fn mines(lab: &Lab, dialect: Dialect, v6: bool) -> Result<()> {
    let to = at(lab::server(0, v6), 443);
    let pool = pool(&lab.pool, PoolPlan { dialect, at: to, pace: Pace::FAST })?;
    let plan = MinerPlan::new(dialect, "rig7", at(lab::client(1, v6), 0), to, Pace::FAST);
    let miner = miner(&lab.miner, plan)?;
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while miner.counts().submitted() < 5 && std::time::Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    let progress = miner.stop()?;
    assert!(progress.submitted() >= 5, "{dialect:?} v6 {v6}: {progress:?}");
    assert_eq!(progress.connections(), 1);
    pool.stop()?;
    Ok(())
}

#[test]
fn every_dialect_mines_through_the_gateway() -> Result<()> {
    if !privileges::granted("every_dialect_mines_through_the_gateway") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    for dialect in [Dialect::Monero, Dialect::Bitcoin, Dialect::EthProxy] {
        mines(&lab, dialect, false)?;
        mines(&lab, dialect, true)?;
    }
    Ok(())
}

#[test]
fn tagged_links_carry_miners_too() -> Result<()> {
    if !privileges::granted("tagged_links_carry_miners_too") {
        return Ok(());
    }
    for tags in [&[(VLAN, 77)][..], &[(QINQ, 5), (VLAN, 77)]] {
        let lab = Lab::bridged(tags)?;
        mines(&lab, Dialect::Monero, false)?;
        mines(&lab, Dialect::Bitcoin, true)?;
    }
    Ok(())
}

#[test]
fn ordinary_traffic_arrives_whole() -> Result<()> {
    if !privileges::granted("ordinary_traffic_arrives_whole") {
        return Ok(());
    }
    let lab = Lab::routed()?;
    let (rpc, bulk) = (at(lab::server(1, false), 3333), at(lab::server(2, false), 8080));
    let rpc_service = rpc_service(&lab.pool, rpc)?;
    let bulk_service = bulk_service(&lab.pool, bulk)?;
    let asking = rpc_client(&lab.miner, at(lab::client(2, false), 0), rpc, Duration::from_millis(5))?;
    let size = 64 << 20;
    let loading = bulk_client(&lab.miner, at(lab::client(3, false), 0), bulk, size, Some(2), Duration::ZERO)?;
    assert_eq!(loading.join()?.bytes(), 2 * size);
    assert!(asking.stop()?.answers() > 0);
    assert_eq!(bulk_service.stop()?.bytes(), 2 * size);
    assert!(rpc_service.stop()?.answers() > 0);
    let segments = lab.segments()?;
    assert!(segments.sent_again < segments.sent / 100, "{segments:?}");
    Ok(())
}

#[test]
fn the_agent_lives_in_the_gateway_and_ends_when_asked() -> Result<()> {
    if !privileges::granted("the_agent_lives_in_the_gateway_and_ends_when_asked") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let binary = stand_in(folder.path())?;
    let lab = Lab::routed()?;
    let mut agent = Agent::start(&lab, &binary, &[LAN, WAN], "-")?;
    let record = agent.wait_for(Duration::from_secs(5), |record| record.value["seen"].is_string())?;
    assert_eq!(record.value["seen"], "lan0 lo wan0 ", "only the gateway's interfaces are seen");
    assert!(matches!(agent.next(Duration::ZERO), Some(News::Log(line)) if line.contains("lan0")));
    let report = agent.stop(Duration::from_secs(5))?;
    assert!(report.clean());
    assert_eq!(report.alerts().count(), 1);
    assert_eq!(report.counter("ring_full"), Some(0));
    assert_eq!(report.counter("no_such_counter"), None);
    Ok(())
}

#[test]
fn an_agent_that_fails_is_quoted() -> Result<()> {
    if !privileges::granted("an_agent_that_fails_is_quoted") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let binary = stand_in(folder.path())?;
    std::fs::write(&binary, "#!/bin/sh\necho 'error: out of canaries' >&2\nexit 1\n")?;
    let error = Agent::start(&Lab::routed()?, &binary, &[LAN], "-").unwrap_err();
    assert!(error.to_string().contains("out of canaries"), "{error}");
    Ok(())
}

//! What is said of interfaces, and of privileges.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use firedamp_tests::lab::{Namespace, WATCHING};
use firedamp_tests::privileges;
use nix::libc;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::runs::{FAILURE, NOT_PERMITTED, Running, SUCCESS, firedamp, inside, text};

/// Lets the child lose every capability when it executes the agent.
pub(crate) fn powerless(command: &mut Command) {
    let drop_all = || {
        for capability in 0..64 {
            // SAFETY: the call takes numbers only; one that does not exist is an error, no more.
            unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
        }
        Ok(())
    };
    // SAFETY: between fork and exec only the system call prctl is made.
    unsafe { command.pre_exec(drop_all) };
}

#[test]
fn without_privileges_the_missing_ones_are_named() -> Result<()> {
    for arguments in [&["run", "--iface", "nosuch0"][..], &["replay", "--engine", "kernel", "a.pcap"]] {
        let mut command = firedamp(arguments)?;
        powerless(&mut command);
        let outcome = Running::start(command)?.wait()?;
        outcome
            .fails(NOT_PERMITTED, &["CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON missing", "run as root", "setcap"]);
    }
    Ok(())
}

#[test]
fn capabilities_that_count_for_nothing_are_not_enough() -> Result<()> {
    if !privileges::granted("capabilities_that_count_for_nothing_are_not_enough") {
        return Ok(());
    }
    for arguments in [&["run", "--iface", "lo"][..], &["replay", "--engine", "kernel", "a.pcap"]] {
        let agent = firedamp(arguments)?;
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--net"]).arg(agent.get_program()).args(agent.get_args());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let outcome = Running::start(command)?.wait()?;
        outcome.fails(NOT_PERMITTED, &["the kernel refuses bpf()", "user namespace"]);
    }
    Ok(())
}

#[test]
fn an_interface_that_is_not_there_is_named_with_those_that_are() -> Result<()> {
    if !privileges::granted("an_interface_that_is_not_there_is_named_with_those_that_are") {
        return Ok(());
    }
    let namespace = Namespace::new()?;
    namespace.ip(&["link add v0 type veth peer name v1"])?;
    let outcome = inside(&namespace, &["run", "--iface", "eth7"])?.wait()?;
    outcome.fails(FAILURE, &["no interface eth7; there are: lo, v1, v0"]);
    Ok(())
}

#[test]
fn all_interfaces_are_looked_for_before_one_is_touched() -> Result<()> {
    if !privileges::granted("all_interfaces_are_looked_for_before_one_is_touched") {
        return Ok(());
    }
    let namespace = Namespace::new()?;
    namespace.ip(&["link add v0 type veth peer name v1", "tuntap add t0 mode tun"])?;
    for (wrong, words) in [("eth7", "no interface eth7"), ("t0", "t0 carries bare IP packets")] {
        let outcome = inside(&namespace, &["run", "--iface", "v0", "--iface", wrong])?.wait()?;
        outcome.fails(FAILURE, &[words]);
        assert!(!outcome.err.contains(WATCHING) && !outcome.err.contains("tables"), "{outcome:?}");
    }
    Ok(())
}

#[test]
fn a_named_pipe_that_nobody_reads_does_not_keep_from_watching() -> Result<()> {
    if !privileges::granted("a_named_pipe_that_nobody_reads_does_not_keep_from_watching") {
        return Ok(());
    }
    let namespace = Namespace::new()?;
    namespace.ip(&["link set lo up"])?;
    let folder = tempfile::tempdir()?;
    let pipe = folder.path().join("eve.pipe");
    mkfifo(&pipe, Mode::S_IRWXU)?;
    let mut agent = inside(&namespace, &["run", "--iface", "lo", "--output", text(&pipe)?])?;
    agent.attached()?;
    let outcome = agent.stop()?;
    outcome.fails(FAILURE, &["waiting for a reader of", "1 record could not be written"]);
    Ok(())
}

#[test]
fn a_reader_that_goes_away_is_no_trouble_of_the_disk() -> Result<()> {
    if !privileges::granted("a_reader_that_goes_away_is_no_trouble_of_the_disk") {
        return Ok(());
    }
    let namespace = Namespace::new()?;
    namespace.ip(&["link set lo up"])?;
    let mut agent = inside(&namespace, &["run", "--iface", "lo", "--stats-interval", "1"])?;
    agent.attached()?;
    drop(agent.child.stdout.take());
    let outcome = agent.wait()?;
    assert_eq!(outcome.code, Some(SUCCESS), "{outcome:?}");
    outcome.says(&["the reader of standard output went away", "detached"]);
    for words in ["disk", "records_lost", "WARN records"] {
        assert!(!outcome.err.contains(words), "{outcome:?}");
    }
    Ok(())
}

#[test]
fn a_second_agent_is_told_that_the_place_is_taken() -> Result<()> {
    if !privileges::granted("a_second_agent_is_told_that_the_place_is_taken") {
        return Ok(());
    }
    let namespace = Namespace::new()?;
    namespace.ip(&["link add v0 type veth peer name v1", "link set v0 up", "link set v1 up"])?;
    let mut first = inside(&namespace, &["run", "--iface", "v0"])?;
    first.attached()?;
    for mode in ["auto", "native", "generic"] {
        let outcome = inside(&namespace, &["run", "--iface", "v0", "--xdp-mode", mode])?.wait()?;
        outcome
            .fails(FAILURE, &["v0 already has an XDP program", &format!("sudo kill {}", first.child.id())]);
        let holder = format!("held by firedamp ({})", first.child.id());
        outcome.fails(FAILURE, &["`firedamp` (native), tag ", "loaded 20", "attached by a link", &holder]);
    }
    let first = first.stop()?;
    assert_eq!(first.code, Some(SUCCESS), "the first is not disturbed: {first:?}");
    assert_eq!(first.records()?.last().context("no counters")?["event_type"], "stats");
    Ok(())
}

#[test]
fn without_native_xdp_auto_falls_back_and_says_why() -> Result<()> {
    if !privileges::granted("without_native_xdp_auto_falls_back_and_says_why") {
        return Ok(());
    }
    // The loopback's driver has no XDP of its own.
    let namespace = Namespace::new()?;
    namespace.ip(&["link set lo up"])?;
    let mut agent = inside(&namespace, &["run", "--iface", "lo"])?;
    agent.attached()?;
    let outcome = agent.stop()?;
    assert_eq!(outcome.code, Some(SUCCESS), "{outcome:?}");
    outcome
        .says(&["watching lo with XDP in generic mode", "native is not possible: Operation not supported"]);
    let outcome = inside(&namespace, &["run", "--iface", "lo", "--xdp-mode", "native"])?.wait()?;
    outcome.fails(FAILURE, &["cannot attach to lo in native mode", "try --xdp-mode generic"]);
    Ok(())
}

#[test]
fn an_interface_without_ethernet_frames_is_refused() -> Result<()> {
    if !privileges::granted("an_interface_without_ethernet_frames_is_refused") {
        return Ok(());
    }
    let namespace = Namespace::new()?;
    namespace.ip(&["tuntap add t0 mode tun", "link set t0 up"])?;
    for mode in ["auto", "generic"] {
        let outcome = inside(&namespace, &["run", "--iface", "t0", "--xdp-mode", mode])?.wait()?;
        outcome.fails(FAILURE, &["t0 carries bare IP packets", "only Ethernet frames can be read"]);
    }
    Ok(())
}

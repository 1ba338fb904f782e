//! What is said of the machine, of interfaces and of a configuration, and what mends it.

use std::collections::HashSet;

use anyhow::{Context, Result};
use detector::doctor::Check;
use detector::kernel::{Limits, Program, XdpMode, attach};
use firedamp_tests::lab::Namespace;
use firedamp_tests::privileges;
use serde_json::Value;

use crate::live::powerless;
use crate::runs::{FAILURE, Outcome, Running, SUCCESS, USAGE, firedamp, folder_with, inside, outcome, text};

fn findings(outcome: &Outcome) -> Result<Vec<Value>> {
    let findings: Vec<Value> = serde_json::from_str(&outcome.out).with_context(|| format!("{outcome:?}"))?;
    for finding in &findings {
        assert!(["fine", "degraded", "fatal"].iter().any(|state| finding["state"] == *state), "{finding}");
        assert!(finding["why"].as_str().is_some_and(|why| !why.is_empty()), "{finding}");
        assert!(finding["state"] != "fatal" || finding["mend"].is_string(), "{finding}");
    }
    let is_fatal = findings.iter().any(|finding| finding["state"] == "fatal");
    assert_eq!(outcome.code, Some(if is_fatal { FAILURE } else { SUCCESS }));
    Ok(findings)
}

fn find<'a>(findings: &'a [Value], check: &str, subject: &str) -> Result<&'a Value> {
    let found =
        findings.iter().find(|it| it["check"] == check && (subject.is_empty() || it["subject"] == subject));
    found.with_context(|| format!("no {check} of {subject:?} in {findings:?}"))
}

#[test]
fn every_check_is_there_once() -> Result<()> {
    let config = "[ledger]\nfile = \"ledger.db\"\n[enrich]\npools = \"pools.csv\"\n[[output]]\nto = \"file\"\npath = \"eve.json\"\n[block]\nmode = \"dry-run\"\nbackend = \"nftables\"\naudit = \"audit.jsonl\"\n";
    let pools = "name,match\nsomebody,203.0.113.10\n";
    let folder = folder_with(&[("f.toml", config.as_bytes()), ("pools.csv", pools.as_bytes())])?;
    let file = folder.path().join("f.toml");
    let outcome = outcome(&["doctor", "--json", "--iface", "lo", "--config", text(&file)?])?;
    let findings = findings(&outcome)?;
    let mut seen = HashSet::new();
    for finding in &findings {
        assert!(
            seen.insert((finding["check"].to_string(), finding["subject"].to_string())),
            "{finding} is there twice"
        );
    }
    for check in Check::ALL {
        find(&findings, check.name(), "")?;
    }
    assert_eq!(find(&findings, "configuration", text(&file)?)?["state"], "fine");
    assert_eq!(findings.iter().filter(|finding| finding["check"] == "disk").count(), 2);
    Ok(())
}

#[test]
fn a_page_fits_the_screen_and_has_no_colours() -> Result<()> {
    let outcome = outcome(&["doctor", "--iface", "lo"])?;
    assert!(outcome.out.lines().all(|line| line.chars().count() <= 80), "{}", outcome.out);
    assert!(!outcome.out.contains('\x1b'), "{}", outcome.out);
    assert!(outcome.out.contains("\nInterface lo\n"), "{}", outcome.out);
    Ok(())
}

#[test]
fn a_configuration_that_is_wrong_is_fatal() -> Result<()> {
    let folder = folder_with(&[("f.toml", b"[capture]\nflows = 0\n")])?;
    let file = folder.path().join("f.toml");
    let outcome = outcome(&["doctor", "--json", "--iface", "lo", "--config", text(&file)?])?;
    let findings = findings(&outcome)?;
    let finding = find(&findings, "configuration", text(&file)?)?;
    assert_eq!(finding["state"], "fatal");
    assert!(finding["why"].as_str().is_some_and(|why| why.contains("f.toml:2")), "{finding}");
    Ok(())
}

#[test]
fn without_privileges_it_runs_and_says_what_it_does_not_see() -> Result<()> {
    let mut command = firedamp(&["doctor", "--json", "--iface", "lo"])?;
    powerless(&mut command);
    let outcome = Running::start(command)?.wait()?;
    let findings = findings(&outcome)?;
    assert_eq!(find(&findings, "capabilities", "")?["state"], "fatal");
    let program = find(&findings, "program", "")?;
    assert_eq!((&program["state"], &program["mend"]), (&"degraded".into(), &"sudo firedamp doctor".into()));
    Ok(())
}

#[test]
fn what_is_no_option_is_refused() -> Result<()> {
    assert_eq!(outcome(&["doctor", "--iface", ""])?.code, Some(USAGE));
    Ok(())
}

#[test]
fn an_interface_that_is_taken_and_one_that_is_missing_are_fatal() -> Result<()> {
    if !privileges::granted("an_interface_that_is_taken_and_one_that_is_missing_are_fatal") {
        return Ok(());
    }
    let namespace = Namespace::new()?;
    namespace.ip(&["link add v0 type veth peer name v1", "link set v0 up", "link set v1 up"])?;
    let mut other = Program::load_yardstick(&Limits { flows: 1, watched: 1, ring: 64 << 10, blocks: 0 })?;
    namespace.run(|| Ok(attach(&mut other, "v0", XdpMode::Generic)?))?;
    let interfaces = ["doctor", "--json", "--iface", "v0", "--iface", "v1", "--iface", "eth7"];
    let findings = findings(&inside(&namespace, &interfaces)?.wait()?)?;
    let taken = find(&findings, "xdp-program", "v0")?;
    assert_eq!(taken["state"], "fatal");
    let why = taken["why"].as_str().unwrap_or_default();
    for words in ["`empty` (generic)", "held by", &format!("({})", std::process::id())] {
        assert!(why.contains(words), "{words} in {why}");
    }
    assert_eq!(taken["mend"], format!("sudo kill {}", std::process::id()));
    assert_eq!(find(&findings, "xdp-program", "v1")?["state"], "fine");
    assert_eq!(find(&findings, "driver", "v1")?["why"], "veth, version 1.0");
    assert_eq!(find(&findings, "link", "v1")?["state"], "fine");
    let missing = find(&findings, "interface", "eth7")?;
    assert_eq!((&missing["state"], &missing["mend"]), (&"fatal".into(), &"ip -brief link".into()));
    assert_eq!(findings.iter().filter(|finding| finding["subject"] == "eth7").count(), 1);
    Ok(())
}

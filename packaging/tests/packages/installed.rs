//! What comes with an installation, stays over an upgrade and a removal, and goes with a purge.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use nix::unistd::geteuid;

use crate::made::{made, output};

/// Runs a script on a machine of its own: `machine.sh` says what it may use.
fn on_a_machine(script: &str) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let machine = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packages/machine.sh");
    let mut command = Command::new("unshare");
    command.args(["--mount", "--", "sh"]).arg(machine).arg(folder.path()).arg(&made().deb).arg(script);
    output(&mut command)
}

/// As root only; in CI it has to be.
fn may_install(test: &str) -> bool {
    let root = geteuid().is_root();
    assert!(root || std::env::var_os("CI").is_none(), "{test} needs root, and in CI no test may be skipped");
    if !root {
        eprintln!("SKIPPED: {test} needs root");
    }
    root
}

/// What stands under a heading.
fn under<'a>(heading: &str, said: &'a str) -> Result<Vec<&'a str>> {
    let (_, rest) = said.split_once(&format!("== {heading}\n")).with_context(|| said.to_owned())?;
    Ok(rest.lines().take_while(|line| !line.starts_with("== ")).collect())
}

#[test]
fn what_is_installed_is_the_services_and_is_not_started() -> Result<()> {
    if !may_install("what_is_installed_is_the_services_and_is_not_started") {
        return Ok(());
    }
    let said = on_a_machine(
        "on dpkg -i /tmp/deb
         show installed
         echo '== account'
         on getent passwd firedamp
         on firedamp check-config /etc/firedamp/firedamp.toml
         on runuser -u firedamp -- firedamp check-config /etc/firedamp/firedamp.toml
         on runuser -u nobody -- cat /etc/firedamp/firedamp.toml 2>/dev/null || echo refused",
    )?;
    assert!(said.contains("Name the interfaces in [capture]"), "{said}");
    let installed = under("installed", &said)?;
    for file in [
        "-rwxr-xr-x root root /usr/bin/firedamp",
        "drwxr-x--- root firedamp /etc/firedamp",
        "-rw-r----- root firedamp /etc/firedamp/firedamp.toml",
        "drwxr-x--- firedamp firedamp /var/lib/firedamp",
        "drwxr-x--- firedamp firedamp /var/log/firedamp",
    ] {
        assert!(installed.contains(&file), "{file} is not in {installed:#?}");
    }
    assert!(!said.contains("multi-user.target.wants/firedamp"), "it is enabled: {said}");
    let account = under("account", &said)?;
    assert!(
        account.first().is_some_and(|line| line.ends_with("/var/lib/firedamp:/usr/sbin/nologin")),
        "{said}"
    );
    assert_eq!(account.last(), Some(&"refused"), "{said}");
    Ok(())
}

#[test]
fn an_upgrade_keeps_what_the_operator_and_the_service_wrote() -> Result<()> {
    if !may_install("an_upgrade_keeps_what_the_operator_and_the_service_wrote") {
        return Ok(());
    }
    let said = on_a_machine(
        "on dpkg -i /tmp/deb >/dev/null
         on sed -i 's/^# interfaces = .*/interfaces = [\"lan0\"]/' /etc/firedamp/firedamp.toml
         on chgrp adm /etc/firedamp/firedamp.toml
         on runuser -u firedamp -- touch /var/lib/firedamp/ledger.db
         echo '== upgrade'
         on dpkg -i /tmp/deb
         echo '== after'
         on grep ^interfaces /etc/firedamp/firedamp.toml
         on stat -c '%A %U %G %n' /etc/firedamp/firedamp.toml /var/lib/firedamp/ledger.db /var/lib/firedamp",
    )?;
    assert!(!under("upgrade", &said)?.join(" ").contains("Name the interfaces"), "{said}");
    let kept = [
        "interfaces = [\"lan0\"]",
        "-rw-r----- root adm /etc/firedamp/firedamp.toml",
        "-rw-r--r-- firedamp firedamp /var/lib/firedamp/ledger.db",
        "drwxr-x--- firedamp firedamp /var/lib/firedamp",
    ];
    assert_eq!(under("after", &said)?, kept, "{said}");
    Ok(())
}

#[test]
fn a_removal_keeps_the_ledger_and_a_purge_keeps_nothing() -> Result<()> {
    if !may_install("a_removal_keeps_the_ledger_and_a_purge_keeps_nothing") {
        return Ok(());
    }
    let said = on_a_machine(
        "show before
         on getent passwd | sort > $machine/accounts
         on dpkg -i /tmp/deb >/dev/null
         on runuser -u firedamp -- touch /var/lib/firedamp/ledger.db
         wanted=$machine/root/etc/systemd/system/multi-user.target.wants
         if on which systemctl >/dev/null; then ln -s /lib/systemd/system/firedamp.service $wanted/; fi
         on dpkg --remove firedamp >/dev/null
         show removed
         on dpkg --purge firedamp >/dev/null
         show purged
         echo '== accounts'
         on getent passwd | sort | diff $machine/accounts - || true
         on dpkg -s firedamp 2>&1 | head -1",
    )?;
    let kept = [
        "drwxr-x--- root firedamp /etc/firedamp",
        "-rw-r----- root firedamp /etc/firedamp/firedamp.toml",
        "-rw-r--r-- root root /etc/logrotate.d/firedamp",
        "drwxr-x--- firedamp firedamp /var/lib/firedamp",
        "-rw-r--r-- firedamp firedamp /var/lib/firedamp/ledger.db",
    ];
    assert_eq!(under("removed", &said)?, kept, "{said}");
    assert_eq!(under("purged", &said)?, under("before", &said)?, "{said}");
    let accounts = under("accounts", &said)?;
    assert!(matches!(accounts[..], [line] if line.contains("not installed")), "{said}");
    Ok(())
}

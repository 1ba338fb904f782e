//! What dpkg, rpm, systemd and others read.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::made::{dpkg_deb, made, output, packages};

/// A file of the package.
fn packed(path: &str) -> Result<String> {
    let folder = tempfile::tempdir()?;
    dpkg_deb("--extract", &[folder.path().as_os_str()])?;
    Ok(fs::read_to_string(folder.path().join(path))?)
}

const INSTALLED: [&str; 12] = [
    "-rwxr-xr-x root/root usr/bin/firedamp",
    "-rw-r--r-- root/root usr/lib/systemd/system/firedamp.service",
    "-rw-r--r-- root/root usr/lib/tmpfiles.d/firedamp.conf",
    "-rw-r--r-- root/root etc/logrotate.d/firedamp",
    "drwxr-x--- root/root etc/firedamp/",
    "-rw-r----- root/root etc/firedamp/firedamp.toml",
    "drwxr-x--- root/root var/lib/firedamp/",
    "drwxr-x--- root/root var/log/firedamp/",
    "-rw-r--r-- root/root usr/share/man/man1/firedamp-run.1.gz",
    "-rw-r--r-- root/root usr/share/bash-completion/completions/firedamp",
    "-rw-r--r-- root/root usr/share/doc/firedamp/docs/install.md",
    "-rw-r--r-- root/root usr/share/doc/firedamp/copyright",
];

#[test]
fn dpkg_reads_the_package() -> Result<()> {
    let listed = dpkg_deb("--contents", &[])?;
    let listed: BTreeSet<_> = listed
        .lines()
        .filter_map(|line| match line.split_whitespace().collect::<Vec<_>>()[..] {
            [mode, owner, _, _, _, path] => Some(format!("{mode} {owner} {path}")),
            _ => None,
        })
        .collect();
    for file in INSTALLED {
        assert!(listed.contains(file), "{file} is not in {listed:#?}");
    }
    let about = dpkg_deb("--info", &[])?;
    for word in ["Package: firedamp", "Depends: libc6 (>= 2.", "postinst", "prerm", "postrm", "conffiles"] {
        assert!(about.contains(word), "{word:?} in {about}");
    }
    Ok(())
}

#[test]
fn rpm_reads_the_package() -> Result<()> {
    if Command::new("rpm").arg("--version").output().is_err() {
        // Debian does without it; that the file is whole shows its first bytes.
        assert!(fs::read(&made().rpm)?.starts_with(&[0xed, 0xab, 0xee, 0xdb, 3, 0]));
        return Ok(());
    }
    let query =
        |option: &str| output(Command::new("rpm").args(["--query", "--package", option]).arg(&made().rpm));
    let listed = query("-lv")?;
    let files: BTreeSet<_> =
        listed.lines().filter_map(|line| line.split_whitespace().last()?.strip_prefix('/')).collect();
    for file in INSTALLED {
        let path = file.rsplit(' ').next().unwrap_or_default().trim_end_matches('/');
        assert!(files.contains(path), "{path} is not in {listed}");
    }
    assert!(files.contains("usr/share/zsh/site-functions/_firedamp"), "{listed}");
    let owner = |path: &str| listed.lines().find(|line| line.ends_with(path)).unwrap_or_default().to_owned();
    assert!(owner(" /etc/firedamp/firedamp.toml").contains("root     firedamp"), "{listed}");
    assert!(owner(" /var/lib/firedamp").contains("firedamp firedamp"), "{listed}");
    assert_eq!(query("-c")?, "/etc/firedamp/firedamp.toml\n/etc/logrotate.d/firedamp\n");
    assert!(query("--requires")?.contains("libc.so.6(GLIBC_2."));
    Ok(())
}

#[test]
fn the_same_sources_make_the_same_packages() -> Result<()> {
    let again = packages(1_795_000_000)?;
    assert!(fs::read(&again.deb)? == fs::read(&made().deb)?, "the .deb differs");
    assert!(fs::read(&again.rpm)? == fs::read(&made().rpm)?, "the .rpm differs");
    Ok(())
}

#[test]
fn the_configuration_names_places_and_no_interface() -> Result<()> {
    let text = packed("etc/firedamp/firedamp.toml")?;
    let set: Vec<_> = text.lines().filter(|line| !line.starts_with('#') && line.contains('=')).collect();
    let places =
        ["file = \"/var/lib/firedamp/ledger.db\"", "to = \"file\"", "path = \"/var/log/firedamp/eve.json\""];
    assert_eq!(set, places);
    Ok(())
}

#[test]
fn the_unit_gives_three_capabilities_and_little_else() -> Result<()> {
    let text = packed("usr/lib/systemd/system/firedamp.service")?;
    let has = |line: &str| text.lines().any(|other| other == line);
    for line in [
        "Type=notify",
        "User=firedamp",
        "ExecStart=/usr/bin/firedamp run --config /etc/firedamp/firedamp.toml",
        "AmbientCapabilities=CAP_BPF CAP_NET_ADMIN CAP_PERFMON",
        "CapabilityBoundingSet=CAP_BPF CAP_NET_ADMIN CAP_PERFMON",
        "RestartPreventExitStatus=2 3",
        // The nft that takes the rules away at the end is in the same control group.
        "KillMode=mixed",
        // The group of the control socket is given with chown(2), which @privileged takes away.
        "SystemCallFilter=bpf @chown",
    ] {
        assert!(has(line), "{line} is not in\n{text}");
    }
    let Ok(analysis) = Command::new("systemd-analyze")
        .args(["security", "--offline=yes", "--threshold=20"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/systemd/firedamp.service"))
        .output()
    else {
        return Ok(());
    };
    // The threshold is in tenths.
    let (said, complaint) =
        (String::from_utf8_lossy(&analysis.stdout), String::from_utf8_lossy(&analysis.stderr));
    assert!(analysis.status.success(), "{said}{complaint}");
    Ok(())
}

#[test]
fn the_manual_tells_of_every_option() -> Result<()> {
    let folder = tempfile::tempdir()?;
    dpkg_deb("--extract", &[folder.path().as_os_str()])?;
    let manual = folder.path().join("usr/share/man/man1/firedamp-run.1.gz");
    let page = output(Command::new("gzip").arg("-dc").arg(manual))?;
    for word in ["firedamp\\-run", "\\-\\-iface", "\\-\\-xdp\\-mode"] {
        assert!(page.contains(word), "{word} in {page}");
    }
    let complete = folder.path().join("usr/share/bash-completion/completions/firedamp");
    output(Command::new("bash").arg("-n").arg(&complete))?;
    let script = fs::read_to_string(complete)?;
    assert!(script.contains("--stats-interval") && script.contains("check-config"), "{script}");
    Ok(())
}

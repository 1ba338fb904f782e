//! Arguments, and the terminal.

use std::fs;
use std::io::Read;

use anyhow::{Context as _, Result};
use nix::pty::openpty;

use crate::runs::{FAILURE, Running, SUCCESS, USAGE, firedamp, outcome};

#[test]
fn help_and_version_go_to_standard_output() -> Result<()> {
    for (arguments, words) in [
        (&["--help"][..], &["Usage: firedamp", "replay", "Exit codes: 0 success, 1 failure, 2 usage"][..]),
        (&["run", "--help"], &["--iface <IF>", "--xdp-mode", "--hash-identities"]),
        (&["replay", "--help"], &["--engine", "<FILE>...", "pcapng", "--no-built-in-signatures"]),
        (&["check-config", "--help"], &["configuration files", "signature files", "<PATH>..."]),
        (&["signatures", "--help"], &["list", "test"]),
        (&["signatures", "test", "--help"], &["<FILE>...", "--json", "--signatures <PATH>"]),
        (&["--version"], &["firedamp "]),
    ] {
        let outcome = outcome(arguments)?;
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(SUCCESS), ""), "{arguments:?}");
        for word in words {
            assert!(outcome.out.contains(word), "{word:?} in:\n{}", outcome.out);
        }
        assert!(!outcome.out.contains('\x1b'), "{}", outcome.out);
    }
    Ok(())
}

#[test]
fn usage_errors_name_the_argument() -> Result<()> {
    for (arguments, word) in [
        (&[][..], "Usage: firedamp"),
        (&["watch"], "'watch'"),
        (&["run"], "no interface is named; use --iface, or interfaces in [capture]"),
        (&["run", "--iface", ""], "'--iface <IF>'"),
        (&["run", "--iface", "a0", "--iface", "b0", "--iface", "a0"], "interface 'a0' is given twice"),
        (&["run", "--iface", "eth[01"], "no pattern: a [ without its ] at character 4; write * for any"),
        (&["doctor", "--iface", "ppp**"], "no pattern: a star after a star at character 5"),
        (&["run", "--iface", "a0", "--when-occupied", "push"], "refuse, tcx"),
        (&["run", "--iface", "a0", "--bogus"], "'--bogus'"),
        (&["run", "--iface", "a0", "--xdp-mode", "fast"], "auto, native, generic"),
        (&["run", "--iface", "a0", "--ring", "100"], "power of two from 64 to 1048576"),
        (&["run", "--iface", "a0", "--flows", "0"], "1..=67108864"),
        (&["replay"], "not provided:\n  <FILE>..."),
        (&["replay", "--engine", "fpga", "a.pcap"], "host, kernel"),
        (&["check-config"], "not provided:\n  <PATH>..."),
        (&["signatures"], "Usage: firedamp signatures"),
        (&["signatures", "find"], "'find'"),
        (&["completions"], "not provided:\n  <SHELL>"),
        (&["completions", "cmd"], "bash, elvish, fish, powershell, zsh"),
        (&["signatures", "test"], "not provided:\n  <FILE>..."),
        (&["signatures", "list", "a.toml"], "'a.toml'"),
        (&["replay", "--log-level", "loud", "a.pcap"], "must be error, warn, info, debug"),
    ] {
        outcome(arguments)?.fails(USAGE, &[word]);
    }
    Ok(())
}

#[test]
fn a_level_that_makes_no_sense_is_blamed_on_who_says_it() -> Result<()> {
    let run = |level: &str, further: &[&str]| {
        let mut command = firedamp(&[&["signatures", "list"], further].concat())?;
        command.env("FIREDAMP_LOG", level);
        Running::start(command)?.wait()
    };
    let outcome = run("loud", &[])?;
    outcome.fails(USAGE, &["'loud' of the variable FIREDAMP_LOG: must be error, warn, info, debug"]);
    assert!(!outcome.err.contains("--log-level"), "{outcome:?}");
    for (level, further) in [("debug", &[][..]), ("", &[]), ("loud", &["--log-level", "warn"])] {
        assert_eq!(run(level, further)?.code, Some(SUCCESS), "FIREDAMP_LOG={level} {further:?}");
    }
    Ok(())
}

#[test]
fn the_help_tells_ranges_and_speaks_of_connections() -> Result<()> {
    let help = outcome(&["run", "--help"])?.out;
    let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for range in ["a power of two from 64 to 1048576", "1 to 67108864", "1 to 16777216", "1 to 86400"] {
        assert!(words.contains(range), "{range:?} in:\n{help}");
    }
    for arguments in [&["run", "--help"][..], &["replay", "--help"], &["signatures", "test", "--help"]] {
        let help = outcome(arguments)?.out;
        assert!(help.contains("connections"), "{help}");
        assert!(!help.replace("--flows", "").contains("flow"), "{help}");
    }
    Ok(())
}

#[test]
fn shells_and_manuals_know_every_command() -> Result<()> {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = outcome(&["completions", shell])?;
        assert_eq!((script.code, script.err.as_str()), (Some(SUCCESS), ""), "{shell}");
        for word in ["check-config", "stats-interval"] {
            assert!(script.out.contains(word), "{word} for {shell}");
        }
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().to_str().context("an odd name")?;
    assert_eq!(outcome(&["man", path])?.code, Some(SUCCESS));
    for page in ["firedamp.1", "firedamp-run.1", "firedamp-config-init.1", "firedamp-explain.1"] {
        assert!(fs::read_to_string(folder.path().join(page))?.contains(".SH NAME"), "{page}");
    }
    outcome(&["man", "no/such/directory"])?.fails(FAILURE, &["no/such/directory; name a directory"]);
    Ok(())
}

#[test]
fn colours_are_for_terminals_that_want_them() -> Result<()> {
    for (no_colour, coloured) in [(None, true), (Some(""), true), (Some("1"), false)] {
        let terminal = openpty(None, None)?;
        let mut command = firedamp(&["replay", "no such file"])?;
        command.stderr(terminal.slave);
        if let Some(value) = no_colour {
            command.env("NO_COLOR", value);
        }
        let mut child = command.spawn()?;
        // The terminal ends when nobody holds its other end, and so does reading, with an error.
        drop(command);
        let mut said = Vec::new();
        fs::File::from(terminal.master).read_to_end(&mut said).ok();
        assert_eq!(child.wait()?.code(), Some(FAILURE));
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("no such file"), "{said:?}");
        assert_eq!(said.contains('\x1b'), coloured, "NO_COLOR {no_colour:?}: {said:?}");
    }
    Ok(())
}

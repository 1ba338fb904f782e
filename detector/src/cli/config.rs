use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use detector::config::{COMMENTED, Overrides, Settled};

use super::print;

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Print a configuration file in which every key stands with its meaning, its range and its default
    Init(Init),
}

#[derive(Args)]
pub(super) struct Init {
    /// Write it to this file, which must not be there yet; `-` is standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
}

pub(super) fn config(verb: &Verb) -> anyhow::Result<ExitCode> {
    let Verb::Init(Init { output }) = verb;
    if output.as_os_str() == "-" {
        print::line(COMMENTED.trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    // A file that somebody has edited is worth more than this one.
    let mut file = OpenOptions::new().write(true).create_new(true).open(output).with_context(|| {
        format!("cannot make {}; name a file that is not there yet, in a directory that is", output.display())
    })?;
    file.write_all(COMMENTED.as_bytes()).with_context(|| format!("cannot write {}", output.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// The database that a reading command reads: what the command line says, or else what the configuration says.
///
/// # Errors
/// The configuration cannot be read, or neither names a database.
#[expect(dead_code, reason = "the reading commands use it")]
pub(super) fn ledger_path(ledger: Option<&Path>, config: Option<&Path>) -> anyhow::Result<PathBuf> {
    let overrides = Overrides { ledger: ledger.map(Path::to_owned), ..Overrides::default() };
    // A configuration that is broken elsewhere does not matter where the command line says all.
    let settled = Settled::read(config.filter(|_| ledger.is_none()), &overrides)?;
    settled.config.ledger.file.with_context(|| match config {
        Some(config) => format!("{} names no file in [ledger]; add one, or use --ledger", config.display()),
        None => "no database is named; use --ledger FILE or --config FILE".to_owned(),
    })
}

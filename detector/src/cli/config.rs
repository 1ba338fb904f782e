use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use detector::config::COMMENTED;

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
    let mut options = OpenOptions::new();
    // A salt or a password may be written into it.
    options.write(true).create_new(true).mode(0o640);
    let mut file = options.open(output).with_context(|| {
        format!("cannot make {}; name a file that is not there yet, in a directory that is", output.display())
    })?;
    file.write_all(COMMENTED.as_bytes()).with_context(|| format!("cannot write {}", output.display()))?;
    Ok(ExitCode::SUCCESS)
}

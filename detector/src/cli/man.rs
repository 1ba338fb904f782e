use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, CommandFactory as _};

use super::Arguments;

#[derive(Args)]
pub(super) struct Options {
    /// The directory into which they are written, one for each command
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

pub(super) fn man(options: &Options) -> anyhow::Result<ExitCode> {
    let Options { directory } = options;
    clap_mangen::generate_to(Arguments::command(), directory).with_context(|| {
        format!("cannot write the manual pages into {}; name a directory that is there", directory.display())
    })?;
    Ok(ExitCode::SUCCESS)
}

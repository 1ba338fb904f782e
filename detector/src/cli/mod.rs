//! What the user says and what exit codes say back.

mod replay;
mod run;

use std::io::{IsTerminal as _, stderr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use detector::kernel::{Limits, NotReady};
use detector::output::{Identities, Target};
use detector::signature::Signatures;
use tracing_subscriber::EnvFilter;

/// Exit code: the command line makes no sense.
pub(crate) const USAGE: u8 = 2;
/// Exit code: privileges are missing.
const NOT_PERMITTED: u8 = 3;

/// Finds the hosts in a network that mine cryptocurrency, from their traffic.
#[derive(Parser)]
#[command(name = "firedamp", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// How much to log on standard error: error, warn, info, debug, trace, or a filter such as
    /// `info,detector::kernel=debug`
    #[arg(long, global = true, default_value = "info", env = "FIREDAMP_LOG", value_name = "LEVEL")]
    log_level: String,
}

const EXIT_CODES: &str = "Exit codes: 0 success, 1 failure, 2 usage, 3 not permitted.";

#[derive(Subcommand)]
enum Command {
    /// Detect miners on live interfaces
    Run(run::Options),
    /// Detect miners in captures: records on standard output, the rest on standard error
    Replay(replay::Options),
}

/// What live runs and replays have in common.
#[derive(Args)]
struct Common {
    /// Read the tokens of the mining protocols from the *.toml files in this directory instead of
    /// the ones that are built in
    #[arg(long, value_name = "DIR")]
    signatures: Option<PathBuf>,

    /// Write wallets and workers, which are personal data, as SHA-256 only
    #[arg(long)]
    hash_identities: bool,

    /// How many flows to remember in the kernel, about 150 bytes each
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().flows,
          value_parser = clap::value_parser!(u32).range(1..=67_108_864))]
    flows: u32,

    /// How many flows to watch at the same time
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().watched,
          value_parser = clap::value_parser!(u32).range(1..=16_777_216))]
    watched: u32,
}

impl Common {
    fn signatures(&self) -> anyhow::Result<Signatures> {
        let signatures = match &self.signatures {
            Some(directory) => Signatures::from_directory(directory)?,
            None => Signatures::built_in()?,
        };
        tracing::debug!("{} signatures, {} states", signatures.len(), signatures.states());
        Ok(signatures)
    }

    const fn identities(&self) -> Identities {
        if self.hash_identities { Identities::Hashed } else { Identities::Clear }
    }
}

fn target(path: &std::path::Path) -> Target {
    if path.as_os_str() == "-" { Target::Stdout } else { Target::File(path.to_owned()) }
}

/// Does what the command line says; errors are told on standard error.
pub(crate) fn start(arguments: Arguments) -> ExitCode {
    // The loader's own steps are of interest to those who ask for them by name.
    let filter = match EnvFilter::try_new(format!("aya=warn,aya_obj=warn,{}", arguments.log_level)) {
        Ok(filter) => filter,
        Err(error) => {
            eprintln!("firedamp: --log-level {}: {error}", arguments.log_level);
            return ExitCode::from(USAGE);
        }
    };
    let colour = stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(colour)
        .with_target(false)
        .init();
    let result = match arguments.command {
        Command::Run(options) => run::run(&options),
        Command::Replay(options) => replay::replay(options),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("firedamp: {error:#}");
            match error.downcast_ref::<NotReady>() {
                Some(NotReady::Privileges(_)) => ExitCode::from(NOT_PERMITTED),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

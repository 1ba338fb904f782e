//! What the user says and what exit codes say back.

mod block;
mod check_config;
mod cleanup;
mod completions;
mod config;
mod doctor;
mod ledger;
mod man;
mod page;
mod print;
mod replay;
mod report;
mod run;
mod signatures;
mod status;

use std::io::{IsTerminal as _, stderr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use detector::block::NftError;
use detector::config::{Loaded, MOST_FLOWS, MOST_WATCHED, Overrides, Problems, Settled};
use detector::control::ClientError;
use detector::kernel::{AttachError, LoadError, NotReady, PatternError, PinError, Wanted};
use detector::output::Target;
use detector::replay::engine::EngineError;
use detector::signature::{SignatureError, Signatures, Sources};
use detector::store::read::{MarkError, ReadError};
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

    /// How much to log on standard error: error, warn, info, debug, trace, off, or a filter such as
    /// `info,detector::kernel=debug`; if not given, the variable `FIREDAMP_LOG` says so, or else the configuration [default: info]
    #[arg(long, global = true, value_name = "LEVEL", value_parser = log_level)]
    log_level: Option<String>,
}

/// The variable that says how much to log.
const LOG_VARIABLE: &str = "FIREDAMP_LOG";

const EXIT_CODES: &str = "Exit codes: 0 success, 1 failure, 2 usage, 3 not permitted.";

#[derive(Subcommand)]
enum Command {
    /// Detect miners on live interfaces
    Run(run::Options),
    /// Detect miners in captures: records on standard output, the rest on standard error
    Replay(replay::Options),
    /// Check files before they are used, and tell all that is wrong with its place: configuration files with
    /// all that they name, and signature files
    CheckConfig(check_config::Options),
    /// The configuration file
    #[command(subcommand)]
    Config(config::Verb),
    /// Tell whether Firedamp can work on this machine and these interfaces: for each check fine, degraded or fatal, why, and
    /// what mends it. Fails if something is fatal
    Doctor(doctor::Options),
    /// Report a day: active mining addresses, where they are, in what networks, at which pools, and what it took
    Report(report::Options),
    /// What the signatures are, and what they find
    #[command(subcommand)]
    Signatures(signatures::Verb),
    /// List the addresses that mine, from the ledger
    Miners(ledger::miners::Options),
    /// List the pools that are mined at, from the ledger
    Pools(ledger::pools::Options),
    /// List the cases of the ledger: who mines at which pool by which protocol
    Cases(ledger::cases::Options),
    /// Tell all about a case: where it is, what proves it, when it was active, what to do
    Explain(ledger::explain::Options),
    /// How the running agent is: interfaces, rates, losses, memory, outputs, files
    Status(status::Options),
    /// Keep hosts from mining: what the running agent drops. Its configuration must say so in [block]
    #[command(subcommand)]
    Block(block::Verb),
    /// Remove what an agent with `pin` has left in the kernel: the program is detached, its tables are gone
    Cleanup(cleanup::Options),
    /// Say what was done about cases: notified, blocked, fixed, false alarm
    Mark(ledger::mark::Options),
    /// Print what a shell needs to complete the words of a command
    Completions(completions::Options),
    /// Write the manual pages: what packages are made with
    #[command(hide = true)]
    Man(man::Options),
}

impl Command {
    /// The configuration, with what the command line says in its place.
    fn settled(&self) -> Result<Settled, Problems> {
        match self {
            Self::Run(options) => Settled::read(options.config(), &options.overrides()),
            Self::Replay(options) => Settled::read(options.config(), &options.overrides()),
            _ => Ok(Settled::default()),
        }
    }
}

/// Which signatures are used.
#[derive(Args)]
struct SignatureOptions {
    /// Add the signatures of this file, or of the *.toml files in this directory, to the built-in
    /// ones; repeat it for more
    #[arg(long, value_name = "PATH")]
    signatures: Vec<PathBuf>,

    /// Leave out the signatures that are built in
    #[arg(long)]
    no_built_in_signatures: bool,
}

impl SignatureOptions {
    fn sources(&self) -> Sources {
        Sources { built_in: !self.no_built_in_signatures, paths: self.signatures.clone() }
    }

    fn load(&self) -> Result<Arc<Signatures>, SignatureError> {
        let signatures = Arc::new(Signatures::load(&self.sources())?);
        tracing::debug!("{}", signatures.size());
        Ok(signatures)
    }
}

/// What live runs and replays have in common.
#[derive(Args)]
struct Common {
    /// Read this configuration file; options that are given win over it. `firedamp config init` prints one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(flatten)]
    signatures: SignatureOptions,

    /// Write wallets and workers, which are personal data, as SHA-256 only, with the salt of the configuration if it
    /// has one
    #[arg(long)]
    hash_identities: bool,

    /// How many new connections to remember in the kernel, and a quarter as many that have lasted; from 1 to 67108864,
    /// about 160 bytes each [default: 262144]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_FLOWS)))]
    flows: Option<u32>,

    /// How many connections to watch at the same time; from 1 to 16777216, about 140 bytes each in the kernel, and some
    /// KiB in the agent [default: 65536]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_WATCHED)))]
    watched: Option<u32>,
}

impl Common {
    fn overrides(&self) -> Overrides {
        Overrides {
            flows: self.flows,
            watched: self.watched,
            signatures: self.signatures.signatures.clone(),
            no_built_in_signatures: self.signatures.no_built_in_signatures,
            hash_identities: self.hash_identities,
            ..Overrides::default()
        }
    }
}

/// The name of an interface, or a pattern that is one.
fn wanted(text: String) -> Result<String, PatternError> {
    text.parse::<Wanted>().map(|_| text)
}

fn log_level(text: &str) -> Result<String, &'static str> {
    detector::config::log_level(text).map(|()| text.to_owned())
}

/// What the variable says, if it is set to anything.
fn log_level_of_the_environment() -> Result<Option<String>, String> {
    let Some(value) = std::env::var_os(LOG_VARIABLE).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let value = value.to_string_lossy();
    log_level(&value)
        .map(Some)
        .map_err(|remedy| format!("invalid value '{value}' of the variable {LOG_VARIABLE}: {remedy}"))
}

/// An error of usage that only shows when arguments are seen together.
fn usage(message: impl std::fmt::Display) -> anyhow::Error {
    Arguments::command().error(ErrorKind::ArgumentConflict, message).into()
}

/// Tells what in the configuration is likely to be a mistake.
fn warn(loaded: &Loaded) {
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
}

fn target(path: &Path) -> Target {
    if path.as_os_str() == "-" { Target::Stdout } else { Target::File(path.to_owned()) }
}

/// Does what the command line says; errors are told on standard error.
pub(crate) fn start(arguments: Arguments) -> ExitCode {
    let log_level =
        match arguments.log_level.map_or_else(log_level_of_the_environment, |level| Ok(Some(level))) {
            Ok(level) => level,
            Err(error) => {
                eprintln!("error: {error}");
                return ExitCode::from(USAGE);
            }
        };
    let settled = match arguments.command.settled() {
        Ok(settled) => settled,
        Err(error) => {
            eprintln!("firedamp: {error}");
            return ExitCode::FAILURE;
        }
    };
    let log_level = log_level.unwrap_or_else(|| settled.config.log.level.clone());
    // The loader's own steps are of interest to those who ask for them by name.
    let filter = EnvFilter::new(format!("aya=warn,aya_obj=warn,{log_level}"));
    let colour = stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(colour)
        .with_target(false)
        .init();
    let result = match arguments.command {
        Command::Run(options) => run::run(&options, settled),
        Command::Replay(options) => replay::replay(options, settled),
        Command::CheckConfig(options) => check_config::check_config(&options),
        Command::Config(verb) => config::config(&verb),
        Command::Doctor(options) => doctor::doctor(&options),
        Command::Report(options) => report::report(&options),
        Command::Signatures(verb) => signatures::signatures(&verb),
        Command::Miners(options) => ledger::miners::miners(&options),
        Command::Pools(options) => ledger::pools::pools(&options),
        Command::Cases(options) => ledger::cases::cases(&options),
        Command::Explain(options) => ledger::explain::explain(&options),
        Command::Mark(options) => ledger::mark::mark(&options),
        Command::Status(options) => status::status(&options),
        Command::Block(verb) => block::block(&verb),
        Command::Cleanup(options) => cleanup::cleanup(&options),
        Command::Completions(options) => completions::completions(&options),
        Command::Man(options) => man::man(&options),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            if let Some(error) = error.downcast_ref::<clap::Error>() {
                let _ = error.print();
                return ExitCode::from(USAGE);
            }
            eprintln!("firedamp: {}", message(&error));
            if is_not_permitted(&error) { ExitCode::from(NOT_PERMITTED) } else { ExitCode::FAILURE }
        }
    }
}

/// The error and its causes, each said once: some libraries repeat the cause in the error above it.
fn message(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |said, cause| match cause.to_string() {
        cause if said.is_empty() => cause,
        cause if said.contains(&cause) => said,
        cause => format!("{said}: {cause}"),
    })
}

fn is_not_permitted(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(NotReady::Privileges(_)))
        || matches!(error.downcast_ref(), Some(AttachError::NotPermitted { .. }))
        || matches!(error.downcast_ref(), Some(EngineError::Load(LoadError::NotPermitted)))
        || matches!(error.downcast_ref(), Some(LoadError::NotPermitted))
        || error.downcast_ref().is_some_and(PinError::is_not_permitted)
        || matches!(error.downcast_ref(), Some(LoadError::Pins(error)) if error.is_not_permitted())
        || matches!(error.downcast_ref(), Some(NftError::NotPermitted(_)))
        || matches!(error.downcast_ref(), Some(ClientError::NotPermitted(_)))
        || matches!(error.downcast_ref(), Some(ReadError::NotPermitted(_)))
        || matches!(error.downcast_ref(), Some(MarkError::Read(ReadError::NotPermitted(_))))
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let error =
            anyhow!("no space").context("map error: no space").context("cannot load: map error: no space");
        assert_eq!(message(&error), "cannot load: map error: no space");
        assert_eq!(message(&anyhow!("no space").context("cannot load")), "cannot load: no space");
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}

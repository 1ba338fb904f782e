//! What the user says and what exit codes say back.

mod check_config;
mod print;
mod replay;
mod run;
mod signatures;

use std::io::{IsTerminal as _, stderr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use detector::kernel::{AttachError, Limits, LoadError, NotReady};
use detector::output::{Identities, Target};
use detector::pipeline::Settings;
use detector::replay::engine::EngineError;
use detector::signature::{SignatureError, Signatures, Sources};
use tracing::level_filters::LevelFilter;
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
    /// `info,detector::kernel=debug`; if not given, the variable `FIREDAMP_LOG` says so [default: info]
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
    /// Check files before they are used, and tell all that is wrong with its line. Today these are
    /// signature files
    CheckConfig(check_config::Options),
    /// What the signatures are, and what they find
    #[command(subcommand)]
    Signatures(signatures::Verb),
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
    #[command(flatten)]
    signatures: SignatureOptions,

    /// Write wallets and workers, which are personal data, as SHA-256 only
    #[arg(long)]
    hash_identities: bool,

    /// How many new connections to remember in the kernel, and a quarter as many that have lasted; from 1 to 67108864,
    /// about 160 bytes each
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().flows,
          value_parser = clap::value_parser!(u32).range(1..=67_108_864))]
    flows: u32,

    /// How many connections to watch at the same time; from 1 to 16777216, about 140 bytes each in the kernel, and some
    /// KiB in the agent
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().watched,
          value_parser = clap::value_parser!(u32).range(1..=16_777_216))]
    watched: u32,
}

impl Common {
    fn limits(&self) -> Limits {
        Limits { flows: self.flows, watched: self.watched, ..Limits::default() }
    }

    /// Room is kept in the kernel's table: the agent gives up the longest silent conversation before
    /// the kernel has to refuse a new one.
    fn pipeline(&self, signatures: &Arc<Signatures>) -> Settings {
        let conversations = (self.watched - self.watched / 8) as usize;
        Settings { conversations, signatures: Some(Arc::clone(signatures)), ..Settings::default() }
    }

    const fn identities(&self) -> Identities {
        if self.hash_identities { Identities::Hashed } else { Identities::Clear }
    }
}

/// A lone word that is no level would be taken for the name of a module, and everything else
/// would go unsaid.
fn log_level(text: &str) -> Result<String, String> {
    let is_level = |part: &str| part.contains('=') || part.trim().parse::<LevelFilter>().is_ok();
    if text.split(',').all(is_level) && EnvFilter::try_new(text).is_ok() {
        return Ok(text.to_owned());
    }
    Err("must be error, warn, info, debug, trace or off, or such a level for a module, \
         as in info,detector::kernel=debug"
        .to_owned())
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

fn target(path: &std::path::Path) -> Target {
    if path.as_os_str() == "-" { Target::Stdout } else { Target::File(path.to_owned()) }
}

/// Does what the command line says; errors are told on standard error.
pub(crate) fn start(arguments: Arguments) -> ExitCode {
    let log_level =
        match arguments.log_level.map_or_else(log_level_of_the_environment, |level| Ok(Some(level))) {
            Ok(level) => level.unwrap_or_else(|| "info".to_owned()),
            Err(error) => {
                eprintln!("error: {error}");
                return ExitCode::from(USAGE);
            }
        };
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
        Command::Run(options) => run::run(&options),
        Command::Replay(options) => replay::replay(options),
        Command::CheckConfig(options) => check_config::check_config(&options),
        Command::Signatures(verb) => signatures::signatures(&verb),
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
    fn a_log_level_is_a_level_or_a_filter() {
        for good in ["info", "OFF", "info,detector::kernel=debug", "detector=trace"] {
            assert!(log_level(good).is_ok(), "{good}");
        }
        for bad in ["nonsense", "info,verbose", "detector=loud"] {
            assert!(log_level(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}

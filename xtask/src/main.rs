//! `cargo xtask`: the development loop.
//!
//! The agent is an ordinary Rust program; its kernel program needs a second compiler, that
//! compiler's library sources and a linker of its own. [`setup`] finds or installs those,
//! [`object`] uses them, and every verb of [`verbs`] that needs the kernel program begins with both,
//! so that a fresh clone needs no step before the first. What is wrong with a command line is told
//! before anything is built.

mod command;
mod fuzz;
mod object;
mod setup;
mod verbs;
mod vm;
mod workspace;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use firedamp_arguments::{Bench, Soak};

use crate::workspace::{Profile, Workspace};

/// Builds, runs, tests and measures Firedamp.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Find the eBPF tool chain, install what is missing where possible, show what was found
    Setup,
    /// Build the kernel program and the agent around it
    Build {
        /// Optimise the agent (the kernel program always is)
        #[arg(long)]
        release: bool,
    },
    /// Build for release, then run the laboratory, or `firedamp` if arguments are given
    BuildAndRun {
        /// Arguments of `firedamp`, for example: -- run --iface eth0
        #[arg(last = true)]
        agent: Vec<String>,
    },
    /// Build everything that the tests run, then run them all
    Test {
        /// Run the tests of the kernel program in an emulated machine under Debian's kernel of this
        /// line, for example 6.1, or under the image at this path; then the words that follow choose
        /// tests by name
        #[arg(long, value_name = "LINE|FILE")]
        kernel: Option<String>,
        /// The folder of that image's modules, with modules.dep
        #[arg(long, value_name = "DIR", requires = "kernel")]
        modules: Option<PathBuf>,
        /// Arguments of `cargo test`, for example: -p detector judge
        #[arg(allow_hyphen_values = true)]
        cargo: Vec<String>,
        /// Arguments of the tests themselves, for example: -- --nocapture
        #[arg(last = true)]
        harness: Vec<String>,
    },
    /// Measure nanoseconds per packet, or what the ledger costs
    Bench(Bench),
    /// Run the agent for minutes or hours in the laboratory, or on a made-up capture of any length, and see that
    /// nothing grows, nothing is left behind and nobody is missed; or kill it again and again, and see that nothing is
    /// lost
    Soak(Soak),
    /// Look with libFuzzer for bytes that the agent cannot take
    Fuzz {
        /// The target; all of them if none is named
        #[arg(value_parser = fuzz::TARGETS)]
        target: Option<String>,
        /// How long each target is run
        #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
        minutes: u32,
    },
    /// Check the format and lint the code for the host and for the kernel, warnings being errors
    Lint,
    /// Build what is given to others: a stripped program, a .deb and an .rpm, in target/packages
    Dist,
    /// Write the tables of what is found, docs/protocols.md and docs/evasion.md, anew
    Docs,
    /// Remove everything that was built
    Clean {
        /// Remove the tools that `setup` put into .tools, too
        #[arg(long)]
        tools: bool,
    },
}

fn main() -> ExitCode {
    match perform(Arguments::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The words behind the verb, which are handed on as they are once they are known to be right.
fn further() -> Vec<OsString> {
    std::env::args_os().skip(2).collect()
}

fn perform(verb: Verb) -> Result<()> {
    let workspace = Workspace::locate()?;
    match verb {
        Verb::Setup => setup::show(&workspace),
        Verb::Build { release } => {
            verbs::build(&workspace, if release { Profile::Release } else { Profile::Dev })
        }
        Verb::BuildAndRun { agent } => verbs::build_and_run(&workspace, &agent),
        Verb::Test { kernel: None, cargo, harness, .. } => verbs::test(&workspace, &cargo, &harness),
        Verb::Test { kernel: Some(kernel), modules, cargo, harness } => {
            verbs::test_under(&workspace, &kernel, modules.as_deref(), &[cargo, harness].concat())
        }
        Verb::Bench(bench) => verbs::bench(&workspace, &bench, &further()),
        Verb::Soak(_) => verbs::soak(&workspace, &further()),
        Verb::Fuzz { target, minutes } => fuzz::fuzz(&workspace, target.as_deref(), minutes),
        Verb::Lint => verbs::lint(&workspace),
        Verb::Dist => verbs::dist(&workspace),
        Verb::Docs => verbs::docs(&workspace),
        Verb::Clean { tools } => verbs::clean(&workspace, tools),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use clap::error::ErrorKind;

    use super::*;

    fn parse(words: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(["cargo xtask"].into_iter().chain(words.split_whitespace()))
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_makes_no_sense_is_refused_before_anything_is_built() {
        for words in [
            "bench bogus",
            "bench --rounds 0",
            "bench ledger --rounds 3",
            "bench --rounds 3 ledger",
            "soak --minutes x",
            "soak --engine host",
            "fuzz bogus",
        ] {
            let error = parse(words).err().unwrap();
            assert_ne!(error.kind(), ErrorKind::DisplayHelp, "{words}");
            assert_eq!(error.exit_code(), 2, "{words}: {error}");
        }
        for words in [
            "bench --json a --rounds 3",
            "bench ledger --json a --miners 9",
            "soak --minutes 5",
            "soak --packets 5000 -- --flows 9",
            "fuzz http",
        ] {
            assert!(parse(words).is_ok(), "{words}");
        }
    }

    #[test]
    fn the_help_shows_all_there_is() {
        for (words, told) in [
            ("bench --help", &["--json <FILE>", "--repeat", "--rounds", "ledger"][..]),
            ("bench ledger --help", &["--json <FILE>", "--updates", "--miners", "--keep"]),
            (
                "soak --help",
                &["--minutes", "--packets", "--kills", "--capture-hours", "--engine", "[REPLAY]"],
            ),
            ("fuzz --help", &["packet, recogniser,", "websocket", "--minutes"]),
        ] {
            let help = parse(words).err().unwrap().to_string();
            for told in told {
                assert!(help.contains(told), "{told:?} in:\n{help}");
            }
        }
    }
}

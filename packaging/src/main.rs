//! `firedamp-packages`: what `cargo xtask dist` runs once the agent is built.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use firedamp_packaging::{Sources, make};

/// Makes a .deb and an .rpm of a firedamp that is built.
#[derive(Parser)]
struct Arguments {
    /// The checkout
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    /// The program
    #[arg(long, value_name = "FILE")]
    firedamp: PathBuf,
    /// Where the packages go
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// The time of all files in them, in seconds since 1970
    #[arg(long, value_name = "SECONDS", env = "SOURCE_DATE_EPOCH")]
    time: u32,
}

fn main() -> ExitCode {
    let Arguments { root, firedamp, output, time } = Arguments::parse();
    match make(&Sources { root, firedamp, time }, &output) {
        Ok(packages) => {
            for package in packages {
                println!("{}", package.display());
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

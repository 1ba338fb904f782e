//! The command lines of `firedamp-bench` and `firedamp-soak`. `cargo xtask` has the same, so that a mistake is told and
//! the help shown before anything is built.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What `firedamp-bench` measures.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Bench {
    /// Something else than packets.
    #[command(subcommand)]
    pub subject: Option<Subject>,

    /// Write the figures to this file as JSON, too
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// How often a packet is run in a row, where one is run over and over
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub repeat: u32,

    /// How many new connections a round has, where each packet is of a new one, from 1 to 20000
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub flows: u32,

    /// How often all is measured, from 1 to 200; the medians count
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub rounds: u32,
}

/// What is measured instead of packets.
#[derive(Debug, Subcommand)]
pub enum Subject {
    /// Fill a ledger with a simulated day, and read it: updates a second, bytes, and how long the commands take
    Ledger(Ledger),
}

/// A simulated day and its ledger.
#[derive(Args, Debug)]
pub struct Ledger {
    /// Write the figures to this file as JSON, too
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// About how many updates of cases there are
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub updates: u64,

    /// How many addresses mine, from 1 to 2000000
    #[arg(long, value_name = "N", default_value_t = 109_000, value_parser = clap::value_parser!(u32).range(1..=2_000_000))]
    pub miners: u32,

    /// How often each command is run, from 1 to 100
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub runs: u16,

    /// Put the ledger and the other files into this folder, which must not exist, and keep them
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,

    /// The agent [default: `firedamp` beside this program]
    #[arg(long, value_name = "PATH")]
    pub firedamp: Option<PathBuf>,
}

/// What `firedamp-soak` does.
#[derive(Args, Debug)]
pub struct Soak {
    /// The agent [default: `firedamp` beside this program]
    #[arg(long, value_name = "PATH")]
    pub firedamp: Option<PathBuf>,

    /// For how long the laboratory runs
    #[arg(long, value_name = "N", default_value_t = 5.0, value_parser = duration)]
    pub minutes: f64,

    /// Between two troubles: an interface that goes and comes back, a link that flaps, a reload
    #[arg(long, value_name = "SECONDS", default_value_t = 4.0, value_parser = duration)]
    pub pause: f64,

    /// Instead, replay a made-up capture of so many packets, from 1000 to 10000000000
    #[arg(long, value_name = "N", conflicts_with_all = ["minutes", "pause"],
          value_parser = clap::value_parser!(u64).range(1000..=10_000_000_000))]
    pub packets: Option<u64>,

    /// Instead, kill the agent so many times while records flow, from 1 to 100000
    #[arg(long, value_name = "N", conflicts_with_all = ["minutes", "pause", "packets"],
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub kills: Option<u32>,

    /// Decides when it is killed [default: another each time]
    #[arg(long, value_name = "N", requires = "kills")]
    pub seed: Option<u64>,

    /// The time between the first and the last packet of the capture, from 1 to 8760
    #[arg(long, value_name = "H", default_value_t = 24, requires = "packets",
          value_parser = clap::value_parser!(u32).range(1..=8760))]
    pub capture_hours: u32,

    /// Where the recogniser runs in the replay
    #[arg(long, default_value = "host", requires = "packets", value_parser = ["host", "kernel"])]
    pub engine: String,

    /// Further arguments of `firedamp replay`, for example: -- --flows 1000
    #[arg(last = true, requires = "packets")]
    pub replay: Vec<String>,
}

fn duration(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.1..=100_000.0).contains(&number) => Ok(number),
        _ => Err("must be a number from 0.1 to 100000".to_owned()),
    }
}

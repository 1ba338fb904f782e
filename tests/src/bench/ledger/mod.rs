//! What the ledger on disk costs, when very many mine.
//!
//! A simulated day: [`day`] lets miners connect, hand in shares, fall quiet and come back, hour by hour, and gives what the
//! agent's own ledger in memory makes of it: records and updates. [`ingest`] hands them to the agent's own dispatch thread,
//! which enriches them, writes them to `SQLite` and to one output. That thread and the output have one processor; the miners
//! and the ledger in memory, which stand for detection, have another. It ends when the last update is committed, and what
//! the file holds is compared with what was seen. [`past`] gives every case the thirty days before, since a ledger is seldom a
//! day old. [`reading`] then runs the commands that an operator runs, as processes.

mod cast;
mod day;
mod files;
mod hearing;
mod ingest;
mod past;
mod reading;
mod report;

use std::path::{Path, PathBuf};

use anyhow::Result;

pub use ingest::Ingested;
pub use reading::{Command, Readings};
pub use report::Report;

/// What is measured.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many updates there are about.
    pub updates: u64,
    /// Addresses that mine.
    pub miners: u32,
    /// The program whose commands are run.
    pub firedamp: PathBuf,
    /// How often each command is run, at least once.
    pub runs: usize,
}

/// Fills a ledger in `folder` and reads it; `say` is told what happens.
///
/// # Errors
/// Files cannot be written, a command fails, or the ledger does not hold what was seen.
pub fn measure(options: &Options, folder: &Path, say: impl Fn(&str)) -> Result<Report> {
    let path = folder.join("ledger.db");
    let ingested = ingest::ingest(options, folder, &path, &say)?;
    say(&ingested.to_string());
    past::add(&path)?;
    say(&format!("the same day is in the ledger {} times more", past::DAYS));
    let readings = reading::read(options, folder, &path, ingested.day)?;
    Ok(Report { ingested, readings })
}

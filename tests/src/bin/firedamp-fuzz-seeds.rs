//! Writes the inputs with which the fuzz targets begin, a folder for each target, and the words of which libFuzzer makes
//! new ones.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Parser;
use firedamp_tests::fuzz::{TARGETS, seeds};

/// Writes the inputs with which the fuzz targets begin
#[derive(Parser)]
struct Arguments {
    /// The folder under which each target gets one
    folder: PathBuf,
}

fn main() -> Result<()> {
    let Arguments { folder } = Arguments::parse();
    for target in TARGETS {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for (number, seed) in (target.seeds)().iter().enumerate() {
            let file = folder.join(format!("seed-{number:04}"));
            fs::write(&file, seed).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    let mut words = String::new();
    for word in seeds::words() {
        writeln!(words, "\"{}\"", word.escape_ascii())?;
    }
    let file = folder.join("words");
    fs::write(&file, words).with_context(|| format!("cannot write {}", file.display()))
}

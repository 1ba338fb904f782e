use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use detector::config::{Loaded, Overrides, Sort, sort};
use detector::problem::Problem;
use detector::signature::{Sources, check};

use super::ledger::format;
use super::print;

#[derive(Args)]
pub(super) struct Options {
    /// Configuration files, which are checked with all that they name; signature files, or directories of which every
    /// *.toml file is read as one
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Check signature files without the signatures that are built in
    #[arg(long)]
    no_built_in_signatures: bool,
}

/// What came of it.
#[derive(Default)]
struct Report {
    warnings: Vec<Problem>,
    problems: Vec<Problem>,
    /// What the files are, for standard output.
    lines: Vec<String>,
}

/// What is wrong goes to standard error, what they need to standard output.
pub(super) fn check_config(options: &Options) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    let mut signatures = Vec::new();
    for path in &options.paths {
        match sort(path) {
            Ok(Sort::Configuration) => report.configuration(path),
            // Together, because names are unique over all files, and the table has room for so many.
            Ok(Sort::Signatures) => signatures.push(path.clone()),
            Err(problem) => report.problems.push(problem),
        }
    }
    if !signatures.is_empty() {
        report.signatures(&Sources { built_in: !options.no_built_in_signatures, paths: signatures });
    }
    let Report { warnings, problems, lines } = report;
    for warning in &warnings {
        eprintln!("warning: {warning}");
    }
    for problem in &problems {
        eprintln!("error: {problem}");
    }
    if !problems.is_empty() {
        eprintln!("firedamp: {}", counted(problems.len(), "error"));
        return Ok(ExitCode::FAILURE);
    }
    for line in lines {
        if print::line(line)? {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Report {
    fn configuration(&mut self, path: &Path) {
        match Loaded::load(Some(path), &Overrides::default()) {
            Ok(loaded) => {
                self.warnings.extend(loaded.warnings);
                self.lines.push(format!(
                    "{}: configuration, {}, {}, {}",
                    path.display(),
                    counted(loaded.signatures.len(), "signature"),
                    counted(loaded.exclusions.len(), "exclusion"),
                    counted(loaded.config.output.len(), "output"),
                ));
                self.lines.extend(loaded.enricher.ages().iter().map(ToString::to_string));
                let sources = loaded.config.signatures.sources();
                if !sources.paths.is_empty() {
                    self.signatures(&sources);
                }
            }
            Err(wrong) => self.problems.extend(wrong.0),
        }
    }

    fn signatures(&mut self, sources: &Sources) {
        let check = check(sources);
        self.warnings.extend(check.warnings);
        self.problems.extend(check.problems);
        self.lines.extend(check.sizes.iter().map(|(file, size)| {
            format!(
                "{}: {}, {}, {}",
                file.display(),
                counted(size.signatures, "signature"),
                counted(size.states, "state"),
                if size.classes == 1 { "1 class".to_owned() } else { format!("{} classes", size.classes) },
            )
        }));
        self.lines.push(format!("all together: {}", check.total));
    }
}

fn counted(count: usize, noun: &str) -> String {
    format::counted(u64::try_from(count).unwrap_or(u64::MAX), noun)
}

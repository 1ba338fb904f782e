use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use detector::signature::{Sources, check};

use super::print;

#[derive(Args)]
pub(super) struct Options {
    /// Signature files, or directories of which every *.toml file is read
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Check them without the signatures that are built in
    #[arg(long)]
    no_built_in_signatures: bool,
}

/// What is wrong goes to standard error, what they need to standard output.
pub(super) fn check_config(options: &Options) -> anyhow::Result<ExitCode> {
    let sources = Sources { built_in: !options.no_built_in_signatures, paths: options.paths.clone() };
    let check = check(&sources);
    for warning in &check.warnings {
        eprintln!("warning: {warning}");
    }
    for problem in &check.problems {
        eprintln!("error: {problem}");
    }
    if !check.problems.is_empty() {
        eprintln!("firedamp: {}", counted(check.problems.len(), "error"));
        return Ok(ExitCode::FAILURE);
    }
    for (file, size) in &check.sizes {
        let text = format!(
            "{}: {}, {}, {}",
            file.display(),
            counted(size.signatures, "signature"),
            counted(size.states, "state"),
            if size.classes == 1 { "1 class".to_owned() } else { format!("{} classes", size.classes) },
        );
        if print::line(text)? {
            return Ok(ExitCode::SUCCESS);
        }
    }
    print::line(format_args!("all together: {}", check.total))?;
    Ok(ExitCode::SUCCESS)
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

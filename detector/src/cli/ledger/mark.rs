use std::process::ExitCode;

use clap::Args;
use clap::builder::PossibleValuesParser;
use detector::store::read::{Marker, Remark, STATES};
use jiff::Timestamp;
use nix::unistd::{Uid, User};

use super::super::print;
use super::list::json_line;
use super::source::Source;

#[derive(Args)]
pub(in crate::cli) struct Options {
    /// Cases: at least four digits of their numbers, or addresses of miners with one case
    #[arg(required = true, value_name = "CASE")]
    cases: Vec<String>,

    /// The state that they have from now on
    #[arg(long, value_name = "STATE", value_parser = PossibleValuesParser::new(STATES))]
    state: String,

    /// What was done or found out, up to 4096 bytes
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,

    /// Who says so [default: the login name]
    #[arg(long, value_name = "NAME")]
    author: Option<String>,

    #[command(flatten)]
    source: Source,

    /// Write a JSON object for each case
    #[arg(long)]
    json: bool,
}

pub(in crate::cli) fn mark(options: &Options) -> anyhow::Result<ExitCode> {
    let Options { cases, state, note, author, source, json } = options;
    let remark = Remark {
        at: Timestamp::now(),
        author: author.clone().unwrap_or_else(login_name),
        state: state.clone(),
        note: note.clone(),
    };
    let marked = Marker::open(&source.path()?)?.mark(cases, &remark)?;
    print::all(|out| {
        marked.iter().try_for_each(|marked| {
            if *json {
                return json_line(out, marked);
            }
            writeln!(out, "{}: {} -> {}", marked.case_id, marked.before, marked.state)?;
            Ok(())
        })
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Who is logged in, also if he became root for this.
fn login_name() -> String {
    let user = Uid::current();
    if user.is_root()
        && let Some(name) = std::env::var("SUDO_USER").ok().filter(|name| !name.is_empty())
    {
        return name;
    }
    User::from_uid(user).ok().flatten().map_or_else(|| user.to_string(), |user| user.name)
}

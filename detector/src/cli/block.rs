use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use detector::block::Target;
use detector::control::{Preview, Request, SOCKET, ask};
use detector::legible::thousands;
use serde_json::Value;

use super::print;

/// Where the agent listens.
#[derive(Args)]
pub(super) struct Socket {
    /// The control socket of the agent
    #[arg(long, value_name = "PATH", default_value = SOCKET)]
    socket: PathBuf,

    /// Write what the agent answers as JSON
    #[arg(long)]
    json: bool,
}

impl Socket {
    pub(super) const fn json(&self) -> bool {
        self.json
    }

    pub(super) fn ask(&self, request: &Request) -> anyhow::Result<Value> {
        Ok(ask(&self.socket, request)?)
    }
}

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Block something: 10.0.0.2:40000-192.0.2.1:3333 (a connection), 10.0.0.2-192.0.2.1:3333 (a miner and a pool), 192.0.2.1
    /// or 192.0.2.0/24 (an address, a network)
    Add {
        /// What is blocked, in both directions
        target: Target,

        /// Why: it stands in the list and in the audit log
        #[arg(long, value_name = "TEXT", value_parser = sentence)]
        reason: String,

        /// For how many minutes, from 1 to 10080 [default: as the agent's configuration says]
        #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=10080))]
        minutes: Option<u32>,

        #[command(flatten)]
        socket: Socket,
    },
    /// Tell what a block would meet of the connections that are known now, without making it
    Preview {
        /// What would be blocked
        target: Target,

        #[command(flatten)]
        socket: Socket,
    },
    /// List what is blocked, as it is wanted and as the kernel has it, with the packets that it kept back
    List {
        #[command(flatten)]
        socket: Socket,
    },
    /// Let pass what was blocked
    Remove {
        /// The numbers of the blocks, as the list shows them
        #[arg(required = true, value_name = "ID")]
        ids: Vec<u64>,

        #[command(flatten)]
        socket: Socket,
    },
    /// Let everything pass at once, until somebody says resume
    Panic {
        #[command(flatten)]
        socket: Socket,
    },
    /// Go on after a panic, or after too much was dropped
    Resume {
        #[command(flatten)]
        socket: Socket,
    },
}

pub(super) fn block(verb: &Verb) -> anyhow::Result<ExitCode> {
    let (socket, requests) = match verb {
        Verb::Add { target, reason, minutes, socket } => {
            let request = Request::BlockAdd { target: *target, reason: reason.clone(), minutes: *minutes };
            (socket, vec![request])
        }
        Verb::Preview { target, socket } => (socket, vec![Request::BlockPreview { target: *target }]),
        Verb::List { socket } => (socket, vec![Request::BlockList]),
        Verb::Remove { ids, socket } => (socket, ids.iter().map(|&id| Request::BlockRemove { id }).collect()),
        Verb::Panic { socket } => (socket, vec![Request::BlockPanic]),
        Verb::Resume { socket } => (socket, vec![Request::BlockResume]),
    };
    for request in requests {
        let answer = socket.ask(&request)?;
        if socket.json() {
            print::line(&answer)?;
            continue;
        }
        match verb {
            Verb::Add { .. } => print::line(format_args!(
                "block {} of {} until {}: {}",
                number(&answer, "id"),
                text(&answer, "target"),
                text(&answer, "until"),
                text(&answer, "effective")
            ))?,
            Verb::Preview { target, .. } => preview(target, &serde_json::from_value(answer)?)?,
            Verb::List { .. } => list(&answer)?,
            Verb::Remove { .. } => print::line(format_args!("{} passes again", text(&answer, "target")))?,
            Verb::Panic { .. } | Verb::Resume { .. } => print::line(state(&answer))?,
        };
    }
    Ok(ExitCode::SUCCESS)
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of.get(name).and_then(Value::as_str).unwrap_or("-")
}

fn number(of: &Value, name: &str) -> u64 {
    of.get(name).and_then(Value::as_u64).unwrap_or(0)
}

/// What is wanted, what is done, and why that is not the same.
pub(super) fn state(state: &Value) -> String {
    let (requested, effective) = (text(state, "requested"), text(state, "effective"));
    let blocks = number(state, "entries");
    let because = state
        .get("because")
        .and_then(Value::as_str)
        .map(|because| format!(": {because}"))
        .unwrap_or_default();
    if requested == effective {
        format!("mode {effective}, {} blocks{because}", thousands(blocks))
    } else {
        format!("mode {requested} is wanted, and {effective} is done{because}; {} blocks", thousands(blocks))
    }
}

fn preview(target: &Target, preview: &Preview) -> anyhow::Result<bool> {
    let Preview { refused, connections, watched, hosts, examples } = preview;
    print::all(|out| {
        if let Some(refused) = refused {
            writeln!(out, "{target} would be refused: {refused}")?;
        }
        writeln!(
            out,
            "{target} would meet {connections} connections of {hosts} hosts that are known now; {watched} of them are watched"
        )?;
        for seen in examples {
            writeln!(out, "  {} - {}{}", seen.one, seen.other, if seen.watched { "  watched" } else { "" })?;
        }
        if examples.len() < *connections {
            writeln!(out, "  and {} more", connections - examples.len())?;
        }
        Ok(())
    })
}

fn list(answer: &Value) -> anyhow::Result<bool> {
    let blocks = answer.get("blocks").and_then(Value::as_array).cloned().unwrap_or_default();
    let heading = ["ID", "TARGET", "UNTIL", "NOW", "PACKETS", "BYTES", "BY", "REASON"].map(str::to_owned);
    let row = |block: &Value| {
        [
            number(block, "id").to_string(),
            text(block, "target").to_owned(),
            text(block, "until").to_owned(),
            text(block, "effective").to_owned(),
            thousands(number(block, "hits")),
            thousands(number(block, "bytes")),
            text(block, "by").to_owned(),
            text(block, "reason").to_owned(),
        ]
    };
    if !blocks.is_empty() {
        let rows: Vec<[String; 8]> = std::iter::once(heading).chain(blocks.iter().map(row)).collect();
        print::table(&rows)?;
    }
    print::line(state(answer.get("state").unwrap_or(&Value::Null)))
}

/// The longest reason, in characters.
const LONGEST: usize = 200;

fn sentence(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("say why, so that others know it later".to_owned()),
        1..=LONGEST => Ok(text.to_owned()),
        _ => Err(format!("write at most {LONGEST} characters")),
    }
}

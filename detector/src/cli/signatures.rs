use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use detector::judge::escape;
use detector::losses::{LOSSES, UNREAD, lost, unread};
use detector::replay::{Found, TrialSummary, trial};
use detector::signature::Signature;
use serde_json::{Value, json};

use super::{SignatureOptions, print};

#[derive(Subcommand)]
pub(super) enum Verb {
    /// List the signatures that are used
    List(List),
    /// Tell which signatures are found in which connections of captures
    Test(Test),
}

#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    signatures: SignatureOptions,

    /// Write a JSON object a line, with all that the files say
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Test {
    /// Captures: pcap or pcapng, plain or compressed with gzip; `-` reads standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    signatures: SignatureOptions,

    /// Write a JSON object a line: each token that was found, then a summary
    #[arg(long)]
    json: bool,
}

pub(super) fn signatures(verb: &Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::List(options) => list(options),
        Verb::Test(options) => test(options),
    }
}

fn list(options: &List) -> anyhow::Result<ExitCode> {
    let signatures = options.signatures.load()?;
    if options.json {
        for signature in signatures.iter() {
            if print::line(described(signature))? {
                break;
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = vec![["NAME", "PROTOCOL", "SIDE", "WEIGHT", "FILE", "TOKEN"].map(str::to_owned)];
    rows.extend(signatures.iter().map(|signature| {
        [
            signature.name.clone(),
            signature.protocol.clone(),
            signature.side.word().to_owned(),
            signature.weight.to_string(),
            signature.place.to_string(),
            signature.token.replace(|letter: char| letter.is_control(), " "),
        ]
    }));
    print::table(&rows)?;
    Ok(ExitCode::SUCCESS)
}

fn described(signature: &Signature) -> Value {
    let word = |ignored| if ignored { "ignore" } else { "exact" };
    json!({
        "name": signature.name,
        "protocol": signature.protocol,
        "side": signature.side,
        "weight": signature.weight,
        "coin": signature.coin,
        "case": word(signature.ignores_case()),
        "spaces": word(signature.ignores_spaces()),
        "unless": signature.unless().collect::<Vec<_>>(),
        "with": signature.with().collect::<Vec<_>>(),
        "token": signature.token,
        "file": signature.place.file(),
        "line": signature.place.line(),
    })
}

fn test(options: &Test) -> anyhow::Result<ExitCode> {
    let signatures = options.signatures.load()?;
    let mut failed = None;
    let mut tell = |found: &Found<'_>| {
        let line = if options.json { hit_object(found).to_string() } else { hit_line(found) };
        match print::line(line) {
            Ok(false) => ControlFlow::Continue(()),
            closed => {
                failed = Some(closed);
                ControlFlow::Break(())
            }
        }
    };
    if !options.json && print::line(HEADING)? {
        return Ok(ExitCode::SUCCESS);
    }
    let summary = trial(&signatures, &options.files, &mut tell)?;
    if let Some(closed) = failed {
        closed?;
        return Ok(ExitCode::SUCCESS);
    }
    if options.json {
        print::line(summary_object(&summary))?;
    } else {
        summarise(&summary)?;
    }
    for missed in [lost(&summary.counters), unread(&summary.counters)].into_iter().flatten() {
        tracing::warn!("missed in all: {missed}");
    }
    Ok(if summary.incomplete == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

const HEADING: &str = "TIME  FRAME  FROM -> TO  SIGNATURE  PROTOCOL  OFFSET  TEXT";

fn hit_line(found: &Found<'_>) -> String {
    let Found { time, frame, from, to, signature, offset, text, .. } = found;
    let (offset, text) = match offset {
        Some(offset) => (offset.to_string(), escape(text)),
        None if text.is_empty() => ("-".to_owned(), "(began in an earlier segment)".to_owned()),
        None => ("-".to_owned(), escape(text)),
    };
    let Signature { name, protocol, .. } = signature;
    format!("{time:.6}  {frame}  {from} -> {to}  {name}  {protocol}  {offset}  {text}")
}

fn hit_object(found: &Found<'_>) -> Value {
    json!({
        "pcap_filename": found.capture,
        "timestamp": format!("{:.6}", found.time),
        "frame": found.frame,
        "src_ip": found.from.ip(),
        "src_port": found.from.port(),
        "dest_ip": found.to.ip(),
        "dest_port": found.to.port(),
        "signature": found.signature.name,
        "protocol": found.signature.protocol,
        "side": found.signature.side,
        "offset": found.offset,
        "text": escape(&found.text),
    })
}

fn summarise(summary: &TrialSummary) -> anyhow::Result<()> {
    print::line("")?;
    let mut rows = vec![["SIGNATURE".to_owned(), "HITS".to_owned()]];
    rows.extend(summary.hits.iter().map(|(name, count)| [name.clone(), count.to_string()]));
    if rows.len() > 1 {
        print::table(&rows)?;
    }
    let TrialSummary { complete, incomplete, frames, flows, judged, unjudged, .. } = summary;
    print::line(format_args!(
        "{complete} of {} captures read to the end; {frames} frames; {flows} connections with a token, {judged} of them \
         with a verdict",
        complete + incomplete
    ))?;
    for flow in unjudged {
        let names = flow.signatures.iter().cloned().collect::<Vec<_>>().join(", ");
        print::line(format_args!("no verdict: {} -> {} ({names})", flow.from, flow.to))?;
    }
    let unnamed = flows - judged - unjudged.len() as u64;
    if unnamed > 0 {
        print::line(format_args!("no verdict: {unnamed} more connections"))?;
    }
    Ok(())
}

fn summary_object(summary: &TrialSummary) -> Value {
    let unjudged: Vec<Value> = summary
        .unjudged
        .iter()
        .map(|flow| json!({"from": flow.from, "to": flow.to, "signatures": flow.signatures}))
        .collect();
    let is_missed = |name: &str| LOSSES.iter().any(|(loss, _)| *loss == name) || UNREAD.contains(&name);
    let missed: BTreeMap<_, _> =
        summary.counters.iter().filter(|(name, count)| **count > 0 && is_missed(name)).collect();
    json!({
        "summary": {
            "captures": summary.complete + summary.incomplete,
            "complete": summary.complete,
            "frames": summary.frames,
            "flows": summary.flows,
            "judged": summary.judged,
            "unjudged": unjudged,
            "hits": summary.hits,
            "missed": missed,
        }
    })
}

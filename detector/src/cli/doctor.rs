//! `firedamp doctor`: what is in the way on this machine, and what mends it.

use std::io::{IsTerminal as _, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use comfy_table::presets::NOTHING as NO_LINES;
use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table, Width};
use detector::doctor::{Finding, Group, Request, State, examine};
use detector::legible::visible;

use super::print;

/// The width of a page for people.
const WIDTH: u16 = 80;

#[derive(Args)]
pub(super) struct Options {
    /// Look at this interface; repeat it for more. Otherwise those of the configuration are looked at, or briefly all
    /// Ethernet interfaces that are up
    #[arg(long = "iface", value_name = "IF", value_parser = NonEmptyStringValueParser::new())]
    interfaces: Vec<String>,

    /// Check this configuration with all that it names, and the disks on which it has the agent write
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Print an array of objects with check, subject, state, why, mend
    #[arg(long)]
    json: bool,
}

/// Fails if something is fatal.
pub(super) fn doctor(options: &Options) -> anyhow::Result<ExitCode> {
    let request = Request { interfaces: options.interfaces.clone(), config: options.config.clone() };
    let findings = examine(&request);
    let is_brief = request.interfaces.is_empty() && request.config.is_none();
    let colour = stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    print::all(|out| {
        if options.json {
            serde_json::to_writer_pretty(&mut *out, &findings)?;
            writeln!(out)?;
        } else {
            out.write_all(page(&findings, is_brief, colour).as_bytes())?;
        }
        Ok(())
    })?;
    let is_fatal = findings.iter().any(|finding| finding.state == State::Fatal);
    Ok(if is_fatal { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The findings in groups, each interface being one; if `brief`, interfaces without what is fine.
fn page(findings: &[Finding], brief: bool, colour: bool) -> String {
    let mut page = String::new();
    let mut rest = findings;
    while let Some(first) = rest.first() {
        let title = title(first);
        let end = rest.iter().position(|finding| self::title(finding) != title).unwrap_or(rest.len());
        let (group, after) = rest.split_at(end);
        let is_brief = brief && first.check.group() == Group::Interface;
        page += &format!("{}\n", visible(&title));
        page += &section(group, is_brief, colour);
        page.push('\n');
        rest = after;
    }
    page + &total(findings)
}

fn title(finding: &Finding) -> String {
    match finding.check.group() {
        Group::Kernel => "Kernel".to_owned(),
        Group::Machine => "Machine".to_owned(),
        Group::Configuration => "Configuration".to_owned(),
        Group::Interface => format!("Interface {}", finding.subject.as_deref().unwrap_or_default()),
    }
}

fn section(group: &[Finding], brief: bool, colour: bool) -> String {
    let shown: Vec<&Finding> =
        group.iter().filter(|finding| !brief || finding.state != State::Fine).collect();
    let mut table = Table::new();
    table.load_style(NO_LINES).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    if colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    for finding in &shown {
        table.add_row([
            state(finding.state),
            Cell::new(finding.check.name()),
            Cell::new_owned(said(finding)),
        ]);
    }
    let left_out = group.len() - shown.len();
    if left_out > 0 {
        let rest = if shown.is_empty() { "all" } else { "other" };
        let noun = if left_out == 1 { "check" } else { "checks" };
        table.add_row([
            state(State::Fine),
            Cell::new(""),
            Cell::new_owned(format!("{rest} {left_out} {noun}")),
        ]);
    }
    for (width, column) in [8, 15].into_iter().zip(table.column_iter_mut()) {
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width + 2)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((2, 0));
    }
    table.trim_fmt() + "\n"
}

/// What was seen, of which file, and in a line of its own what mends it.
fn said(finding: &Finding) -> String {
    let subject = finding.subject.as_deref().filter(|_| finding.check.group() != Group::Interface);
    let mut text = subject.map(|subject| format!("{subject}: ")).unwrap_or_default();
    text += &finding.why;
    // What is wrong in a file may have several lines.
    let mut lines: Vec<String> = text.lines().map(|line| visible(line).into_owned()).collect();
    lines.extend(finding.mend.as_deref().map(|mend| format!("-> {}", visible(mend))));
    lines.join("\n")
}

fn state(state: State) -> Cell {
    let cell = Cell::new(state);
    match state {
        State::Fine => cell.fg(Color::Green),
        State::Degraded => cell.fg(Color::Yellow),
        State::Fatal => cell.fg(Color::Red).add_attribute(Attribute::Bold),
    }
}

fn total(findings: &[Finding]) -> String {
    let count = |state| findings.iter().filter(|finding| finding.state == state).count();
    let states = [State::Fatal, State::Degraded, State::Fine];
    let counts: Vec<String> = states.iter().map(|&state| format!("{} {state}", count(state))).collect();
    counts.join(", ") + "\n"
}

//! `firedamp doctor`: what is in the way on this machine, and what mends it.

use std::io::{IsTerminal as _, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::builder::{NonEmptyStringValueParser, TypedValueParser as _};
use comfy_table::presets::NOTHING as NO_LINES;
use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table, Width};
use detector::doctor::{Finding, Group, Request, State, examine};
use detector::legible::visible;

use super::{print, wanted};

/// The width of a page for people.
const WIDTH: u16 = 80;

/// The widths of the first two columns: state and check.
const COLUMNS: [u16; 2] = [8, 15];

/// What stands before a command that mends something, in the place of the state.
const ARROW: &str = "         ->  ";

/// What stands behind the first part of a long one.
const CONTINUED: &str = " \\";

#[derive(Args)]
pub(super) struct Options {
    /// Look at this interface, or at those that match a pattern; repeat it for more. Otherwise those of the configuration are looked at, or briefly all
    /// Ethernet interfaces that are up
    #[arg(long = "iface", value_name = "IF",
          value_parser = NonEmptyStringValueParser::new().try_map(wanted))]
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
        page += &visible(&title);
        page.push('\n');
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
        Group::Interface => finding
            .subject
            .as_ref()
            .map_or_else(|| "Interfaces".to_owned(), |name| format!("Interface {name}")),
    }
}

fn section(group: &[Finding], brief: bool, colour: bool) -> String {
    let shown: Vec<&Finding> =
        group.iter().filter(|finding| !brief || finding.state != State::Fine).collect();
    let mut text: String = shown.iter().map(|finding| entry(finding, colour)).collect();
    let left_out = group.len() - shown.len();
    if left_out > 0 {
        let rest = if shown.is_empty() { "all" } else { "other" };
        let noun = if left_out == 1 { "check" } else { "checks" };
        text += &row(
            [state(State::Fine), Cell::new(""), Cell::new_owned(format!("{rest} {left_out} {noun}"))],
            colour,
        );
    }
    text
}

fn entry(finding: &Finding, colour: bool) -> String {
    let said = Cell::new_owned(said(finding));
    let text = row([state(finding.state), Cell::new(finding.check.name()), said], colour);
    text + &finding.mend.as_deref().map(command).unwrap_or_default()
}

fn row(cells: [Cell; 3], colour: bool) -> String {
    let mut table = Table::new();
    table.load_style(NO_LINES).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    if colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table.add_row(cells);
    for column in table.column_iter_mut() {
        column.set_padding((2, 0));
    }
    for (width, column) in COLUMNS.into_iter().zip(table.column_iter_mut()) {
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width + 2)));
    }
    table.trim_fmt() + "\n"
}

/// A command on lines that can be copied: what is too long goes on after a backslash.
fn command(mend: &str) -> String {
    let mut text = String::from(ARROW);
    let mut width = ARROW.len();
    for (at, part) in visible(mend).split(' ').enumerate() {
        let length = part.chars().count();
        if at > 0 && width + 1 + length > usize::from(WIDTH) - CONTINUED.len() {
            text += CONTINUED;
            text += "\n";
            text += &" ".repeat(ARROW.len());
            width = ARROW.len();
        } else if at > 0 {
            text.push(' ');
            width += 1;
        }
        text += part;
        width += length;
    }
    text + "\n"
}

/// What was seen, and of which file.
fn said(finding: &Finding) -> String {
    let subject = finding.subject.as_deref().filter(|subject| {
        // The title tells the interface, and what is wrong in a file begins with the file.
        finding.check.group() != Group::Interface && !finding.why.starts_with(subject)
    });
    let mut text = subject.map(|subject| format!("{subject}: ")).unwrap_or_default();
    text += &finding.why;
    // What is wrong in a file may have several lines.
    text.lines().map(|line| visible(line).into_owned()).collect::<Vec<_>>().join("\n")
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

#[cfg(test)]
mod tests {
    use detector::doctor::Check;

    use super::*;

    fn finding(check: Check, subject: Option<&str>, state: State, mend: Option<&str>) -> Finding {
        let why =
            "the word is repeated so often that it does not fit into one line of the page at all".to_owned();
        Finding { check, subject: subject.map(str::to_owned), state, why, mend: mend.map(str::to_owned) }
    }

    fn findings() -> Vec<Finding> {
        let long =
            "firedamp run --iface lan1 --iface lan2 --iface lan3 --iface lan4 --iface lan5 --iface lan6";
        vec![
            finding(Check::Jit, None, State::Degraded, Some("sudo sysctl -w net.core.bpf_jit_enable=1")),
            finding(Check::Disk, Some("/var/log/eve.json"), State::Fatal, None),
            finding(Check::Stacking, Some("br0"), State::Degraded, Some(long)),
            finding(Check::ReceiveOffload, Some("br0"), State::Fine, None),
        ]
    }

    #[test]
    fn a_page_has_80_columns_and_commands_that_can_be_copied() {
        let page = page(&findings(), false, false);
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        assert!(!page.contains('\x1b'));
        assert!(page.contains("->  sudo sysctl -w net.core.bpf_jit_enable=1\n"), "{page}");
        let whole = page.replace(&format!(" \\\n{}", " ".repeat(ARROW.len())), " ");
        assert!(whole.contains("--iface lan5 --iface lan6\n"), "{page}");
        for title in ["Kernel\n", "Configuration\n", "Interface br0\n"] {
            assert!(page.contains(title), "{page}");
        }
        assert!(page.contains("/var/log/eve.json: "), "{page}");
        assert!(page.ends_with("1 fatal, 2 degraded, 1 fine\n"), "{page}");
    }

    #[test]
    fn a_brief_page_leaves_out_what_is_fine_at_interfaces() {
        let page = page(&findings(), true, false);
        assert!(!page.contains("receive-offload"), "{page}");
        assert!(page.contains("other 1 check\n"), "{page}");
    }

    #[test]
    fn colours_are_only_used_if_they_are_wanted() {
        assert!(page(&findings(), false, true).contains('\x1b'));
    }
}

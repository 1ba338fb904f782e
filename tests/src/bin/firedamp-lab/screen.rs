//! The terminal: one short line a record, the agent's log dimmed, a table at the end.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};

use firedamp_tests::lab::{Record, Report};
use serde_json::Value;

use crate::traffic::Totals;

const DIM: &str = "\x1b[2m";
const BOLD: &str = "\x1b[1m";
const RED: &str = "\x1b[31m";
const PLAIN: &str = "\x1b[0m";

/// Where and how to print.
pub(crate) struct Screen {
    json: bool,
    colour_out: bool,
    colour_err: bool,
}

impl Screen {
    pub(crate) fn new(json: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            json,
            colour_out: wanted && io::stdout().is_terminal(),
            colour_err: wanted && io::stderr().is_terminal(),
        }
    }

    /// A line of the agent's log, or a remark beside it.
    pub(crate) fn log(&self, line: &str) -> io::Result<()> {
        if self.colour_err {
            writeln!(io::stderr(), "{DIM}{line}{PLAIN}")
        } else {
            writeln!(io::stderr(), "{line}")
        }
    }

    /// A record of the agent.
    pub(crate) fn record(&self, record: &Record) -> io::Result<()> {
        if self.json {
            return writeln!(io::stdout(), "{}", record.text);
        }
        let Some(case) = Case::read(&record.value) else { return Ok(()) };
        let time = text(&record.value, "/timestamp");
        // 2025-01-31T12:34:56.789012+0000: the time of day to the millisecond.
        let time = time.get(11..23).unwrap_or(&time);
        let agent = text(&record.value, "/mining/agent");
        let colour = match case.verdict.as_str() {
            "confirmed" => RED,
            _ => BOLD,
        };
        let (on, off) = if self.colour_out { (colour, PLAIN) } else { ("", "") };
        writeln!(
            io::stdout(),
            "{time}  {:<10} -> {:<18}  {:<10} {:<3}  {on}{}{off} {}  {}  {}",
            case.miner,
            case.pool,
            case.protocol,
            case.coin,
            case.verdict,
            case.stage,
            case.shares,
            agent.split_whitespace().next().unwrap_or_default(),
        )
    }

    /// What was found, and what it was found among.
    pub(crate) fn table(&self, report: &Report, totals: &Totals) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        let mut cases: BTreeMap<[String; 3], Case> = BTreeMap::new();
        for case in report.alerts().filter_map(|alert| Case::read(&alert.value)) {
            cases.insert([case.miner.clone(), case.pool.clone(), case.protocol.clone()], case);
        }
        let mut rows = vec![Case::HEADINGS.map(str::to_owned)];
        rows.extend(cases.into_values().map(Case::row));
        let mut widths = [0; Case::HEADINGS.len()];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut out = io::stdout().lock();
        writeln!(out)?;
        for (number, row) in rows.iter().enumerate() {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
            let line = cells.collect::<Vec<_>>().join("  ");
            match number {
                0 if self.colour_out => writeln!(out, "{BOLD}{}{PLAIN}", line.trim_end())?,
                _ => writeln!(out, "{}", line.trim_end())?,
            }
        }
        let told = |count: Option<u64>| count.map_or_else(|| "unknown".to_owned(), |count| count.to_string());
        writeln!(out)?;
        writeln!(
            out,
            "sent beside: {} MiB of bulk TCP ({} of {} segments sent again), {} answers of a JSON-RPC service",
            totals.bulk >> 20,
            totals.segments.sent_again,
            totals.segments.sent,
            totals.answers,
        )?;
        writeln!(
            out,
            "shares really sent: {}; packets seen: {}; events lost: {}",
            totals.shares,
            told(report.counter("packets")),
            told(report.lost()),
        )
    }
}

/// One miner at one pool, as the newest record tells it.
struct Case {
    miner: String,
    pool: String,
    coin: String,
    protocol: String,
    verdict: String,
    stage: String,
    connections: String,
    shares: String,
}

impl Case {
    const HEADINGS: [&str; 8] =
        ["MINER", "POOL", "COIN", "PROTOCOL", "VERDICT", "STAGE", "CONNECTIONS", "SHARES"];

    /// `None` when the record is no alert.
    fn read(record: &Value) -> Option<Self> {
        if text(record, "/event_type") != "alert" {
            return None;
        }
        let pool = (text(record, "/dest_ip"), text(record, "/dest_port"));
        Some(Self {
            miner: text(record, "/src_ip"),
            pool: if pool.0.contains(':') {
                format!("[{}]:{}", pool.0, pool.1)
            } else {
                format!("{}:{}", pool.0, pool.1)
            },
            coin: text(record, "/mining/coin"),
            protocol: text(record, "/mining/protocol"),
            verdict: text(record, "/mining/verdict"),
            stage: text(record, "/mining/stage"),
            connections: text(record, "/mining/connections"),
            shares: format!(
                "{} sent, {} accepted, {} rejected",
                text(record, "/mining/shares/submitted"),
                text(record, "/mining/shares/accepted"),
                text(record, "/mining/shares/rejected")
            ),
        })
    }

    fn row(self) -> [String; Self::HEADINGS.len()] {
        [
            self.miner,
            self.pool,
            self.coin,
            self.protocol,
            self.verdict,
            self.stage,
            self.connections,
            self.shares,
        ]
    }
}

/// The text or number at `path`, or a dash: what the agent does not know it leaves out.
fn text(record: &Value, path: &str) -> String {
    match record.pointer(path) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "-".to_owned(),
        Some(other) => other.to_string(),
    }
}

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write as _, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use clap::{Args, ValueEnum};
use detector::advice::Language;
use detector::report::{self, Report};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

#[derive(Args)]
pub(super) struct Options {
    /// The ledger of the agent; it may be running
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,

    /// The day: YYYY-MM-DD, `today` or `yesterday`
    #[arg(long, value_name = "DAY", default_value = "yesterday")]
    day: String,

    /// Write one HTML file that needs nothing else and is readable on paper; nothing goes to standard output then, unless
    /// --json or --csv asks for it. `-` is standard output
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Write all figures as one JSON object
    #[arg(long, conflicts_with = "csv")]
    json: bool,

    /// Write all figures as CSV: section, key, measure, value
    #[arg(long)]
    csv: bool,

    /// The language of text and HTML
    #[arg(long, value_enum, default_value_t = Lang::En)]
    lang: Lang,

    /// The time zone in which the day is, as in Asia/Shanghai or +08:00 [default: the system's]
    #[arg(long, value_name = "ZONE", value_parser = time_zone)]
    timezone: Option<TimeZone>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Lang {
    En,
    Zh,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::En => Self::En,
            Lang::Zh => Self::Zh,
        }
    }
}

/// A name of the time zone database, `UTC`, or an offset.
fn time_zone(text: &str) -> Result<TimeZone, String> {
    if text.starts_with(['+', '-']) {
        let offset = jiff::fmt::temporal::DateTimeParser::new().parse_time_zone(text);
        return offset.map_err(|_| "an offset has the form +HH:MM, as in +08:00".to_owned());
    }
    TimeZone::get(text).map_err(|_| {
        "no such time zone; give a name as in Asia/Shanghai, or an offset as in +08:00".to_owned()
    })
}

fn day(text: &str, zone: &TimeZone, now: Timestamp) -> anyhow::Result<Date> {
    let today = now.to_zoned(zone.clone()).date();
    let day = match text {
        "today" => today,
        "yesterday" => today.checked_sub(1.day())?,
        _ => text.parse().map_err(|_| {
            super::usage(format!("invalid value '{text}' for --day: give YYYY-MM-DD, today or yesterday"))
        })?,
    };
    if day > today {
        return Err(super::usage(format!(
            "invalid value '{text}' for --day: that day has not begun, today is {today}"
        )));
    }
    Ok(day)
}

pub(super) fn report(options: &Options) -> anyhow::Result<ExitCode> {
    let zone = options.timezone.clone().unwrap_or_else(TimeZone::system);
    let now = Timestamp::now();
    let day = day(&options.day, &zone, now)?;
    let ledger = options.ledger.display();
    let unread = || format!("cannot read the ledger {ledger}");
    if !options.ledger.is_file() {
        return Err(anyhow!("no ledger at {ledger}: give the file that `firedamp run --ledger` writes"));
    }
    let mut connection = report::open(&options.ledger).with_context(unread)?;
    let report = Report::read(&mut connection, day, &zone, now).with_context(unread)?;
    let language = options.lang.into();
    if let Some(path) = &options.html {
        let page = report::html::html(&report, language);
        if path.as_os_str() == "-" {
            print(page.as_bytes())?;
        } else {
            write(path, &page)?;
        }
    }
    if options.json {
        let mut text = serde_json::to_string_pretty(&report)?;
        text.push('\n');
        print(text.as_bytes())?;
    } else if options.csv {
        let mut text = Vec::new();
        report::csv::write(&report, &mut text)?;
        print(&text)?;
    } else if options.html.is_none() {
        print(report::text::text(&report, language).as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// That nobody reads any more is no error.
fn print(text: &[u8]) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(anyhow!(
            "cannot write to standard output: {error}; send it to a file or a program that takes it"
        )),
        _ => Ok(()),
    }
}

/// A reader never finds half a page: it is written beside and takes the old one's place.
fn write(path: &Path, page: &str) -> anyhow::Result<()> {
    let mut beside = path.to_owned().into_os_string();
    beside.push(".part");
    let written = || -> std::io::Result<()> {
        let mut file = BufWriter::new(File::create(&beside)?);
        file.write_all(page.as_bytes())?;
        file.into_inner()?.sync_all()?;
        std::fs::rename(&beside, path)
    };
    written().with_context(|| format!("cannot write {}", path.display()))?;
    tracing::info!("wrote {}", path.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_zone_is_a_name_or_an_offset() {
        for good in ["UTC", "Asia/Shanghai", "+08:00", "-03:30"] {
            assert!(time_zone(good).is_ok(), "{good}");
        }
        for bad in ["Asia/Nowhere", "+8 hours", "", "CST8"] {
            assert!(time_zone(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_day_is_one_of_the_time_zone() {
        let now: Timestamp = "2026-11-22T20:00:00Z".parse().unwrap();
        let shanghai = time_zone("+08:00").unwrap();
        assert_eq!(day("today", &shanghai, now).unwrap().to_string(), "2026-11-23");
        assert_eq!(day("yesterday", &TimeZone::UTC, now).unwrap().to_string(), "2026-11-21");
        assert_eq!(day("2026-02-28", &TimeZone::UTC, now).unwrap().to_string(), "2026-02-28");
        for bad in ["2026-11-23", "2026-02-30", "tomorrow", ""] {
            assert!(day(bad, &TimeZone::UTC, now).is_err(), "{bad}");
        }
    }
}

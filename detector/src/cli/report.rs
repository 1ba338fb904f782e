use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use detector::advice::Language;
use detector::report::{self, Report};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::ledger::source::Source;
use super::{page, print};

#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    source: Source,

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
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    lang: Language,

    /// The time zone in which the day is, as in Asia/Shanghai or +08:00 [default: the system's]
    #[arg(long, value_name = "ZONE", value_parser = time_zone)]
    timezone: Option<TimeZone>,
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
    let to_stdout = options.html.as_ref().is_some_and(|path| path.as_os_str() == "-");
    if to_stdout && (options.json || options.csv) {
        return Err(super::usage("--html - cannot go to standard output beside --json or --csv"));
    }
    let mut reader = options.source.reader()?;
    let report = Report::read(reader.connection(), day, &zone, now)?;
    if let Some(path) = &options.html {
        let page = report::html::html(&report, options.lang);
        if to_stdout {
            print::all(|out| Ok(out.write_all(page.as_bytes())?))?;
        } else {
            page::write(path, page.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
            tracing::info!("wrote {}", path.display());
        }
    }
    if options.json {
        let text = serde_json::to_string_pretty(&report)?;
        print::line(text)?;
    } else if options.csv {
        print::all(|out| Ok(report::csv::write(&report, out)?))?;
    } else if options.html.is_none() {
        let text = report::text::text(&report, options.lang);
        print::all(|out| Ok(out.write_all(text.as_bytes())?))?;
    }
    Ok(ExitCode::SUCCESS)
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

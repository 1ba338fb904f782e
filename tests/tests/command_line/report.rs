//! The report of a day as a command.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use firedamp_tests::ledger::{Size, write};
use jiff::Timestamp;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use crate::runs::{FAILURE, Outcome, Running, SUCCESS, USAGE, firedamp, folder_with, outcome, text};

struct Invented(TempDir);

impl Invented {
    fn new() -> Result<Self> {
        let folder = folder_with(&[])?;
        write(&folder.path().join("ledger.db"), Size { miners: 100, days: 3 }, Timestamp::now())?;
        Ok(Self(folder))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn report(&self, arguments: &[&str]) -> Result<Outcome> {
        let path = self.path("ledger.db");
        outcome(&[&["report", "--ledger", text(&path)?, "--timezone", "UTC"], arguments].concat())
    }
}

#[test]
fn a_day_is_told_as_text_json_csv_and_html() -> Result<()> {
    let ledger = Invented::new()?;
    let told = ledger.report(&[])?;
    assert_eq!((told.code, told.err.as_str()), (Some(SUCCESS), ""));
    assert!(told.out.lines().all(|line| line.chars().count() <= 80), "{}", told.out);
    let json: Value = serde_json::from_str(&ledger.report(&["--json"])?.out)?;
    let addresses = json.pointer("/totals/addresses").and_then(Value::as_u64).context("no figure")?;
    assert!(addresses > 0);
    let csv = ledger.report(&["--csv"])?.out;
    assert!(csv.contains(&format!("totals,,addresses,{addresses}\n")), "{csv}");
    for section in ["report,,recorded_since,", "top_pool,", "without_coordinates,,addresses,"] {
        assert!(csv.contains(section), "{section} in {csv}");
    }
    let html = ledger.report(&["--html", "-", "--lang", "zh"])?.out;
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("zh"), "{html}");
    Ok(())
}

#[test]
fn the_ledger_may_be_named_by_the_configuration() -> Result<()> {
    let ledger = Invented::new()?;
    let config = ledger.path("firedamp.toml");
    fs::write(&config, format!("[ledger]\nfile = '{}'\n", ledger.path("ledger.db").display()))?;
    let told = outcome(&["report", "--config", text(&config)?, "--day", "today"])?;
    assert_eq!(told.code, Some(SUCCESS), "{told:?}");
    Ok(())
}

#[test]
fn what_cannot_be_reported_is_refused() -> Result<()> {
    let ledger = Invented::new()?;
    for (arguments, words) in [
        (&["--day", "2026-02-30"][..], "give YYYY-MM-DD"),
        (&["--day", "9999-01-01"], "that day has not begun"),
        (&["--json", "--csv"], "cannot be used with"),
        (&["--html", "-", "--json"], "--html - cannot go to standard output"),
    ] {
        ledger.report(arguments)?.fails(USAGE, &[words]);
    }
    let path = ledger.path("ledger.db");
    let nowhere = outcome(&["report", "--ledger", text(&path)?, "--timezone", "Asia/Nowhere"])?;
    nowhere.fails(USAGE, &["no such time zone"]);
    Ok(())
}

#[test]
fn a_file_that_is_no_ledger_of_this_version_is_refused() -> Result<()> {
    let ledger = Invented::new()?;
    let path = ledger.path("other.db");
    Connection::open(&path)?.execute_batch("CREATE TABLE cases (id)")?;
    let other = outcome(&["report", "--ledger", text(&path)?])?;
    other.fails(FAILURE, &["other.db: this is no ledger of Firedamp"]);
    let none = outcome(&["report", "--ledger", text(&ledger.path("none.db"))?])?;
    none.fails(FAILURE, &["none.db: there is no ledger", "--ledger FILE names it"]);
    Connection::open(ledger.path("ledger.db"))?.pragma_update(None, "user_version", 77)?;
    ledger.report(&[])?.fails(FAILURE, &["was written by a newer Firedamp"]);
    Ok(())
}

#[test]
fn a_page_replaces_the_old_one_and_nothing_else() -> Result<()> {
    let ledger = Invented::new()?;
    let page = ledger.path("report.html");
    fs::write(&page, "old")?;
    fs::set_permissions(&page, fs::Permissions::from_mode(0o604))?;
    let made = ledger.report(&["--html", text(&page)?])?;
    assert_eq!((made.code, made.out.as_str()), (Some(SUCCESS), ""));
    assert!(fs::read_to_string(&page)?.ends_with("</html>"), "the page is whole");
    assert_eq!(page.metadata()?.permissions().mode() & 0o777, 0o604);
    let names: Vec<_> =
        fs::read_dir(ledger.0.path())?.map(|it| Ok(it?.file_name())).collect::<Result<_>>()?;
    assert!(names.iter().all(|name| name != "report.html.part" && !name.to_string_lossy().starts_with('.')));
    // A pipe is written to, and stays one.
    let pipe = ledger.path("pipe");
    mkfifo(&pipe, Mode::S_IRUSR | Mode::S_IWUSR)?;
    let path = ledger.path("ledger.db");
    let writing = Running::start(firedamp(&["report", "--ledger", text(&path)?, "--html", text(&pipe)?])?)?;
    let mut page = String::new();
    fs::File::open(&pipe)?.read_to_string(&mut page)?;
    assert_eq!(writing.wait()?.code, Some(SUCCESS));
    assert!(page.ends_with("</html>"));
    let unwritten = ledger.report(&["--html", text(ledger.0.path())?])?;
    unwritten.fails(FAILURE, &["cannot write"]);
    Ok(())
}

#[test]
fn that_nobody_reads_a_report_is_no_error() -> Result<()> {
    let ledger = Invented::new()?;
    let path = ledger.path("ledger.db");
    for format in ["--json", "--csv", "--lang=zh"] {
        let mut running = Running::start(firedamp(&["report", "--ledger", text(&path)?, format])?)?;
        drop(running.child.stdout.take());
        let outcome = running.wait()?;
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(SUCCESS), ""), "{format}");
    }
    Ok(())
}

//! The commands that read the ledger, and the one that marks cases.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use firedamp_tests::ledger::{Size, miner, write};
use jiff::Timestamp;
use nix::pty::openpty;
use serde_json::Value;
use tempfile::TempDir;

use crate::runs::{FAILURE, Outcome, Running, SUCCESS, USAGE, firedamp, folder_with, outcome, text};

/// A ledger of invented miners.
struct Invented {
    folder: TempDir,
}

impl Invented {
    fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        write(&folder.path().join("ledger.db"), Size { miners: 200, days: 7 }, Timestamp::now())?;
        Ok(Self { folder })
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("ledger.db")
    }

    /// What a command says, on a line of so many columns.
    fn wide(&self, columns: &str, arguments: &[&str]) -> Result<Outcome> {
        let path = self.path();
        let mut command = firedamp(&[arguments, &["--ledger", text(&path)?]].concat())?;
        command.env("COLUMNS", columns).env("TZ", "Asia/Shanghai");
        Running::start(command)?.wait()
    }

    fn says(&self, arguments: &[&str]) -> Result<Outcome> {
        let path = self.path();
        let mut command = firedamp(&[arguments, &["--ledger", text(&path)?]].concat())?;
        command.env_remove("COLUMNS").env("TZ", "Asia/Shanghai");
        Running::start(command)?.wait()
    }

    fn objects(&self, arguments: &[&str]) -> Result<Vec<Value>> {
        let outcome = self.says(&[arguments, &["--json"]].concat())?;
        assert_eq!(outcome.code, Some(SUCCESS), "{outcome:?}");
        outcome.records()
    }

    /// A case that is not hidden and mines.
    fn a_case(&self) -> Result<Value> {
        self.objects(&["cases", "--verdict", "confirmed", "--coin", "XMR"])?
            .into_iter()
            .next()
            .context("there is none")
    }
}

fn id(case: &Value) -> &str {
    case["case_id"].as_str().unwrap_or_default()
}

#[test]
fn tables_fit_the_line_and_say_what_they_leave_out() -> Result<()> {
    let ledger = Invented::new()?;
    for (verb, key) in [("miners", "MINER"), ("pools", "POOL"), ("cases", "CASE")] {
        for (columns, widest) in [("80", 80), ("200", 200)] {
            let outcome = ledger.wide(columns, &[verb, "--limit", "20"])?;
            assert_eq!((outcome.code, outcome.err.as_str()), (Some(SUCCESS), ""));
            let table = outcome.out.split("\n\n").next().unwrap_or_default();
            assert!(table.lines().all(|line| line.chars().count() <= widest), "{}", outcome.out);
            assert!(table.starts_with(key) && table.contains("LAST SEEN"), "{}", outcome.out);
            assert!(table.lines().all(|line| line == line.trim_end()), "{}", outcome.out);
            assert!(outcome.out.contains("times are those of Asia/Shanghai"), "{}", outcome.out);
            assert!(outcome.out.contains("hidden case"), "{}", outcome.out);
            assert!(!outcome.out.contains('\x1b'), "{}", outcome.out);
        }
        let narrow = ledger.wide("80", &[verb])?.out;
        let wide = ledger.wide("200", &[verb])?.out;
        let titles = |out: &str| {
            out.lines().next().unwrap_or_default().split("  ").filter(|it| !it.is_empty()).count()
        };
        assert!(titles(&narrow) < titles(&wide), "{narrow}\n{wide}");
    }
    let miners = ledger.wide("80", &["miners", "--limit", "20"])?.out;
    assert_eq!(miners.split("\n\n").next().unwrap_or_default().lines().count(), 21, "{miners}");
    assert!(miners.contains("20 of ") && miners.contains("--limit 0 lists all"), "{miners}");
    assert!(miners.contains("which do not mine; --verdict node lists nodes"), "{miners}");
    Ok(())
}

#[test]
fn a_pipe_gets_whole_lines_with_the_zone_in_each_time() -> Result<()> {
    let ledger = Invented::new()?;
    let outcome = ledger.says(&["cases", "--limit", "5"])?;
    let lines: Vec<&str> = outcome.out.lines().take(6).collect();
    for title in ["CASE", "MINER", "POOL", "AGENT", "RETURNS", "HIDDEN BY"] {
        assert!(lines[0].contains(title), "{title} in {}", outcome.out);
    }
    assert!(lines[1].ends_with("+08:00"), "{}", lines[1]);
    let utc = ledger.says(&["cases", "--limit", "5", "--utc"])?.out;
    assert!(utc.lines().nth(1).is_some_and(|line| line.ends_with("+00:00")), "{utc}");
    Ok(())
}

#[test]
fn colours_are_for_terminals_that_want_them() -> Result<()> {
    let ledger = Invented::new()?;
    let path = ledger.path();
    for (no_colour, coloured) in [(None, true), (Some("1"), false)] {
        let terminal = openpty(None, None)?;
        let mut command = firedamp(&["miners", "--ledger", text(&path)?])?;
        command.stdout(terminal.slave).env("COLUMNS", "200");
        if let Some(value) = no_colour {
            command.env("NO_COLOR", value);
        }
        let mut child = command.spawn()?;
        drop(command);
        let mut said = Vec::new();
        fs::File::from(terminal.master).read_to_end(&mut said).ok();
        assert_eq!(child.wait()?.code(), Some(SUCCESS));
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("MINER"), "{said:?}");
        assert_eq!(said.contains('\x1b'), coloured, "NO_COLOR {no_colour:?}: {said:?}");
    }
    Ok(())
}

#[test]
fn json_and_csv_have_all_and_agree() -> Result<()> {
    let ledger = Invented::new()?;
    for (verb, key) in [("miners", "miner_ip"), ("pools", "pool_ip"), ("cases", "case_id")] {
        let objects = ledger.objects(&[verb])?;
        assert!(objects.len() > 2);
        let csv = ledger.says(&[verb, "--csv"])?;
        let mut lines = csv.out.lines();
        let header: Vec<&str> = lines.next().context("empty")?.split(',').collect();
        let place = header.iter().position(|name| *name == key).context("no key")?;
        let keys: Vec<&str> = lines.filter_map(|line| line.split(',').nth(place)).collect();
        let told: Vec<&str> = objects.iter().filter_map(|object| object[key].as_str()).collect();
        assert_eq!(keys, told);
        for time in ["first_seen", "last_seen"] {
            let time = objects[0][time].as_str().context("no time")?;
            assert!(time.parse::<Timestamp>().is_ok() && time.ends_with('Z'), "{time}");
        }
    }
    let case = ledger.a_case()?;
    assert_eq!(case["evidence"], Value::Null, "explain tells it");
    outcome(&["cases", "--json", "--csv"])?.fails(USAGE, &["'--csv'"]);
    Ok(())
}

#[test]
fn filters_and_orders_hold_in_every_line() -> Result<()> {
    let ledger = Invented::new()?;
    let all = ledger.objects(&["cases", "--hidden", "include"])?;
    assert!(all.len() > 200, "a tenth has two cases");
    let is =
        |case: &Value, path: &str, value: &str| case.pointer(path).and_then(Value::as_str) == Some(value);
    for (option, value, path) in [
        ("--network-type", "education", "/network/type"),
        ("--region", "Shandong", "/network/region"),
        ("--city", "Chengdu", "/network/city"),
        ("--country", "DE", "/network/country"),
        ("--site", "Site 3", "/network/site"),
        ("--coin", "XMR", "/coin"),
        ("--protocol", "stratum-v1", "/protocol"),
        ("--verdict", "probable", "/verdict"),
        ("--life", "quiet", "/life"),
        ("--state", "notified", "/state"),
        ("--worker", "rig7", "/worker"),
        ("--miner", "10.0.0.7", "/miner_ip"),
    ] {
        let found = ledger.objects(&["cases", "--hidden", "include", option, value])?;
        assert!(found.iter().all(|case| is(case, path, value)), "{option} {value}");
        let expected = all.iter().filter(|case| is(case, path, value)).count();
        assert_eq!(found.len(), expected, "{option} {value}");
    }
    let watts: Vec<f64> = ledger
        .objects(&["cases", "--sort", "-power"])?
        .iter()
        .filter_map(|case| case["power_w"].as_f64())
        .collect();
    assert!(watts.len() > 10 && watts.is_sorted_by(|a, b| a >= b));
    Ok(())
}

#[test]
fn filters_by_number_time_and_part_find_what_fits() -> Result<()> {
    let ledger = Invented::new()?;
    let all = ledger.objects(&["cases", "--hidden", "include"])?;
    let text = |case: &Value, field: &str| case[field].as_str().unwrap_or_default().to_owned();
    let ids = |cases: &[Value]| cases.iter().map(|case| id(case).to_owned()).collect::<BTreeSet<_>>();
    let found = |arguments: &[&str]| -> Result<BTreeSet<String>> {
        Ok(ids(&ledger.objects(&[&["cases", "--hidden", "include"], arguments].concat())?))
    };
    let those = |fits: &dyn Fn(&Value) -> bool| {
        let those: Vec<Value> = all.iter().filter(|case| fits(case)).cloned().collect();
        assert!(!those.is_empty() && those.len() < all.len(), "some fit, and some do not");
        ids(&those)
    };
    let asn = all.iter().find_map(|case| case.pointer("/network/asn")?.as_u64()).context("no AS")?;
    let of_asn = those(&|case| case.pointer("/network/asn").and_then(Value::as_u64) == Some(asn));
    assert_eq!(found(&["--asn", &asn.to_string()])?, of_asn);
    assert_eq!(found(&["--asn", &format!("AS{asn}")])?, of_asn);
    let pool = text(all.first().context("empty")?, "pool_ip");
    assert_eq!(found(&["--pool", &pool])?, those(&|case| case["pool_ip"] == *pool));
    let wallet = all.iter().find_map(|case| case["wallet"].as_str()).context("no wallet")?;
    assert_eq!(found(&["--wallet", wallet])?, those(&|case| case["wallet"] == *wallet));
    let mut times: Vec<String> = all.iter().map(|case| text(case, "first_seen")).collect();
    times.sort();
    let middle = times.get(times.len() / 2).context("empty")?;
    assert_eq!(found(&["--until", middle])?, those(&|case| text(case, "first_seen") <= *middle));
    let mut times: Vec<String> = all.iter().map(|case| text(case, "last_seen")).collect();
    times.sort();
    let middle = times.get(times.len() / 2).context("empty")?;
    let recent =
        those(&|case| text(case, "last_seen") >= *middle && text(case, "miner_ip").starts_with("10."));
    assert_eq!(found(&["--since", middle, "--prefix", "10.0.0.0/9"])?, recent);
    let hidden = ids(&ledger.objects(&["cases", "--hidden", "only"])?);
    let shown = ids(&ledger.objects(&["cases"])?);
    assert!(!hidden.is_empty() && hidden.is_disjoint(&shown));
    assert_eq!(hidden.len() + shown.len(), all.len());
    Ok(())
}

#[test]
fn what_is_not_there_gets_the_nearest_name() -> Result<()> {
    let ledger = Invented::new()?;
    let outcome = ledger.says(&["miners", "--region", "Shandnog"])?;
    assert_eq!((outcome.code, outcome.out.as_str()), (Some(SUCCESS), "no miners\n"));
    outcome.says(&["this ledger has no region \"Shandnog\"; --region \"Shandong\" perhaps"]);
    for (arguments, word) in [
        (&["miners", "--verdict", "confirmd"][..], "'confirmed'"),
        (&["miners", "--sort", "-powr"], "\"power\" perhaps"),
        (&["cases", "--since", "lately"], "how long ago"),
        (&["cases", "--since", "2026-11-23", "--until", "2026-11-22"], "is later than"),
        (&["pools", "--prefix", "10.0.0.0/33"], "'10.0.0.0/33'"),
        (&["pools", "--asn", "ASX"], "AS64500"),
    ] {
        ledger.says(arguments)?.fails(USAGE, &[word]);
    }
    Ok(())
}

#[test]
fn a_case_is_explained_in_text_and_as_json() -> Result<()> {
    let ledger = Invented::new()?;
    let case = ledger.a_case()?;
    let outcome = ledger.wide("100", &["explain", &id(&case)[..12]])?;
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(SUCCESS), ""));
    assert!(outcome.out.starts_with(&format!("case {}: confirmed mining", id(&case))), "{}", outcome.out);
    for word in [
        "WHO",
        "WHAT",
        "WHEN",
        "EVIDENCE",
        "RECORDS",
        "client-login",
        "\"method\":\"login\"",
        "in all",
        "+16.0",
        "confidence",
    ] {
        assert!(outcome.out.contains(word), "{word} in:\n{}", outcome.out);
    }
    for width in [100, 60, 40] {
        let out = ledger.wide(&width.to_string(), &["explain", id(&case)])?.out;
        assert!(out.lines().all(|line| line.chars().count() <= width), "{width} columns:\n{out}");
    }
    let told = ledger.objects(&["explain", id(&case)])?;
    assert_eq!((told.len(), &told[0]["case_id"]), (1, &case["case_id"]));
    assert_eq!(told[0]["evidence"][0]["kind"], "client-login");
    assert!(told[0]["history"][0]["at"].is_string() && told[0]["activity"][0]["hour"].is_string());
    ledger.says(&["explain", "zzzz"])?.fails(FAILURE, &["\"zzzz\" names no case"]);
    Ok(())
}

#[test]
fn cases_are_marked_and_listed_by_their_state() -> Result<()> {
    let ledger = Invented::new()?;
    let cases = ledger.objects(&["cases", "--state", "new", "--limit", "2"])?;
    let ids = [id(&cases[0]), id(&cases[1])];
    let marked = ledger.says(&[
        "mark",
        ids[0],
        ids[1],
        "--state",
        "blocked",
        "--note",
        "port closed",
        "--author",
        "noc",
    ])?;
    assert_eq!(marked.code, Some(SUCCESS), "{marked:?}");
    assert_eq!(marked.out, format!("{}: new -> blocked\n{}: new -> blocked\n", ids[0], ids[1]));
    let blocked = ledger.objects(&["cases", "--state", "blocked"])?;
    assert!(ids.iter().all(|it| blocked.iter().any(|case| id(case) == *it)));
    let explained = ledger.says(&["explain", ids[0]])?.out;
    assert!(explained.contains("blocked by noc: port closed"), "{explained}");
    ledger
        .says(&["mark", ids[0], "ffffffffffffffff", "--state", "fixed"])?
        .fails(FAILURE, &["no case ffffffffffffffff"]);
    assert_eq!(ledger.objects(&["explain", ids[0]])?[0]["state"], "blocked", "all or none");
    ledger
        .says(&["mark", ids[0], "--state", "gone"])?
        .fails(USAGE, &["notified, blocked, fixed, false-alarm"]);
    let by_default = ledger.says(&["mark", ids[0], "--state", "fixed"])?;
    assert_eq!(by_default.code, Some(SUCCESS), "{by_default:?}");
    Ok(())
}

#[test]
fn the_ledger_is_found_and_other_files_are_refused() -> Result<()> {
    let folder = folder_with(&[("text", b"what is this?")])?;
    let none = folder.path().join("none");
    outcome(&["miners", "--ledger", text(&none)?])?
        .fails(FAILURE, &["there is no ledger", "`firedamp run --ledger FILE`"]);
    outcome(&["miners", "--ledger", text(&folder.path().join("text"))?])?
        .fails(FAILURE, &["this is no ledger of Firedamp"]);
    outcome(&["mark", "0123", "--state", "fixed", "--ledger", text(&none)?])?
        .fails(FAILURE, &["there is no ledger"]);
    let ledger = Invented::new()?;
    let config = ledger.folder.path().join("firedamp.toml");
    fs::write(&config, format!("[ledger]\nfile = {:?}\n", text(&ledger.path())?))?;
    let told = outcome(&["miners", "--json", "--limit", "1", "--config", text(&config)?])?;
    assert_eq!((told.code, told.records()?.len()), (Some(SUCCESS), 1));
    Ok(())
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() -> Result<()> {
    let ledger = Invented::new()?;
    let path = ledger.path();
    for format in [&["--json"][..], &["--csv"], &["--limit", "0"]] {
        let mut command = firedamp(&[&["cases", "--ledger", text(&path)?], format].concat())?;
        let (reader, writer) = std::io::pipe()?;
        command.stdout(writer);
        drop(reader);
        let outcome = Running::start(command)?.wait()?;
        assert_eq!(
            (outcome.code, outcome.err.contains("error")),
            (Some(SUCCESS), false),
            "{format:?}: {outcome:?}"
        );
    }
    Ok(())
}

#[test]
fn foreign_text_cannot_steer_the_terminal() -> Result<()> {
    let ledger = Invented::new()?;
    let connection = rusqlite::Connection::open(ledger.path())?;
    connection.execute_batch(
        "UPDATE pools SET name = 'evil' || char(27) || '[2J'; UPDATE miners SET region = char(27) || ']0;x' || char(7);
         UPDATE details SET body = json_set(body, '$.agent', 'a' || char(27) || '[31m', '$.pool_name', 'b' || char(155))",
    )?;
    drop(connection);
    let case = ledger.a_case()?;
    for arguments in [&["miners"][..], &["pools"], &["cases"], &["explain", id(&case)]] {
        let out = ledger.says(arguments)?.out;
        let foreign = |letter: char| letter.is_control() && letter != '\n';
        assert!(!out.contains(foreign), "{arguments:?}: {out:?}");
    }
    Ok(())
}

#[test]
fn invented_ledgers_are_ledgers() -> Result<()> {
    let ledger = Invented::new()?;
    let connection = rusqlite::Connection::open(ledger.path())?;
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    assert_eq!(check, "ok");
    let strays: i64 =
        connection.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
    assert_eq!(strays, 0);
    assert_eq!(miner(7).to_string(), "10.0.0.7");
    assert!(write(Path::new(&ledger.path()), Size { miners: 1, days: 1 }, Timestamp::now()).is_err());
    Ok(())
}

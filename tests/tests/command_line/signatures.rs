//! What is said of signature files, and what the signatures find.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result};
use firedamp_tests::talk::Talk;

use crate::runs::{FAILURE, Outcome, Running, SUCCESS, capture, firedamp, folder_with, outcome, pcap, text};

/// A signature that may be used.
const GOOD: &str = r#"[[signature]]
name = "zork-login"
protocol = "zork"
side = "miner"
weight = 12
coin = "ZRK"
spaces = "ignore"
unless = ['"wallet_version"']
token = '"method":"zork_signOn"'
"#;

/// A capture with one client that says the lines, each answered with a line.
fn zork_capture(lines: &[&str]) -> Result<Vec<u8>> {
    let (client, server) = ("10.77.0.11:40001".parse()?, "203.0.113.11:7777".parse()?);
    let mut talk = Talk::new();
    for line in lines {
        talk = talk.client(line).server(r#"{"id":1,"result":true}"#);
    }
    pcap(&talk.frames(client, server))
}

fn check(arguments: &[&str]) -> Result<Outcome> {
    outcome(&[&["check-config"], arguments].concat())
}

#[test]
fn signatures_that_cannot_be_used_are_named_with_the_line() -> Result<()> {
    let folder = folder_with(&[("good.toml", GOOD.as_bytes())])?;
    let replay = |signatures: &Path| outcome(&["replay", "--signatures", text(signatures)?, "a.pcap"]);
    replay(&folder.path().join("none"))?.fails(FAILURE, &["none: cannot read signatures: No such file"]);
    fs::create_dir(folder.path().join("bare"))?;
    replay(&folder.path().join("bare"))?.fails(FAILURE, &["bare: no *.toml file in this directory"]);
    let broken = folder.path().join("worse.toml");
    fs::write(&broken, GOOD.replace("'\"method", "'(\"method").replace("zork-login", "b"))?;
    replay(folder.path())?.fails(FAILURE, &["worse.toml:9: token is not a regular expression"]);
    fs::write(&broken, "[[signature]]\nname = \n")?;
    replay(folder.path())?.fails(FAILURE, &["worse.toml:2: string values must be quoted"]);
    fs::write(&broken, GOOD.replace("zork-login", "stratum-request"))?;
    let words =
        ["worse.toml:2: the name \"stratum-request\" is taken by built-in:", "--no-built-in-signatures"];
    replay(folder.path())?.fails(FAILURE, &words);
    outcome(&["replay", "--no-built-in-signatures", "a.pcap"])?
        .fails(FAILURE, &["no signatures: name a file"]);
    Ok(())
}

#[test]
fn a_check_tells_all_mistakes_at_once() -> Result<()> {
    let bad = GOOD.replace("12", "21").replace("\"miner\"", "\"both\"") + "kind = 1\n";
    let folder = folder_with(&[("a.toml", bad.as_bytes()), ("b.toml", b"[[signature]]\nname = 5\n")])?;
    let outcome = check(&[text(folder.path())?, "/nowhere.toml"])?;
    outcome.fails(
        FAILURE,
        &[
            "a.toml:4: side \"both\" must be miner, pool or either",
            "a.toml:5: weight must be a number from 0 to 20",
            "a.toml:10: unknown key \"kind\"; there are name",
            "b.toml:2: name is a text in quotes, not integer",
            "b.toml:1: this signature has no token",
            "error: /nowhere.toml: cannot read this file: No such file",
            "firedamp: 8 errors",
        ],
    );
    Ok(())
}

#[test]
fn a_check_tells_what_is_used() -> Result<()> {
    let folder = folder_with(&[("a.toml", GOOD.as_bytes())])?;
    let path = folder.path().join("a.toml");
    let outcome = check(&[text(&path)?])?;
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(SUCCESS), ""));
    for words in ["built-in:stratum.toml: ", "a.toml: 1 signature, ", "all together: ", "of 4096 states"] {
        assert!(outcome.out.contains(words), "{words:?} in:\n{}", outcome.out);
    }
    let alone = check(&["--no-built-in-signatures", text(&path)?])?;
    assert!(alone.out.contains("all together: 1 signature, "), "{}", alone.out);
    Ok(())
}

#[test]
fn a_check_warns_of_likely_mistakes() -> Result<()> {
    let file =
        GOOD.replace("\"zork\"", "\"kaspaa\"").replace("'\"method\":\"zork_signOn\"'", "'\"method\":'");
    let folder = folder_with(&[("a.toml", file.as_bytes())])?;
    let outcome = check(&[text(folder.path())?])?;
    assert_eq!(outcome.code, Some(SUCCESS), "{outcome:?}");
    outcome.says(&[
        "a.toml:2: zork-login: protocol \"kaspaa\" is not known; is \"kaspa\" meant?",
        "a.toml:2: zork-login: the token is in ordinary traffic, such as a JSON-RPC request",
    ]);
    Ok(())
}

#[test]
fn a_list_tells_what_each_signature_is() -> Result<()> {
    let folder = folder_with(&[("a.toml", GOOD.as_bytes())])?;
    let list = |more: &[&str]| {
        outcome(&[&["signatures", "list", "--signatures", text(folder.path())?], more].concat())
    };
    let plain = list(&[])?;
    assert_eq!((plain.code, plain.err.as_str()), (Some(SUCCESS), ""));
    let row = plain.out.lines().last().context("an empty list")?.split_whitespace().collect::<Vec<_>>();
    assert_eq!(
        (&row[..4], row[5]),
        (&["zork-login", "zork", "miner", "12"][..], r#""method":"zork_signOn""#)
    );
    assert!(row[4].ends_with("a.toml:2"), "{row:?}");
    assert!(plain.out.starts_with("NAME ") && plain.out.contains("\nstratum-request "), "{}", plain.out);
    let json = list(&["--json", "--no-built-in-signatures"])?;
    let [only] = &json.records()?[..] else { panic!("{json:?}") };
    assert_eq!(
        (&only["weight"], &only["coin"], &only["spaces"]),
        (&12.0.into(), &"ZRK".into(), &"ignore".into())
    );
    assert_eq!((&only["line"], &only["unless"][0]), (&2.into(), &"\"wallet_version\"".into()));
    Ok(())
}

#[test]
fn a_test_tells_every_token_and_the_flows_without_a_verdict() -> Result<()> {
    let login = r#"{"id":1,"method" : "zork_signOn","params":["a"]}"#;
    let wallet = r#"{"id":1,"method":"zork_signOn","params":["a"],"wallet_version":1}"#;
    let folder = folder_with(&[
        ("a.toml", GOOD.as_bytes()),
        ("zork.pcap", &zork_capture(&[login, r#"{"id":9,"result":true}"#, login])?),
        ("wallet.pcap", &zork_capture(&[wallet])?),
        ("cut.pcap", b"text"),
    ])?;
    let [file, zork, guarded, cut] =
        ["a.toml", "zork.pcap", "wallet.pcap", "cut.pcap"].map(|name| folder.path().join(name));
    let test = |captures: &[&Path], more: &[&str]| {
        let captures = captures.iter().map(|path| text(path)).collect::<Result<Vec<_>>>()?;
        outcome(&[&["signatures", "test", "--signatures", text(&file)?], more, &captures[..]].concat())
    };
    let plain = test(&[&zork, &guarded], &[])?;
    assert_eq!((plain.code, plain.err.as_str()), (Some(SUCCESS), ""), "{plain:?}");
    let lines: Vec<&str> = plain.out.lines().collect();
    assert_eq!(
        lines[1],
        "2023-11-14T22:13:23.000000Z  4  10.77.0.11:40001 -> 203.0.113.11:7777  zork-login  zork  8  \"method\" : \"zork_signOn\""
    );
    assert_eq!(lines.iter().filter(|line| line.contains("  zork-login  zork  ")).count(), 3, "{}", plain.out);
    let end = lines[lines.len() - 3..].join("\n");
    assert!(end.starts_with("zork-login  3\n2 of 2 captures read to the end; "), "{end}");
    assert!(end.contains("2 connections with a token, 1 of them with a verdict"), "{end}");
    assert!(end.ends_with("no verdict: 10.77.0.11:40001 -> 203.0.113.11:7777 (zork-login)"), "{end}");

    let json = test(&[&zork, &cut], &["--json"])?;
    assert_eq!(json.code, Some(FAILURE), "{json:?}");
    json.says(&["cut.pcap: is not a pcap or pcapng capture"]);
    let objects = json.records()?;
    assert_eq!(objects.len(), 3);
    assert_eq!((&objects[1]["frame"], &objects[1]["offset"]), (&12.into(), &80.into()));
    assert_eq!(objects[1]["src_ip"], "10.77.0.11");
    let summary = &objects[2]["summary"];
    assert_eq!(
        (&summary["hits"]["zork-login"], &summary["flows"], &summary["judged"]),
        (&2.into(), &1.into(), &1.into())
    );
    assert_eq!((&summary["captures"], &summary["complete"]), (&2.into(), &1.into()));

    let none = test(&[&folder.path().join("none.pcap")], &[])?;
    assert_eq!(none.code, Some(FAILURE));
    none.says(&["none.pcap: cannot be opened: No such file"]);
    Ok(())
}

#[test]
fn a_token_that_begins_in_an_earlier_segment_is_told() -> Result<()> {
    let (client, server) = ("10.77.0.11:40001".parse()?, "203.0.113.11:7777".parse()?);
    let talk = Talk::new().client_bytes(b"x {\"method\":\"zork_si").client_bytes(b"gnOn\",\"params\":[]}\n");
    let folder =
        folder_with(&[("a.toml", GOOD.as_bytes()), ("cut.pcap", &pcap(&talk.frames(client, server))?)])?;
    let (file, cut) = (folder.path().join("a.toml"), folder.path().join("cut.pcap"));
    let outcome = outcome(&["signatures", "test", "--signatures", text(&file)?, text(&cut)?])?;
    assert!(outcome.out.contains("  zork-login  zork  -  (began in an earlier segment)\n"), "{outcome:?}");
    Ok(())
}

#[test]
fn a_test_reads_standard_input_and_ends_with_its_reader() -> Result<()> {
    let mut command = firedamp(&["signatures", "test", "-"])?;
    command.stdin(Stdio::piped());
    let mut running = Running::start(command)?;
    let mut input = running.child.stdin.take().context("no pipe")?;
    input.write_all(&capture()?)?;
    drop(input);
    let ended = running.wait()?;
    assert_eq!(ended.code, Some(SUCCESS), "{ended:?}");
    assert!(ended.out.contains("  cryptonote-request  cryptonote  "), "{}", ended.out);
    for arguments in [&["signatures", "list"][..], &["signatures", "list", "--json"]] {
        let (reader, writer) = std::io::pipe()?;
        drop(reader);
        let mut command = firedamp(arguments)?;
        command.stdout(writer);
        let outcome = Running::start(command)?.wait()?;
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(SUCCESS), ""), "{outcome:?}");
    }
    Ok(())
}

#[test]
fn a_coin_is_added_without_compiling() -> Result<()> {
    let login = r#"{"id":1,"method":"zork_signOn","params":["a"]}"#;
    let folder = folder_with(&[("a.toml", GOOD.as_bytes()), ("zork.pcap", &zork_capture(&[login])?)])?;
    let (file, zork) = (folder.path().join("a.toml"), folder.path().join("zork.pcap"));
    let found = outcome(&["replay", "--signatures", text(&file)?, text(&zork)?])?;
    let records = found.records()?;
    let last = records.last().context("no record")?;
    assert_eq!((&last["app_proto"], &last["alert"]["signature_id"]), (&"zork".into(), &1_930_902.into()));
    assert_eq!((&last["mining"]["verdict"], &last["mining"]["coin"]), (&"probable".into(), &"ZRK".into()));
    assert!(outcome(&["replay", text(&zork)?])?.records()?.is_empty(), "nothing knows it without the file");
    Ok(())
}

#[test]
fn a_full_disk_under_standard_output_is_named() -> Result<()> {
    let folder = folder_with(&[("miner.pcap", &capture()?)])?;
    let path = folder.path().join("miner.pcap");
    for arguments in [&["signatures", "list"][..], &["signatures", "test", text(&path)?]] {
        let mut command = firedamp(arguments)?;
        command.stdout(fs::File::create("/dev/full")?);
        let outcome = Running::start(command)?.wait()?;
        outcome.fails(FAILURE, &["cannot write to standard output; send it to", "No space left on device"]);
    }
    Ok(())
}

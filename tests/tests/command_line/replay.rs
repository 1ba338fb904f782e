//! What is said of captures, and of where records go.

use std::fs::{self, File};
use std::io::{BufRead, Write};
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use firedamp_tests::dialects::Dialect;
use firedamp_tests::talk::Talk;
use flate2::Compression;
use flate2::write::GzEncoder;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::Value;

use crate::runs::{
    FAILURE, Running, SUCCESS, capture, firedamp, folder_with, miner, outcome, pcap, pcap_cut, text,
};

#[test]
fn a_replay_puts_records_and_nothing_else_on_standard_output() -> Result<()> {
    let folder = folder_with(&[("miner.pcap", &capture()?)])?;
    let path = folder.path().join("miner.pcap");
    let outcome = outcome(&["replay", "--log-level", "debug", text(&path)?])?;
    assert_eq!(outcome.code, Some(SUCCESS), "{outcome:?}");
    outcome.says(&["1 of 1 captures read to the end"]);
    let records = outcome.records()?;
    assert!(!records.is_empty());
    for record in &records {
        assert_eq!(record["event_type"], "alert");
        assert_eq!(record["pcap_filename"], text(&path)?);
        assert!(record["timestamp"].as_str().is_some_and(|time| time.starts_with("2023-11-14T22:")));
    }
    let last = &records.last().context("no record")?["mining"];
    assert_eq!((&last["worker"], &last["verdict"]), (&"rig7".into(), &"confirmed".into()));
    assert_eq!(last["shares"]["accepted"], 3);
    Ok(())
}

#[test]
fn identities_are_hashed_on_request() -> Result<()> {
    let folder = folder_with(&[("miner.pcap", &capture()?)])?;
    let outcome = outcome(&["replay", "--hash-identities", text(&folder.path().join("miner.pcap"))?])?;
    let wallet = Dialect::Monero.identity("").wallet;
    assert!(!outcome.out.contains(&wallet) && !outcome.out.contains("rig7"), "{}", outcome.out);
    assert!(outcome.out.contains(r#""wallet_sha256":""#));
    Ok(())
}

#[test]
fn captures_that_cannot_be_read_are_named_and_the_others_read() -> Result<()> {
    let whole = capture()?;
    let cut = whole.get(..whole.len() - 10).context("the capture is short")?;
    let folder = folder_with(&[
        ("empty.pcap", b""),
        ("text.pcap", b"hello\n"),
        ("header.pcap", whole.get(..10).context("no header")?),
        ("cut.pcap", cut),
        ("whole.pcap", &whole),
    ])?;
    fs::create_dir(folder.path().join("folder.pcap"))?;
    let names = ["missing", "empty", "text", "header", "folder", "cut", "whole"]
        .map(|name| folder.path().join(name).with_extension("pcap"));
    let mut arguments = vec!["replay"];
    for name in &names {
        arguments.push(text(name)?);
    }
    let outcome = outcome(&arguments)?;
    assert_eq!(outcome.code, Some(FAILURE), "{outcome:?}");
    outcome.says(&[
        "missing.pcap: cannot be opened: No such file",
        "empty.pcap: is empty",
        "text.pcap: is not a pcap or pcapng capture, it looks like text",
        "header.pcap: damaged at byte 0: the file ends after 10 of the 24 bytes",
        "folder.pcap: is a directory",
        "cut.pcap: damaged at byte",
        "1 of 7 captures read to the end",
    ]);
    let records = outcome.records()?;
    for name in ["cut.pcap", "whole.pcap"] {
        let read = |record: &Value| record["pcap_filename"].as_str().is_some_and(|file| file.ends_with(name));
        assert!(records.iter().any(read), "{name} was read as far as it goes");
    }
    Ok(())
}

#[test]
fn an_output_that_cannot_be_written_says_what_to_do() -> Result<()> {
    let folder = folder_with(&[("miner.pcap", &capture()?)])?;
    let capture = folder.path().join("miner.pcap");
    let replay = |output: &Path| outcome(&["replay", "--output", text(output)?, text(&capture)?]);
    replay(&folder.path().join("none/eve.json"))?.fails(FAILURE, &["there is no directory", "make it first"]);
    replay(folder.path())?.fails(FAILURE, &["is a directory", "name a file"]);
    replay(Path::new("/dev/full"))?.fails(FAILURE, &["No space left", "could not be written to /dev/full"]);
    let mut command = firedamp(&["replay", text(&capture)?])?;
    command.stdout(File::create("/dev/full")?);
    let full = Running::start(command)?.wait()?;
    full.fails(FAILURE, &["No space left", "records could not be written to standard output"]);
    Ok(())
}

#[test]
fn a_replay_waits_for_the_reader_of_a_named_pipe() -> Result<()> {
    let folder = folder_with(&[("miner.pcap", &capture()?)])?;
    let (capture, pipe) = (folder.path().join("miner.pcap"), folder.path().join("eve.pipe"));
    mkfifo(&pipe, Mode::S_IRWXU)?;
    let mut late = Running::start(firedamp(&["replay", "--output", text(&pipe)?, text(&capture)?])?)?;
    while !late.said.contains("waiting for a reader of") {
        ensure!(late.err.read_line(&mut late.said)? > 0, "it ended: {}", late.said);
    }
    let records = fs::read_to_string(&pipe)?;
    let late = late.wait()?;
    assert_eq!(late.code, Some(SUCCESS), "{late:?}");
    late.says(&["records are written to", " again; 0 were lost"]);
    assert!(records.lines().count() > 3 && records.ends_with('\n'), "{records:?}");
    Ok(())
}

/// Of a batch of JSON, 64 messages are read.
#[test]
fn what_limits_dropped_is_told_at_the_end() -> Result<()> {
    let login = r#"{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}"#;
    let batch = format!("[{}]", vec![login; 100].join(","));
    let (client, server) = ("10.77.0.11:40001".parse()?, "203.0.113.11:7777".parse()?);
    let talk = Talk::new().client(&batch);
    let folder =
        folder_with(&[("batch.pcap", &pcap(&talk.frames(client, server))?), ("miner.pcap", &capture()?)])?;
    let [batch, miner] = ["batch.pcap", "miner.pcap"].map(|name| folder.path().join(name));
    let told = outcome(&["replay", "--log-level", "debug", text(&batch)?, text(&miner)?])?;
    assert_eq!(told.code, Some(SUCCESS), "{told:?}");
    told.says(&["WARN missed in all: messages_unread 36", "DEBUG messages_unread 36", "DEBUG matches 2"]);
    let nothing = outcome(&["replay", text(&miner)?])?;
    assert!(!nothing.err.contains("missed"), "{nothing:?}");
    Ok(())
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() -> Result<()> {
    let folder = folder_with(&[("miner.pcap", &capture()?)])?;
    let path = folder.path().join("miner.pcap");
    let (reader, writer) = std::io::pipe()?;
    drop(reader);
    let mut command = firedamp(&["replay", text(&path)?, text(&path)?])?;
    command.stdout(writer);
    let running = Running::start(command)?;
    let outcome = running.wait()?;
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(SUCCESS), ""), "{outcome:?}");
    Ok(())
}

#[test]
fn standard_input_is_a_capture_too() -> Result<()> {
    let mut command = firedamp(&["replay", "-"])?;
    command.stdin(Stdio::piped());
    let mut running = Running::start(command)?;
    let mut input = running.child.stdin.take().context("no pipe")?;
    input.write_all(&capture()?)?;
    drop(input);
    let outcome = running.wait()?;
    assert_eq!(outcome.code, Some(SUCCESS), "{outcome:?}");
    assert!(!outcome.records()?.is_empty());
    Ok(())
}

#[test]
fn frames_that_the_capture_cut_off_are_told() -> Result<()> {
    let cut = pcap_cut(&miner()?, 96)?;
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&cut)?;
    let folder =
        folder_with(&[("cut.pcap", &cut), ("cut.pcap.gz", &packed.finish()?), ("whole.pcap", &capture()?)])?;
    let [plain, gzip, whole] = ["cut.pcap", "cut.pcap.gz", "whole.pcap"].map(|name| folder.path().join(name));
    for verb in [&["replay"][..], &["signatures", "test"]] {
        let files = [text(&plain)?, text(&gzip)?, text(&whole)?];
        let outcome = outcome(&[verb, &files].concat())?;
        assert_eq!(outcome.code, Some(SUCCESS), "{outcome:?}");
        let told: Vec<&str> = outcome.err.lines().filter(|line| line.contains("are cut off")).collect();
        let [first, second] = told[..] else { panic!("{outcome:?}") };
        assert!(first.contains(" WARN ") && first.contains("/cut.pcap: "), "{first}");
        assert!(second.contains("/cut.pcap.gz: "), "{second}");
        for line in told {
            assert!(line.contains("frames are cut off (at most 96 bytes of each are kept)"), "{line}");
            assert!(line.ends_with("capture whole packets: tcpdump -s 0"), "{line}");
        }
    }
    Ok(())
}

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Instant;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use serde_json::json;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

fn file(path: &Path) -> Writer {
    Writer::start(&Target::File(path.to_owned()), Writer::QUEUE).unwrap()
}

fn numbers(text: &str) -> Vec<u64> {
    assert!(text.is_empty() || text.ends_with('\n'), "whole lines only: {text:?}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_record_is_in_the_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("eve.json");
    let writer = file(&path);
    writer.offer(&json!({"a": "x\ny"})).unwrap();
    until("the line is there", || fs::read_to_string(&path).unwrap() == "{\"a\":\"x\\ny\"}\n");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o137, 0);
    let counts = writer.finish(None);
    assert_eq!(counts, Counts { written: 1, ..Counts::default() });
}

#[test]
fn a_file_is_appended_to_and_a_torn_line_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("eve.json");
    fs::write(&path, "1\n{\"torn").unwrap();
    let writer = file(&path);
    writer.submit(&2).unwrap();
    assert_eq!(writer.finish(None).written, 1);
    assert_eq!(fs::read_to_string(&path).unwrap(), "1\n{\"torn\n2\n");
}

#[test]
fn a_rotated_file_is_opened_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (path, old) = (folder.path().join("eve.json"), folder.path().join("eve.json.1"));
    let writer = file(&path);
    writer.offer(&1).unwrap();
    until("the first is written", || writer.counts().written == 1);
    fs::rename(&path, &old).unwrap();
    writer.offer(&2).unwrap();
    until("the second is written", || writer.counts().written == 2);
    writer.reopen();
    until("the file is there again", || path.exists());
    writer.offer(&3).unwrap();
    assert_eq!(writer.finish(None).written, 3);
    assert_eq!(numbers(&fs::read_to_string(&old).unwrap()), [1, 2]);
    assert_eq!(numbers(&fs::read_to_string(&path).unwrap()), [3]);
}

#[test]
fn a_file_that_cannot_be_opened_anew_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("log");
    fs::create_dir(&inner).unwrap();
    let (path, moved) = (inner.join("eve.json"), folder.path().join("moved"));
    let writer = file(&path);
    fs::rename(&inner, &moved).unwrap();
    writer.reopen();
    writer.offer(&1).unwrap();
    until("the old file is used", || fs::read_to_string(moved.join("eve.json")).unwrap() == "1\n");
    fs::create_dir(&inner).unwrap();
    until("the new file is there", || path.exists());
    writer.offer(&2).unwrap();
    assert_eq!(writer.finish(None).written, 2);
    assert_eq!(fs::read_to_string(&path).unwrap(), "2\n");
}

#[test]
fn errors_at_start_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let refuse = |path: &Path| Writer::start(&Target::File(path.to_owned()), 1).err().unwrap().to_string();
    let missing = refuse(&folder.path().join("none/eve.json"));
    assert!(missing.contains("none/eve.json: No such file or directory"), "{missing}");
    assert!(missing.ends_with(&format!("create the directory {}/none first", folder.path().display())));
    assert!(refuse(folder.path()).ends_with("name a file in that directory"));
}

#[test]
fn a_slow_reader_never_blocks_the_caller() {
    let (mut reader, pipe) = std::io::pipe().unwrap();
    let writer = Writer::on(Sink::stream(std::os::fd::OwnedFd::from(pipe).into()), 100).unwrap();
    let start = Instant::now();
    let taken =
        (0..10_000).filter(|number| writer.offer(&json!([number, "x".repeat(1_000)])).is_ok()).count();
    assert!(start.elapsed() < PATIENCE);
    let read = std::thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        text
    });
    let counts = writer.finish(None);
    assert_eq!(counts.written, taken as u64);
    assert_eq!(counts.written + counts.shed, 10_000);
    assert!(counts.shed > 9_000);
    assert_eq!(read.join().unwrap().lines().count(), taken);
}

#[test]
fn a_reader_that_goes_away_ends_the_writer() {
    let (reader, pipe) = std::io::pipe().unwrap();
    let writer = Writer::on(Sink::stream(std::os::fd::OwnedFd::from(pipe).into()), 100).unwrap();
    let mut reader = BufReader::new(reader);
    writer.submit(&1).unwrap();
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert_eq!(line, "1\n");
    drop(reader);
    until("it is told", || writer.submit(&2) == Err(Refused::Closed));
    assert_eq!(writer.offer(&3), Err(Refused::Closed));
    let counts = writer.finish(None);
    assert!(counts.closed);
    assert_eq!(counts.written, 1);
}

#[test]
fn a_reader_that_stalls_does_not_hold_the_end_up() {
    let (_reader, pipe) = std::io::pipe().unwrap();
    let writer = Writer::on(Sink::stream(std::os::fd::OwnedFd::from(pipe).into()), 1_000).unwrap();
    let taken = (0..1_000).filter(|_| writer.offer(&"x".repeat(1_000)).is_ok()).count() as u64;
    let counts = writer.finish(Some(Duration::from_millis(100)));
    assert_eq!(counts.written + counts.lost, taken);
    assert!(counts.lost > 0);
}

#[test]
fn a_target_that_stays_full_loses_but_counts() {
    if !Path::new("/dev/full").exists() {
        eprintln!("skipped: this system has no /dev/full");
        return;
    }
    let writer = file(Path::new("/dev/full"));
    for number in 0..thread::BACKLOG + 500 {
        writer.submit(&number).unwrap();
    }
    let counts = writer.finish(None);
    let all = (thread::BACKLOG + 500) as u64;
    assert_eq!(counts, Counts { lost: all, outages: 1, ..Counts::default() });
}

/// Mounts a small file system that only the calling thread and its children see.
fn small_disk(at: &Path) -> nix::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    mount(Some("tmpfs"), at, Some("tmpfs"), MsFlags::empty(), Some("size=256k"))
}

/// Runs a test on a small disk of its own, if this machine allows one. Says aloud if it does not,
/// which in CI is a failure.
fn on_a_small_disk(test: impl FnOnce(&Path) + Send + 'static) {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let thread = std::thread::spawn(move || match small_disk(&disk) {
        Ok(()) => test(&disk),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "no small disk in CI: {error}");
            let _ =
                writeln!(std::io::stderr(), "SKIPPED: no private mount namespace with a small disk: {error}");
        }
    });
    thread.join().unwrap();
}

/// Fills the disk with ballast and then with records until one does not fit; gives how many there were.
fn fill(writer: &Writer, ballast: &Path) -> u64 {
    writer.submit(&0).unwrap();
    until("the first is written", || writer.counts().written == 1);
    fs::write(ballast, vec![0; 200 * 1024]).unwrap();
    let mut sent = 1u64;
    while writer.counts().outages == 0 {
        writer.submit(&json!([sent, "x".repeat(997)])).unwrap();
        sent += 1;
        let settled = |counts: Counts| counts.written == sent || counts.outages > 0;
        until("the record is written or the disk full", || settled(writer.counts()));
    }
    sent
}

#[test]
fn a_full_disk_is_survived() {
    on_a_small_disk(|disk| {
        let (path, ballast) = (disk.join("eve.json"), disk.join("ballast"));
        let writer = file(&path);
        let sent = fill(&writer, &ballast);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.ends_with('\n'), "the line it broke off in is cut off");
        assert!(writer.counts().written < sent);
        fs::remove_file(&ballast).unwrap();
        until("the rest is written", || writer.counts().written == sent || writer.counts().lost > 0);
        let counts = writer.finish(None);
        assert_eq!((counts.written, counts.lost, counts.outages), (sent, 0, 1));
        let lines: Vec<serde_json::Value> = fs::read_to_string(&path)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len() as u64, sent);
        assert!(lines.iter().skip(1).zip(1u64..).all(|(line, number)| line[0] == number));
    });
}

#[test]
fn at_the_end_a_full_disk_is_waited_for() {
    on_a_small_disk(|disk| {
        let (path, ballast) = (disk.join("eve.json"), disk.join("ballast"));
        let writer = file(&path);
        let sent = fill(&writer, &ballast);
        let room = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(1500));
            fs::remove_file(&ballast).unwrap();
        });
        let counts = writer.finish(None);
        room.join().unwrap();
        assert_eq!((counts.written, counts.lost), (sent, 0));
    });
}

mod local;
mod network;
mod pipes;
mod restart;

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use serde::Serialize;
use serde_json::json;

use super::sink::file::FileSink;
use super::spool::Room;
use super::*;

/// More than memory holds in the tests that fill it.
const ROOM: Room = Room { entries: 2_000, bytes: 1 << 20 };

const PATIENCE: Duration = Duration::from_secs(20);

/// Hands records over one at a time, with the next number.
trait OneByOne {
    /// As a live run does it.
    fn offer(&self, record: &impl Serialize) -> Result<(), Refused>;

    /// As a replay does it.
    fn submit(&self, record: &impl Serialize) -> Result<(), Refused>;

    /// The final counts alone.
    fn finish(&self, patience: Option<Duration>) -> Counts;
}

fn next(outputs: &Outputs, record: &impl Serialize) -> Vec<Entry> {
    let line = serde_json::to_string(record).unwrap().into();
    vec![Entry { sequence: outputs.last() + 1, line, durable: false }]
}

impl OneByOne for Outputs {
    fn offer(&self, record: &impl Serialize) -> Result<(), Refused> {
        self.publish(next(self, record))
    }

    fn submit(&self, record: &impl Serialize) -> Result<(), Refused> {
        self.publish_all(next(self, record))
    }

    fn finish(&self, patience: Option<Duration>) -> Counts {
        self.finish_all(patience).0
    }
}

/// Puts other outputs in the place of those there are.
fn change(outputs: &Outputs, configs: Vec<Config>) -> Result<(), OutputError> {
    outputs.exchange(outputs.prepare(configs)?);
    Ok(())
}

fn file(path: &Path) -> Outputs {
    start(vec![Target::File(path.to_owned()).into()])
}

fn start(configs: Vec<Config>) -> Outputs {
    Outputs::start(configs, None, &HashMap::new()).unwrap()
}

fn stdout(pipe: std::io::PipeWriter, entries: usize) -> Outputs {
    Outputs::on(FileSink::stream(OwnedFd::from(pipe).into()), Room { entries, ..Room::default() }).unwrap()
}

/// One output as the configuration file has it.
fn config(text: &str) -> Config {
    toml::from_str(text).unwrap()
}

/// What stands for a record of a case.
fn alert(record: u64) -> serde_json::Value {
    json!({
        "timestamp": "2023-11-14T22:13:20.123456+0000",
        "event_type": "alert",
        "alert": {"severity": 1, "signature": "Mining"},
        "mining": {
            "case_id": "00000000000000ab", "record": record, "reason": "opened", "verdict": "confirmed",
            "miner_ip": "10.0.0.1", "pool_ip": "203.0.113.1", "protocol": "a\"b]",
        },
    })
}

fn record_of(line: &str) -> u64 {
    let record: serde_json::Value = serde_json::from_str(line).unwrap();
    record["mining"]["record"].as_u64().unwrap()
}

fn numbers(text: &str) -> Vec<u64> {
    assert!(text.is_empty() || text.ends_with('\n'), "whole lines only: {text:?}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn until(what: &str, condition: impl Fn() -> bool) {
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
    let outputs = file(&path);
    outputs.offer(&json!({"a": "x\ny"})).unwrap();
    until("the line is there", || fs::read_to_string(&path).unwrap() == "{\"a\":\"x\\ny\"}\n");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o137, 0);
    let counts = outputs.finish(None);
    assert_eq!(counts, Counts { written: 1, ..Counts::default() });
}

#[test]
fn a_file_is_appended_to_and_a_torn_line_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("eve.json");
    fs::write(&path, "1\n{\"torn").unwrap();
    let outputs = file(&path);
    outputs.submit(&2).unwrap();
    assert_eq!(outputs.finish(None).written, 1);
    assert_eq!(fs::read_to_string(&path).unwrap(), "1\n{\"torn\n2\n");
}

#[test]
fn a_rotated_file_is_opened_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (path, old) = (folder.path().join("eve.json"), folder.path().join("eve.json.1"));
    let outputs = file(&path);
    outputs.offer(&1).unwrap();
    until("the first is written", || outputs.counts().written == 1);
    fs::rename(&path, &old).unwrap();
    outputs.offer(&2).unwrap();
    until("the second is written", || outputs.counts().written == 2);
    outputs.reopen();
    until("the file is there again", || path.exists());
    outputs.offer(&3).unwrap();
    assert_eq!(outputs.finish(None).written, 3);
    assert_eq!(numbers(&fs::read_to_string(&old).unwrap()), [1, 2]);
    assert_eq!(numbers(&fs::read_to_string(&path).unwrap()), [3]);
}

#[test]
fn a_file_that_cannot_be_opened_anew_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("log");
    fs::create_dir(&inner).unwrap();
    let (path, moved) = (inner.join("eve.json"), folder.path().join("moved"));
    let outputs = file(&path);
    fs::rename(&inner, &moved).unwrap();
    outputs.reopen();
    outputs.offer(&1).unwrap();
    until("the old file is used", || fs::read_to_string(moved.join("eve.json")).unwrap() == "1\n");
    fs::create_dir(&inner).unwrap();
    until("the new file is there", || path.exists());
    outputs.offer(&2).unwrap();
    assert_eq!(outputs.finish(None).written, 2);
    assert_eq!(fs::read_to_string(&path).unwrap(), "2\n");
}

#[test]
fn errors_at_start_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let refuse = |path: &Path| {
        Outputs::start(vec![Target::File(path.to_owned()).into()], None, &HashMap::new())
            .err()
            .unwrap()
            .to_string()
    };
    let missing = refuse(&folder.path().join("none/eve.json"));
    assert!(missing.contains("none/eve.json: No such file or directory"), "{missing}");
    assert!(missing.ends_with(&format!("create the directory {}/none first", folder.path().display())));
    assert!(refuse(folder.path()).ends_with("name a file in that directory"));
}

#[test]
fn a_slow_reader_never_blocks_the_caller() {
    let (mut reader, pipe) = std::io::pipe().unwrap();
    let outputs = stdout(pipe, 100);
    let start = Instant::now();
    for number in 0..10_000 {
        outputs.offer(&json!([number, "x".repeat(1_000)])).unwrap();
    }
    assert!(start.elapsed() < PATIENCE);
    let read = std::thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        text
    });
    let counts = outputs.finish(None);
    assert_eq!(counts.written + counts.shed, 10_000);
    assert!(counts.shed > 9_000);
    let text = read.join().unwrap();
    assert_eq!(text.lines().count() as u64, counts.written);
    let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(last[0], 9_999, "the oldest make room for the newest");
}

#[test]
fn a_reader_that_goes_away_ends_the_outputs() {
    let (reader, pipe) = std::io::pipe().unwrap();
    let outputs = stdout(pipe, 100);
    let mut reader = BufReader::new(reader);
    outputs.submit(&1).unwrap();
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert_eq!(line, "1\n");
    drop(reader);
    until("it is told", || outputs.submit(&2) == Err(Refused::Closed));
    assert_eq!(outputs.offer(&3), Err(Refused::Closed));
    let counts = outputs.finish(None);
    assert!(counts.closed);
    assert_eq!(counts.written, 1);
}

#[test]
fn a_reader_that_stalls_does_not_hold_the_end_up() {
    let (_reader, pipe) = std::io::pipe().unwrap();
    let outputs = stdout(pipe, 1_000);
    let taken = (0..1_000).filter(|_| outputs.offer(&"x".repeat(1_000)).is_ok()).count() as u64;
    let counts = outputs.finish(Some(Duration::from_millis(100)));
    assert_eq!(counts.written + counts.lost + counts.shed, taken);
    assert!(counts.lost > 0);
}

#[test]
fn a_target_that_stays_full_loses_but_counts() {
    if !Path::new("/dev/full").exists() {
        eprintln!("skipped: this system has no /dev/full");
        return;
    }
    let config = Target::File("/dev/full".into()).into();
    let outputs = Outputs::with_room(vec![config], None, &HashMap::new(), ROOM).unwrap();
    for number in 0..ROOM.entries + 500 {
        outputs.submit(&number).unwrap();
    }
    let counts = outputs.finish(None);
    assert_eq!((counts.written, counts.outages), (0, 1));
    assert_eq!(counts.lost + counts.shed, (ROOM.entries + 500) as u64);
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
fn fill(outputs: &Outputs, ballast: &Path) -> u64 {
    outputs.submit(&0).unwrap();
    until("the first is written", || outputs.counts().written == 1);
    fs::write(ballast, vec![0; 200 * 1024]).unwrap();
    let mut sent = 1u64;
    while outputs.counts().outages == 0 {
        outputs.submit(&json!([sent, "x".repeat(997)])).unwrap();
        sent += 1;
        let settled = |counts: Counts| counts.written == sent || counts.outages > 0;
        until("the record is written or the disk full", || settled(outputs.counts()));
    }
    sent
}

#[test]
fn a_full_disk_is_survived() {
    on_a_small_disk(|disk| {
        let (path, ballast) = (disk.join("eve.json"), disk.join("ballast"));
        let outputs = file(&path);
        let sent = fill(&outputs, &ballast);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.ends_with('\n'), "the line it broke off in is cut off");
        assert!(outputs.counts().written < sent);
        fs::remove_file(&ballast).unwrap();
        until("the rest is written", || outputs.counts().written == sent || outputs.counts().lost > 0);
        let counts = outputs.finish(None);
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
        let outputs = file(&path);
        let sent = fill(&outputs, &ballast);
        let room = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(1500));
            fs::remove_file(&ballast).unwrap();
        });
        let counts = outputs.finish(None);
        room.join().unwrap();
        assert_eq!((counts.written, counts.lost), (sent, 0));
    });
}

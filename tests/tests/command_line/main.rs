//! What `firedamp` says to bad input, and with which exit code: where it is wrong and how to mend it.

#![cfg(test)]

mod signatures;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use firedamp_tests::conversation::{Conversation, Cut};
use firedamp_tests::dialects::Dialect;
use firedamp_tests::lab::{Namespace, WATCHING};
use firedamp_tests::packet::Frame;
use firedamp_tests::privileges;
use firedamp_tests::talk::Talk;
use nix::libc;
use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

const SUCCESS: i32 = 0;
const FAILURE: i32 = 1;
const USAGE: i32 = 2;
const NOT_PERMITTED: i32 = 3;

/// For what must happen, on a busy machine.
const SOON: Duration = Duration::from_secs(30);

/// The agent stands where cargo puts binaries, one folder above the tests.
fn binary() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let binary = test.ancestors().nth(2).context("the test stands nowhere")?.join("firedamp");
    ensure!(binary.is_file(), "there is no agent at {}: `cargo xtask test` builds it", binary.display());
    Ok(binary)
}

fn firedamp(arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(binary()?);
    command.args(arguments).env_remove("FIREDAMP_LOG").env_remove("NO_COLOR");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command)
}

/// What a run came to.
#[derive(Debug)]
struct Outcome {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Outcome {
    /// It failed with this code, said all the words, each once, and wrote no record.
    #[track_caller]
    fn fails(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.out, "", "nothing but records belongs on standard output");
        self.says(words);
    }

    #[track_caller]
    fn says(&self, words: &[&str]) {
        for word in words {
            assert_eq!(self.err.matches(word).count(), 1, "{word:?} in:\n{}", self.err);
        }
        assert!(!self.err.contains('\x1b'), "no terminal, no escape codes: {:?}", self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
    }

    fn records(&self) -> Result<Vec<Value>> {
        self.out.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
    }
}

/// A child that does not outlive the test.
struct Running {
    child: Child,
    err: BufReader<std::process::ChildStderr>,
    said: String,
}

impl Running {
    fn start(mut command: Command) -> Result<Self> {
        let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let err = BufReader::new(child.stderr.take().context("no pipe")?);
        Ok(Self { child, err, said: String::new() })
    }

    /// Waits until the agent watches its interface.
    fn attached(&mut self) -> Result<()> {
        while !self.said.contains(WATCHING) {
            let length = self.err.read_line(&mut self.said)?;
            ensure!(length > 0, "the agent ended at once: {}", self.said);
        }
        Ok(())
    }

    fn stop(self) -> Result<Outcome> {
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM)?;
        self.wait()
    }

    fn wait(mut self) -> Result<Outcome> {
        let deadline = Instant::now() + SOON;
        while self.child.try_wait()?.is_none() {
            ensure!(Instant::now() < deadline, "still running; it said: {}", self.said);
            std::thread::sleep(Duration::from_millis(10));
        }
        let (mut out, mut said) = (String::new(), std::mem::take(&mut self.said));
        self.err.read_to_string(&mut said)?;
        if let Some(mut pipe) = self.child.stdout.take() {
            pipe.read_to_string(&mut out)?;
        }
        Ok(Outcome { code: self.child.wait()?.code(), out, err: said })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn outcome(arguments: &[&str]) -> Result<Outcome> {
    Running::start(firedamp(arguments)?)?.wait()
}

/// Starts the agent in a namespace; what it says shows up when it is stopped or has ended.
fn inside(namespace: &Namespace, arguments: &[&str]) -> Result<Running> {
    let mut command = firedamp(arguments)?;
    namespace.confine(&mut command)?;
    Running::start(command)
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("the folder has an odd name")
}

/// A capture of one Monero miner.
fn capture() -> Result<Vec<u8>> {
    let dialect = Dialect::Monero;
    let (miner, pool) = ("10.77.0.10:40000".parse()?, "203.0.113.10:443".parse()?);
    let lines = dialect.session(dialect.identity("rig7"), 1, 3);
    pcap(&Conversation::frames(miner, pool, Cut::Lines, &lines))
}

/// A little-endian pcap of these frames, one each second.
fn pcap(frames: &[Frame]) -> Result<Vec<u8>> {
    let header: [u32; 6] = [0xa1b2_c3d4, 2 | 4 << 16, 0, 0, 65535, 1];
    let mut file = header.map(u32::to_le_bytes).concat();
    for (second, frame) in (1_700_000_000_u32..).zip(frames) {
        let bytes = frame.bytes();
        let length = u32::try_from(bytes.len())?;
        file.extend([second, 0, length, length].map(u32::to_le_bytes).concat());
        file.extend(bytes);
    }
    Ok(file)
}

fn folder_with(files: &[(&str, &[u8])]) -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    for (name, content) in files {
        fs::write(folder.path().join(name), content)?;
    }
    Ok(folder)
}

#[test]
fn help_and_version_go_to_standard_output() -> Result<()> {
    for (arguments, words) in [
        (&["--help"][..], &["Usage: firedamp", "replay", "Exit codes: 0 success, 1 failure, 2 usage"][..]),
        (&["run", "--help"], &["--iface <IF>", "--xdp-mode", "--hash-identities"]),
        (&["replay", "--help"], &["--engine", "<FILE>...", "pcapng", "--no-built-in-signatures"]),
        (&["check-config", "--help"], &["Signature files", "<PATH>..."]),
        (&["signatures", "--help"], &["list", "test"]),
        (&["signatures", "test", "--help"], &["<FILE>...", "--json", "--signatures <PATH>"]),
        (&["--version"], &["firedamp "]),
    ] {
        let outcome = outcome(arguments)?;
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(SUCCESS), ""), "{arguments:?}");
        for word in words {
            assert!(outcome.out.contains(word), "{word:?} in:\n{}", outcome.out);
        }
        assert!(!outcome.out.contains('\x1b'), "{}", outcome.out);
    }
    Ok(())
}

#[test]
fn usage_errors_name_the_argument() -> Result<()> {
    for (arguments, word) in [
        (&[][..], "Usage: firedamp"),
        (&["watch"], "'watch'"),
        (&["run"], "not provided:\n  --iface <IF>"),
        (&["run", "--iface", ""], "'--iface <IF>'"),
        (&["run", "--iface", "a0", "--iface", "b0", "--iface", "a0"], "interface 'a0' is given twice"),
        (&["run", "--iface", "a0", "--bogus"], "'--bogus'"),
        (&["run", "--iface", "a0", "--xdp-mode", "fast"], "auto, native, generic"),
        (&["run", "--iface", "a0", "--ring", "100"], "power of two from 64 to 1048576"),
        (&["run", "--iface", "a0", "--flows", "0"], "1..=67108864"),
        (&["replay"], "not provided:\n  <FILE>..."),
        (&["replay", "--engine", "fpga", "a.pcap"], "host, kernel"),
        (&["check-config"], "not provided:\n  <PATH>..."),
        (&["signatures"], "Usage: firedamp signatures"),
        (&["signatures", "find"], "'find'"),
        (&["signatures", "test"], "not provided:\n  <FILE>..."),
        (&["signatures", "list", "a.toml"], "'a.toml'"),
        (&["replay", "--log-level", "loud", "a.pcap"], "must be error, warn, info, debug"),
    ] {
        outcome(arguments)?.fails(USAGE, &[word]);
    }
    Ok(())
}

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
    replay(&folder.path().join("none/eve.json"))?
        .fails(FAILURE, &["cannot write records to", "No such file", "create the directory"]);
    replay(folder.path())?.fails(FAILURE, &["Is a directory", "name a file"]);
    replay(Path::new("/dev/full"))?.fails(FAILURE, &["No space left", "could not be written to /dev/full"]);
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
fn colours_are_for_terminals_that_want_them() -> Result<()> {
    for (no_colour, coloured) in [(None, true), (Some(""), true), (Some("1"), false)] {
        let terminal = openpty(None, None)?;
        let mut command = firedamp(&["replay", "no such file"])?;
        command.stderr(terminal.slave);
        if let Some(value) = no_colour {
            command.env("NO_COLOR", value);
        }
        let mut child = command.spawn()?;
        // The terminal ends when nobody holds its other end, and so does reading, with an error.
        drop(command);
        let mut said = Vec::new();
        fs::File::from(terminal.master).read_to_end(&mut said).ok();
        assert_eq!(child.wait()?.code(), Some(FAILURE));
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("no such file"), "{said:?}");
        assert_eq!(said.contains('\x1b'), coloured, "NO_COLOR {no_colour:?}: {said:?}");
    }
    Ok(())
}

/// Lets the child lose every capability when it executes the agent.
fn powerless(command: &mut Command) {
    let drop_all = || {
        for capability in 0..64 {
            // SAFETY: the call takes numbers only; one that does not exist is an error, no more.
            unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
        }
        Ok(())
    };
    // SAFETY: between fork and exec only the system call prctl is made.
    unsafe { command.pre_exec(drop_all) };
}

#[test]
fn without_privileges_the_missing_ones_are_named() -> Result<()> {
    for arguments in [&["run", "--iface", "nosuch0"][..], &["replay", "--engine", "kernel", "a.pcap"]] {
        let mut command = firedamp(arguments)?;
        powerless(&mut command);
        let outcome = Running::start(command)?.wait()?;
        outcome
            .fails(NOT_PERMITTED, &["CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON missing", "run as root", "setcap"]);
    }
    Ok(())
}

#[test]
fn capabilities_that_count_for_nothing_are_not_enough() -> Result<()> {
    if !privileges::granted("capabilities_that_count_for_nothing_are_not_enough") {
        return Ok(());
    }
    for arguments in [&["run", "--iface", "lo"][..], &["replay", "--engine", "kernel", "a.pcap"]] {
        let agent = firedamp(arguments)?;
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--net"]).arg(agent.get_program()).args(agent.get_args());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let outcome = Running::start(command)?.wait()?;
        outcome.fails(NOT_PERMITTED, &["the kernel refuses bpf()", "user namespace"]);
    }
    Ok(())
}

#[test]
fn an_interface_that_is_not_there_is_named_with_those_that_are() -> Result<()> {
    if !privileges::granted("an_interface_that_is_not_there_is_named_with_those_that_are") {
        return Ok(());
    }
    let namespace = Namespace::new()?;
    namespace.ip(&["link add v0 type veth peer name v1"])?;
    let outcome = inside(&namespace, &["run", "--iface", "eth7"])?.wait()?;
    outcome.fails(FAILURE, &["no interface eth7; there are: lo, v1, v0"]);
    Ok(())
}

#[test]
fn a_second_agent_is_told_that_the_place_is_taken() -> Result<()> {
    if !privileges::granted("a_second_agent_is_told_that_the_place_is_taken") {
        return Ok(());
    }
    let namespace = Namespace::new()?;
    namespace.ip(&["link add v0 type veth peer name v1", "link set v0 up", "link set v1 up"])?;
    let mut first = inside(&namespace, &["run", "--iface", "v0"])?;
    first.attached()?;
    for mode in ["auto", "native", "generic"] {
        let outcome = inside(&namespace, &["run", "--iface", "v0", "--xdp-mode", mode])?.wait()?;
        outcome.fails(FAILURE, &["v0 already has an XDP program", "ip link set dev v0 xdp off"]);
    }
    let first = first.stop()?;
    assert_eq!(first.code, Some(SUCCESS), "the first is not disturbed: {first:?}");
    assert_eq!(first.records()?.last().context("no counters")?["event_type"], "stats");
    Ok(())
}

#[test]
fn without_native_xdp_auto_falls_back_and_says_why() -> Result<()> {
    if !privileges::granted("without_native_xdp_auto_falls_back_and_says_why") {
        return Ok(());
    }
    // The loopback's driver has no XDP of its own.
    let namespace = Namespace::new()?;
    namespace.ip(&["link set lo up"])?;
    let mut agent = inside(&namespace, &["run", "--iface", "lo"])?;
    agent.attached()?;
    let outcome = agent.stop()?;
    assert_eq!(outcome.code, Some(SUCCESS), "{outcome:?}");
    outcome
        .says(&["watching lo with XDP in generic mode", "native is not possible: Operation not supported"]);
    let outcome = inside(&namespace, &["run", "--iface", "lo", "--xdp-mode", "native"])?.wait()?;
    outcome.fails(FAILURE, &["cannot attach to lo in native mode", "try --xdp-mode generic"]);
    Ok(())
}

#[test]
fn an_interface_without_ethernet_frames_is_refused() -> Result<()> {
    if !privileges::granted("an_interface_without_ethernet_frames_is_refused") {
        return Ok(());
    }
    let namespace = Namespace::new()?;
    namespace.ip(&["tuntap add t0 mode tun", "link set t0 up"])?;
    for mode in ["auto", "generic"] {
        let outcome = inside(&namespace, &["run", "--iface", "t0", "--xdp-mode", mode])?.wait()?;
        outcome.fails(FAILURE, &["t0 carries bare IP packets", "only Ethernet frames can be read"]);
    }
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

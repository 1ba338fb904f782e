//! The program as a child, what it came to, and what it is given.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use firedamp_tests::conversation::{Conversation, Cut};
use firedamp_tests::dialects::Dialect;
use firedamp_tests::lab::{Namespace, WATCHING};
use firedamp_tests::packet::Frame;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const SUCCESS: i32 = 0;
pub(crate) const FAILURE: i32 = 1;
pub(crate) const USAGE: i32 = 2;
pub(crate) const NOT_PERMITTED: i32 = 3;

/// For what must happen, on a busy machine.
pub(crate) const SOON: Duration = Duration::from_mins(2);

/// The agent stands where cargo puts binaries, one folder above the tests.
pub(crate) fn binary() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let binary = test.ancestors().nth(2).context("the test stands nowhere")?.join("firedamp");
    ensure!(binary.is_file(), "there is no agent at {}: `cargo xtask test` builds it", binary.display());
    Ok(binary)
}

pub(crate) fn firedamp(arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(binary()?);
    command.args(arguments).env_remove("FIREDAMP_LOG").env_remove("NO_COLOR");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command)
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Outcome {
    /// It failed with this code, said all the words, each once, and wrote no record.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.out, "", "nothing but records belongs on standard output");
        self.says(words);
    }

    #[track_caller]
    pub(crate) fn says(&self, words: &[&str]) {
        for word in words {
            assert_eq!(self.err.matches(word).count(), 1, "{word:?} in:\n{}", self.err);
        }
        assert!(!self.err.contains('\x1b'), "no terminal, no escape codes: {:?}", self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
    }

    pub(crate) fn records(&self) -> Result<Vec<Value>> {
        self.out.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
    }
}

/// A child that does not outlive the test.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) err: BufReader<std::process::ChildStderr>,
    pub(crate) said: String,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let err = BufReader::new(child.stderr.take().context("no pipe")?);
        Ok(Self { child, err, said: String::new() })
    }

    /// Waits until the agent watches its interface.
    pub(crate) fn attached(&mut self) -> Result<()> {
        while !self.said.contains(WATCHING) {
            let length = self.err.read_line(&mut self.said)?;
            ensure!(length > 0, "the agent ended at once: {}", self.said);
        }
        Ok(())
    }

    pub(crate) fn stop(self) -> Result<Outcome> {
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM)?;
        self.wait()
    }

    pub(crate) fn wait(mut self) -> Result<Outcome> {
        let deadline = Instant::now() + SOON;
        // Read meanwhile: who fills a pipe that nobody reads does not end.
        let reading = self.child.stdout.take().map(|mut pipe| {
            std::thread::spawn(move || {
                let mut out = String::new();
                pipe.read_to_string(&mut out).map(|_| out)
            })
        });
        while self.child.try_wait()?.is_none() {
            ensure!(Instant::now() < deadline, "still running; it said: {}", self.said);
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut said = std::mem::take(&mut self.said);
        self.err.read_to_string(&mut said)?;
        let read = reading.map(std::thread::JoinHandle::join).transpose();
        let out = read.map_err(|_| anyhow!("the reader of standard output panicked"))?.transpose()?;
        let out = out.unwrap_or_default();
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

pub(crate) fn outcome(arguments: &[&str]) -> Result<Outcome> {
    Running::start(firedamp(arguments)?)?.wait()
}

/// Starts the agent in a namespace; what it says shows up when it is stopped or has ended.
pub(crate) fn inside(namespace: &Namespace, arguments: &[&str]) -> Result<Running> {
    let mut command = firedamp(arguments)?;
    namespace.confine(&mut command)?;
    Running::start(command)
}

pub(crate) fn text(path: &Path) -> Result<&str> {
    path.to_str().context("the folder has an odd name")
}

/// A capture of one Monero miner.
pub(crate) fn capture() -> Result<Vec<u8>> {
    pcap(&miner()?)
}

/// What a Monero miner and its pool say.
pub(crate) fn miner() -> Result<Vec<Frame>> {
    let dialect = Dialect::Monero;
    let (miner, pool) = ("10.77.0.10:40000".parse()?, "203.0.113.10:443".parse()?);
    let lines = dialect.session(dialect.identity("rig7"), 1, 3);
    Ok(Conversation::frames(miner, pool, Cut::Lines, &lines))
}

/// A little-endian pcap of these frames, one each second.
pub(crate) fn pcap(frames: &[Frame]) -> Result<Vec<u8>> {
    pcap_cut(frames, 65535)
}

/// The same with so many bytes of each frame, as `tcpdump -s` keeps them.
pub(crate) fn pcap_cut(frames: &[Frame], most: usize) -> Result<Vec<u8>> {
    let header: [u32; 6] = [0xa1b2_c3d4, 2 | 4 << 16, 0, 0, 65535, 1];
    let mut file = header.map(u32::to_le_bytes).concat();
    for (second, frame) in (1_700_000_000_u32..).zip(frames) {
        let bytes = frame.bytes();
        let kept = bytes.get(..most).unwrap_or(&bytes);
        let lengths = [u32::try_from(kept.len())?, u32::try_from(bytes.len())?];
        file.extend([second, 0, lengths[0], lengths[1]].map(u32::to_le_bytes).concat());
        file.extend(kept);
    }
    Ok(file)
}

pub(crate) fn folder_with(files: &[(&str, &[u8])]) -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    for (name, content) in files {
        fs::write(folder.path().join(name), content)?;
    }
    Ok(folder)
}

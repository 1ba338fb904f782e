//! The agent as a child process in the gateway.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getppid};

use super::Lab;
use super::report::{Record, Report};
use crate::patience::patience;
use crate::process;

/// What a line of the agent's log contains when it is attached to an interface.
pub const WATCHING: &str = "watching";

/// Loading the program takes a fraction of a second on an idle machine.
const ATTACH: Duration = Duration::from_secs(30);

/// What the agent said last.
#[derive(Clone, Debug)]
pub enum News {
    /// On standard output.
    Record(Record),
    /// On standard error.
    Log(String),
    /// Both are closed: it has ended or is about to.
    Ended,
}

/// A running agent. Dropping it kills it.
///
/// The kernel also kills it when the thread that started it ends, so that nothing is left behind
/// by a laboratory that was itself killed.
#[derive(Debug)]
pub struct Agent {
    child: Child,
    news: Receiver<Said>,
    open: u8,
    unread: VecDeque<News>,
    records: Vec<Record>,
    log: Vec<String>,
}

#[derive(Debug)]
enum Said {
    Out(Instant, String),
    Log(String),
    Closed,
}

/// The agent to run: the one that is `given`, or else the one that cargo puts beside this program; tests lie one folder
/// deeper.
///
/// # Errors
/// It is not there.
pub fn agent_binary(given: Option<&Path>) -> Result<PathBuf> {
    let binary = if let Some(path) = given {
        path.to_owned()
    } else {
        let this = std::env::current_exe()?;
        let folder = this.ancestors().skip(1).find(|folder| !folder.ends_with("deps"));
        folder.context("this program stands nowhere")?.join("firedamp")
    };
    if !binary.is_file() {
        bail!(
            "there is no agent at {}: `cargo xtask build` makes it, --firedamp names another",
            binary.display()
        );
    }
    Ok(binary)
}

impl Agent {
    /// Starts `binary run --iface ... --output OUTPUT` in the gateway and waits until it watches
    /// all `interfaces`. `output` is a path, or `-` for records on the pipe.
    ///
    /// # Errors
    /// It cannot be started, ends, or is not attached in time; with its log.
    pub fn start(lab: &Lab, binary: &Path, interfaces: &[&str], output: &str) -> Result<Self> {
        Self::start_with(lab, binary, interfaces, output, &[])
    }

    /// As [`Self::start`], with further arguments.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(
        lab: &Lab,
        binary: &Path,
        interfaces: &[&str],
        output: &str,
        further: &[&str],
    ) -> Result<Self> {
        let mut command = Command::new(binary);
        command.arg("run");
        for interface in interfaces {
            command.args(["--iface", interface]);
        }
        command.args(["--output", output]).args(further);
        let mut this = Self::spawn(lab, command)?;
        this.attached(interfaces.len())?;
        Ok(this)
    }

    /// Runs a command that starts the agent, in the gateway, and waits for nothing.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn(lab: &Lab, mut command: Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        die_with_parent(&mut command);
        lab.gateway.confine(&mut command)?;
        let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let (sender, news) = channel();
        read(child.stdout.take(), &sender, |line| Said::Out(Instant::now(), line));
        read(child.stderr.take(), &sender, Said::Log);
        Ok(Self { child, news, open: 2, unread: VecDeque::new(), records: Vec::new(), log: Vec::new() })
    }

    /// Waits until it watches so many interfaces.
    ///
    /// # Errors
    /// It ends, or is not attached in time; with its log.
    pub fn attached(&mut self, interfaces: usize) -> Result<()> {
        let deadline = Instant::now() + patience(ATTACH);
        let mut heard = Vec::new();
        let mut watching = 0;
        while watching < interfaces {
            match self.receive(deadline) {
                Some(News::Ended) => bail!("the agent ended at once; its log:\n{}", self.log.join("\n")),
                Some(said) => {
                    watching += usize::from(matches!(&said, News::Log(line) if line.contains(WATCHING)));
                    heard.push(said);
                }
                None => {
                    bail!("the agent is not attached after {ATTACH:?}; its log:\n{}", self.log.join("\n"))
                }
            }
        }
        self.unread.extend(heard);
        Ok(())
    }

    /// The next thing the agent says, `None` when it says nothing for so long.
    pub fn next(&mut self, patience: Duration) -> Option<News> {
        self.unread.pop_front().or_else(|| self.receive(Instant::now() + patience))
    }

    /// Waits for an alert that `fits`, among those that came already or come before `patience` is over.
    ///
    /// # Errors
    /// None came; with what came instead.
    pub fn wait_for(&mut self, patience: Duration, fits: impl Fn(&Record) -> bool) -> Result<Record> {
        let deadline = Instant::now() + patience;
        let mut seen = 0;
        loop {
            if let Some(record) = self.records.iter().skip(seen).find(|record| fits(record)) {
                return Ok(record.clone());
            }
            seen = self.records.len();
            match self.receive(deadline) {
                Some(News::Ended) => bail!("the agent ended; its log:\n{}", self.log.join("\n")),
                Some(_) => {}
                None => {
                    let seen: Vec<String> =
                        self.records.iter().map(|record| record.value.to_string()).collect();
                    bail!(
                        "no such record within {patience:?}; records:\n{}\nlog:\n{}",
                        seen.join("\n"),
                        self.log.join("\n")
                    );
                }
            }
        }
    }

    /// Waits for a line of the log that contains all `words`, among those that come from now on or were not asked for
    /// yet.
    ///
    /// # Errors
    /// None came; with the log.
    pub fn wait_for_log(&mut self, patience: Duration, words: &[&str]) -> Result<()> {
        let deadline = Instant::now() + patience;
        loop {
            match self.next(deadline.saturating_duration_since(Instant::now())) {
                Some(News::Log(line)) if words.iter().all(|word| line.contains(word)) => return Ok(()),
                Some(News::Ended) => bail!("the agent ended; its log:\n{}", self.log.join("\n")),
                Some(_) => {}
                None => bail!("no {words:?} within {patience:?}; log:\n{}", self.log.join("\n")),
            }
        }
    }

    /// All records so far that `next` or `wait_for` have come across.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// All lines of its log so far that `next` or `wait_for` have come across.
    #[must_use]
    pub fn log(&self) -> &[String] {
        &self.log
    }

    /// Waits until a counter of the interval's stats fits; gives it.
    ///
    /// # Errors
    /// It did not; with what it was last.
    pub fn wait_for_counter(
        &mut self,
        patience: Duration,
        name: &str,
        fits: impl Fn(u64) -> bool,
    ) -> Result<u64> {
        let counter = |record: &Record| record.value.get("stats")?.get(name)?.as_u64();
        let found = self.wait_for(patience, |record| counter(record).is_some_and(&fits));
        match found {
            Ok(record) => Ok(counter(&record).unwrap_or_default()),
            Err(_) => bail!(
                "{name} is {:?} after {patience:?}; log:\n{}",
                self.records.iter().rev().find_map(counter),
                self.log.join("\n")
            ),
        }
    }

    /// How much memory it has in use, in bytes.
    ///
    /// # Errors
    /// It has ended.
    pub fn memory(&self) -> Result<u64> {
        Ok(process::memory(self.child.id())? * 1024)
    }

    /// The agent's process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to the agent.
    ///
    /// # Errors
    /// It has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let id = Pid::from_raw(self.child.id().cast_signed());
        kill(id, signal).with_context(|| format!("cannot send {signal} to the agent"))
    }

    /// Sends SIGKILL, waits until it has ended, and gives all it said, and how it ended: by that signal unless it ended before.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub fn kill(mut self) -> Result<Report> {
        self.child.kill()?;
        let ended = self.child.wait()?;
        // Nobody else writes to its pipes.
        while !matches!(self.receive(Instant::now() + patience(ATTACH)), Some(News::Ended) | None) {}
        Ok(Report::new(std::mem::take(&mut self.records), std::mem::take(&mut self.log), ended))
    }

    /// Sends SIGTERM, waits until the agent has ended, and gives all it said.
    ///
    /// # Errors
    /// It does not end within `patience`; then it is killed.
    pub fn stop(mut self, patience: Duration) -> Result<Report> {
        self.signal(Signal::SIGTERM).ok();
        let deadline = Instant::now() + patience;
        loop {
            match self.receive(deadline) {
                Some(News::Ended) => break,
                Some(_) => {}
                None => {
                    bail!("the agent goes on {patience:?} after SIGTERM; its log:\n{}", self.log.join("\n"))
                }
            }
        }
        let ended = self.child.wait()?;
        let records = std::mem::take(&mut self.records);
        Ok(Report::new(records, std::mem::take(&mut self.log), ended))
    }

    fn receive(&mut self, deadline: Instant) -> Option<News> {
        loop {
            if self.open == 0 {
                return Some(News::Ended);
            }
            match self.news.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Said::Out(arrived, line)) => {
                    let Ok(value) = serde_json::from_str(&line) else {
                        self.log.push(format!("not JSON on standard output: {line}"));
                        return self.log.last().cloned().map(News::Log);
                    };
                    let record = Record { arrived, text: line, value };
                    self.records.push(record.clone());
                    return Some(News::Record(record));
                }
                Ok(Said::Log(line)) => {
                    self.log.push(line.clone());
                    return Some(News::Log(line));
                }
                Ok(Said::Closed) => self.open -= 1,
                Err(RecvTimeoutError::Disconnected) => self.open = 0,
                Err(RecvTimeoutError::Timeout) => return None,
            }
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn die_with_parent(command: &mut Command) {
    let parent = nix::unistd::getpid();
    let ask = move || {
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        // The parent may have died before the kernel was asked.
        if getppid() == parent { Ok(()) } else { Err(nix::errno::Errno::ESRCH.into()) }
    };
    // SAFETY: between fork and exec only the system calls prctl and getppid are made.
    unsafe { command.pre_exec(ask) };
}

fn read(
    pipe: Option<impl Read + Send + 'static>,
    sender: &Sender<Said>,
    said: impl Fn(String) -> Said + Send + 'static,
) {
    let sender = sender.clone();
    thread::spawn(move || {
        let lines = pipe.into_iter().flat_map(|pipe| BufReader::new(pipe).split(b'\n'));
        for line in lines.map_while(Result::ok) {
            if sender.send(said(String::from_utf8_lossy(&line).into_owned())).is_err() {
                return;
            }
        }
        sender.send(Said::Closed).ok();
    });
}

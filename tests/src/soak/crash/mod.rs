//! The agent is killed again and again while records flow, and started anew with the same ledger: nothing that was
//! acknowledged is lost, nothing is told twice.

mod books;
mod crowd;
mod receiver;

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::Signal;

pub use books::{Entry, Key, Ledger, Lines};
pub use crowd::{Crowd, INTERFACE};
pub use receiver::{Heard, Receiver};

use super::table::Checks;
use crate::lab::{Agent, Lab, Report};
use crate::noise::Noise;
use crate::patience::patience;
use books::missing;

/// For how long the agent lives at most, once it watches.
const LIFE: Duration = Duration::from_millis(1_500);

/// One in so many is killed while it starts, before this time is over.
const EARLY: (u64, Duration) = (8, Duration::from_millis(400));

/// One in so many is asked to end, instead.
const ORDERLY: u64 = 6;

/// How long that may take.
const END: Duration = Duration::from_secs(20);

/// Between two lines that tell how it goes, in kills.
const TELL: u32 = 20;

/// What is done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The agent.
    pub binary: PathBuf,
    /// How often it is killed.
    pub kills: u32,
    /// Decides when.
    pub seed: u64,
}

/// What came of it so far.
struct Course {
    ledger: Ledger,
    lines: Lines,
    receiver: Receiver,
    kills: u32,
    early: u32,
    orderly: u32,
    /// Records in the ledger that the file did not have when the agent was killed.
    behind: usize,
    lost: Vec<String>,
    unwritten: Vec<String>,
    unknown: Vec<String>,
    broken: Vec<String>,
    errors: Vec<String>,
}

/// Kills the agent until it was killed often enough or `interrupted`, ends it in order, and judges what is left.
///
/// # Errors
/// The laboratory cannot be built, or the agent does not start.
pub fn run(plan: &Plan, mut interrupted: impl FnMut() -> bool, mut say: impl FnMut(&str)) -> Result<Checks> {
    say(&format!("seed {}", plan.seed));
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    let (ledger, output, config) = (at("ledger.db"), at("eve.json"), at("firedamp.toml"));
    let lab = Lab::routed().context("cannot build the laboratory")?;
    let mut course = Course::new(Receiver::start(&lab)?, output.clone());
    std::fs::write(&config, configuration(&ledger, &output, &course.receiver))?;
    let crowd = Crowd::start(&lab)?;
    let mut noise = Noise::new(plan.seed);
    while course.kills < plan.kills && !interrupted() {
        let mut agent = Agent::spawn(&lab, command(&plan.binary, &config))?;
        if noise.next_u64().is_multiple_of(EARLY.0) {
            course.early += 1;
            std::thread::sleep(up_to(EARLY.1, &mut noise));
        } else {
            agent.attached(1)?;
            std::thread::sleep(up_to(LIFE, &mut noise));
            if noise.next_u64().is_multiple_of(ORDERLY) {
                course.ended(&ledger, agent)?;
                continue;
            }
        }
        let report = agent.kill()?;
        course.killed(&ledger, &report)?;
        if course.kills.is_multiple_of(TELL) {
            say(&course.line());
        }
    }
    let mut agent = Agent::spawn(&lab, command(&plan.binary, &config))?;
    agent.attached(1)?;
    let conversations = crowd.conversations();
    crowd.stop()?;
    course.ended(&ledger, agent)?;
    Ok(course.judge(conversations))
}

fn command(binary: &Path, config: &Path) -> Command {
    let mut command = Command::new(binary);
    command.args(["run", "--config"]).arg(config);
    command
}

/// Counters are written each second, since they have places in the order of records.
fn configuration(ledger: &Path, output: &Path, receiver: &Receiver) -> String {
    let (ledger, output, address) = (ledger.display(), output.display(), receiver.address());
    format!(
        "[capture]\ninterfaces = ['{INTERFACE}']\nstats-interval = 1\n[ledger]\nfile = '{ledger}'\n\
         [[output]]\nto = 'file'\npath = '{output}'\n\
         [[output]]\nto = 'syslog'\naddress = '{address}'\ntransport = 'tcp'\n"
    )
}

fn up_to(most: Duration, noise: &mut Noise) -> Duration {
    most * u32::try_from(noise.next_u64() % 1_000).unwrap_or_default() / 1_000
}

/// What it complained of: in its log, when it could not start, or when a thread came to a bad end.
fn errors(log: &[String]) -> impl Iterator<Item = String> {
    let is_error = |line: &str| {
        line.starts_with("firedamp: ") || ["ERROR", "panicked at"].iter().any(|word| line.contains(word))
    };
    log.iter().filter(move |line| is_error(line)).cloned()
}

impl Course {
    fn new(receiver: Receiver, output: PathBuf) -> Self {
        Self {
            ledger: Ledger::default(),
            lines: Lines::new(output),
            receiver,
            kills: 0,
            early: 0,
            orderly: 0,
            behind: 0,
            lost: Vec::new(),
            unwritten: Vec::new(),
            unknown: Vec::new(),
            broken: Vec::new(),
            errors: Vec::new(),
        }
    }

    fn killed(&mut self, ledger: &Path, report: &Report) -> Result<()> {
        self.kills += 1;
        self.errors.extend(errors(&report.log));
        if report.status.signal() != Some(Signal::SIGKILL as i32) {
            self.errors.push(format!("it ended before it was killed: {}", report.status));
        }
        self.lines.cut()?;
        self.look(ledger)?;
        self.behind += self.ledger.records.len().saturating_sub(self.lines.records.len());
        Ok(())
    }

    /// Lets the agent end.
    fn ended(&mut self, ledger: &Path, agent: Agent) -> Result<()> {
        self.orderly += 1;
        let report = agent.stop(patience(END))?;
        self.errors.extend(errors(&report.log));
        ensure!(report.clean(), "{}; its log:\n{}", report.status, report.log.join("\n"));
        self.look(ledger)?;
        // Then nothing waits.
        let absent = missing(self.ledger.records.keys(), |key| self.lines.records.contains(key));
        self.unwritten.extend(absent);
        Ok(())
    }

    /// Holds what the outputs have against the ledger, and the ledger against what it was.
    fn look(&mut self, ledger: &Path) -> Result<()> {
        self.lines.follow()?;
        let heard = self.receiver.heard();
        let now = Ledger::read(ledger)?;
        self.broken.extend(now.complaints.iter().cloned());
        self.lost.extend(now.lost(&self.ledger));
        let known = |key: &Key| now.records.contains_key(key);
        self.unknown.extend(missing(&self.lines.records, known));
        self.unknown.extend(missing(heard.records.keys(), known));
        self.ledger = now;
        Ok(())
    }

    fn line(&self) -> String {
        format!(
            "{:4} kills  {:6} records in the ledger  {:6} in the file  {} lines torn  {} repeated over TCP",
            self.kills,
            self.ledger.records.len(),
            self.lines.records.len(),
            self.lines.torn,
            self.receiver.heard().repeated,
        )
    }

    fn judge(&self, conversations: u64) -> Checks {
        let mut checks = Checks::default();
        let (ledger, lines, heard) = (&self.ledger.records, &self.lines, self.receiver.heard());
        let cases = ledger.values().filter(|entry| entry.reason == "opened").count();
        let (kills, early, orderly, records) = (self.kills, self.early, self.orderly, ledger.len());
        checks.add(
            "records flowed",
            u32::try_from(records).unwrap_or(u32::MAX) > kills,
            format!(
                "{records} records of {cases} cases, in {conversations} conversations; {kills} kills, {early} of them \
                 while it started; {orderly} orderly ends"
            ),
        );
        checks.nothing("the ledger is intact after each kill", "integrity_check: ok", &self.broken);
        checks.nothing("no acknowledged record is lost or changed", format!("{records} kept"), &self.lost);
        checks.nothing("no output has what the ledger has not", "nothing", &self.unknown);
        checks.nothing("no case is told of twice", format!("{cases} cases"), &self.ledger.repetitions());
        let held = format!("no line twice; {} torn lines, each where it was killed", lines.torn);
        checks.nothing("lines of the file are whole and come once", held, &lines.complaints);
        let all = format!("{}; {} were behind when it was killed", lines.records.len(), self.behind);
        checks.nothing("all records are in the file whenever it ended in order", all, &self.unwritten);
        let all = format!("{}; {} came again", heard.records.len(), heard.repeated);
        let absent = missing(ledger.keys(), |key| heard.records.contains_key(key));
        checks.nothing("all records were received over TCP", all, &absent);
        checks.nothing("what comes again is the same", "same case, number and text", &heard.complaints);
        checks.nothing("the agent reports no error", "none", &self.errors);
        checks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_an_agent_is_an_error() {
        let log = [
            "2026-11-23T06:41:29Z  INFO watching lan0",
            "2026-11-23T06:41:29Z ERROR the ledger cannot be written",
            "thread 'main' panicked at src/main.rs:1:1:",
            "firedamp: ledger.db: another agent has it",
        ]
        .map(str::to_owned);
        assert_eq!(errors(&log).collect::<Vec<_>>(), log[1..]);
    }
}

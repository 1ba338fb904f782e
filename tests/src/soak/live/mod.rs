//! The laboratory in the long run: many miners come and go, while links flap, interfaces go and come back, signatures
//! change, and bulk passes.

mod kernel;
mod population;
mod trouble;
mod verdict;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use super::table::Checks;
use crate::lab::{self, Agent, LAN, Lab, Report, WAN};
use crate::process::{cpu, memory};
use crate::sim::{Bulk, Simulator, bulk_client, bulk_service};
use kernel::{Objects, Ownerless, descriptors};
use population::Population;
use trouble::{COURSE, Done, Troubles};

/// Bulk: so many bytes each way, again after so long at the earliest.
const BULK: (u64, Duration) = (4 << 20, Duration::from_millis(500));

/// Between two looks at who has to come and who has to go.
const TURN: Duration = Duration::from_millis(100);

/// What is done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The agent.
    pub binary: PathBuf,
    /// For how long.
    pub duration: Duration,
    /// Between two troubles.
    pub pause: Duration,
}

/// What the agent used at a calm moment.
#[derive(Clone, Debug)]
struct Sample {
    at: Duration,
    /// In KiB.
    memory: u64,
    descriptors: usize,
    /// Maps, programs and links.
    objects: (usize, usize, usize),
}

/// Everything that is to be judged.
struct Evidence<'a> {
    population: &'a Population<'a>,
    report: &'a Report,
    samples: &'a [Sample],
    done: Done,
    bulk: u64,
    /// Maps and programs that nobody holds: while the agent ran, and after.
    strays: [Vec<String>; 2],
}

/// Runs until the time is over or `interrupted`; tells `say` how it goes. Everything is removed at the end.
///
/// # Errors
/// The laboratory cannot be built, or the agent ends or does not cope with a trouble.
pub fn run(plan: &Plan, mut interrupted: impl FnMut() -> bool, mut say: impl FnMut(&str)) -> Result<Checks> {
    let before = Ownerless::count()?;
    let folder = tempfile::tempdir()?;
    let signatures = folder.path().join("zork.toml");
    let path = signatures.to_str().context("the folder for temporary files has an odd name")?.to_owned();
    let mut troubles = Troubles::new(signatures)?;
    let lab = Lab::routed().context("cannot build the laboratory")?;
    let mut agent = Agent::start_with(&lab, &plan.binary, &[LAN, WAN], "-", &["--signatures", &path])?;
    let mut population = Population::new(&lab)?;
    let mut bulk = BulkLoad::start(&lab)?;
    let begun = Instant::now();
    let (mut samples, mut minutes) = (Vec::new(), 0);
    let mut course = COURSE.iter().cycle();
    let mut next_trouble = begun + plan.pause;
    while begun.elapsed() < plan.duration && !interrupted() {
        population.turn()?;
        bulk.turn()?;
        // Not read, its pipe would fill up.
        while agent.next(Duration::ZERO).is_some() {}
        if Instant::now() >= next_trouble
            && let Some(trouble) = course.next()
        {
            if trouble.disturbs() {
                population.disturb();
            }
            troubles.make(*trouble, &lab, &mut agent).with_context(|| format!("{trouble:?}"))?;
            population.settle();
            next_trouble = Instant::now() + plan.pause;
            samples.push(Sample::take(&agent, begun)?);
        }
        if begun.elapsed().as_secs() / 60 > minutes {
            minutes += 1;
            say(&line(&agent, begun, &troubles.done)?);
        }
        std::thread::sleep(TURN);
    }
    population.disperse();
    let bulk_bytes = bulk.stop();
    samples.push(Sample::take(&agent, begun)?);
    say(&line(&agent, begun, &troubles.done)?);
    let while_it_ran = settled(before)?;
    let report = agent.stop(Duration::from_secs(20))?;
    let after = settled(before)?;
    Ok(verdict::judge(&Evidence {
        population: &population,
        report: &report,
        samples: &samples,
        done: troubles.done,
        bulk: bulk_bytes,
        strays: [while_it_ran, after],
    }))
}

/// What nobody holds; the kernel takes its time to remove what was let go.
fn settled(before: Ownerless) -> Result<Vec<String>> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let strays = Ownerless::count()?.since(before);
        if strays.is_empty() || Instant::now() >= deadline {
            return Ok(strays);
        }
        std::thread::sleep(TURN);
    }
}

impl Sample {
    fn take(agent: &Agent, begun: Instant) -> Result<Self> {
        let process = agent.id();
        Ok(Self {
            at: begun.elapsed(),
            memory: memory(process)?,
            descriptors: descriptors(process)?,
            objects: Objects::held_by(process)?.counts(),
        })
    }
}

/// How it goes.
fn line(agent: &Agent, begun: Instant, done: &Done) -> Result<String> {
    let sample = Sample::take(agent, begun)?;
    let stats = agent.records().iter().rev().find_map(|record| record.value.get("stats"));
    Ok(format!(
        "{:5.1} min  {:6} KiB  {} fds  CPU {:6.1} s  {}{} reloads  {} flaps  {} interfaces lost",
        sample.at.as_secs_f64() / 60.0,
        sample.memory,
        sample.descriptors,
        cpu(agent.id())?.as_secs_f64(),
        stats.map(counted).unwrap_or_default(),
        done.reloads,
        done.flaps,
        done.lost,
    ))
}

/// The agent's own counters, which it writes once a minute.
fn counted(stats: &Value) -> String {
    let counter = |name: &str| stats.get(name).and_then(Value::as_u64).unwrap_or(0);
    let losses: u64 = lab::losses().map(counter).sum();
    format!(
        "{:9} packets  {:7} segments watched  {:4} cases  {losses} lost  ",
        counter("packets"),
        counter("watched"),
        counter("cases"),
    )
}

/// Bulk TCP, begun anew whenever it broke off.
struct BulkLoad<'a> {
    lab: &'a Lab,
    _service: Simulator<Bulk>,
    client: Simulator<Bulk>,
    /// Bytes transferred, but for those of the client that runs.
    bytes: u64,
}

impl<'a> BulkLoad<'a> {
    fn start(lab: &'a Lab) -> Result<Self> {
        let service = bulk_service(&lab.pool, Self::at())?;
        Ok(Self { lab, _service: service, client: Self::client(lab)?, bytes: 0 })
    }

    fn at() -> SocketAddr {
        SocketAddr::new(lab::server(7, false), 4444)
    }

    fn client(lab: &Lab) -> Result<Simulator<Bulk>> {
        let from = SocketAddr::new(lab::client(7, false), 0);
        bulk_client(&lab.miner, from, Self::at(), BULK.0, Some(64), BULK.1)
    }

    /// Gives how much was transferred.
    fn stop(self) -> u64 {
        self.bytes + self.client.counts().bytes()
    }

    fn turn(&mut self) -> Result<()> {
        if self.client.has_ended() {
            self.bytes += self.client.counts().bytes();
            self.client = Self::client(self.lab)?;
        }
        Ok(())
    }
}

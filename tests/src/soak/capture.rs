//! `firedamp replay -` on a capture of any length: memory must not grow, every miner must be reported.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use nix::fcntl::{FcntlArg, fcntl};
use serde_json::Value;

use super::stream::{Miner, Stream};
use super::table::Checks;
use crate::process::{cpu, memory};

/// Tables are full, and every miner is known, when so much of the capture was read: in percent.
const WARM: u64 = 30;

/// What memory may grow by afterwards, in KiB: of each miner the agent remembers a bounded number of spans in which it was
/// observed, and the allocator adds some.
const GROWTH: u64 = 4096;

/// Bytes handed over at once, and the size of the pipe.
const CHUNK: usize = 1 << 20;

/// What is replayed, and how.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The agent.
    pub binary: PathBuf,
    /// Packets in all.
    pub packets: u64,
    /// Between the first and the last, in the capture's time.
    pub duration: Duration,
    /// `host` or `kernel`.
    pub engine: String,
    /// Further arguments, such as `--flows 1000`.
    pub further: Vec<String>,
}

/// What the records say about one miner at one pool.
#[derive(Debug, Default)]
struct Case {
    opened: u64,
    records: u64,
    confirmed: bool,
    /// The latest: what a miner speaks may be told more precisely when more of it was heard.
    protocol: String,
    shares: u64,
}

/// Miner, pool, and the pool's port.
type Key = (String, String, u64);

/// Replays; each tenth of the capture, tells `say` how it goes.
///
/// # Errors
/// The agent cannot be run, or ends early.
pub fn run(plan: &Plan, mut say: impl FnMut(&str)) -> Result<Checks> {
    let begun = Instant::now();
    let mut child = start(plan)?;
    let records = child.stdout.take().context("no pipe")?;
    let reading = thread::spawn(move || cases(records));
    let log = child.stderr.take().context("no pipe")?;
    let logging =
        thread::spawn(move || BufReader::new(log).lines().map_while(Result::ok).collect::<Vec<_>>());

    let mut stream = Stream::new(plan.packets, plan.duration);
    let fed = feed(&mut child, &mut stream, plan, begun, &mut say);
    drop(child.stdin.take());
    let status = child.wait()?;
    let cases = reading.join().map_err(|_| anyhow!("the reader of records panicked"))??;
    let log = logging.join().unwrap_or_default();
    let samples = fed.with_context(|| format!("the agent ended early; its log:\n{}", log.join("\n")))?;

    let mut checks = Checks::default();
    checks.add("the agent ends well", status.success(), status.to_string());
    let rate = rate(plan.packets, begun);
    let hours = plan.duration.as_secs_f64() / 3600.0;
    checks.add(
        "the capture is read to its end",
        log.iter().any(|line| line.contains(&format!("{} frames", plan.packets))),
        format!("{} packets, {hours:.1} h of capture time, {rate} packets/s", plan.packets),
    );
    memory_stays(&mut checks, &samples, plan.packets);
    every_miner(&mut checks, stream.miners(), &cases);
    let complaints: Vec<String> = log.into_iter().filter(|line| !line.contains(" INFO ")).collect();
    checks.nothing("nothing is complained of", "no warning in the log", &complaints);
    Ok(checks)
}

fn start(plan: &Plan) -> Result<Child> {
    let mut command = Command::new(&plan.binary);
    command.args(["replay", "-", "--engine", &plan.engine]).args(&plan.further).env("NO_COLOR", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().with_context(|| format!("cannot start {}", plan.binary.display()))?;
    if let Some(pipe) = &child.stdin {
        // An ordinary pipe does, only slower.
        fcntl(pipe.as_fd(), FcntlArg::F_SETPIPE_SZ(i32::try_from(CHUNK)?)).ok();
    }
    Ok(child)
}

/// Writes the capture into the agent; gives its memory by the number of packets that were written.
fn feed(
    child: &mut Child,
    stream: &mut Stream,
    plan: &Plan,
    begun: Instant,
    say: &mut impl FnMut(&str),
) -> Result<Vec<(u64, u64)>> {
    let process = child.id();
    let pipe = child.stdin.as_mut().context("no pipe")?;
    pipe.write_all(Stream::header())?;
    let mut chunk = Vec::with_capacity(2 * CHUNK);
    let mut samples = Vec::new();
    let (mut due, mut told) = (0, 0);
    for packet in 1..=plan.packets {
        stream.next(&mut chunk);
        if chunk.len() < CHUNK && packet < plan.packets {
            continue;
        }
        pipe.write_all(&chunk)?;
        chunk.clear();
        if packet >= due || packet == plan.packets {
            samples.push((packet, memory(process)?));
            due = packet + plan.packets / 400;
        }
        if packet * 10 / plan.packets > told {
            told = packet * 10 / plan.packets;
            say(&format!(
                "{:3} %  {packet:11} packets  {:8} packets/s  {:7} KiB  CPU {:6.1} s  {} connections of miners",
                told * 10,
                rate(packet, begun),
                memory(process)?,
                cpu(process)?.as_secs_f64(),
                stream.miners().iter().map(|miner| u64::from(miner.connections)).sum::<u64>(),
            ));
        }
    }
    Ok(samples)
}

/// Packets a second.
fn rate(packets: u64, begun: Instant) -> u128 {
    u128::from(packets) * 1000 / begun.elapsed().as_millis().max(1)
}

fn memory_stays(checks: &mut Checks, samples: &[(u64, u64)], packets: u64) {
    let peak = |from: u64, to: u64| {
        let within = |packet: u64| (packets * from / 100..=packets * to / 100).contains(&packet);
        samples.iter().filter(|(packet, _)| within(*packet)).map(|(_, memory)| *memory).max().unwrap_or(0)
    };
    let (warm, end) = (peak(0, WARM), peak(90, 100));
    checks.add(
        "memory does not grow",
        warm > 0 && end <= warm + GROWTH,
        format!(
            "{warm} KiB in the first {WARM} %, {end} KiB in the last 10 %; {GROWTH} KiB more are allowed"
        ),
    );
}

fn every_miner(checks: &mut Checks, miners: &[Miner], cases: &BTreeMap<Key, Case>) {
    let key = |miner: &Miner| (miner.address.to_string(), miner.pool.to_string(), u64::from(miner.port));
    let mined: Vec<(&Miner, Key)> =
        miners.iter().filter(|miner| miner.mined).map(|miner| (miner, key(miner))).collect();
    let told = |(miner, pool, port): &Key| format!("{miner} -> {pool} port {port}");
    let (mut missing, mut wrong, mut shares) = (Vec::new(), Vec::new(), 0);
    for (miner, key) in &mined {
        let Some(case) = cases.get(key) else {
            missing.push(told(key));
            continue;
        };
        if case.opened != 1 {
            missing.push(format!("{}: {} cases", told(key), case.opened));
        }
        if !case.confirmed {
            missing.push(format!("{}: not confirmed", told(key)));
        }
        if miner.protocol != case.protocol {
            missing.push(format!("{}: {} and not {}", told(key), case.protocol, miner.protocol));
        }
        shares += miner.shares.unwrap_or(0);
        if miner.shares.is_some_and(|shares| shares != case.shares) {
            wrong.push(format!("{}: {} and not {:?}", told(key), case.shares, miner.shares));
        }
    }
    let known: Vec<Key> = miners.iter().filter(|miner| miner.connections > 0).map(key).collect();
    let strangers: Vec<String> = cases.keys().filter(|key| !known.contains(key)).map(told).collect();
    let records: u64 = cases.values().map(|case| case.records).sum();
    checks.nothing(
        "every miner is one case, confirmed, with its protocol",
        format!("{} miners, {records} records", mined.len()),
        &missing,
    );
    checks.nothing("every share is counted", format!("{shares} shares"), &wrong);
    checks.nothing("nobody else is reported", "no other case", &strangers);
}

/// Reads records until their end.
fn cases(records: impl Read) -> Result<BTreeMap<Key, Case>> {
    let mut cases: BTreeMap<Key, Case> = BTreeMap::new();
    for line in BufReader::new(records).lines() {
        let record: Value = serde_json::from_str(&line?)?;
        let text = |path: &str| record.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |path: &str| record.pointer(path).and_then(Value::as_u64).unwrap_or_default();
        if text("/event_type") != "alert" {
            continue;
        }
        let key = (text("/src_ip"), text("/dest_ip"), number("/dest_port"));
        let case = cases.entry(key).or_default();
        case.records += 1;
        case.protocol = text("/app_proto");
        case.opened += u64::from(text("/mining/reason") == "opened");
        case.confirmed |= text("/mining/verdict") == "confirmed";
        case.shares = case.shares.max(number("/mining/shares/submitted"));
    }
    Ok(cases)
}

use std::future::ready;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use aya::maps::{MapData, RingBuf};
use aya_log::EbpfLogger;
use detector_common::counters::Counters;
use detector_common::settings::Settings;
use jiff::Timestamp;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::MissedTickBehavior;

use super::agent::Agent;
use super::clock::Clock;
use super::control::Rate;
use super::health::Health;
use super::interfaces::{How, Interfaces};
use super::reload::{Exchange, Reload};
use super::supervisor::Supervisor;
use crate::block::{self, Backend, Blocker, Decision, Method, Mode, NftError, Nftables};
use crate::config::{Capture, Config, Overrides};
use crate::control::{Asked, Server};
use crate::dispatch::Dispatch;
use crate::kernel::{Pins, Program, Watches};
use crate::ledger::Record;
use crate::metrics::Metrics;
use crate::output::Identities;
use crate::pipeline::Pipeline;
use crate::signature::Signatures;

/// What the agent begins with.
pub struct Start {
    /// The configuration.
    pub config: Config,
    /// What is looked for.
    pub signatures: Arc<Signatures>,
    /// In which form names are kept.
    pub identities: Identities,
    /// Cases of the ledger on disk that go on, those seen longest ago first.
    pub cases: Vec<Record>,
}

/// Where the configuration comes from, each time it is read.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The file.
    pub file: Option<PathBuf>,
    /// What the command line says.
    pub overrides: Overrides,
}

/// How often quiet flows and cases are looked for.
const TICK: Duration = Duration::from_secs(1);

/// How long records may wait for their disk at the end.
const PATIENCE: Duration = Duration::from_secs(5);

type Log = EbpfLogger<&'static dyn log::Log>;

/// Watches the interfaces until SIGINT or SIGTERM, or until nobody reads the records any more. An
/// interface that goes away, be it the last, is watched again once one of its name is there. SIGHUP
/// opens output files anew, and reads the configuration and all that it names anew, which takes the place of the old one
/// under traffic, all of it or nothing. A service manager hears when the agent is ready, reads anew and ends, and each second
/// that the ring was drained. At the end the program is detached, what is in the ring is still read, and final
/// records and counters are written. Gives until when records that still wait for their disk may be
/// waited for.
///
/// # Errors
/// The program cannot be loaded or attached.
pub async fn run(
    origin: &Origin,
    start: Start,
    dispatch: &Dispatch,
    metrics: &Metrics,
) -> anyhow::Result<Instant> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut hangup = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;

    let Start { config, signatures, identities, cases } = start;
    let interfaces = &config.capture.interfaces;
    let limits = config.limits();
    Interfaces::check(interfaces)?;
    let mut program = load(&config, &signatures)?;
    let mut blocker = blocker(&config.block, &mut program)?;
    if let Some(blocker) = &mut blocker {
        blocker.begin(&program.counters()?);
    }
    let mut decisions = dispatch.take_decisions();
    let mut control = Server::start(&config.control)?;
    let mut log = program.take_log().map(wait_for).transpose()?;
    let mut ring = wait_for(program.take_events()?)?;
    let interfaces = attach(&mut program, interfaces, &config.capture)?;
    let mut watches = program.take_watches()?;
    let mut pipeline = pipeline(&config, &signatures, identities, cases);
    if program.pinned().is_some() {
        resume(&program, &mut pipeline, &mut watches)?;
    }
    let mut agent = Agent {
        program,
        pipeline,
        watches,
        blocker,
        started: Instant::now(),
        rate: Rate::default(),
        interfaces,
        clock: Clock::new().context("cannot read the clock")?,
        identities,
        signatures,
        dispatch,
        metrics,
        health: Health::new(limits.flows),
        counted: Instant::now(),
        config,
        drained: None,
        reloaded: (true, Timestamp::now()),
        undecodable: 0,
        refused: 0,
        unwatched: 0,
        kernel: Counters::ZERO,
        closed: false,
    };
    agent.begin();
    let mut reload = Reload::new(origin.clone(), Arc::clone(dispatch.outputs()));
    let mut exchange: Option<Exchange> = None;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut supervisor = Supervisor::new();
    supervisor.ready();
    while !agent.closed {
        tokio::select! {
            readable = ring.readable_mut() => {
                let mut readable = readable.context("cannot wait for events of the kernel program")?;
                // The wake-up is used up only when the ring is empty: it comes once.
                if agent.drain(readable.get_inner_mut()) {
                    readable.clear_ready();
                }
            }
            () = flush(&mut log), if log.is_some() => {}
            _ = tick.tick() => {
                // Without events nothing wakes the agent, and the ring is empty all the same.
                agent.drain(ring.get_mut());
                agent.advance();
                supervisor.drained();
            }
            _ = hangup.recv() => {
                tracing::info!("SIGHUP: opening output files anew, and reading the configuration");
                supervisor.reloading();
                dispatch.outputs().reopen();
                reload.ask();
                if !reload.is_under_way() {
                    supervisor.ready();
                }
            }
            read = reload.done(), if exchange.is_none() => {
                exchange = Some(Exchange { read, batches: Agent::batches(limits.ring) });
            }
            // One batch a turn, so that signals get theirs.
            () = ready(()), if exchange.is_some() => {
                let empty = agent.drain(ring.get_mut());
                if let Some(Exchange { read, .. }) = exchange.take_if(|exchange| exchange.is_due(empty)) {
                    agent.exchange(read);
                    reload.over();
                    if !reload.is_under_way() {
                        supervisor.ready();
                    }
                }
            }
            Some(decision) = next(&mut decisions), if decisions.is_some() => agent.decided(decision),
            Some(asked) = heard(&mut control), if control.is_some() => agent.answer(asked),
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
        }
    }
    supervisor.stopping();
    Ok(end(agent, &mut ring, &mut log))
}

/// Puts the gate before the program, or makes the table of nftables, if something may be blocked.
fn blocker(config: &block::Config, program: &mut Program) -> anyhow::Result<Option<Blocker>> {
    if config.mode == Mode::Observe {
        if config.backend == Method::Nftables {
            lift(&config.nftables_table);
        }
        return Ok(None);
    }
    let backend = match config.backend {
        Method::Xdp => Backend::Xdp(Box::new(program.put_gate_before()?)),
        Method::Nftables => {
            let (table, hook) = (&config.nftables_table, config.nftables_hook);
            Backend::Nftables(Nftables::start(table, hook, config.keeps())?)
        }
    };
    Ok(Some(Blocker::new(config.clone(), backend)?))
}

/// Attaches the program, and tells what stays if it cannot be attached.
fn attach(program: &mut Program, interfaces: &[String], capture: &Capture) -> anyhow::Result<Interfaces> {
    let Capture { xdp_mode: mode, when_occupied: otherwise, mirror, .. } = *capture;
    let attached = Interfaces::attach(program, interfaces, How { mode, otherwise, mirror });
    if let (Err(_), Some(pins)) = (&attached, program.pinned()) {
        tracing::warn!("tables stay pinned in {}; `firedamp cleanup` removes them", pins.display());
    }
    Ok(attached?)
}

/// Removes what an earlier agent has left in nftables: nothing is to be blocked.
fn lift(table: &str) {
    match block::remove_table(table) {
        Ok(true) => tracing::warn!(
            "blocks that an earlier agent has left in the nftables table inet {table} are lifted"
        ),
        Ok(false) | Err(NftError::Missing) => {}
        Err(error) => tracing::error!("what an earlier agent has left in nftables stays: {error}"),
    }
}

/// Loads the program, with what an earlier agent has left if there is to be such a thing.
fn load(config: &Config, signatures: &Signatures) -> anyhow::Result<Program> {
    let (settings, limits, automaton) = (&Settings::DEFAULT, config.limits(), signatures.automaton());
    let program = match &config.capture.pin {
        Some(pin) => {
            let pins = Pins::open(pin)?.with_blocks(config.block.keeps());
            Program::load_pinned(settings, &limits, automaton, pins)?
        }
        None => Program::load(settings, &limits, automaton)?,
    };
    tracing::info!("{}", program.memory());
    Ok(program)
}

/// Goes on with the connections that an earlier agent has watched, and removes what else it has left.
fn resume(program: &Program, pipeline: &mut Pipeline, watches: &mut Watches) -> anyhow::Result<()> {
    for left in program.remove_other_pins() {
        tracing::warn!(
            "{} is removed: an earlier agent has left it, and this one does not use it",
            left.display()
        );
    }
    let now = Timestamp::now();
    let known = watches.watched().context("cannot read which connections are watched")?;
    for key in &known {
        if !pipeline.resume(*key, now) {
            watches.forget(key)?;
        }
    }
    if !known.is_empty() {
        tracing::info!("{} connections go on under watch", pipeline.conversations());
    }
    Ok(())
}

/// Detaches the program, unless it is pinned, reads what is still in the ring, and writes the last records. Gives until when what waits for its
/// disk may be waited for.
fn end(
    mut agent: Agent<'_>,
    ring: &mut AsyncFd<RingBuf<MapData>>,
    log: &mut Option<AsyncFd<Log>>,
) -> Instant {
    if agent.closed {
        tracing::info!("the reader of standard output went away");
    }
    let deadline = Instant::now() + PATIENCE;
    if let Some(blocker) = &mut agent.blocker {
        blocker.finish();
    }
    agent.program.detach();
    if let Some(pins) = agent.program.pinned() {
        agent.interfaces.leave_open();
        tracing::info!(
            "the program stays attached, and its tables stay in {}, for the next agent; `firedamp cleanup` removes them",
            pins.display()
        );
        for name in agent.interfaces.let_go() {
            tracing::warn!(
                "nothing reads {name} until the next agent starts: behind XDP the program does not stay"
            );
        }
    } else {
        tracing::info!("detached");
    }
    // What stays attached goes on filling the ring: the rest is for the next agent.
    for _ in 0..=Agent::batches(agent.config.capture.ring_kib * 1024) {
        if agent.drain(ring.get_mut()) {
            break;
        }
    }
    if let Some(log) = log {
        log.get_mut().flush();
    }
    agent.finish(deadline);
    deadline
}

/// The pipeline, with the cases that go on.
fn pipeline(
    config: &Config,
    signatures: &Arc<Signatures>,
    identities: Identities,
    cases: Vec<Record>,
) -> Pipeline {
    let mut settings = config.pipeline(signatures, identities);
    settings.ledger.resumes = config.ledger.file.is_some();
    let mut pipeline = Pipeline::new(settings);
    for case in cases {
        pipeline.restore(case);
    }
    pipeline
}

/// Makes a ring buffer of the kernel program something to wait for.
fn wait_for<R: AsRawFd>(ring: R) -> anyhow::Result<AsyncFd<R>> {
    // SAFETY: both kinds of ring given here own the descriptor that they name for as long as they
    // live, and always name the same.
    unsafe { AsyncFd::register_with_interest(ring, Interest::READABLE) }
        .map_err(|error| error.into_parts().1)
        .context("cannot wait for the kernel program")
}

async fn next(decisions: &mut Option<UnboundedReceiver<Decision>>) -> Option<Decision> {
    decisions.as_mut()?.recv().await
}

async fn heard(control: &mut Option<Server>) -> Option<Asked> {
    control.as_mut()?.next().await
}

/// Passes the messages of the kernel program on to the log.
async fn flush(log: &mut Option<AsyncFd<Log>>) {
    let Some(ring) = log else { return };
    match ring.readable_mut().await {
        Ok(mut ready) => {
            ready.get_inner_mut().flush();
            ready.clear_ready();
        }
        Err(error) => {
            tracing::warn!("no further messages from the kernel program: {error}");
            *log = None;
        }
    }
}

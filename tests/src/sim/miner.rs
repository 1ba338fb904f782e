//! A miner that speaks without hashing.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::line::{Heard, LineStream};
use super::{Pace, Simulator, Stop, TICK, connect, long};
use crate::dialects::{Dialect, Identity, Miner};
use crate::lab::Namespace;

/// What a miner does.
#[derive(Clone, Debug)]
pub struct MinerPlan {
    /// The protocol.
    pub dialect: Dialect,
    /// Who it says it is.
    pub identity: Identity,
    /// Its own address; port 0 lets the kernel choose.
    pub from: SocketAddr,
    /// The pool's address.
    pub to: SocketAddr,
    /// How often it hands in a share.
    pub pace: Pace,
    /// How its first line is sent.
    pub first_line: FirstLine,
    /// Hang up and connect anew after so many shares.
    pub reconnect_after: Option<u64>,
}

/// How the first line of a connection goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstLine {
    /// In so many segments (at least 1).
    pub pieces: usize,
    /// Between the segments.
    pub pause: Duration,
}

/// What a miner did so far.
#[derive(Debug, Default)]
pub struct Progress {
    first_login: OnceLock<Instant>,
    connections: AtomicU64,
    lines: AtomicU64,
    heard: AtomicU64,
    submitted: AtomicU64,
}

impl Progress {
    /// When the first line of the first connection, or its last piece, was about to be written.
    #[must_use]
    pub fn first_login(&self) -> Option<Instant> {
        self.first_login.get().copied()
    }

    /// Connections opened.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Lines said and heard.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines.load(Ordering::Relaxed)
    }

    /// Lines heard.
    #[must_use]
    pub fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// Shares handed in.
    #[must_use]
    pub fn submitted(&self) -> u64 {
        self.submitted.load(Ordering::Relaxed)
    }
}

impl MinerPlan {
    /// A miner with worker name `worker` from `from` to `to`, its first line whole, one
    /// connection for its whole life.
    #[must_use]
    pub fn new(dialect: Dialect, worker: &str, from: SocketAddr, to: SocketAddr, pace: Pace) -> Self {
        let identity = dialect.identity(worker);
        Self {
            dialect,
            identity,
            from,
            to,
            pace,
            first_line: FirstLine { pieces: 1, pause: Duration::ZERO },
            reconnect_after: None,
        }
    }
}

/// Starts a miner in `namespace`; it mines until it is stopped.
///
/// # Errors
/// The thread cannot be started.
pub fn miner(namespace: &Namespace, plan: MinerPlan) -> Result<Simulator<Progress>> {
    Simulator::start(namespace, "miner", Progress::default(), move |progress, stop| {
        while !stop.wanted() {
            session(&plan, progress, stop)?;
        }
        Ok(())
    })
}

/// One connection, until the plan or the owner ends it.
fn session(plan: &MinerPlan, progress: &Progress, stop: &Stop) -> Result<()> {
    let mut pool = LineStream::new(connect(plan.from, plan.to)?)?;
    let connection = progress.connections.fetch_add(1, Ordering::Relaxed);
    let seed = u64::from(plan.from.port()) ^ connection << 16 ^ u64::from(plan.to.port()) << 32;
    let mut miner = plan.dialect.miner(plan.identity.clone(), seed);
    let mut first = true;
    while let Some(line) = miner.opening() {
        if first {
            first = false;
            let said = pool.say_slowly(&line, plan.first_line.pieces, plan.first_line.pause)?;
            progress.first_login.get_or_init(|| said);
        } else {
            pool.say(&line)?;
        }
        progress.lines.fetch_add(1, Ordering::Relaxed);
        if !listen_for(&mut pool, miner.as_mut(), progress, long())? {
            bail!("the pool did not answer: {line}");
        }
    }
    let mut shares = 0;
    let mut next_share = Instant::now() + plan.pace.share;
    while !stop.wanted() && plan.reconnect_after.is_none_or(|limit| shares < limit) {
        listen_for(&mut pool, miner.as_mut(), progress, TICK)?;
        if Instant::now() < next_share {
            continue;
        }
        next_share += plan.pace.share;
        // As a client that was idle does.
        if shares % 10 == 9
            && let Some(line) = miner.keepalive()
        {
            pool.say(&line)?;
            progress.lines.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(line) = miner.share() {
            pool.say(&line)?;
            shares += 1;
            progress.lines.fetch_add(1, Ordering::Relaxed);
            progress.submitted.fetch_add(1, Ordering::Relaxed);
        }
    }
    // The answer to the last share.
    listen_for(&mut pool, miner.as_mut(), progress, Duration::from_millis(200))?;
    Ok(())
}

/// Takes in one line, if there is one in time.
fn listen_for(
    pool: &mut LineStream,
    miner: &mut dyn Miner,
    progress: &Progress,
    patience: Duration,
) -> Result<bool> {
    match pool.hear(patience)? {
        Heard::Line(line) => {
            miner.hear(&line);
            progress.lines.fetch_add(1, Ordering::Relaxed);
            progress.heard.fetch_add(1, Ordering::Relaxed);
            Ok(true)
        }
        Heard::Nothing => Ok(false),
        Heard::Closed => bail!("the pool hung up"),
    }
}
